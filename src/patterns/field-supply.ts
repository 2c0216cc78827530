/** Checks, when a pattern is built, that every step finds the fields it needs: for plain JavaScript and lists of any length. */

import { isFlockError } from "../core/errors/errors.ts";
import { nearestName } from "../core/errors/nearest-name.ts";
import type { JsonSchema } from "../core/json/json.ts";
import type { FieldType, Side } from "../signature/field.ts";
import { patternError, type SidedShape } from "./step.ts";

interface Source {
  readonly optional: boolean;
  /** Undefined when the type is not known for sure. */
  readonly schema: JsonSchema | undefined;
}

/** The fields there are at one point of a pattern. */
export class FieldSupply {
  readonly #pattern: string;
  readonly #sources = new Map<string, Source>();

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /** Adds what there is at the start, as it was given: no schema has changed it yet. */
  begin(input: SidedShape): void {
    for (const { name, optional } of input.fields) {
      this.#sources.set(name, { optional, schema: schemaOfField(input, name, "input") });
    }
  }

  /** Adds what a step writes. The later writer wins; a field it may leave out can still be the earlier one. */
  write(output: SidedShape): void {
    for (const { name, optional, type } of output.fields) {
      const earlier = optional ? this.#sources.get(name) : undefined;
      const schema = mayBeTransformed(type) ? undefined : schemaOfField(output, name, "output");
      const source = earlier === undefined ? { optional, schema } : { optional: earlier.optional, schema: undefined };
      this.#sources.set(name, source);
    }
  }

  /**
   * Checks that a reader finds what it needs. Types are compared only as far as they surely never meet, such as text
   * and a number: the full check is the compiler's before and the reader's own at run time.
   *
   * @param elsewhere Ends the sentence "… needs the field "topic", which".
   * @throws pattern_invalid naming the reader and the field, with the nearest field there is.
   */
  require(reader: string, shape: SidedShape, side: Side, elsewhere: string): void {
    for (const { name, optional } of shape.fields) {
      const source = this.#sources.get(name);
      const about = { agent: reader, field: name };
      if (source === undefined) {
        if (optional) continue;
        const message = `"${reader}" needs the field "${name}", which ${elsewhere}${this.#hint(name)}`;
        throw patternError(this.#pattern, message, about);
      }
      if (source.optional && !optional) {
        const message = `"${reader}" needs the field "${name}", which may be absent: it is declared optional where it comes from`;
        throw patternError(this.#pattern, message, about);
      }
      const clash = clashOf(schemaOfField(shape, name, side), source.schema);
      if (clash === undefined) continue;
      throw patternError(this.#pattern, `"${reader}" takes the field "${name}" as ${clash} here`, about);
    }
  }

  #hint(name: string): string {
    const near = nearestName(name, this.#sources.keys());
    if (near !== undefined) return `; did you mean "${near}"?`;
    const names = [...this.#sources.keys()].map((source) => `"${source}"`);
    return names.length === 0 ? "; there are no fields here" : `; there is ${names.join(", ")}`;
  }
}

/** Gives "string, but it is integer" when no value can be of both schemas, else undefined. */
export function clashOf(need: JsonSchema | undefined, have: JsonSchema | undefined): string | undefined {
  const needed = kindsOf(need);
  const given = kindsOf(have);
  if (needed === undefined || given === undefined) return undefined;
  if ([...given].some((kind) => needed.has(kind))) return undefined;
  return `${[...needed].join(" or ")}, but it is ${[...given].join(" or ")}`;
}

/** A registered schema's JSON Schema says what a model writes, which is not what comes out when the schema transforms it. */
function mayBeTransformed(type: FieldType | undefined): boolean {
  if (type?.kind === "union") return type.members.some(mayBeTransformed);
  if (type?.kind !== "registered") return false;
  return type.registered.type === undefined || mayBeTransformed(type.registered.type);
}

/** Gives one field's JSON Schema, or undefined when a registered type of the shape has none. */
export function schemaOfField(shape: SidedShape, field: string, side: Side): JsonSchema | undefined {
  try {
    const { properties } = shape.toJsonSchema(side) as { readonly properties?: Readonly<Record<string, JsonSchema>> };
    return properties?.[field];
  } catch (error) {
    if (isFlockError(error)) return undefined;
    throw error;
  }
}

/** Gives the JSON types a schema surely keeps to; whole numbers count as numbers. Undefined when that cannot be said. */
function kindsOf(schema: JsonSchema | undefined): ReadonlySet<string> | undefined {
  if (schema === undefined) return undefined;
  const { type, enum: values, anyOf } = schema;
  if (typeof type === "string") return new Set([kindNamed(type)]);
  if (Array.isArray(type)) return new Set(type.map((name) => kindNamed(String(name))));
  if (Array.isArray(values)) return new Set(values.map(kindOf));
  if (Object.hasOwn(schema, "const")) return new Set([kindOf(schema.const)]);
  if (!Array.isArray(anyOf)) return undefined;
  const kinds = new Set<string>();
  for (const member of anyOf) {
    const inner = kindsOf(member as JsonSchema);
    if (inner === undefined) return undefined;
    for (const kind of inner) kinds.add(kind);
  }
  return kinds;
}

function kindNamed(type: string): string {
  return type === "integer" ? "number" : type;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
