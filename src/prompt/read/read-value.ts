/** The one reader that turns model text into a JSON value: JSON as it is, everything else mended where that is sound. */

import type { FlockError } from "../../core/errors.ts";
import { searchCandidates } from "./candidates.ts";
import { firstFault } from "./first-fault.ts";
import { defaultMaxDepth, notJson, parseJson, tooDeepError } from "./plain-json.ts";
import { unreadable } from "./source-position.ts";
import { StringCursor } from "./tolerant-string.ts";
import { closersOf, wordValue } from "./tolerant-text.ts";

/** How a text is read. */
export interface ReadValueOptions {
  /** Takes JSON only: fences, prose and every repair are refused. @default false */
  readonly strict?: boolean;
  /** The text is still being written: leaves out a number, word or key that may go on. @default false */
  readonly partial?: boolean;
  /** Longer texts are refused. @default 67_108_864 */
  readonly maxCharacters?: number;
  /** Most containers in one another. @default 256 */
  readonly maxDepth?: number;
}

/** Texts longer than this are refused unless told otherwise. */
export const defaultMaxCharacters = 64 * 1024 * 1024;

/**
 * Reads the value a model's text means. Valid JSON gives what JSON.parse gives, except that keys `__proto__`,
 * `constructor` and `prototype` are dropped. Otherwise the best value found is mended and given: fences, prose around it,
 * other quotes, missing or extra commas and brackets, comments, bare keys, Python literals, raw line breaks, double
 * encoding. Time is linear in the text.
 *
 * @throws output_unreadable with position and reason when there is no value, it is too long or nested too deep.
 */
export function readValue(text: string, options: ReadValueOptions = {}): unknown {
  checkLength(text, options);
  const maxDepth = options.maxDepth ?? defaultMaxDepth;
  const parsed = parseJson(text, maxDepth);
  if (parsed !== notJson) return parsed;
  if (options.strict) throw strictError(text);
  if (options.partial !== true) {
    const inner = parseInside(text, maxDepth);
    if (inner !== notJson) return inner;
  }
  const { candidates, tooDeep } = searchCandidates(text, { maxDepth, partial: options.partial ?? false });
  if (candidates.length > 0 && !htmlPage.test(text)) return candidates[0]!.value;
  if (tooDeep) throw tooDeepError(text, maxDepth);
  const scalar = scalarOf(text);
  if (scalar !== notJson) return scalar;
  throw noValueError(text);
}

/** Parses from the first opening to the last closing bracket: JSON in a fence or between prose, at native speed. */
export function parseInside(text: string, maxDepth: number): unknown {
  const start = text.search(/[{[]/);
  if (start === -1) return notJson;
  const end = text.lastIndexOf(text[start] === "{" ? "}" : "]");
  if (end <= start || htmlPage.test(text) || (start === 0 && end === text.length - 1)) return notJson;
  // With more brackets behind it there is a choice to make, which the search does.
  if (/[{[]/.test(text.slice(end + 1))) return notJson;
  return parseJson(text.slice(start, end + 1), maxDepth);
}

/** @throws output_unreadable for a text longer than allowed. */
export function checkLength(text: string, options: ReadValueOptions): void {
  const limit = options.maxCharacters ?? defaultMaxCharacters;
  if (text.length > limit) throw unreadable(`more than ${limit} characters`, text.slice(0, 0), 0);
}

const htmlPage = /^\s{0,64}<(?:!doctype|html|head|body|\?xml)\b/i;

/** Reads a text that is one lone scalar, maybe fenced or after a thought. Prose is never taken for one. */
function scalarOf(text: string): unknown {
  const answer = text.slice(text.lastIndexOf("</think>") + 1 && text.lastIndexOf("</think>") + 8);
  const fence = answer.indexOf("```");
  let body = answer;
  if (fence !== -1) {
    const line = answer.indexOf("\n", fence);
    const close = answer.indexOf("```", fence + 3);
    if (line !== -1) body = answer.slice(line + 1, close === -1 || close < line ? undefined : close);
  }
  const trimmed = body.trim();
  if (trimmed === "") return notJson;
  if (closersOf(trimmed.charCodeAt(0)) !== "" && trimmed.length > 1) {
    const token = new StringCursor(trimmed, { braces: 0, brackets: 0, parens: 0 });
    token.begin(0, "root", false);
    token.run();
    // A second such quote inside means two quoted words in a sentence, not one string.
    const isLone = trimmed.includes("\\") || !token.value.includes(trimmed.at(-1)!);
    return isLone && token.closed ? token.value : notJson;
  }
  const value = wordValue(trimmed);
  return value === undefined ? notJson : value;
}

function strictError(text: string): FlockError<"output_unreadable"> {
  const offset = firstFault(text);
  return unreadable(describeAt(text, offset), text, offset);
}

function noValueError(text: string): FlockError<"output_unreadable"> {
  if (text.trim() === "") return unreadable("an empty text", text, 0);
  if (htmlPage.test(text)) return unreadable("an HTML page", text, 0);
  return unreadable("text without any JSON value", text, text.length - text.trimStart().length);
}

/** Names the character at an offset by kind alone: model text may hold what must not be in an error. */
function describeAt(text: string, offset: number): string {
  if (text.trim() === "") return "an empty text";
  if (offset >= text.length) return "the end of the text before the value was complete";
  const char = text[offset]!;
  if (char === "`") return "a code fence or backtick";
  return /[\x21-\x2f\x3a-\x40\x5b-\x7e]/.test(char) && !/[A-Za-z]/.test(char) ? `"${char}"` : "text that is not JSON";
}
