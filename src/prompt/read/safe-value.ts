/** Makes what JSON.parse gave safe to hand on: no keys that reach a prototype, no nesting that overflows a later walk. */

import { isForbiddenKey } from "../../signature/grammar/grammar-names.ts";

/**
 * Drops unsafe keys anywhere in a parsed value, in place, and checks its depth. Skips the walk when the text it came
 * from cannot hold either.
 *
 * @returns false when the value is nested deeper than `maxDepth` containers.
 */
export function makeSafe(value: unknown, text: string, maxDepth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  const suspect = unsafeSpelling.test(text);
  if (!suspect && !mayNestDeeper(text, maxDepth)) return true;
  return walk(value, maxDepth, suspect);
}

/** A key can be spelled plainly or with unicode escapes; anything else cannot become one of the three. */
const unsafeSpelling = /__proto__|constructor|prototype|\\u/;

function mayNestDeeper(text: string, maxDepth: number): boolean {
  if (text.length <= 2 * maxDepth) return false;
  let openers = 0;
  for (const opener of ["{", "["]) {
    for (let at = text.indexOf(opener); at !== -1; at = text.indexOf(opener, at + 1)) {
      if (++openers > maxDepth) return true;
    }
  }
  return false;
}

function walk(value: object, depthLeft: number, dropKeys: boolean): boolean {
  if (depthLeft === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === "object" && item !== null && !walk(item, depthLeft - 1, dropKeys)) return false;
    }
    return true;
  }
  const fields = value as Record<string, unknown>;
  for (const key in fields) {
    if (dropKeys && isForbiddenKey(key)) {
      delete fields[key];
      continue;
    }
    const field = fields[key];
    if (typeof field === "object" && field !== null && !walk(field, depthLeft - 1, dropKeys)) return false;
  }
  return true;
}
