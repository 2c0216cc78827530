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

/** Walks level by level instead of calling itself, so that no depth is too deep for the call stack. */
function walk(value: object, maxDepth: number, dropKeys: boolean): boolean {
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxDepth) return false;
    const next: object[] = [];
    for (const container of level) {
      if (Array.isArray(container)) {
        for (let index = 0; index < container.length; index++) {
          const item: unknown = container[index];
          if (typeof item === "object" && item !== null) next.push(item);
        }
      } else pushFields(container as Record<string, unknown>, next, dropKeys);
    }
    level = next;
  }
  return true;
}

function pushFields(fields: Record<string, unknown>, next: object[], dropKeys: boolean): void {
  for (const key in fields) {
    if (dropKeys && isForbiddenKey(key)) {
      delete fields[key];
      continue;
    }
    const field = fields[key];
    if (typeof field === "object" && field !== null) next.push(field);
  }
}
