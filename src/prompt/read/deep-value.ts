/** Makes values safe that may be nested deeper than the call stack allows, as {@link makeSafe} does for all others. */

import { isForbiddenKey } from "../../signature/grammar/grammar-names.ts";
import { notJson, parseJson, tooDeepError } from "./plain-json.ts";
import { makeSafe } from "./safe-value.ts";

/** Deepest nesting that is walked by calls. */
const deepestCall = 512;

/** Does the same as `makeSafe` at any depth, without calling itself. */
export function makeDeepSafe(value: unknown, text: string, maxDepth: number): boolean {
  if (maxDepth <= deepestCall || typeof value !== "object" || value === null) return makeSafe(value, text, maxDepth);
  return walk(value, maxDepth, true);
}

/**
 * Does the same as `parseJson` at any depth.
 *
 * @throws output_unreadable when it is JSON but nested deeper than `maxDepth`.
 */
export function parseDeepJson(text: string, maxDepth: number): unknown {
  if (maxDepth <= deepestCall) return parseJson(text, maxDepth);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return notJson;
  }
  if (!makeDeepSafe(value, text, maxDepth)) throw tooDeepError(text, maxDepth);
  return value;
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
