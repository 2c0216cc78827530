/** Bends single values to the type wanted of them: only near misses with one reading, never a guess. */

import type { LiteralValue } from "../field.ts";
import { isForbiddenKey } from "../grammar/grammar-names.ts";

const maximumNumberLength = 400;
const numberText = /^[+-]?(?:(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Reads a number from text: " 1,234.5 " is 1234.5, "3.0" is 3. Gives undefined for anything else. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || value.length > maximumNumberLength) return undefined;
  const text = value.trim();
  if (!numberText.test(text)) return undefined;
  const number = Number(text.replaceAll(",", ""));
  return Number.isFinite(number) ? number : undefined;
}

/** Reads a whole number; 3.7 is not one. */
export function toInteger(value: unknown): number | undefined {
  const number = toNumber(value);
  return number !== undefined && Number.isInteger(number) ? number : undefined;
}

/** Reads yes and no in the usual spellings, and 1 and 0. */
export function toBoolean(value: unknown): boolean | undefined {
  if (value === 1) return true;
  if (value === 0) return false;
  if (typeof value !== "string" || value.length > 16) return undefined;
  const text = value.trim().toLowerCase();
  if (text === "true" || text === "yes" || text === "1") return true;
  if (text === "false" || text === "no" || text === "0") return false;
  return undefined;
}

/** Writes numbers and booleans as text. */
export function toText(value: unknown): string | undefined {
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return String(value);
  return undefined;
}

/** Tells whether text stands for no value: "null", "None", or nothing. */
export function isNullText(value: unknown): boolean {
  return typeof value === "string" && value.length <= 16 && /^(?:null|none)?$/i.test(value.trim());
}

/** Finds the one literal a value means, ignoring case and outer spaces; undefined when none or several fit. */
export function toLiteral(value: unknown, literals: readonly LiteralValue[]): LiteralValue | undefined {
  const wanted = normalize(value);
  if (wanted === undefined) return undefined;
  const fitting = literals.filter((literal) => normalize(literal) === wanted);
  if (fitting.length === 1) return fitting[0];
  const trimmed = typeof value === "string" ? value.trim() : value;
  return fitting.find((literal) => literal === trimmed);
}

function normalize(value: unknown): string | undefined {
  if (value === null) return "null";
  if (typeof value === "string") {
    const text = value.trim().toLowerCase();
    return text === "none" ? "null" : text;
  }
  return toText(value);
}

/** Reads JSON text whose value is a list or an object, less keys that would change a prototype; undefined for any other text. */
export function fromJsonText(value: unknown, opening: "{" | "["): unknown {
  if (typeof value !== "string") return undefined;
  const start = /[^\s]/.exec(value)?.index ?? 0;
  if (value[start] !== opening) return undefined;
  try {
    return JSON.parse(value, unsafeSpelling.test(value) ? withoutForbidden : undefined) as unknown;
  } catch {
    return undefined;
  }
}

/** A key can be spelled plainly or with unicode escapes. */
const unsafeSpelling = /__proto__|constructor|prototype|\\u/;

function withoutForbidden(key: string, value: unknown): unknown {
  return isForbiddenKey(key) ? undefined : value;
}
