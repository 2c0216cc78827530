/** The tree a signature is read into: fields with types. Everything else of a signature is computed from it. */

import type { ValueIssue } from "../core/errors/errors.ts";
import type { JsonSchema } from "../core/json/json.ts";
import type { Shape } from "../core/runnable.ts";

/** One field of a signature or of a nested object. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** The key may be absent (`name?: T`). */
  readonly optional: boolean;
  readonly description?: string;
}

/** A value a Literal may name. */
export type LiteralValue = string | number | boolean | null;

/** A type of the grammar. */
export type FieldType =
  | { readonly kind: "string" | "integer" | "number" | "boolean" | "any" | "null" | "date" | "datetime" }
  | { readonly kind: "list"; readonly item: FieldType }
  | { readonly kind: "set"; readonly item: FieldType }
  | { readonly kind: "record"; readonly value: FieldType }
  | { readonly kind: "tuple"; readonly items: readonly FieldType[] }
  | { readonly kind: "literal"; readonly values: readonly LiteralValue[] }
  | { readonly kind: "union"; readonly members: readonly FieldType[] }
  | { readonly kind: "object"; readonly fields: readonly Field[] }
  | { readonly kind: "registered"; readonly name: string; readonly registered: RegisteredType };

/** A type a registry holds under a name. */
export interface RegisteredType {
  readonly name: string;
  /** The grammar's own tree when it was registered as a signature string. */
  readonly type?: FieldType;
  /** Checks a value; gives the schema's output or its issues. Absent when `type` is there. */
  readonly validate?: (value: unknown) => RegisteredResult | Promise<RegisteredResult>;
  /** Bends a near miss part by part; absent, its JSON Schema is read into the grammar to bend by. */
  readonly bend?: (value: unknown) => unknown;
  /** Its JSON Schema for one side, or an error that says it has none. */
  toJsonSchema(side: "input" | "output"): JsonSchema;
}

/** What a registered schema says of a value. */
export type RegisteredResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path: readonly (string | number)[] }[] };

/** Which side of a call a value is on: a registered schema may take one type and give another. */
export type Side = "input" | "output";

/** What a check says: the (coerced) value, or everything that is wrong with it. */
export type CheckResult =
  | { readonly ok: true; readonly value: Record<string, unknown> }
  | { readonly ok: false; readonly issues: readonly ValueIssue[] };

/** How a value is checked. */
export interface CheckOptions {
  /** Bend near misses to the type first: "3" to 3, "yes" to true, a lone value to a list. @default false */
  readonly coerce?: boolean;
  /** @default "output" */
  readonly side?: Side;
}

/** A shape that can check values: a parsed signature, or a Standard Schema for an object. Compiled once. */
export interface CheckedShape extends Shape {
  readonly fields: readonly { readonly name: string; readonly optional: boolean; readonly description?: string }[];
  /** The one field a bare value belongs to: the shape has exactly one field, not an object, record, any or registered name. */
  readonly bareField: string | undefined;
  /** Object schema, draft 2020-12, `additionalProperties: false`; frozen, the same object each time. @default "output" */
  toJsonSchema(side?: Side): JsonSchema;
  /** Synchronous unless a registered schema checks asynchronously. Never throws for bad values; never changes its input. */
  check(value: unknown, options?: CheckOptions): CheckResult | Promise<CheckResult>;
}
