/** Random types of the grammar, their two spellings, values that fit them, and a small judge of JSON Schema. */

import fc from "fast-check";
import type { Field, FieldType, LiteralValue } from "../../src/signature/field.ts";
import { isForbiddenKey } from "../../src/signature/grammar/grammar-names.ts";
import { unionOf } from "../../src/signature/grammar/union-of.ts";

const names = fc
  .oneof(
    fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_.]{0,8}$/),
    fc.constantFrom("größe", "名前", "toString", "a.b", "_", "str", "list", "hasOwnProperty"),
  )
  .filter((name) => !isForbiddenKey(name));

const scalar: fc.Arbitrary<FieldType> = fc
  .constantFrom("string", "integer", "number", "boolean", "any", "null", "date", "datetime")
  .map((kind) => ({ kind }) as FieldType);

const literalText = fc.string({ maxLength: 8 }).filter((text) => !/[\\]/.test(text));
const literal: fc.Arbitrary<FieldType> = fc
  .uniqueArray(fc.oneof(literalText, fc.integer({ min: -999, max: 999 }), fc.boolean(), fc.constant(null)), {
    minLength: 1,
    maxLength: 4,
  })
  // A literal -0 has no plain spelling.
  .map((values) => ({ kind: "literal", values: values.map((value) => (Object.is(value, -0) ? 0 : value)) }));

const description = fc
  .string({ minLength: 1, maxLength: 20 })
  .map((text) => text.replaceAll("\\", "/").trim())
  .filter((text) => text !== "");

function fieldsOf(type: fc.Arbitrary<FieldType>): fc.Arbitrary<readonly Field[]> {
  const field = fc
    .record({ name: names, type, optional: fc.boolean(), description: fc.option(description, { nil: undefined }) })
    .map(({ description: text, ...rest }): Field => (text === undefined ? rest : { ...rest, description: text }));
  return fc.uniqueArray(field, { selector: (one) => one.name, minLength: 1, maxLength: 4 });
}

/** Types up to a few levels deep; unions are flat, as the parser leaves them. */
export const arbitraryType: fc.Arbitrary<FieldType> = fc.letrec<{ type: FieldType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    literal,
    tie("type").map((item): FieldType => ({ kind: "list", item })),
    tie("type").map((item): FieldType => ({ kind: "set", item })),
    tie("type").map((value): FieldType => ({ kind: "record", value })),
    fc.array(tie("type"), { minLength: 1, maxLength: 3 }).map((items): FieldType => ({ kind: "tuple", items })),
    fc.array(tie("type"), { minLength: 2, maxLength: 3 }).map(unionOf),
    fieldsOf(tie("type")).map((fields): FieldType => ({ kind: "object", fields })),
  ),
})).type;

/** Whole signatures. */
export const arbitraryFields: fc.Arbitrary<readonly Field[]> = fieldsOf(arbitraryType);

/** The two ways to write a type. */
export type Spelling = "python" | "typescript";

const plainNames: Record<Spelling, Record<string, string>> = {
  python: { string: "str", integer: "int", number: "float", boolean: "bool", any: "Any", null: "None" },
  typescript: { string: "string", integer: "int", number: "number", boolean: "boolean", any: "unknown", null: "null" },
};

/** Writes fields in one spelling. */
export function printFields(fields: readonly Field[], spelling: Spelling): string {
  return fields
    .map((field) => {
      const head = `${field.name}${field.optional ? "?" : ""}: ${print(field.type, spelling)}`;
      return field.description === undefined ? head : `${head} | "${field.description.replaceAll('"', '\\"')}"`;
    })
    .join(spelling === "python" ? ", " : ",\n  ");
}

function print(type: FieldType, spelling: Spelling): string {
  const isPython = spelling === "python";
  const inner = (one: FieldType): string => print(one, spelling);
  switch (type.kind) {
    case "list":
      return isPython ? `list[${inner(type.item)}]` : `${grouped(type.item, spelling)}[]`;
    case "set":
      return isPython ? `set[${inner(type.item)}]` : `Set<${inner(type.item)}>`;
    case "record":
      return isPython ? `dict[str, ${inner(type.value)}]` : `Record<string, ${inner(type.value)}>`;
    case "tuple":
      return isPython ? `tuple[${type.items.map(inner).join(", ")}]` : `Tuple<${type.items.map(inner).join(",")}>`;
    case "literal":
      return isPython
        ? `Literal[${type.values.map((value) => printValue(value, '"')).join(", ")}]`
        : quotedUnion(type.values);
    case "union":
      return isPython ? `Union[${type.members.map(inner).join(", ")}]` : type.members.map(inner).join(" | ");
    case "object":
      return `{ ${printFields(type.fields, spelling)} }`;
    case "registered":
      return type.name;
    default:
      return plainNames[spelling][type.kind] ?? type.kind;
  }
}

function grouped(type: FieldType, spelling: Spelling): string {
  const text = print(type, spelling);
  return type.kind === "union" || type.kind === "literal" ? `(${text})` : text;
}

function printValue(value: LiteralValue, quote: string): string {
  if (typeof value === "string") return `${quote}${value.replaceAll(quote, `\\${quote}`)}${quote}`;
  return value === null ? "None" : String(value);
}

function quotedUnion(values: readonly LiteralValue[]): string {
  if (!values.every((value) => typeof value === "string")) {
    return `Literal<${values.map((value) => printValue(value, "'")).join(", ")}>`;
  }
  return values.map((value) => printValue(value, "'")).join(" | ");
}

const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value, dropForbidden)) as unknown);

function dropForbidden(key: string, value: unknown): unknown {
  return isForbiddenKey(key) ? undefined : value;
}

const key = fc.string({ maxLength: 6 }).filter((text) => !isForbiddenKey(text));
const day = fc.date({ min: new Date("1900-01-01"), max: new Date("2100-12-31"), noInvalidDate: true });

/** Values that fit a type. */
export function fittingValue(type: FieldType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "string":
      return fc.string();
    case "integer":
      return fc.integer();
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "any":
      return json;
    case "null":
      return fc.constant(null);
    case "date":
      return day.map((date) => date.toISOString().slice(0, 10));
    case "datetime":
      return day.map((date) => date.toISOString());
    case "list":
      return fc.array(fittingValue(type.item), { maxLength: 4 });
    case "set":
      return fc.uniqueArray(fittingValue(type.item), {
        maxLength: 4,
        selector: (value) => JSON.stringify(sorted(value)),
      });
    case "record":
      return fc.dictionary(key, fittingValue(type.value), { maxKeys: 3, noNullPrototype: true });
    case "tuple":
      return fc.tuple(...type.items.map(fittingValue));
    case "literal":
      return fc.constantFrom(...type.values);
    case "union":
      return fc.oneof(...type.members.map(fittingValue));
    case "object":
      return valueOfFields(type.fields);
    case "registered":
      throw new Error("no registered types here");
  }
}

/** Values that fit a whole signature. */
export function valueOfFields(fields: readonly Field[]): fc.Arbitrary<Record<string, unknown>> {
  const required = fields.filter((field) => !field.optional).map((field) => field.name);
  const model = Object.fromEntries(fields.map((field) => [field.name, fittingValue(field.type)]));
  return fc.record(model, { requiredKeys: required, noNullPrototype: true });
}

/** A value with its keys in order, so that equal values print alike; -0 is 0. */
export function sorted(value: unknown): unknown {
  if (value === 0) return 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, item]) => [name, sorted(item)]);
}

type Schema = Record<string, unknown>;

/** Judges a value by the keywords that signatures use, independently of the checkers (formats by the platform's own dates). */
export function fitsSchema(schema: unknown, value: unknown): boolean {
  const { type, enum: values, anyOf, format, items, prefixItems, minItems, maxItems, uniqueItems } = schema as Schema;
  if (anyOf !== undefined && !(anyOf as unknown[]).some((choice) => fitsSchema(choice, value))) return false;
  if (values !== undefined && !(values as unknown[]).includes(value)) return false;
  if (type !== undefined && !hasType(type as string, value)) return false;
  if (typeof value === "string" && format !== undefined) return fitsFormat(format as string, value);
  if (Array.isArray(value)) {
    const prefix = (prefixItems ?? []) as unknown[];
    if (value.length < ((minItems as number | undefined) ?? 0)) return false;
    if (value.length > ((maxItems as number | undefined) ?? Number.POSITIVE_INFINITY)) return false;
    if (uniqueItems === true && new Set(value.map((one) => JSON.stringify(sorted(one)))).size < value.length)
      return false;
    return value.every((one, index) => {
      const rule = index < prefix.length ? prefix[index] : items;
      return rule === undefined || (rule !== false && fitsSchema(rule, one));
    });
  }
  return typeof value !== "object" || value === null || fitsObject(schema as Schema, value as Schema);
}

function fitsObject({ properties, required, additionalProperties }: Schema, value: Schema): boolean {
  const known = (properties ?? {}) as Schema;
  if (!((required ?? []) as string[]).every((name) => Object.hasOwn(value, name))) return false;
  return Object.keys(value).every((name) => {
    const rule = Object.hasOwn(known, name) ? known[name] : additionalProperties;
    return rule === undefined || (rule !== false && fitsSchema(rule, value[name]));
  });
}

function hasType(type: string, value: unknown): boolean {
  if (type === "integer") return typeof value === "number" && Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "null") return value === null;
  return type === "object"
    ? typeof value === "object" && value !== null && !Array.isArray(value)
    : typeof value === type;
}

function fitsFormat(format: string, value: string): boolean {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return false;
  if (format === "date") return /^\d{4}-\d\d-\d\d$/.test(value) && date.toISOString().startsWith(value);
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(value);
}
