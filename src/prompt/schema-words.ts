/** Says in a few words what a JSON Schema asks for, so that a model knows a field's type without reading the schema. */

import type { Json, JsonSchema } from "../core/json/json.ts";

const deepest = 3;

/** Names a schema's type in words, such as `list of text` or `one of "a", "b"`. Deep or odd parts are left vague. */
export function schemaWords(schema: JsonSchema, depth = 0): string {
  const choices = schema.enum;
  if (Array.isArray(choices))
    return `one of ${choices
      .slice(0, 20)
      .map((choice) => JSON.stringify(choice))
      .join(", ")}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (depth > deepest) return "value";
  const members = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(members)) return members.map((member) => schemaWords(asSchema(member), depth + 1)).join(" or ");
  switch (schema.type) {
    case "string":
      return stringWords(schema.format);
    case "integer":
      return "whole number";
    case "number":
      return "number";
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "array":
      return listWords(schema, depth);
    case "object":
      return objectWords(schema, depth);
    default:
      return "any JSON value";
  }
}

function stringWords(format: Json | undefined): string {
  if (format === "date") return "date as YYYY-MM-DD";
  if (format === "date-time") return "date and time in ISO 8601";
  return typeof format === "string" ? `text, ${format}` : "text";
}

function listWords(schema: JsonSchema, depth: number): string {
  const parts = schema.prefixItems;
  if (Array.isArray(parts)) {
    return `list of exactly ${parts.length}: ${parts.map((part) => schemaWords(asSchema(part), depth + 1)).join(", ")}`;
  }
  const unique = schema.uniqueItems === true ? " without repeats" : "";
  const item = asSchema(schema.items);
  return Object.keys(item).length === 0 ? `list${unique}` : `list of ${schemaWords(item, depth + 1)}${unique}`;
}

function objectWords(schema: JsonSchema, depth: number): string {
  const properties = schema.properties;
  if (typeof properties === "object" && properties !== null && !Array.isArray(properties)) {
    const fields = Object.entries(properties as Readonly<Record<string, Json>>);
    if (depth === deepest) return `object with ${fields.map(([name]) => name).join(", ")}`;
    return `object with ${fields.map(([name, field]) => `${name}: ${schemaWords(asSchema(field), depth + 1)}`).join("; ")}`;
  }
  const value = asSchema(schema.additionalProperties);
  return Object.keys(value).length === 0 ? "object" : `object whose values are ${schemaWords(value, depth + 1)}`;
}

function asSchema(value: Json | undefined): JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};
}
