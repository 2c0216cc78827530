/** Walks the answer's schema and fills it with what the evidence holds; what it does not hold stays empty, or is named. */

import { FlockError } from "../../../core/errors/errors.ts";
import type { Json, JsonObject, JsonSchema } from "../../../core/json/json.ts";
import type { Filled, Material, Place } from "../evidence/material.ts";
import { isJsonObject } from "../offline-request.ts";
import { type FieldIntent, readIntent } from "./field-intent.ts";
import { fillEnum } from "./fill-enum.ts";
import { fillList } from "./fill-list.ts";
import { proposeBoolean, proposeNumbers } from "./fill-numbers.ts";
import { fillRecord } from "./fill-record.ts";
import { proposeText } from "./fill-strings.ts";
import { namedValue } from "./named-values.ts";
import { boundOf, fits, type SchemaNode, schemaNode, typesOf } from "./schema-check.ts";

const deepest = 12;

/**
 * Fills a schema from the material, objects in the order of their properties: null where a field without evidence may be null, absent where it may be absent, an
 * empty list where it is a list.
 *
 * @throws no_evidence with the path of the first required field that nothing was found for.
 */
export function fillSchema(schema: JsonSchema, material: Material): Json {
  const root = schemaNode(schema, schema);
  const place: Place = { name: "", path: "", description: "", focus: undefined, subject: undefined, depth: 0 };
  const filled = fillNode(root, place, material, new Map());
  if ("value" in filled && fits(filled.value, root)) return filled.value;
  throw noEvidence("missing" in filled ? filled.missing : "", material);
}

/** Fills one schema at one place. The value fits the schema. */
function fillNode(node: SchemaNode, place: Place, material: Material, siblings: ReadonlyMap<string, Json>): Filled {
  const { schema } = node;
  const missing: Filled = { missing: place.path };
  if (place.depth > deepest) return fits([], node) ? { value: [] } : fits(null, node) ? { value: null } : missing;
  if (schema.const !== undefined) return { value: schema.const };
  const filled = fillByKind(node, place, material, siblings);
  if ("value" in filled && fits(filled.value, node)) return filled;
  if (schema.default !== undefined && fits(schema.default, node)) return { value: schema.default };
  return "missing" in filled ? filled : missing;
}

function fillByKind(node: SchemaNode, place: Place, material: Material, siblings: ReadonlyMap<string, Json>): Filled {
  const { schema, root } = node;
  if (Array.isArray(schema.enum)) return fillEnum(schema.enum, node, place, material);
  const members = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(members)) {
    return fillUnion(
      members.map((member) => beside(schemaNode(member, root), schema)),
      node,
      place,
      material,
      siblings,
    );
  }
  const types = typesOf(schema);
  if (types.length > 1) {
    return fillUnion(
      types.map((type) => ({ schema: { ...schema, type }, root })),
      node,
      place,
      material,
      siblings,
    );
  }
  const type = types[0] ?? impliedType(schema);
  const intent = readIntent(place.name, place.description);
  const named = type === "object" && place.path === "" ? undefined : namedValue(node, place, material, intent);
  if (named !== undefined) return { value: inSchemaOrder(named, node) };
  if (type === "string") return fillString(node, place, material, intent);
  if (type === "integer" || type === "number") return fillNumber(node, place, material, intent, siblings);
  if (type === "boolean") {
    const said = proposeBoolean({ intent, place, material, schema, siblings });
    return said === undefined ? { missing: place.path } : { value: said };
  }
  if (type === "array") return fillList(node, place, material, intent, fillNode);
  if (type === "object") {
    return isJsonObject(schema.properties)
      ? fillObject(node, place, material)
      : fillRecord(node, place, material, intent);
  }
  if (type === "null") return { value: null };
  return fillAny(node, place, material, intent);
}

/** A union's own keywords beside `anyOf` (a description, say) hold for each member. */
function beside(member: SchemaNode, schema: JsonSchema): SchemaNode {
  const description = schema.description;
  return description === undefined || member.schema.description !== undefined
    ? member
    : { schema: { ...member.schema, description }, root: member.root };
}

function impliedType(schema: JsonSchema): string | undefined {
  if (isJsonObject(schema.properties)) return "object";
  return schema.items !== undefined || schema.prefixItems !== undefined ? "array" : undefined;
}

function fillUnion(
  members: readonly SchemaNode[],
  node: SchemaNode,
  place: Place,
  material: Material,
  siblings: ReadonlyMap<string, Json>,
): Filled {
  const nullable = fits(null, node);
  let empty: Filled | undefined;
  for (const member of members) {
    if (typesOf(member.schema)[0] === "null" || member.schema.const === null) continue;
    const filled = fillNode(member, place, material, siblings);
    if ("missing" in filled) continue;
    if (Array.isArray(filled.value) && filled.value.length === 0) empty ??= filled;
    else return filled;
  }
  return empty ?? (nullable ? { value: null } : { missing: place.path });
}

function fillString(node: SchemaNode, place: Place, material: Material, intent: FieldIntent): Filled {
  const { schema } = node;
  const maxLength = boundOf(schema, "maxLength", Infinity);
  const candidates = proposeText({ intent, place, material, count: 1, single: true, format: schema.format, maxLength });
  for (const { text, from } of candidates) {
    if (text === "" || !fits(text, node)) continue;
    for (const ranked of from) material.used.add(ranked);
    return { value: text };
  }
  return { missing: place.path };
}

function fillNumber(
  node: SchemaNode,
  place: Place,
  material: Material,
  intent: FieldIntent,
  siblings: ReadonlyMap<string, Json>,
): Filled {
  for (const { value, from } of proposeNumbers({ intent, place, material, schema: node.schema, siblings })) {
    const rounded = intent.intent === "score" || intent.intent === "sentiment" ? roundFor(node, value) : value;
    if (!fits(rounded, node)) continue;
    for (const ranked of from) material.used.add(ranked);
    return { value: rounded };
  }
  return { missing: place.path };
}

function roundFor({ schema }: SchemaNode, value: number): number {
  return typesOf(schema)[0] === "integer" ? Math.round(value) : value;
}

function fillAny(node: SchemaNode, place: Place, material: Material, intent: FieldIntent): Filled {
  const plural = /s$/i.test(place.name) && !/(?:ss|us|is|analysis)$/i.test(place.name);
  const array: SchemaNode = { schema: { ...node.schema, type: "array", items: { type: "string" } }, root: node.root };
  const list = plural ? fillList(array, place, material, intent, fillNode) : undefined;
  if (list !== undefined && "value" in list && (list.value as readonly Json[]).length > 0) return list;
  const text = fillString({ schema: { ...node.schema, type: "string" }, root: node.root }, place, material, intent);
  if ("value" in text) return text;
  return fits(null, node) && place.depth > 0 ? { value: null } : text;
}

/** Fields that are computed from other fields come last: sources and scores of what was used, counts of lists. */
const later = new Set(["source", "score", "count"]);

/** Fills an object's properties, then those that depend on them; optional ones without evidence stay absent. */
function fillObject(node: SchemaNode, place: Place, material: Material): Filled {
  const { schema, root } = node;
  const properties = Object.entries(schema.properties as JsonObject);
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const values = new Map<string, Json>();
  const waits = ([name, property]: [string, Json]) => later.has(readIntent(name, describe(property, root)).intent);
  const ordered = [...properties.filter((entry) => !waits(entry)), ...properties.filter(waits)];
  for (const [name, property] of ordered) {
    const inner: Place = {
      ...place,
      name,
      path: place.path === "" ? name : `${place.path}.${name}`,
      description: describe(property, root),
      depth: place.depth + 1,
    };
    const filled = fillNode(schemaNode(property, root), inner, material, values);
    if ("value" in filled) values.set(name, filled.value);
    else if (required.has(name)) return filled;
  }
  const present = properties.filter(([name]) => values.has(name)).map(([name]) => [name, values.get(name)!] as const);
  return { value: Object.fromEntries(present) };
}

/** An input repeated as an answer keeps its values and takes the schema's order of keys. */
function inSchemaOrder(value: Json, { schema, root }: SchemaNode): Json {
  if (Array.isArray(value)) return value.map((item: Json) => inSchemaOrder(item, schemaNode(schema.items, root)));
  if (!isJsonObject(value) || !isJsonObject(schema.properties)) return value;
  const { properties } = schema;
  const known = Object.keys(properties).filter((key) => Object.hasOwn(value, key));
  const more = Object.keys(value).filter((key) => !Object.hasOwn(properties, key));
  return Object.fromEntries([
    ...known.map((key) => [key, inSchemaOrder(value[key]!, schemaNode(properties[key], root))] as const),
    ...more.map((key) => [key, value[key]!] as const),
  ]);
}

function describe(property: Json, root: JsonSchema): string {
  if (!isJsonObject(property)) return "";
  const description = property.description ?? schemaNode(property, root).schema.description;
  return typeof description === "string" ? description : "";
}

function noEvidence(field: string, material: Material): FlockError<"no_evidence"> {
  const found = material.evidence.sentences.length;
  const topic = material.topic === undefined ? "" : ` on "${material.topic.text.slice(0, 80)}"`;
  const sentences = found === 1 ? "the only sentence" : `${found} sentences`;
  const read = found === 0 ? `no text was given${topic}` : `nothing in ${sentences}${topic} says it`;
  const name = field === "" ? "the answer" : `the field "${field}"`;
  return new FlockError(
    "no_evidence",
    `the offline model found no evidence for ${name}: ${read}. Give it an input or a search tool whose text holds it, make the field optional or nullable, or name a generative model.`,
    { details: { field: field === "" ? "answer" : field } },
  );
}
