/** Under which names a model's price is looked for: its own, then two spellings that mean the same model, never a guess. */

const spelling = /^([\w-]+)\.(?:responses|chat|completion|messages|generative-ai|embedding)\//;
const snapshot = /-20\d\d(?:-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))$/;
const local = /^(?:offline|scripted|llama|ollama)(?:\.[a-z-]+)?[/:](?!.*-cloud$)/;

/**
 * Gives the names a price may stand under, in order: the name as it is; without the AI SDK's word for the endpoint
 * (`openai.responses/gpt-5` is `openai/gpt-5`); then without the date of a snapshot (`-2025-08-07`, `-20250929`).
 */
export function priceNames(name: string): readonly string[] {
  const plain = name.replace(spelling, "$1/");
  const names = [name];
  for (const other of [plain, plain.replace(snapshot, "")]) if (!names.includes(other)) names.push(other);
  return names;
}

/** Tells whether a model runs on one's own machine, where tokens cost nothing. Ollama's `-cloud` models do not. */
export function isLocalModel(name: string): boolean {
  return local.test(name);
}
