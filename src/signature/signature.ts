/** A parsed signature: its fields, and everything computed from them once. */

import type { JsonSchema } from "../core/json/json.ts";
import { compileFields } from "./check/check.ts";
import { type Checker, type ReadResult, runCheck } from "./check/checker.ts";
import type { CheckedShape, CheckOptions, CheckResult, Field, FieldType, Side } from "./field.ts";
import { jsonSchemaOfFields } from "./json-schema/json-schema.ts";

/** The fields of an input or output, as read from text. Made by `parseSignature`. Immutable. */
export class Signature implements CheckedShape {
  /** The text it was read from. */
  readonly source: string;
  readonly fields: readonly Field[];
  readonly bareField: string | undefined;
  #checker: Checker | undefined;
  #inputSchema: JsonSchema | undefined;
  #outputSchema: JsonSchema | undefined;

  constructor(source: string, fields: readonly Field[]) {
    this.source = source;
    this.fields = fields;
    const [first] = fields;
    this.bareField = fields.length === 1 && first !== undefined && takesBareValue(first.type) ? first.name : undefined;
  }

  /**
   * Gives the JSON Schema of the object; the same frozen object each time.
   *
   * @throws type_invalid when a registered schema has no JSON Schema.
   */
  toJsonSchema(side: Side = "output"): JsonSchema {
    if (side === "input") {
      this.#inputSchema ??= jsonSchemaOfFields(this.fields, "input");
      return this.#inputSchema;
    }
    this.#outputSchema ??= jsonSchemaOfFields(this.fields, "output");
    return this.#outputSchema;
  }

  /**
   * Checks a value, strictly or bending near misses first. Unknown fields are an issue, or dropped when bending. Gives the
   * very value when it fits as it is; never changes it. At most 50 issues are collected.
   */
  check(value: unknown, options?: CheckOptions): CheckResult | Promise<CheckResult> {
    this.#checker ??= compileFields(this.fields);
    const coerce = options?.coerce === true;
    const result = runCheck(this.#checker, coerce ? this.#wrapBare(value) : value, coerce);
    return result as CheckResult | Promise<CheckResult> satisfies ReadResult | Promise<ReadResult>;
  }

  /** A bare value, or the inner object alone, stands for the only field there is. */
  #wrapBare(value: unknown): unknown {
    const [field] = this.fields;
    if (this.fields.length !== 1 || field === undefined || value === null || value === undefined) return value;
    const isObject = typeof value === "object" && !Array.isArray(value);
    if (this.bareField !== undefined) {
      return isObject || (typeof value === "string" && value.trimStart().startsWith("{"))
        ? value
        : { [field.name]: value };
    }
    const isInner = isObject && !Object.hasOwn(value, field.name) && !field.optional;
    return isInner && (field.type.kind === "object" || field.type.kind === "registered")
      ? { [field.name]: value }
      : value;
  }
}

/** Tells whether a lone value may stand for a field of this type: no objects, whose own keys would be in question. */
export function takesBareValue(type: FieldType): boolean {
  if (type.kind === "union") return type.members.every(takesBareValue);
  return type.kind !== "object" && type.kind !== "record" && type.kind !== "any" && type.kind !== "registered";
}
