/** Lets a Standard Schema of an object stand where a signature does: a tool's input, a schema to read an answer by. */

import type { StandardSchemaV1 } from "@standard-schema/spec";
import { FlockError } from "../core/errors/errors.ts";
import type { JsonSchema } from "../core/json/json.ts";
import { compileType } from "./check/check.ts";
import { runCheck } from "./check/checker.ts";
import { deepFreeze } from "./check/deep-freeze.ts";
import type { CheckedShape, CheckOptions, CheckResult, Field, RegisteredType, Side } from "./field.ts";
import { fieldsFromJsonSchema } from "./json-schema/field-from-json-schema.ts";
import { isStandardSchema, registeredFromSchema } from "./json-schema/registered-schema.ts";
import { takesBareValue } from "./signature.ts";

export { isStandardSchema };

/** How a schema is taken as a shape. */
export interface ShapeFromSchemaOptions {
  /** Its JSON Schema, for libraries that make none. @default the schema's own (Standard JSON Schema) */
  readonly jsonSchema?: JsonSchema;
  /** What it is, for messages: "input of search". @default "schema" */
  readonly name?: string;
}

/**
 * Makes a shape of a Standard Schema that describes an object. Its JSON Schema is made when first asked for, so a schema
 * without one can still check.
 *
 * @throws type_invalid for anything but a Standard Schema; reading `fields` or the JSON Schema throws it when the schema has
 * none or describes no object.
 */
export function shapeFromSchema(schema: StandardSchemaV1, options: ShapeFromSchemaOptions = {}): CheckedShape {
  return new StandardSchemaShape(registeredFromSchema(options.name ?? "schema", schema, options.jsonSchema));
}

class StandardSchemaShape implements CheckedShape {
  readonly #registered: RegisteredType;
  readonly #schemas = new Map<Side, JsonSchema>();
  #fields: readonly Field[] | undefined;

  constructor(registered: RegisteredType) {
    this.#registered = registered;
  }

  get fields(): readonly Field[] {
    this.#fields ??= this.#readFields();
    return this.#fields;
  }

  get bareField(): string | undefined {
    const [first, second] = this.fields;
    return first !== undefined && second === undefined && takesBareValue(first.type) ? first.name : undefined;
  }

  toJsonSchema(side: Side = "output"): JsonSchema {
    const known = this.#schemas.get(side);
    if (known !== undefined) return known;
    const { $schema: _dialect, ...schema } = structuredClone(this.#registered.toJsonSchema(side)) as JsonSchema;
    const frozen = deepFreeze(schema);
    this.#schemas.set(side, frozen);
    return frozen;
  }

  check(value: unknown, options?: CheckOptions): CheckResult | Promise<CheckResult> {
    const checker = compileType({ kind: "registered", name: this.#registered.name, registered: this.#registered });
    const result = runCheck(checker, value, options?.coerce === true);
    return result instanceof Promise ? result.then(requireObject) : requireObject(result);
  }

  #readFields(): readonly Field[] {
    const fields = fieldsFromJsonSchema(this.toJsonSchema("input"));
    if (fields !== undefined) return Object.freeze(fields);
    const { name } = this.#registered;
    const reason = "expected a schema of an object, whose properties are the fields";
    throw new FlockError("type_invalid", `${name}: ${reason}`, { details: { name, reason } });
  }
}

function requireObject(result: { ok: true; value: unknown } | Extract<CheckResult, { ok: false }>): CheckResult {
  if (!result.ok) return result;
  const { value } = result;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return { ok: true, value: value as Record<string, unknown> };
  }
  const message = "expected the schema to give an object";
  return { ok: false, issues: [{ pointer: "", message, expected: "an object" }] };
}
