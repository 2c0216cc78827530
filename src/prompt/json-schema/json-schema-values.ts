/** What the words of a JSON Schema mean for a lone value: types, equality, patterns. */

import { canonicalText } from "../../core/canonical-key.ts";
import { FlockError } from "../../core/errors.ts";
import type { Json, JsonSchema } from "../../core/json.ts";

/** Tells whether a value is of a type the schema names. */
export function isOfType(value: unknown, type: Json): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

/** Tells whether two JSON values are equal, whatever the order of their keys. */
export function isSame(value: unknown, other: Json): boolean {
  if (typeof value !== "object" || value === null) return value === other;
  return typeof other === "object" && textOf(value) === textOf(other);
}

/** Gives one text for equal JSON values, also for numbers like 1e999, which have no canonical form. */
export function textOf(value: unknown): string {
  try {
    return canonicalText(value);
  } catch {
    return JSON.stringify(value);
  }
}

/**
 * Tells whether a text matches a schema's pattern.
 *
 * @throws type_invalid for a pattern that is no regular expression.
 */
export function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    const reason = `its pattern "${pattern.slice(0, 80)}" is no regular expression`;
    throw new FlockError("type_invalid", `the JSON Schema cannot be used: ${reason}`, {
      details: { name: "schema", reason },
    });
  }
}

/** Tells whether a value is a JSON object: no list, not null. */
export function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
