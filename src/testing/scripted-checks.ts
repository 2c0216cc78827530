/** Checks the answers of a scripted model as they are written, so that a misspelt one never looks like a failing agent. */

import {
  anyOption,
  booleanOption,
  checkOptions,
  nonEmptyString,
  type OptionCheck,
  objectOption,
  oneOf,
  optionError,
  wholeNumber,
} from "../core/options.ts";
import type { ScriptedParts } from "./scripted-model.ts";

/** The options of `scriptedModel`. */
export const scriptedOptions = { modelId: nonEmptyString, runtime: objectOption, repeat: booleanOption };

/**
 * Checks the parts of one answer.
 *
 * @throws option_invalid for an unknown part or a wrong value.
 */
export function checkParts(owner: string, parts: ScriptedParts): void {
  checkOptions(owner, parts, partChecks);
  for (const [index, call] of (parts.toolCalls ?? []).entries()) {
    checkOptions(`${owner} toolCalls[${index}]`, call, { tool: nonEmptyString, input: anyOption, id: nonEmptyString });
    if (call.tool === undefined) throw optionError(owner, `toolCalls[${index}].tool`, "a name", call.tool);
  }
  if (typeof parts.usage === "object") {
    checkOptions(`${owner} usage`, parts.usage, { inputTokens: anyNumber, outputTokens: anyNumber });
  }
  if (parts.stop === undefined) return;
  checkOptions(`${owner} stop`, parts.stop, stopChecks);
  if (parts.stop.by === undefined) throw optionError(owner, "stop.by", "a way to stop", parts.stop.by);
}

const text: OptionCheck = (value) => (typeof value === "string" ? undefined : "a text");
const texts = listOf(text, "a list of texts");
const milliseconds: OptionCheck = (value) =>
  typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY ? undefined : "milliseconds, 0 or more";
const size = wholeNumber(1);
/** Wrong counts are what such a test is about. */
const anyNumber: OptionCheck = (value) => (typeof value === "number" ? undefined : "a number");

const partChecks: Readonly<Record<keyof ScriptedParts, OptionCheck>> = {
  text: either(text, texts, "a text or a list of texts"),
  json: anyOption,
  reasoning: either(text, texts, "a text or a list of texts"),
  sources: texts,
  toolCalls: listOf(objectOption, "a list of { tool, input }"),
  interleave: booleanOption,
  pieces: either(size, listOf(size, ""), "a whole number of characters, 1 or more, or a list of them"),
  delayMs: milliseconds,
  pieceDelayMs: either(milliseconds, listOf(milliseconds, ""), "milliseconds, 0 or more, or a list of them"),
  error: anyOption,
  stop: objectOption,
  finishReason: oneOf("stop", "length", "content-filter", "tool-calls", "error", "other"),
  usage: either(objectOption, oneOf("none"), '"none", or { inputTokens, outputTokens }'),
  unsupported: texts,
  warnings: texts,
};

const stopChecks = {
  by: oneOf("error", "error-part", "cut", "stall", "length"),
  afterPieces: wholeNumber(0),
  afterCharacters: wholeNumber(0),
  error: anyOption,
};

function either(first: OptionCheck, second: OptionCheck, expected: string): OptionCheck {
  return (value) => (first(value) === undefined || second(value) === undefined ? undefined : expected);
}

function listOf(check: OptionCheck, expected: string): OptionCheck {
  return (value) => (Array.isArray(value) && value.every((item) => check(item) === undefined) ? undefined : expected);
}
