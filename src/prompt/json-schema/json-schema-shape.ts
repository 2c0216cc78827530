/** Lets a JSON Schema stand where a signature does when an answer is read: bend near misses, then check every keyword. */

import type { ValueIssue } from "../../core/errors.ts";
import type { JsonSchema } from "../../core/json.ts";
import { compileType } from "../../signature/check/check.ts";
import { runCheck } from "../../signature/check/checker.ts";
import type { CheckOptions } from "../../signature/field.ts";
import { fieldTypeFromJsonSchema } from "../../signature/json-schema/field-from-json-schema.ts";
import { jsonSchemaIssues } from "./json-schema-check.ts";

/** What is needed to check an answer: a signature's shape, or any JSON Schema, also of a list or a lone value. */
export interface AnswerShape {
  readonly bareField: string | undefined;
  check(value: unknown, options?: CheckOptions): AnswerCheck | Promise<AnswerCheck>;
}

/** What a check says. */
export type AnswerCheck =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly ValueIssue[] };

/** Makes the shape of a JSON Schema. A value that fits is given as it came; only a misfit is bent by its types. */
export function jsonSchemaShape(schema: JsonSchema): AnswerShape {
  const checker = compileType(fieldTypeFromJsonSchema(schema));
  return {
    bareField: undefined,
    check(value, options) {
      const issues = jsonSchemaIssues(value, schema);
      if (issues.length === 0) return { ok: true, value };
      if (options?.coerce !== true) return { ok: false, issues };
      // No registered schema can be in the type, so nothing waits.
      const bent = runCheck(checker, value, true) as AnswerCheck;
      if (!bent.ok) return { ok: false, issues };
      const left = jsonSchemaIssues(bent.value, schema);
      return left.length === 0 ? bent : { ok: false, issues: left };
    },
  };
}
