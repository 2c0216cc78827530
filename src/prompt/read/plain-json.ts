/** Reads text that is JSON as a whole, at native speed: what nearly every answer and tool input is. */

import type { FlockError } from "../../core/errors/errors.ts";
import type { CheckedShape, CheckResult } from "../../signature/field.ts";
import { makeSafe } from "./safe-value.ts";
import { unreadable } from "./source-position.ts";

/** Containers within one another that are read unless told otherwise. */
export const defaultMaxDepth = 256;

/** Answers longer than this many characters are read in turns, so that many at once never hold the event loop. */
export const largeText = 32_768;

/** Stands for "this text is not JSON", since every JSON value can be the answer. */
export const notJson: unique symbol = Symbol("not JSON");

/**
 * Parses a text that is JSON as a whole.
 * @throws output_unreadable when it is JSON but nested deeper than `maxDepth`.
 */
export function parseJson(text: string, maxDepth: number): unknown {
  if (!canBeJson(text)) return notJson;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return notJson;
  }
  if (!makeSafe(value, text, maxDepth)) throw tooDeepError(text, maxDepth);
  return value;
}

/**
 * Checks an answer that is JSON as a whole and an object, bending near misses. Gives undefined for any other text, and for
 * a large or deep one, which `readAnswer` and `readAnswerInTurns` are for.
 */
export function readPlainAnswer(text: string, shape: CheckedShape): CheckResult | Promise<CheckResult> | undefined {
  if (text.length > largeText) return undefined;
  let value: unknown;
  try {
    value = parseJson(text, defaultMaxDepth);
  } catch {
    return undefined;
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? shape.check(value, { coerce: true }) : undefined;
}

/** Cheap test of the first and last characters, so that an obvious miss never pays for a thrown SyntaxError. */
function canBeJson(text: string): boolean {
  let start = 0;
  let end = text.length - 1;
  while (start <= end && isJsonSpace(text.charCodeAt(start))) start++;
  while (end >= start && isJsonSpace(text.charCodeAt(end))) end--;
  if (start > end) return false;
  const first = text.charCodeAt(start);
  const last = text.charCodeAt(end);
  if (first === 123) return last === 125 && end > start;
  if (first === 91) return last === 93 && end > start;
  if (first === 34) return last === 34 && end > start;
  if (first === 45 || (first >= 48 && first <= 57)) return last >= 48 && last <= 57;
  return end - start < 5 && (first === 116 || first === 102 || first === 110);
}

function isJsonSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

/** Makes the error of a value nested too deep. */
export function tooDeepError(text: string, maxDepth: number): FlockError<"output_unreadable"> {
  return unreadable(`values nested deeper than ${maxDepth} levels`, text, 0);
}
