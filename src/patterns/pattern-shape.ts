/** The fields of a pattern, computed from those of its steps. */

import { canonicalText } from "../core/json/canonical-key.ts";
import type { Json, JsonSchema } from "../core/json/json.ts";
import type { Field, FieldType, Side } from "../signature/field.ts";
import { embedSchema } from "../signature/json-schema/embed-schema.ts";
import type { SidedShape, StepField } from "./step.ts";

/** A field of a pattern and the shapes its type comes from. */
interface MergedField {
  readonly field: StepField;
  readonly from: readonly SidedShape[];
}

/** Merges what steps write one after another: the later writer wins, but one that may leave the field out only adds to it. */
export function writtenShape(shapes: readonly SidedShape[]): SidedShape {
  const fields = new Map<string, MergedField>();
  for (const shape of shapes) {
    for (const field of shape.fields) {
      const earlier = field.optional ? fields.get(field.name) : undefined;
      const merged = earlier === undefined ? field : eitherOf(earlier.field, field);
      fields.set(field.name, { field: merged, from: [...(earlier?.from ?? []), shape] });
    }
  }
  return mergedShape(fields, "anyOf", "output");
}

/** Merges what steps that run side by side take: a field is of every type they take it as, and needed when one needs it. */
export function takenShape(shapes: readonly SidedShape[]): SidedShape {
  const fields = new Map<string, MergedField>();
  for (const shape of shapes) {
    for (const field of shape.fields) {
      const earlier = fields.get(field.name);
      const optional = field.optional && (earlier?.field.optional ?? true);
      const description = earlier?.field.description ?? field.description;
      const described = { name: field.name, optional, ...(description === undefined ? {} : { description }) };
      fields.set(field.name, { field: described, from: [...(earlier?.from ?? []), shape] });
    }
  }
  const [only, ...others] = fields.keys();
  const bare = others.length === 0 && shapes.every((shape) => shape.bareField === only) ? only : undefined;
  return { ...mergedShape(fields, "allOf", "input"), bareField: bare };
}

/** Puts whole shapes under names: one object a name. */
export function nestedShape(shapes: ReadonlyMap<string, SidedShape>): SidedShape {
  const fields = [...shapes].map(([name, shape]) => ({ name, optional: false, ...objectType(shape.fields) }));
  return lazyShape(fields, "output", (name, side, embed) => embed(name, shapes.get(name)!.toJsonSchema(side)));
}

function mergedShape(
  merged: ReadonlyMap<string, MergedField>,
  combine: "anyOf" | "allOf",
  defaultSide: Side,
): SidedShape {
  const fields = [...merged.values()].map(({ field }) => field);
  return lazyShape(fields, defaultSide, (name, side, embed) => {
    const documents = new Map<string, JsonSchema>();
    for (const shape of merged.get(name)!.from) {
      const document = propertyDocument(shape.toJsonSchema(side), name);
      documents.set(canonicalText(document), document);
    }
    const schemas = [...documents.values()].map((document, index) => embed(`${name}.${index}`, document));
    return schemas.length === 1 ? schemas[0]! : { [combine]: schemas };
  });
}

/** A field that may come from either of two writers. */
function eitherOf(earlier: StepField, later: StepField): StepField {
  const { type: _, ...field } = { ...earlier, ...later };
  const optional = earlier.optional && later.optional;
  if (earlier.type === undefined || later.type === undefined) return { ...field, optional };
  return { ...field, optional, type: { kind: "union", members: [earlier.type, later.type] } };
}

function objectType(fields: readonly StepField[]): { readonly type?: FieldType } {
  const typed = fields.filter((field): field is Field => field.type !== undefined);
  return typed.length === fields.length ? { type: { kind: "object", fields: typed } } : {};
}

/** Takes one property out of an object's schema, as a document of its own whose references still hold. */
function propertyDocument(schema: JsonSchema, name: string): JsonSchema {
  const property = (schema.properties as Readonly<Record<string, JsonSchema>> | undefined)?.[name] ?? {};
  const { $defs } = schema;
  const refers = $defs !== undefined && embedSchema(name, property).definition !== undefined;
  return refers ? { ...property, $defs } : property;
}

/** Writes a document in place, or under the root's `$defs` with a reference in its place. */
type Embed = (name: string, document: JsonSchema) => JsonSchema;

/** Makes a shape that builds its JSON Schema on first demand, once a side. */
function lazyShape(
  fields: readonly StepField[],
  defaultSide: Side,
  schemaOf: (name: string, side: Side, embed: Embed) => JsonSchema,
): SidedShape {
  const made = new Map<Side, JsonSchema>();
  return {
    fields: Object.freeze(fields.map((field) => Object.freeze(field))),
    toJsonSchema(side = defaultSide) {
      const schema = made.get(side) ?? objectSchema(fields, (name, embed) => schemaOf(name, side, embed));
      made.set(side, schema);
      return schema;
    },
  };
}

function objectSchema(fields: readonly StepField[], schemaOf: (name: string, embed: Embed) => JsonSchema): JsonSchema {
  const definitions: Record<string, Json> = {};
  const embed: Embed = (name, document) => {
    const { schema, definition } = embedSchema(name, document);
    if (definition !== undefined) definitions[name] = definition;
    return schema;
  };
  const properties = Object.fromEntries(fields.map(({ name }) => [name, schemaOf(name, embed)]));
  const required = fields.filter((field) => !field.optional).map((field) => field.name);
  return Object.freeze({
    type: "object",
    properties: Object.freeze(properties),
    ...(required.length > 0 ? { required: Object.freeze(required) } : {}),
    additionalProperties: false,
    ...(Object.keys(definitions).length > 0 ? { $defs: Object.freeze(definitions) } : {}),
  });
}
