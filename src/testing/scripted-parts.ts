/** What a scripted model may answer, checked as it is written, so that a misspelt part never looks like a failing agent. */

import type { LanguageModelV4FinishReason } from "@ai-sdk/provider";
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
} from "../core/errors/options.ts";
import type { Json } from "../core/json/json.ts";

/** Where a scripted answer goes wrong. Asked without a stream it goes wrong the same way. */
export interface ScriptedStop {
  /**
   * `error`: the stream fails. `error-part`: the vendor sends an error inside of it. `cut`: it ends without a finish part.
   * `stall`: nothing more comes until the request is aborted. `length`: the answer ends, with the finish reason `length`.
   */
  readonly by: "error" | "error-part" | "cut" | "stall" | "length";
  /** Pieces of text, reasoning and tool input that come before. @default 0, unless `afterCharacters` is given */
  readonly afterPieces?: number;
  /** Characters of them that come before; a piece is cut there. */
  readonly afterCharacters?: number;
  /** What it fails with. @default an Error */
  readonly error?: unknown;
}

/** One answer in parts. Reasoning comes first, then texts, sources and tool calls. */
export interface ScriptedParts {
  /** What it says; several texts are several blocks. @default nothing */
  readonly text?: string | readonly string[];
  /** What it says as JSON, in place of `text`. */
  readonly json?: Json;
  /** What it thinks before it answers; several texts are several blocks. */
  readonly reasoning?: string | readonly string[];
  /** Addresses it names as sources. */
  readonly sources?: readonly string[];
  /** The tools it calls, with their inputs; a string goes out as it is, so that it may be broken JSON. */
  readonly toolCalls?: readonly { readonly tool: string; readonly input: Json; readonly id?: string }[];
  /** The pieces of the tools' inputs come in turn. @default false: one input after another */
  readonly interleave?: boolean;
  /** Characters of each piece; of a list the last is for all the rest. @default word by word */
  readonly pieces?: number | readonly number[];
  /** Milliseconds before it answers; an abort ends the wait. @default 0 */
  readonly delayMs?: number;
  /** Milliseconds from one piece to the next; of a list the last is for all the rest. @default 0 */
  readonly pieceDelayMs?: number | readonly number[];
  /** Thrown in place of an answer, after the delay. */
  readonly error?: unknown;
  /** Where the answer goes wrong on its way; at the latest before its end. */
  readonly stop?: ScriptedStop;
  /** @default "stop", or "tool-calls" */
  readonly finishReason?: LanguageModelV4FinishReason["unified"];
  /** Tokens it reports, true or not; `none` reports nothing. @default 10 and 5 */
  readonly usage?: { readonly inputTokens?: number; readonly outputTokens?: number } | "none";
  /** Features it says it does not support. */
  readonly unsupported?: readonly (string | { readonly feature: string; readonly details: string })[];
  /** Warnings in its own words. */
  readonly warnings?: readonly string[];
}

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
  unsupported: listOf(either(text, objectOption, ""), "a list of features, each a text or { feature, details }"),
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
