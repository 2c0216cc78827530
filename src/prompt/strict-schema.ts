/** Knows which schemas a vendor's strict mode takes, so that it is left off where it would refuse the request. */

import type { Json, JsonSchema } from "../core/json/json.ts";

/** Keywords beside the plain ones that strict modes refuse. */
const refused = [
  "prefixItems",
  "contains",
  "uniqueItems",
  "unevaluatedItems",
  "allOf",
  "oneOf",
  "not",
  "if",
  "patternProperties",
  "propertyNames",
  "minProperties",
  "maxProperties",
  "dependentRequired",
  "dependentSchemas",
  "unevaluatedProperties",
  "$dynamicRef",
];

/** Tells whether every object in a schema is closed with all its fields required, and no refused keyword is used. */
export function isStrictSchema(schema: JsonSchema): boolean {
  if (refused.some((keyword) => Object.hasOwn(schema, keyword))) return false;
  // A schema without a type, choices or reference means "anything", which strict modes do not take.
  if (!["type", "enum", "const", "anyOf", "$ref"].some((keyword) => Object.hasOwn(schema, keyword))) return false;
  const { properties } = schema;
  if (schema.type === "object") {
    if (schema.additionalProperties !== false || !isObject(properties)) return false;
    const required = Array.isArray(schema.required) ? schema.required : [];
    if (Object.keys(properties).some((name) => !required.includes(name))) return false;
  }
  if (schema.type === "array" && !isObject(schema.items)) return false;
  return innerSchemas(schema).every(isStrictSchema);
}

function innerSchemas(schema: JsonSchema): readonly JsonSchema[] {
  const { properties, items, anyOf, $defs } = schema;
  const inner: (Json | undefined)[] = [items, ...(Array.isArray(anyOf) ? anyOf : [])];
  for (const table of [properties, $defs]) if (isObject(table)) inner.push(...Object.values(table));
  return inner.filter(isObject);
}

function isObject(value: Json | undefined): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
