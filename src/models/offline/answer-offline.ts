/** The engine itself: reads the request, searches if it must, and answers from the evidence. */

import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool, SharedV4Warning } from "@ai-sdk/provider";
import { FlockError } from "../../core/errors/errors.ts";
import type { JsonObject, JsonSchema } from "../../core/json/json.ts";
import { gatherEvidence } from "./evidence/evidence.ts";
import { gatherMaterial, type Material } from "./evidence/material.ts";
import { inputsFromText, readPrompt } from "./evidence/read-prompt.ts";
import { inReadingOrder, selectSentences } from "./evidence/select-sentences.ts";
import { sortInputs } from "./evidence/topic.ts";
import { fillSchema } from "./fill/fill-schema.ts";
import { isJsonObject, readOfflineRequest } from "./offline-request.ts";
import { type PlannedCall, planToolCalls } from "./plan-tool-calls.ts";
import { clipSentence } from "./text/clip-sentence.ts";
import { withoutStageMarks } from "./text/sentences.ts";

/** What the engine says: tools to call, or the answer's text. */
export interface OfflineAnswer {
  readonly calls: readonly PlannedCall[];
  readonly text: string;
  readonly warnings: readonly SharedV4Warning[];
}

/**
 * Answers one request. With a schema the text is compact JSON that fits it, keys in the order of the schema; without one it is a summary of the evidence.
 * Rejects with the signal's own reason when it aborts.
 *
 * @throws no_evidence for a required field nothing was found for, or for plain text without anything to quote.
 */
export async function answerOffline(options: LanguageModelV4CallOptions): Promise<OfflineAnswer> {
  options.abortSignal?.throwIfAborted();
  const request = readOfflineRequest(options);
  const prompt = readPrompt(options.prompt, request === undefined);
  const inputs: JsonObject = request?.inputs ?? inputsFromText(prompt.userText);
  const tools = (options.tools ?? []).filter((tool): tool is LanguageModelV4FunctionTool => tool.type === "function");
  const choice = options.toolChoice ?? { type: "auto" };
  const searching = tools.length > 0 || prompt.answered.size > 0 || prompt.files.length > 0;
  const sorted = sortInputs(inputs, searching);
  const passages = [...sorted.passages, ...prompt.files, ...prompt.toolPassages];
  const evidence = await gatherEvidence(passages, options.abortSignal);
  const material = await gatherMaterial(inputs, sorted.topic, evidence, options.abortSignal);
  const warnings = warningsOf(options, prompt.unread, evidence.unreadChars);
  const found = material.ranked.some((ranked) => ranked.sentence.passage.origin === "tool");
  const { topic } = sorted;
  const { calls: past, answered } = prompt;
  const calls = planToolCalls({ tools, choice, inputs, topic, evidence, calls: past, answered, found });
  if (calls.length > 0) return { calls, text: "", warnings };
  if ((choice.type === "required" || choice.type === "tool") && !tools.some((tool) => answered.has(tool.name))) {
    warnings.push({
      type: "other",
      message: "no tool could be called: their required arguments are not among the inputs",
    });
  }
  const schema = request?.outputSchema ?? schemaOf(options);
  const text = schema === undefined ? plainAnswer(material) : JSON.stringify(fillSchema(schema, material));
  options.abortSignal?.throwIfAborted();
  return { calls: [], text, warnings };
}

function schemaOf({ responseFormat }: LanguageModelV4CallOptions): JsonSchema | undefined {
  if (responseFormat?.type !== "json") return undefined;
  return isJsonObject(responseFormat.schema) ? responseFormat.schema : defaultSchema;
}

/** JSON was asked for without saying which. */
const defaultSchema: JsonSchema = {
  type: "object",
  properties: { answer: { type: "string" }, sources: { type: "array", items: { type: "string" } } },
  required: ["answer"],
  additionalProperties: false,
};

function plainAnswer(material: Material): string {
  const chosen = selectSentences(material.ranked, { count: 3 });
  if (chosen.length === 0) {
    throw new FlockError(
      "no_evidence",
      "the offline model found nothing to answer from: it only quotes what it is given. Give it a text or a search tool, or name a generative model.",
      { details: { field: "answer" } },
    );
  }
  return inReadingOrder(chosen)
    .map(({ sentence }) => clipSentence(withoutStageMarks(sentence.text), material.wanted))
    .join(" ");
}

function warningsOf(
  options: LanguageModelV4CallOptions,
  unread: readonly string[],
  unreadChars: number,
): SharedV4Warning[] {
  const warnings: SharedV4Warning[] = [];
  for (const mediaType of new Set(unread)) {
    warnings.push({ type: "unsupported", feature: `file input of type ${mediaType}`, details: "only text is read" });
  }
  for (const tool of options.tools ?? []) {
    if (tool.type === "provider") warnings.push({ type: "unsupported", feature: `provider tool ${tool.id}` });
  }
  if (unreadChars > 0)
    warnings.push({ type: "other", message: `${unreadChars} characters of evidence were too much and left unread` });
  return warnings;
}
