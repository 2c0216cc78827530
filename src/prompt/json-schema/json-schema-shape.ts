/** Lets a JSON Schema stand where a signature does when an answer is read: bend near misses, then check every keyword. */

import type { ValueIssue } from "../../core/errors/errors.ts";
import type { JsonSchema } from "../../core/json/json.ts";
import type { CheckOptions } from "../../signature/field.ts";
import { bendValue } from "../../signature/json-schema/bend-value.ts";
import { compileJsonSchema } from "../../signature/json-schema/compile/compile-json-schema.ts";

/** What is needed to check an answer: a signature's shape, or any JSON Schema, also of a list or a lone value. */
export interface AnswerShape {
  readonly bareField: string | undefined;
  check(value: unknown, options?: CheckOptions): AnswerCheck | Promise<AnswerCheck>;
}

/** What a check says. */
export type AnswerCheck =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly ValueIssue[] };

/**
 * Makes the shape of a JSON Schema. A value that fits is given as it came; only a misfit is bent by its types.
 *
 * @throws type_invalid for a schema that says what draft 2020-12 does not: see `jsonSchema`.
 */
export function jsonSchemaShape(schema: JsonSchema): AnswerShape {
  const compiled = compileJsonSchema(schema);
  return {
    bareField: undefined,
    check(value, options) {
      const issues = compiled.issues(value);
      if (issues.length === 0) return { ok: true, value };
      if (options?.coerce !== true) return { ok: false, issues };
      const bent = bendValue(compiled, value);
      const left = Object.is(bent, value) ? issues : compiled.issues(bent);
      return left.length === 0 ? { ok: true, value: bent } : { ok: false, issues: left };
    },
  };
}
