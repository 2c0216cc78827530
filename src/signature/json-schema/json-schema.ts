/** Turns types into JSON Schema, draft 2020-12: what a model is asked to write, and what tools publish. */

import type { JsonSchema } from "../../core/json/json.ts";
import { deepFreeze } from "../check/deep-freeze.ts";
import type { Field, FieldType, LiteralValue, RegisteredType, Side } from "../field.ts";
import { embedSchema } from "./embed-schema.ts";

/** Schemas that refer to themselves live once under `$defs`, by name. */
type Definitions = Map<string, JsonSchema>;

/** Makes the frozen schema of an object with these fields: closed, descriptions included. */
export function jsonSchemaOfFields(fields: readonly Field[], side: Side): JsonSchema {
  return finish((definitions) => objectSchema(fields, side, definitions));
}

/** Makes the frozen schema of a single type. */
export function jsonSchemaOfType(type: FieldType, side: Side): JsonSchema {
  return finish((definitions) => typeSchema(type, side, definitions));
}

function finish(make: (definitions: Definitions) => JsonSchema): JsonSchema {
  const definitions: Definitions = new Map();
  const schema = make(definitions);
  return deepFreeze(definitions.size === 0 ? schema : { ...schema, $defs: Object.fromEntries(definitions) });
}

function objectSchema(fields: readonly Field[], side: Side, definitions: Definitions): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const field of fields) {
    const schema = typeSchema(field.type, side, definitions);
    properties[field.name] = field.description === undefined ? schema : { ...schema, description: field.description };
  }
  const required = fields.filter((field) => !field.optional).map((field) => field.name);
  return { type: "object", properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false };
}

function typeSchema(type: FieldType, side: Side, definitions: Definitions): JsonSchema {
  const schemaOf = (inner: FieldType): JsonSchema => typeSchema(inner, side, definitions);
  switch (type.kind) {
    case "any":
      return {};
    case "date":
      return { type: "string", format: "date" };
    case "datetime":
      return { type: "string", format: "date-time" };
    case "list":
      return { type: "array", items: schemaOf(type.item) };
    case "set":
      return { type: "array", items: schemaOf(type.item), uniqueItems: true };
    case "record":
      return { type: "object", additionalProperties: schemaOf(type.value) };
    case "tuple":
      return tupleSchema(type.items.map(schemaOf));
    case "literal":
      return literalSchema(type.values);
    case "union":
      return { anyOf: type.members.map(schemaOf) };
    case "object":
      return objectSchema(type.fields, side, definitions);
    case "registered":
      return registeredSchema(type.registered, side, definitions);
    default:
      return { type: type.kind };
  }
}

function tupleSchema(items: readonly JsonSchema[]): JsonSchema {
  return { type: "array", prefixItems: items, items: false, minItems: items.length, maxItems: items.length };
}

function literalSchema(values: readonly LiteralValue[]): JsonSchema {
  const kinds = new Set(values.map((value) => (value === null ? "null" : typeof value)));
  const [only] = kinds;
  // Some vendors take an enum only beside its type.
  return kinds.size === 1 && only !== undefined ? { type: only, enum: values } : { enum: values };
}

function registeredSchema(registered: RegisteredType, side: Side, definitions: Definitions): JsonSchema {
  if (registered.type !== undefined) return typeSchema(registered.type, side, definitions);
  const known = definitions.has(registered.name);
  const { schema, definition } = embedSchema(registered.name, registered.toJsonSchema(side));
  if (definition !== undefined && !known) definitions.set(registered.name, definition);
  return schema;
}
