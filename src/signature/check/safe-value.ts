/** Looks through values of any shape: what is not JSON is reported, keys that would change a prototype never pass. */

import { escapePointer } from "../../core/json/canonical-key.ts";
import { isForbiddenKey } from "../grammar/grammar-names.ts";
import type { Checker, CheckRun } from "./checker.ts";

const maximumDepth = 256;
const maximumNodes = 10_000_000;

/** The checker of `any`: JSON values, however nested. Objects of a class of their own pass as they are. */
export const anyChecker: Checker = {
  text: "any",
  takesNull: true,
  accepts: (value) => value !== undefined && isSafe(value, true),
  read(value, pointer, run) {
    if (value === undefined) {
      run.expected(pointer, "any", value);
      return value;
    }
    return clean(value, pointer, run, true);
  },
};

/** Tells whether no forbidden key is in the value, and, when `json`, that all of it is JSON. */
export function isSafe(value: unknown, json: boolean): boolean {
  return scan(value, 0, json, { nodes: 0 });
}

function scan(value: unknown, depth: number, json: boolean, count: { nodes: number }): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null || value === undefined) return true;
  if (typeof value === "number") return !json || Number.isFinite(value);
  if (typeof value !== "object") return !json;
  if (depth >= maximumDepth || ++count.nodes > maximumNodes) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!scan(value[index], depth + 1, json, count)) return false;
    }
    return true;
  }
  if (!isPlain(value)) return true;
  for (const key in value) {
    if (isForbiddenKey(key)) return false;
    if (!scan((value as Record<string, unknown>)[key], depth + 1, json, count)) return false;
  }
  return true;
}

/**
 * Gives the value without forbidden keys: a copy where one was found and the run coerces, an issue where it does not.
 * Values that are too deep (256), circular or too many (10 million) are an issue; with `json` so is what JSON cannot say.
 */
export function clean(value: unknown, pointer: string, run: CheckRun, json: boolean): unknown {
  if (isSafe(value, json)) return value;
  return cleanInside(value, pointer, run, json, { nodes: 0 }, []);
}

function cleanInside(
  value: unknown,
  pointer: string,
  run: CheckRun,
  json: boolean,
  count: { nodes: number },
  above: object[],
): unknown {
  if (typeof value !== "object" || value === null) {
    if (!scan(value, 0, json, count)) run.expected(pointer, "plain JSON", value);
    return value;
  }
  if (run.isFull || (!Array.isArray(value) && !isPlain(value))) return value;
  if (above.includes(value) || above.length >= maximumDepth || ++count.nodes > maximumNodes) {
    const reason = above.includes(value) ? "the value contains itself" : "the value is too deep or too large";
    run.report({ pointer, message: `expected plain JSON; ${reason}`, expected: "plain JSON" });
    return value;
  }
  above.push(value);
  const result = Array.isArray(value)
    ? value.map((item, index) => cleanInside(item, `${pointer}/${index}`, run, json, count, above))
    : cleanObject(value as Record<string, unknown>, pointer, run, (item, at) =>
        cleanInside(item, at, run, json, count, above),
      );
  above.pop();
  return result;
}

function cleanObject(
  value: Record<string, unknown>,
  pointer: string,
  run: CheckRun,
  each: (item: unknown, pointer: string) => unknown,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const at = `${pointer}/${escapePointer(key)}`;
    if (!isForbiddenKey(key)) result[key] = each(value[key], at);
    else reportForbidden(key, at, run);
  }
  return result;
}

/** Reports a key that may not be kept; when the run coerces it is dropped without a word. */
export function reportForbidden(key: string, pointer: string, run: CheckRun): void {
  if (!run.coerce)
    run.report({ pointer, message: `the key "${key}" is not allowed, since it could change a prototype` });
}

/** Tells whether an object is a plain one: made by a literal, by JSON, or without prototype. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
