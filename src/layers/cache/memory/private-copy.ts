/** Copies values into the cache and out of it, so that nobody can change what somebody else gets, and weighs them on the way. */

import { describeValue } from "../../../core/errors/options.ts";
import { escapePointer } from "../../../core/json/canonical-key.ts";

/** A copy that belongs to the cache. */
export interface PrivateCopy {
  readonly value: unknown;
  /** About how many bytes of memory it takes. */
  readonly bytes: number;
}

/** Why a value cannot be kept. */
export class NotPlainJson {
  readonly pointer: string;
  readonly found: string;

  constructor(pointer: string, found: string) {
    this.pointer = pointer;
    this.found = found;
  }
}

const deepest = 1_000;
/** What an engine takes for an object or list, before its fields. */
const objectBytes = 24;
const fieldBytes = 8;

/** The objects a value lies in, to find cycles. */
type Ancestors = object[];

/** What is no object lies in none. */
const noAncestors: Ancestors = [];

let bytes = 0;
let isExact = false;

/**
 * Copies plain JSON for keeping. `undefined` fields are absent in the copy, and so are fields named `__proto__`.
 *
 * @throws NotPlainJson for anything else: functions, bigints, dates, class instances, NaN, cycles, more than 1,000 levels.
 */
export function copyIn(value: unknown): PrivateCopy {
  bytes = 0;
  const copy = copyValue(value, typeof value === "object" ? [] : noAncestors);
  return { value: copy, bytes };
}

/** Copies as {@link copyIn} does where nothing may get lost. @throws NotPlainJson for a field named `__proto__`, too. */
export function copyExactly(value: unknown): unknown {
  const outer = isExact;
  isExact = true;
  try {
    return copyIn(value).value;
  } finally {
    isExact = outer;
  }
}

/** Copies a value that {@link copyIn} made. */
export function copyOut<T>(value: T): T {
  return typeof value === "object" && value !== null ? (copyObject(value) as T) : value;
}

function copyObject(value: object): unknown {
  if (Array.isArray(value)) {
    const list = new Array<unknown>(value.length);
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      list[index] = typeof item === "object" && item !== null ? copyObject(item) : item;
    }
    return list;
  }
  const result: Record<string, unknown> = {};
  for (const key in value) {
    const field = (value as Record<string, unknown>)[key];
    result[key] = typeof field === "object" && field !== null ? copyObject(field) : field;
  }
  return result;
}

function copyValue(value: unknown, ancestors: Ancestors): unknown {
  switch (typeof value) {
    case "string":
      bytes += objectBytes + value.length;
      return value;
    case "boolean":
      bytes += fieldBytes;
      return value;
    case "number":
      bytes += fieldBytes;
      if (Number.isFinite(value)) return value;
      throw new NotPlainJson("", `${value}`);
    case "object":
      if (value === null) return null;
      bytes += objectBytes;
      return copyParts(value, ancestors);
    default:
      throw new NotPlainJson("", describeValue(value));
  }
}

function copyParts(value: object, ancestors: Ancestors): unknown {
  if (ancestors.includes(value)) throw new NotPlainJson("", "a cycle");
  if (ancestors.length >= deepest) throw new NotPlainJson("", `more than ${deepest} levels`);
  const isList = Array.isArray(value);
  if (!isList) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) throw new NotPlainJson("", instanceName(value));
  }
  ancestors.push(value);
  const copy = isList ? copyList(value, ancestors) : copyFields(value as Record<string, unknown>, ancestors);
  ancestors.pop();
  return copy;
}

function copyList(list: readonly unknown[], ancestors: Ancestors): unknown[] {
  const copy = new Array<unknown>(list.length);
  for (let index = 0; index < list.length; index++) {
    try {
      bytes += fieldBytes;
      copy[index] = copyValue(list[index], ancestors);
    } catch (error) {
      throw below(error, `${index}`);
    }
  }
  return copy;
}

function copyFields(fields: Readonly<Record<string, unknown>>, ancestors: Ancestors): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(fields)) {
    if (key === "__proto__" && !isExact) continue;
    try {
      if (key === "__proto__") throw new NotPlainJson("", "a field of that name");
      const field = fields[key];
      if (field === undefined) continue;
      bytes += fieldBytes + key.length;
      copy[key] = copyValue(field, ancestors);
    } catch (error) {
      throw below(error, escapePointer(key));
    }
  }
  return copy;
}

/** Puts one step before the pointer of what was found further down. What a getter throws passes as it is. */
function below(error: unknown, step: string): unknown {
  return error instanceof NotPlainJson ? new NotPlainJson(`/${step}${error.pointer}`, error.found) : error;
}

function instanceName(value: object): string {
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name;
  return typeof name === "string" && /^\w{1,40}$/.test(name) ? `an instance of ${name}` : "an instance of a class";
}
