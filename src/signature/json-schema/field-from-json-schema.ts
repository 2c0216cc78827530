/** Reads a JSON Schema back into fields and types, as far as the grammar reaches, to bend values towards foreign schemas. */

import type { Json, JsonSchema } from "../../core/json/json.ts";
import type { Field, FieldType, LiteralValue } from "../field.ts";
import { isForbiddenKey } from "../grammar/grammar-names.ts";
import { unionOf } from "../grammar/union-of.ts";
import { resolveReference } from "./resolve-reference.ts";

const anyType: FieldType = { kind: "any" };
const maximumDepth = 16;

/** Gives the properties of an object schema as fields; what the grammar cannot say is `any`. Undefined when it is no object. */
export function fieldsFromJsonSchema(schema: JsonSchema): readonly Field[] | undefined {
  const root = followed(schema);
  // What is beside the properties (allOf, anyOf, …) narrows the object, its fields stay.
  const type = root.type === "object" ? readObject(root, schema, 0) : fieldTypeFromJsonSchema(schema);
  if (type.kind === "object") return type.fields;
  return type.kind === "record" ? [] : undefined;
}

function followed(schema: JsonSchema): JsonSchema {
  let part: Json | undefined = schema;
  for (let step = 0; step < maximumDepth; step++) {
    const reference: Json | undefined = (part as JsonSchema).$ref;
    if (typeof reference !== "string") break;
    part = resolveReference(reference, schema);
    if (typeof part !== "object" || part === null) return {};
  }
  return part as JsonSchema;
}

/** Gives the nearest type of the grammar. A looser type is possible, a stricter one is not. */
export function fieldTypeFromJsonSchema(schema: JsonSchema): FieldType {
  return read(schema, schema, 0);
}

function read(schema: Json | undefined, root: JsonSchema, depth: number): FieldType {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema) || depth > maximumDepth) return anyType;
  const part = schema as JsonSchema;
  if (typeof part.$ref === "string") return read(resolveReference(part.$ref, root), root, depth + 1);
  if (Array.isArray(part.enum)) return literalType(part.enum);
  if (part.const !== undefined) return literalType([part.const]);
  const choices = part.anyOf ?? part.oneOf;
  if (Array.isArray(choices) && choices.length > 0) {
    return unionOf(choices.map((choice: Json) => read(choice, root, depth + 1)));
  }
  if (part.allOf !== undefined) return anyType;
  const kinds = part.type;
  if (Array.isArray(kinds) && kinds.length > 0) {
    return unionOf(kinds.map((kind: Json) => readKind(kind, part, root, depth)));
  }
  return readKind(kinds, part, root, depth);
}

function readKind(kind: Json | undefined, part: JsonSchema, root: JsonSchema, depth: number): FieldType {
  switch (kind) {
    case "string":
    case "integer":
    case "number":
    case "boolean":
    case "null":
      return { kind };
    case "array":
      return readArray(part, root, depth);
    case "object":
      return readObject(part, root, depth);
    default:
      return anyType;
  }
}

function readArray(part: JsonSchema, root: JsonSchema, depth: number): FieldType {
  const prefix = part.prefixItems;
  if (!Array.isArray(prefix)) return { kind: "list", item: read(part.items, root, depth + 1) };
  if (part.items !== false && part.maxItems !== prefix.length) return anyType;
  return { kind: "tuple", items: prefix.map((item: Json) => read(item, root, depth + 1)) };
}

function readObject(part: JsonSchema, root: JsonSchema, depth: number): FieldType {
  const { properties, additionalProperties } = part;
  const isOpen = typeof additionalProperties === "object" || additionalProperties === true;
  if (typeof properties !== "object" || properties === null) {
    return { kind: "record", value: read(additionalProperties, root, depth + 1) };
  }
  // Fields and further keys at once: the grammar has no such type, and a closed one would lose the keys.
  if (isOpen || part.patternProperties !== undefined) return depth === 0 ? openObject(part, root) : anyType;
  return { kind: "object", fields: readProperties(part, root, depth) };
}

function openObject(part: JsonSchema, root: JsonSchema): FieldType {
  return Object.keys(part.properties as JsonSchema).length === 0
    ? { kind: "record", value: anyType }
    : { kind: "object", fields: readProperties(part, root, 0) };
}

function readProperties(part: JsonSchema, root: JsonSchema, depth: number): readonly Field[] {
  const required = new Set(Array.isArray(part.required) ? part.required : []);
  return Object.entries(part.properties as JsonSchema)
    .filter(([name]) => !isForbiddenKey(name))
    .map(([name, schema]) => {
      const description = (schema as JsonSchema | null)?.description;
      const type = read(schema, root, depth + 1);
      const field = { name, type, optional: !required.has(name) };
      return typeof description === "string" ? { ...field, description } : field;
    });
}

function literalType(values: readonly Json[]): FieldType {
  const isPlain = values.every((value) => typeof value !== "object" || value === null);
  return isPlain && values.length > 0 ? { kind: "literal", values: values as readonly LiteralValue[] } : anyType;
}
