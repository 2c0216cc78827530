/** Puts a schema made elsewhere inside another one without breaking its `#/…` references. */

import { escapePointer } from "../../core/json/canonical-key.ts";
import type { Json, JsonSchema } from "../../core/json/json.ts";
import { mapSchemas } from "./map-schemas.ts";

/** The schema to write in place, and what must stand under the root's `$defs` for it. */
export interface EmbeddedSchema {
  readonly schema: JsonSchema;
  readonly definition?: JsonSchema;
}

/**
 * Prepares a whole schema document for use as a part. One without local references is written in place; one with them
 * goes under `$defs` as a whole, its references led there, and a reference stands in its place.
 */
export function embedSchema(name: string, document: JsonSchema): EmbeddedSchema {
  const { $schema: _dialect, ...schema } = document;
  // An `$id` makes the document its own base, so its references hold wherever it stands.
  if (typeof schema.$id === "string") return { schema };
  const place = `#/$defs/${escapePointer(name)}`;
  let isLed = false;
  const definition = mapSchemas(schema, (part) => {
    const led = Object.entries(part).filter(([word, value]) => isReference(word) && isPlace(value));
    if (led.length === 0) return part;
    isLed = true;
    const changed = led.map(([word, value]): [string, Json] => [word, `${place}${(value as string).slice(1)}`]);
    return Object.fromEntries([...Object.entries(part), ...changed]);
  });
  return isLed ? { schema: { $ref: place }, definition } : { schema };
}

function isReference(word: string): boolean {
  return word === "$ref" || word === "$dynamicRef";
}

/** Anchors (`#name`) hold wherever they stand; `#` and `#/…` count from the root. */
function isPlace(value: Json): boolean {
  return typeof value === "string" && /^#(?:$|\/)/.test(value);
}
