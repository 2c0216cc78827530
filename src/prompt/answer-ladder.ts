/** Knows the ways a model can be asked for a typed answer, and which of them a model cannot take. */

/**
 * How the answer's schema reaches a model, best first: `native` beside the prompt, `tool` as the input of a tool that is
 * the answer, `guided` in the prompt's text.
 */
export type AnswerMode = "native" | "tool" | "guided";

const depths: Readonly<Record<AnswerMode, number>> = { native: 0, tool: 1, guided: 2 };

/** What a model takes is a fact about it, whoever asks; it is learned once. */
const learned = new WeakMap<object, AnswerMode>();

/** Gives the best way to ask a model that is not known to fail. */
export function answerModeOf(model: object): AnswerMode {
  return learned.get(model) ?? "native";
}

/** Keeps a lesson about a model. A lesson never leads back up. */
export function learnAnswerMode(model: object, mode: AnswerMode): void {
  learned.set(model, lowerMode(answerModeOf(model), mode));
}

/** Gives the ways below one, best first. */
export function lowerModes(mode: AnswerMode): AnswerMode[] {
  return (Object.keys(depths) as AnswerMode[]).filter((other) => depths[other] > depths[mode]);
}

/** Gives the lower of two ways. */
export function lowerMode(one: AnswerMode, other: AnswerMode): AnswerMode {
  return depths[one] < depths[other] ? other : one;
}
