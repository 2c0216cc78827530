/** Copies a schema that came from outside, so that no later change of it, and nothing that is not JSON, gets into a validator. */

import { describeValue } from "../../../core/errors/options.ts";
import { escapePointer } from "../../../core/json/canonical-key.ts";
import type { Json } from "../../../core/json/json.ts";
import { schemaFault } from "./schema-fault.ts";

const deepest = 128;
const mostParts = 200_000;

/**
 * Gives a frozen copy of a schema document: own keys alone, `__proto__` as a plain name, `undefined` as absent.
 *
 * @throws type_invalid for what JSON cannot say, more than 128 levels (a cycle is one) or 200,000 parts.
 */
export function plainSchema(schema: unknown, name: string): Json {
  return copy(schema, "", 0, { name, parts: 0 });
}

function copy(value: unknown, pointer: string, depth: number, count: { readonly name: string; parts: number }): Json {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value !== "object") {
    throw schemaFault(count.name, pointer, `expected plain JSON, received ${describeValue(value)}`);
  }
  if (depth >= deepest)
    throw schemaFault(count.name, pointer.slice(0, 80), `it is nested deeper than ${deepest} levels`);
  if (++count.parts > mostParts) throw schemaFault(count.name, "", `it has more than ${mostParts} parts`);
  if (Array.isArray(value)) {
    return Object.freeze(value.map((item, index) => copy(item, `${pointer}/${index}`, depth + 1, count)));
  }
  const entries: [string, Json][] = [];
  for (const key of Object.keys(value)) {
    const part = (value as Record<string, unknown>)[key];
    if (part !== undefined) entries.push([key, copy(part, `${pointer}/${escapePointer(key)}`, depth + 1, count)]);
  }
  return Object.freeze(Object.fromEntries(entries));
}
