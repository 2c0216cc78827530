/** Reads JSON Schema far enough to know what a field may hold, and checks every value before it is given out. */

import type { Json, JsonSchema } from "../../../core/json/json.ts";
import { resolveReference } from "../../../signature/json-schema/resolve-reference.ts";
import { isJsonObject } from "../offline-request.ts";

/** A schema with its references followed, beside the document they point into. */
export interface SchemaNode {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
}

const impossible: JsonSchema = { not: {} };
const longestReferenceChain = 32;
const deepest = 64;
/** Longer strings are not matched against a schema's pattern, so that no pattern can hang the process. */
const longestPatternInput = 2_000;

/**
 * Follows `$ref` (inside the document only) and folds `allOf` into one schema. `true` becomes the empty schema, `false`
 * and a reference to nothing become one that nothing fits.
 */
export function schemaNode(schema: Json | undefined, root: JsonSchema, depth = 0): SchemaNode {
  let current: Json | undefined = schema;
  for (let step = 0; step < longestReferenceChain; step++) {
    if (current === true || current === undefined) return { schema: {}, root };
    if (!isJsonObject(current)) break;
    const reference: Json | undefined = current.$ref;
    if (typeof reference !== "string") {
      return { schema: Array.isArray(current.allOf) ? foldAllOf(current, root, depth) : current, root };
    }
    const { $ref: _, ...beside } = current;
    const target: Json = resolveReference(reference, root) ?? false;
    current = isJsonObject(target) && Object.keys(beside).length > 0 ? { ...target, ...beside } : target;
  }
  return { schema: impossible, root };
}

/** Tells whether a value fits a schema: all keywords of draft 2020-12 that a signature, zod or valibot write. */
export function fits(value: Json | undefined, { schema, root }: SchemaNode, depth = 0): boolean {
  if (value === undefined || depth > deepest) return false;
  const check = (part: Json, inner: Json | undefined) => fits(part, schemaNode(inner, root), depth + 1);
  const count = (members: Json | undefined) =>
    Array.isArray(members) ? members.filter((member) => check(value, member)).length : undefined;
  if (schema.type !== undefined && !typesOf(schema).some((type) => isOfType(value, type))) return false;
  if (schema.const !== undefined && !sameJson(value, schema.const)) return false;
  if (Array.isArray(schema.enum) && !schema.enum.some((option: Json) => sameJson(value, option))) return false;
  if (count(schema.anyOf) === 0) return false;
  if (Array.isArray(schema.oneOf) && count(schema.oneOf) !== 1) return false;
  if (Array.isArray(schema.allOf) && count(schema.allOf) !== schema.allOf.length) return false;
  if (schema.not !== undefined && check(value, schema.not)) return false;
  if (typeof value === "string") return stringFits(value, schema);
  if (typeof value === "number") return numberFits(value, schema);
  if (Array.isArray(value)) return listFits(value, schema, check);
  return isJsonObject(value) ? objectFits(value, schema, check) : true;
}

/** The types a schema names, one or several; an empty list when it names none. */
export function typesOf(schema: JsonSchema): readonly string[] {
  const type = schema.type;
  if (typeof type === "string") return [type];
  return Array.isArray(type) ? type.filter((member): member is string => typeof member === "string") : [];
}

/** The whole number at a keyword, or what stands in for it. */
export function boundOf(schema: JsonSchema, keyword: string, otherwise: number): number {
  const bound = schema[keyword];
  return typeof bound === "number" ? bound : otherwise;
}

function foldAllOf(schema: JsonSchema, root: JsonSchema, depth: number): JsonSchema {
  if (depth > 8) return impossible;
  const { allOf, ...rest } = schema;
  let folded: JsonSchema = rest;
  for (const member of allOf as readonly Json[]) {
    const { schema: part } = schemaNode(member, root, depth + 1);
    const properties = { ...objectAt(folded, "properties"), ...objectAt(part, "properties") };
    const required = [...listAt(folded, "required"), ...listAt(part, "required")];
    folded = {
      ...part,
      ...folded,
      ...(Object.keys(properties).length > 0 ? { properties } : {}),
      ...(required.length > 0 ? { required } : {}),
    };
  }
  return folded;
}

function objectAt(schema: JsonSchema, keyword: string): { readonly [key: string]: Json } {
  const part = schema[keyword];
  return isJsonObject(part) ? part : {};
}

function listAt(schema: JsonSchema, keyword: string): readonly Json[] {
  const part = schema[keyword];
  return Array.isArray(part) ? part : [];
}

function isOfType(value: Json, type: string): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isJsonObject(value);
  if (type === "integer") return Number.isInteger(value);
  return type === typeof value;
}

function stringFits(value: string, schema: JsonSchema): boolean {
  if ([...value].length < boundOf(schema, "minLength", 0)) return false;
  if ([...value].length > boundOf(schema, "maxLength", Infinity)) return false;
  const { pattern, format } = schema;
  if (typeof format === "string" && Object.hasOwn(formats, format) && !formats[format]!(value)) return false;
  if (typeof pattern !== "string") return true;
  if (value.length > longestPatternInput) return false;
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return false;
  }
}

const formats: Readonly<Record<string, (value: string) => boolean>> = {
  date: (value) => isCalendarDate(value),
  "date-time": (value) =>
    /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/.test(value) &&
    isCalendarDate(value.slice(0, 10)) &&
    !Number.isNaN(Date.parse(value)),
  time: (value) => /^\d\d:\d\d(?::\d\d)?(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)?$/.test(value),
  email: (value) => /^[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+){1,8}$/.test(value),
  uri: (value) => URL.canParse(value),
  uuid: (value) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
};

/** Tells whether a text is a day that exists, written `2024-02-29`. */
export function isCalendarDate(value: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const at = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(value);
}

function numberFits(value: number, schema: JsonSchema): boolean {
  const step = boundOf(schema, "multipleOf", 0);
  return (
    value >= boundOf(schema, "minimum", -Infinity) &&
    value <= boundOf(schema, "maximum", Infinity) &&
    value > boundOf(schema, "exclusiveMinimum", -Infinity) &&
    value < boundOf(schema, "exclusiveMaximum", Infinity) &&
    (step <= 0 || Number.isInteger(value / step))
  );
}

type CheckPart = (part: Json, schema: Json | undefined) => boolean;

function listFits(value: readonly Json[], schema: JsonSchema, check: CheckPart): boolean {
  if (value.length < boundOf(schema, "minItems", 0) || value.length > boundOf(schema, "maxItems", Infinity))
    return false;
  const first = listAt(schema, "prefixItems");
  if (!value.every((item, index) => check(item, index < first.length ? first[index] : schema.items))) return false;
  return schema.uniqueItems !== true || new Set(value.map((item) => JSON.stringify(item))).size === value.length;
}

function objectFits(value: { readonly [key: string]: Json }, schema: JsonSchema, check: CheckPart): boolean {
  const keys = Object.keys(value);
  const properties = objectAt(schema, "properties");
  const patterns = Object.entries(objectAt(schema, "patternProperties"));
  if (!listAt(schema, "required").every((key) => typeof key === "string" && Object.hasOwn(value, key))) return false;
  if (keys.length < boundOf(schema, "minProperties", 0) || keys.length > boundOf(schema, "maxProperties", Infinity))
    return false;
  return keys.every((key) => {
    if (schema.propertyNames !== undefined && !check(key, schema.propertyNames)) return false;
    if (Object.hasOwn(properties, key)) return check(value[key]!, properties[key]);
    const matching = patterns.filter(([pattern]) => stringFits(key, { pattern }));
    if (matching.length > 0) return matching.every(([, inner]) => check(value[key]!, inner));
    return check(value[key]!, schema.additionalProperties);
  });
}

/** Equality of small JSON values, as enums and constants hold them. */
function sameJson(a: Json, b: Json): boolean {
  return a === b || (typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));
}
