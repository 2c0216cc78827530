/** What a value is to JSON Schema: its kind as one bit, and when two values are the same. */

import { canonicalText } from "../../../core/json/canonical-key.ts";
import type { Json, JsonSchema } from "../../../core/json/json.ts";
import { isPlain } from "../../check/safe-value.ts";

/** One bit a kind; a number is a whole one, a broken one, or one that JSON cannot hold. */
export const kinds = { null: 1, boolean: 2, string: 4, fraction: 8, integer: 16, array: 32, object: 64, endless: 128 };

/** All kinds; what is of no kind (undefined, functions, dates) fits no schema. */
export const everyKind = 255;

/** The bits of each type name. `1.0` is an integer, as the specification has it. */
export const kindsOfType: Readonly<Record<string, number>> = {
  null: kinds.null,
  boolean: kinds.boolean,
  string: kinds.string,
  integer: kinds.integer,
  number: kinds.integer | kinds.fraction,
  array: kinds.array,
  object: kinds.object,
};

/** Gives the kind of a value, 0 for what is no JSON. */
export function kindOf(value: unknown): number {
  switch (typeof value) {
    case "string":
      return kinds.string;
    case "number":
      return Number.isInteger(value) ? kinds.integer : Number.isFinite(value) ? kinds.fraction : kinds.endless;
    case "boolean":
      return kinds.boolean;
    case "object":
      if (value === null) return kinds.null;
      if (Array.isArray(value)) return kinds.array;
      return isPlain(value) || Object.prototype.toString.call(value) === "[object Object]" ? kinds.object : 0;
    default:
      return 0;
  }
}

/** Tells whether a value of a schema is an object: no list, not null. */
export function isJsonObject(value: Json | undefined): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tells whether a value is equal to one in the schema: numbers by value, objects whatever the order of their keys. */
export function isSameJson(value: unknown, other: Json): boolean {
  if (value === other) return true;
  if (typeof value !== "object" || typeof other !== "object" || value === null || other === null) return false;
  if (Array.isArray(value) || Array.isArray(other)) {
    if (!Array.isArray(value) || !Array.isArray(other) || value.length !== other.length) return false;
    return other.every((item: Json, index) => isSameJson(value[index], item));
  }
  const keys = Object.keys(other);
  if (Object.keys(value).length !== keys.length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(value, key) &&
      isSameJson((value as Record<string, unknown>)[key], (other as Record<string, Json>)[key]!),
  );
}

/** Tells whether no two items of a list are equal. */
export function areDifferent(list: readonly unknown[]): boolean {
  const lone = new Set<unknown>();
  const texts = new Set<string>();
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    if (typeof item !== "object" || item === null) {
      if (lone.size === lone.add(item).size) return false;
    } else if (texts.size === texts.add(textOf(item)).size) return false;
  }
  return true;
}

/** Gives one text for equal values, also for numbers like 1e999, which have no canonical form. */
function textOf(value: object): string {
  try {
    return canonicalText(value);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return JSON.stringify(value);
  }
}
