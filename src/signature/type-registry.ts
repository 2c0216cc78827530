/** Names for types of one's own: register a schema or a signature string once, use its name in every signature. */

import type { StandardSchemaV1 } from "@standard-schema/spec";
import { FlockError } from "../core/errors/errors.ts";
import { checkOptions, describeValue, objectOption } from "../core/errors/options.ts";
import type { JsonSchema } from "../core/json/json.ts";
import { deepFreeze } from "./check/deep-freeze.ts";
import type { RegisteredType, Side } from "./field.ts";
import { isForbiddenKey, namePattern, reservedTypeNames } from "./grammar/grammar-names.ts";
import type { NamedTypes } from "./grammar/signature-reader.ts";
import type { InferTypeInput, InferTypeOutput, TypeText } from "./infer-signature.ts";
import { jsonSchemaOfType } from "./json-schema/json-schema.ts";
import { registeredFromSchema } from "./json-schema/registered-schema.ts";
import { parseTypeText } from "./parse-signature.ts";

/** How a type is registered. */
export interface RegisterOptions {
  /** Its JSON Schema, for libraries that make none. @default the schema's own (Standard JSON Schema) */
  readonly jsonSchema?: JsonSchema;
}

/** What a registered name stands for on either side of a call. */
export interface TypePair<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

/** The argument a type may be registered with: a schema, or a type text, which becomes a sentence when it is wrong. */
export type Registrable<Schema, Types> = Schema extends string ? TypeText<Schema, Types> : Schema;

/** The types of a schema or type text. */
export type PairOf<Schema, Types> = Schema extends string
  ? TypePair<InferTypeInput<Schema, Types>, InferTypeOutput<Schema, Types>>
  : Schema extends StandardSchemaV1<infer Input, infer Output>
    ? TypePair<Input, Output>
    : never;

/**
 * An immutable set of named types. `register` gives a new, wider registry and leaves the old one as it is, so the compiler
 * knows which names there are.
 */
export class TypeRegistry<Types = {}> implements NamedTypes {
  declare readonly "~types": Types;
  #types: ReadonlyMap<string, RegisteredType> = new Map();

  /** All names, in the order they were registered. */
  get names(): readonly string[] {
    return [...this.#types.keys()];
  }

  /** Tells whether a name is registered. */
  has(name: string): boolean {
    return this.#types.has(name);
  }

  /** Gives what is registered under a name. */
  get(name: string): RegisteredType | undefined {
    return this.#types.get(name);
  }

  /**
   * Adds a type: any Standard Schema, or a type in the grammar of signatures, which may use earlier names.
   *
   * @throws type_invalid for a bad, reserved or taken name, or for a value that is not a schema.
   * @throws signature_invalid for a type text that cannot be read.
   */
  register<const Name extends string, const Schema extends string | StandardSchemaV1>(
    name: Name,
    schema: Registrable<Schema, Types>,
    options: RegisterOptions = {},
  ): TypeRegistry<Types & { readonly [K in Name]: PairOf<Schema, Types> }> {
    checkName(name, this.#types);
    checkOptions(`register("${name}")`, options, { jsonSchema: objectOption });
    const registered = typeof schema === "string" ? this.#fromText(name, schema) : fromSchema(name, schema, options);
    const wider = new TypeRegistry<Types & { readonly [K in Name]: PairOf<Schema, Types> }>();
    wider.#types = new Map(this.#types).set(name, registered);
    return wider;
  }

  #fromText(name: string, text: string): RegisteredType {
    const type = parseTypeText(text, { types: this, name: `type ${name}` });
    const made = new Map<Side, JsonSchema>();
    return Object.freeze({
      name,
      type,
      toJsonSchema(side: Side): JsonSchema {
        const schema = made.get(side) ?? jsonSchemaOfType(type, side);
        made.set(side, schema);
        return schema;
      },
    });
  }
}

function fromSchema(name: string, schema: unknown, options: RegisterOptions): RegisteredType {
  const given = options.jsonSchema;
  return registeredFromSchema(name, schema, given === undefined ? undefined : deepFreeze(structuredClone(given)));
}

function checkName(name: unknown, types: ReadonlyMap<string, RegisteredType>): asserts name is string {
  const reason = problemOf(name, types);
  if (reason === undefined) return;
  const shown = typeof name === "string" ? name : describeValue(name);
  throw new FlockError("type_invalid", `type '${shown}': ${reason}`, { details: { name: shown, reason } });
}

function problemOf(name: unknown, types: ReadonlyMap<string, RegisteredType>): string | undefined {
  if (typeof name !== "string" || name.length > 128 || !namePattern.test(name) || isForbiddenKey(name)) {
    return "expected a name of letters, digits, '_' and '.', starting with a letter or '_', at most 128 long";
  }
  if (reservedTypeNames.includes(name)) return "the grammar has a type of this name; choose another";
  if (types.has(name)) return "it is registered already; a name stands for one type";
  return undefined;
}
