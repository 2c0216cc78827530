/** Walks a JSON Schema document: knows which keywords hold schemas and which hold data that only looks like one. */

import type { Json, JsonSchema } from "../../core/json/json.ts";

/** Keywords whose value is data or text. */
const dataKeywords = new Set(["const", "enum", "default", "examples", "required", "dependentRequired"]);
/** Keywords that hold schemas under names of the user's own. */
const namedKeywords = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);
/** Keywords whose parts all judge the same value as the schema around them. */
const joiningKeywords = new Set(["allOf", "not", "if", "then", "else", "dependentSchemas"]);

/**
 * Copies a schema with `change` applied to every schema object in it, inner ones first. `isJoined` is true where the
 * schema judges a value together with others.
 */
export function mapSchemas(
  schema: JsonSchema,
  change: (part: JsonSchema, isJoined: boolean) => JsonSchema,
): JsonSchema {
  return mapOne(schema, change, false) as JsonSchema;
}

function mapOne(schema: Json, change: (part: JsonSchema, isJoined: boolean) => JsonSchema, isJoined: boolean): Json {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((part: Json) => mapOne(part, change, isJoined));
  const entries = Object.entries(schema).map(([key, value]): [string, Json] => {
    const joins = joiningKeywords.has(key);
    if (dataKeywords.has(key) || typeof value !== "object" || value === null) return [key, value];
    if (!namedKeywords.has(key)) return [key, mapOne(value, change, joins)];
    const named = Object.entries(value).map(([name, part]): [string, Json] => [name, mapOne(part, change, joins)]);
    return [key, Object.fromEntries(named)];
  });
  return change(Object.fromEntries(entries), isJoined);
}
