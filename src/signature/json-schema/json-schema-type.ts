/** Lets a JSON Schema stand wherever a Standard Schema does: registered types, inputs of tools, answers of models. */

import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { FlockError } from "../../core/errors/errors.ts";
import type { JsonSchema } from "../../core/json/json.ts";
import { bendValue } from "./bend-value.ts";
import { compileJsonSchema } from "./compile/compile-json-schema.ts";
import type { InferJsonSchema } from "./infer-json-schema.ts";
import type { ExactSchema } from "./registered-schema.ts";

/** A JSON Schema as Standard Schema and Standard JSON Schema, version 1. */
export interface JsonSchemaType<Value = unknown> extends ExactSchema {
  readonly "~standard": StandardSchemaV1.Props<Value, Value> & StandardJSONSchemaV1.Props<Value, Value>;
}

/** How a JSON Schema is taken. */
export interface JsonSchemaOptions {
  /** What messages call it: "input of search". @default "schema" */
  readonly name?: string;
}

/**
 * Makes a Standard Schema of a JSON Schema, draft 2020-12, compiled here and now, once per object. Values are checked
 * exactly and given back as they are; a TypeRegistry, a tool or `parseModelOutput` bends near misses towards it.
 *
 * All of the core, applicator, validation and unevaluated vocabularies is checked, with `$ref`, `$anchor`, `$id` and
 * `$dynamicRef` inside the document. Of `format`, `date`, `date-time`, `time`, `email`, `uri`, `uuid`, `ipv4` and
 * `hostname` are checked, others are remarks, as are annotations and words that begin with `x-`. `definitions` may be
 * referred into. Nothing is fetched, nothing is evaluated.
 *
 * @throws type_invalid, with `details.pointer` into the schema and often `details.suggestion`, for an unknown keyword
 * (OpenAPI's `nullable` too), a value of the wrong kind, a reference that leads out of the document, nowhere or round in
 * circles, another `$schema`, and a pattern that is none or could take exponential time.
 */
export function jsonSchema<const Schema extends JsonSchema | boolean>(
  schema: Schema,
  options: JsonSchemaOptions = {},
): JsonSchemaType<InferJsonSchema<Schema>> {
  const compiled = compileJsonSchema(schema, options.name);
  const plain: JsonSchema = typeof compiled.schema === "object" ? (compiled.schema as JsonSchema) : plainForm(schema);
  const written = ({ target }: StandardJSONSchemaV1.Options): Record<string, unknown> => {
    if (target === "draft-2020-12") return structuredClone(plain) as Record<string, unknown>;
    const reason = `it is written in draft 2020-12 and not translated to "${target}"`;
    throw new FlockError("type_invalid", `the JSON Schema cannot be given: ${reason}`, {
      details: { name: options.name ?? "schema", reason },
    });
  };
  return Object.freeze({
    "~standard": Object.freeze({
      version: 1,
      vendor: "flock-ts",
      validate(value: unknown) {
        const issues = compiled.issues(value);
        if (issues.length === 0) return { value: value as InferJsonSchema<Schema> };
        return { issues: issues.map(({ message, pointer }) => ({ message, path: stepsOf(pointer) })) };
      },
      jsonSchema: Object.freeze({ input: written, output: written }),
    }),
    "~exact": Object.freeze({ schema: plain, bend: (value: unknown) => bendValue(compiled, value) }),
  });
}

function plainForm(schema: unknown): JsonSchema {
  return schema === true ? {} : { not: {} };
}

function stepsOf(pointer: string): readonly string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}
