/** Checkers of lists, sets, tuples and records. */

import { canonicalText, escapePointer } from "../../core/json/canonical-key.ts";
import { isForbiddenKey } from "../grammar/grammar-names.ts";
import type { Checker, CheckRun } from "./checker.ts";
import { fromJsonText } from "./coerce-scalar.ts";
import { isPlain, reportForbidden } from "./safe-value.ts";

/** Makes the checker of `list[T]`. */
export function listChecker(item: Checker): Checker {
  const text = `list[${item.text}]`;
  return {
    text,
    wraps: true,
    foreign: item.foreign === true,
    accepts: (value) => Array.isArray(value) && everyItem(item, value),
    read(value, pointer, run) {
      const list = listFrom(value, run);
      if (list !== undefined) return readItems(item, list, pointer, run);
      run.expected(pointer, text, value);
      return value;
    },
  };
}

/** Makes the checker of `set[T]`: a list whose items are all different, as JSON values. */
export function setChecker(item: Checker): Checker {
  const text = `set[${item.text}]`;
  return {
    text,
    wraps: true,
    foreign: item.foreign === true,
    accepts: (value) => Array.isArray(value) && everyItem(item, value) && firstRepeat(value) < 0,
    read(value, pointer, run) {
      const list = value instanceof Set && run.coerce ? [...(value as Set<unknown>)] : listFrom(value, run);
      if (list === undefined) {
        run.expected(pointer, text, value);
        return value;
      }
      const before = run.issues.length;
      const items = readItems(item, list, pointer, run);
      if (run.issues.length > before) return items;
      const repeat = firstRepeat(items);
      if (repeat < 0) return items;
      if (run.coerce) return withoutRepeats(items);
      run.report({
        pointer: `${pointer}/${repeat}`,
        message: "expected different items in a set, received one twice",
        expected: text,
      });
      return items;
    },
  };
}

/** Makes the checker of `tuple[A, B]`: exactly these items in this order. */
export function tupleChecker(items: readonly Checker[]): Checker {
  const text = `tuple[${items.map((item) => item.text).join(", ")}]`;
  return {
    text,
    foreign: items.some((item) => item.foreign === true),
    accepts: (value) =>
      Array.isArray(value) && value.length === items.length && items.every((item, index) => item.accepts(value[index])),
    read(value, pointer, run) {
      const list = Array.isArray(value) ? value : run.coerce ? fromJsonText(value, "[") : undefined;
      if (!Array.isArray(list) || list.length !== items.length) {
        run.expected(pointer, `${text} of exactly ${items.length}`, value);
        return value;
      }
      return keepIfSame(
        list,
        items.map((item, index) => item.read(list[index], `${pointer}/${index}`, run)),
      );
    },
  };
}

/** Makes the checker of `dict[str, V]`: any keys but those that could change a prototype. */
export function recordChecker(value: Checker): Checker {
  const text = `dict[str, ${value.text}]`;
  return {
    text,
    foreign: value.foreign === true,
    accepts(record) {
      if (!isRecord(record)) return false;
      for (const key in record) {
        if (isForbiddenKey(key) || !Object.hasOwn(record, key) || !value.accepts(record[key])) return false;
      }
      return true;
    },
    read(given, pointer, run) {
      const record = isRecord(given) ? given : run.coerce ? fromJsonText(given, "{") : undefined;
      if (isRecord(record)) return readRecord(value, record, pointer, run);
      run.expected(pointer, text, given);
      return given;
    },
  };
}

function readRecord(value: Checker, record: Record<string, unknown>, pointer: string, run: CheckRun): unknown {
  const result: Record<string, unknown> = {};
  let changed = false;
  for (const key of Object.keys(record)) {
    if (run.isFull) break;
    const at = `${pointer}/${escapePointer(key)}`;
    if (isForbiddenKey(key)) {
      reportForbidden(key, at, run);
      changed = true;
      continue;
    }
    // A key that holds undefined is absent, as in JSON.
    if (record[key] === undefined) continue;
    result[key] = value.read(record[key], at, run);
    if (result[key] !== record[key]) changed = true;
  }
  return changed ? result : record;
}

/** Tells whether a value is an object with fields: not null, not a list, not a Date, Map or the like. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return isPlain(value) || Object.prototype.toString.call(value) === "[object Object]";
}

function everyItem(item: Checker, list: readonly unknown[]): boolean {
  for (let index = 0; index < list.length; index++) {
    if (!item.accepts(list[index])) return false;
  }
  return true;
}

function listFrom(value: unknown, run: CheckRun): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (!run.coerce) return undefined;
  const parsed = fromJsonText(value, "[");
  if (Array.isArray(parsed)) return parsed;
  return run.wrap && value !== null && value !== undefined ? [value] : undefined;
}

function readItems(item: Checker, list: readonly unknown[], pointer: string, run: CheckRun): readonly unknown[] {
  const result: unknown[] = [];
  for (let index = 0; index < list.length && !run.isFull; index++) {
    result.push(item.read(list[index], `${pointer}/${index}`, run));
  }
  return keepIfSame(list, result);
}

function keepIfSame(list: readonly unknown[], result: readonly unknown[]): readonly unknown[] {
  return result.length === list.length && result.every((item, index) => Object.is(item, list[index])) ? list : result;
}

function firstRepeat(list: readonly unknown[]): number {
  if (list.length < 2) return -1;
  const seen = new Set<string>();
  return list.findIndex((item) => seen.size === seen.add(itemKey(item)).size);
}

function withoutRepeats(list: readonly unknown[]): readonly unknown[] {
  const seen = new Set<string>();
  return list.filter((item) => seen.size !== seen.add(itemKey(item)).size);
}

function itemKey(item: unknown): string {
  return item === undefined ? "undefined" : canonicalText(item);
}
