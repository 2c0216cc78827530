/** Makes a registered type of any Standard Schema: how it checks, and its JSON Schema brought into Flock's form. */

import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { FlockError } from "../../core/errors/errors.ts";
import { describeValue } from "../../core/errors/options.ts";
import { canonicalText } from "../../core/json/canonical-key.ts";
import type { Json, JsonSchema } from "../../core/json/json.ts";
import type { RegisteredResult, RegisteredType, Side } from "../field.ts";
import { mapSchemas } from "./map-schemas.ts";

/** A Standard Schema made of a JSON Schema: it is published as it is, and knows itself how to bend a value. */
export interface ExactSchema {
  readonly "~exact": { readonly schema: JsonSchema; readonly bend: (value: unknown) => unknown };
}

/** Tells whether a value is a Standard Schema (zod, valibot, arktype and their kin), version 1. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = (value as { "~standard"?: { version?: unknown; validate?: unknown } })["~standard"];
  if (typeof standard !== "object" || standard === null) return false;
  return standard.version === 1 && typeof standard.validate === "function";
}

/**
 * Wraps a Standard Schema. Its JSON Schema is the one given, else its own (Standard JSON Schema), made when first needed.
 *
 * @throws type_invalid when the value is not a Standard Schema; `toJsonSchema` throws it when there is no JSON Schema.
 */
export function registeredFromSchema(name: string, schema: unknown, given?: JsonSchema): RegisteredType {
  if (!isStandardSchema(schema)) {
    const reason = `expected a signature string or a Standard Schema (zod, valibot, arktype, …), received ${describeValue(schema)}`;
    throw new FlockError("type_invalid", `type '${name}': ${reason}`, { details: { name, reason } });
  }
  const made = new Map<Side, JsonSchema>();
  const exact = (schema as Partial<ExactSchema>)["~exact"];
  return Object.freeze({
    name,
    ...(exact === undefined ? {} : { bend: exact.bend }),
    validate: (value: unknown) => normalize(schema["~standard"].validate(value)),
    toJsonSchema(side: Side): JsonSchema {
      const known = made.get(side);
      if (known !== undefined) return known;
      const fresh = given ?? exact?.schema ?? nativeSchema(name, schema, side);
      made.set(side, fresh);
      return fresh;
    },
  });
}

type StandardResult = StandardSchemaV1.Result<unknown>;

function normalize(result: StandardResult | Promise<StandardResult>): RegisteredResult | Promise<RegisteredResult> {
  if (result instanceof Promise) return result.then(normalizeResult);
  return normalizeResult(result);
}

function normalizeResult(result: StandardResult): RegisteredResult {
  if (result.issues === undefined) return result;
  const issues = result.issues.map(({ message, path }) => ({ message, path: (path ?? []).map(stepOf) }));
  return { issues };
}

/** Some libraries give keys, others objects that hold one. */
function stepOf(step: PropertyKey | StandardSchemaV1.PathSegment): string | number {
  const key = typeof step === "object" ? step.key : step;
  return typeof key === "symbol" ? String(key) : key;
}

function nativeSchema(name: string, schema: StandardSchemaV1, side: Side): JsonSchema {
  const converter = (schema as unknown as Partial<StandardJSONSchemaV1>)["~standard"]?.jsonSchema;
  if (converter === undefined) {
    throw noSchema(name, `its library (${schema["~standard"].vendor}) does not make JSON Schemas itself`);
  }
  let reads: JsonSchema;
  try {
    reads = tidy(converter.input({ target: "draft-2020-12" }) as JsonSchema);
  } catch (cause) {
    throw noSchema(name, cause instanceof Error ? cause.message : "it could not be made", cause);
  }
  if (side === "input") return reads;
  try {
    const gives = tidy(converter.output({ target: "draft-2020-12" }) as JsonSchema);
    // What a model writes is what the schema reads. Only when both have one form (defaults aside) is the stricter one right.
    return withoutRequired(gives) === withoutRequired(reads) ? gives : reads;
  } catch {
    return reads;
  }
}

function noSchema(name: string, reason: string, cause?: unknown): FlockError<"type_invalid"> {
  const message = `type '${name}' has no JSON Schema: ${reason}; give one, as in register("${name}", schema, { jsonSchema: { … } })`;
  return new FlockError("type_invalid", message, { details: { name, reason }, cause });
}

/** Closes objects and takes away the integer bounds that only say "a safe integer". */
function tidy(schema: JsonSchema): JsonSchema {
  return mapSchemas(schema, (part, isJoined) => {
    const bounds = part.type === "integer" ? ["minimum", "maximum"].filter((key) => isSafeBound(part[key])) : [];
    const kept = Object.entries(part).filter(([key]) => !bounds.includes(key));
    const opens = "additionalProperties" in part || "patternProperties" in part || "unevaluatedProperties" in part;
    // Parts of an allOf are joined, and closing each would leave nothing that fits them all.
    if (part.properties !== undefined && !opens && !isJoined) kept.push(["additionalProperties", false]);
    return Object.fromEntries(kept);
  });
}

function isSafeBound(value: Json | undefined): boolean {
  return value === Number.MAX_SAFE_INTEGER || value === Number.MIN_SAFE_INTEGER;
}

function withoutRequired(schema: JsonSchema): string {
  return canonicalText(mapSchemas(schema, ({ required: _, ...part }) => part));
}
