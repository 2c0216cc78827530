/** Tells answers that say the same from those that do not, however they are put: hashes, field by field, never content. */

import { fingerprintOf } from "./input-fingerprint.ts";

/** A longer text is free text: two that say the same hardly ever have the same words. */
const longestText = 64;
/** Words of ASCII with one space between. */
const plainWords = /^[!-~]+(?: [!-~]+)*$/;
/** Values looked at in one field. */
const mostValues = 256;

/** Ends the look at a field that cannot be compared as a whole. */
const notComparable = new Error("not comparable");

/** The values one field may still have. */
interface Budget {
  left: number;
}

/**
 * Gives a hash for each of these fields of an answer, the same for values that are alike: texts of up to 64 characters
 * without regard to case, white space and a full stop at the end; whole numbers exactly, others to two significant digits;
 * lists without numbers as sets; objects field by field, without the long texts that are fields themselves. A field that is
 * absent counts as null. A field with nothing that can be compared, with a list or another value in it that cannot be, or
 * with more than 256 values, has null for a hash.
 */
export function answerHashes(answer: unknown, fields: readonly string[]): readonly (number | null)[] | undefined {
  if (typeof answer !== "object" || answer === null || fields.length === 0) return undefined;
  return fields.map((field) => hashOf((answer as Readonly<Record<string, unknown>>)[field]));
}

function hashOf(value: unknown): number | null {
  try {
    const comparable = plain(value, { left: mostValues });
    return comparable === undefined ? null : (fingerprintOf(comparable)?.hash ?? null);
  } catch {
    return null;
  }
}

/** Gives what of a value can be compared; undefined for nothing. @throws where leaving something out would hide what differs. */
function plain(value: unknown, budget: Budget): unknown {
  if (--budget.left < 0) throw notComparable;
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return plainText(value);
  if (typeof value === "number") return Number.isInteger(value) ? value : Number(value.toPrecision(2));
  if (typeof value === "boolean") return value;
  if (typeof value !== "object") throw notComparable;
  return Array.isArray(value) ? plainList(value, budget) : plainObject(value, budget);
}

function plainText(text: string): string | undefined {
  if (text.length > 4 * longestText) return undefined;
  // Most texts are plain already, and looking is far cheaper than rewriting.
  const spaced = plainWords.test(text) ? text : text.normalize("NFKC").replace(/\s+/g, " ").trim();
  const plain = spaced.endsWith(".") ? spaced.slice(0, -1) : spaced;
  return plain.length > longestText ? undefined : plain.toLowerCase();
}

/** The order of numbers mostly says something, that of names and findings mostly does not. */
function plainList(list: readonly unknown[], budget: Budget): unknown {
  const items = list.map((item) => plain(item, budget));
  if (items.includes(undefined)) throw notComparable;
  if (items.some((item) => typeof item === "number")) return items;
  if (items.every((item) => typeof item === "string")) return [...new Set(items)].sort();
  return [...new Set(items.map((item) => fingerprintOf(item)?.hash ?? 0))].sort((a, b) => a - b);
}

function plainObject(value: object, budget: Budget): unknown {
  // Dates, maps and the like hold what their fields do not show.
  if (Object.prototype.toString.call(value) !== "[object Object]") throw notComparable;
  const entries = Object.entries(value).map(([key, field]) => [key, plain(field, budget)] as const);
  const comparable = entries.filter(([, field]) => field !== undefined && field !== null);
  return comparable.length === 0 && entries.some(([, field]) => field === undefined)
    ? undefined
    : Object.fromEntries(comparable);
}
