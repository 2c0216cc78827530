/** The one reader that turns model text into a JSON value: JSON as it is, everything else mended where that is sound. */

import type { FlockError } from "../../core/errors/errors.ts";
import { type Candidate, searchSteps } from "./candidates.ts";
import { parseDeepJson } from "./deep-value.ts";
import { firstFault } from "./first-fault.ts";
import { readLoneValue } from "./lone-value.ts";
import { hasJsonEnds } from "./near-json.ts";
import { defaultMaxDepth, largeText, notJson, tooDeepError } from "./plain-json.ts";
import { unreadable } from "./source-position.ts";

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

/** What a text was read as. */
export interface TextReading {
  /** What it means when no shape says otherwise. */
  readonly value: unknown;
  /** All it may mean, best first; empty where it can mean one thing only. */
  readonly candidates: readonly Candidate[];
}

/**
 * Reads the value a model's text means. Valid JSON gives what JSON.parse gives, except that keys `__proto__`,
 * `constructor` and `prototype` are dropped. Otherwise the best value found is mended and given: fences, prose around it,
 * other quotes, missing or extra commas and brackets, comments, bare keys, Python literals, raw line breaks, double
 * encoding. Several values with nothing between them, such as one on each line, are a list. Time is linear in the text.
 *
 * @throws output_unreadable with position and reason when there is no value, it is too long or nested too deep.
 */
export function readValue(text: string, options: ReadValueOptions = {}): unknown {
  const steps = readingSteps(text, options);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value.value;
}

/**
 * Does the work of {@link readValue} in steps. With `slices` no step takes longer than about a millisecond, whatever the
 * text's length; without, JSON is parsed in one go.
 */
export function* readingSteps(
  text: string,
  options: ReadValueOptions,
  slices = false,
): Generator<undefined, TextReading> {
  checkLength(text, options);
  const maxDepth = options.maxDepth ?? defaultMaxDepth;
  const inSlices = slices && options.strict !== true && text.length > largestBlock;
  if (!inSlices) {
    const mayBeJson = hasJsonEnds(text);
    // The look at its ends has put a streamed text in one piece, which takes as long as parsing it.
    if (slices) yield undefined;
    const parsed = mayBeJson ? parseDeepJson(text, maxDepth) : notJson;
    if (parsed !== notJson) return { value: parsed, candidates: [] };
    if (options.strict) throw strictError(text);
    if (options.partial !== true) {
      const inner = parseInside(text, maxDepth);
      if (inner !== notJson) return { value: inner, candidates: [] };
    }
  }
  const { candidates, rows, tooDeep } = yield* searchSteps(text, { maxDepth, partial: options.partial ?? false });
  if (candidates.length > 0 && !htmlPage.test(text)) return { value: rows ?? candidates[0]!.value, candidates };
  if (tooDeep) throw tooDeepError(text, maxDepth);
  const lone = readLoneValue(text, { maxDepth, partial: options.partial ?? false });
  if (lone !== notJson) return { value: lone, candidates: [] };
  throw noValueError(text);
}

/** Longest text that is parsed in one go where reading gives way to others: some 8 ms. */
const largestBlock = 32 * largeText;

/** Parses from the first opening to the last closing bracket: JSON in a fence or between prose, at native speed. */
function parseInside(text: string, maxDepth: number): unknown {
  const start = text.search(/[{[]/);
  if (start === -1) return notJson;
  const end = text.lastIndexOf(text[start] === "{" ? "}" : "]");
  if (end <= start || htmlPage.test(text) || (start === 0 && end === text.length - 1)) return notJson;
  // A text that begins with a quote may be an object without its opening brace.
  if (/^\s{0,64}["']/.test(text)) return notJson;
  // With more brackets behind it there is a choice to make, which the search does.
  if (/[{[]/.test(text.slice(end + 1))) return notJson;
  const inside = text.slice(start, end + 1);
  return hasJsonEnds(inside) ? parseDeepJson(inside, maxDepth) : notJson;
}

/** @throws output_unreadable for a text longer than allowed. */
function checkLength(text: string, options: ReadValueOptions): void {
  const limit = options.maxCharacters ?? defaultMaxCharacters;
  if (text.length > limit) throw unreadable(`more than ${limit} characters`, text.slice(0, 0), 0);
}

const htmlPage = /^\s{0,64}<(?:!doctype|html|head|body|\?xml)\b/i;

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
