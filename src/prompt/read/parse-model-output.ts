/** Turns a model's answer into the value a signature asks for: read, bend near misses, check, or say what is wrong. */

import type { StandardSchemaV1 } from "@standard-schema/spec";
import { FlockError, isFlockError, type ValueIssue } from "../../core/errors.ts";
import type { JsonSchema } from "../../core/json.ts";
import { anyOption, booleanOption, checkOptions, objectOption, optionError, wholeNumber } from "../../core/options.ts";
import type { CheckedShape } from "../../signature/field.ts";
import type { InferOutput, SignatureText } from "../../signature/infer-signature.ts";
import { parseSignature } from "../../signature/parse-signature.ts";
import { isStandardSchema, shapeFromSchema } from "../../signature/standard-schema-shape.ts";
import type { TypeRegistry } from "../../signature/type-registry.ts";
import { type AnswerCheck, type AnswerShape, jsonSchemaShape } from "../json-schema/json-schema-shape.ts";
import { defaultMaxDepth, searchCandidates } from "./candidates.ts";
import { notJson, parseJson, type ReadValueOptions, readValue } from "./read-value.ts";

/** How a model's text is read and checked. */
export interface ParseModelOutputOptions<S extends string = string, Types = {}> extends ReadValueOptions {
  /** The output's signature. Give this or `schema`; with neither the value is only read. */
  readonly signature?: SignatureText<S, Types> | undefined;
  /** The names the signature may use beside the built-in types. @default none */
  readonly types?: TypeRegistry<Types> | undefined;
  /** A parsed signature, a Standard Schema of an object, or a JSON Schema. */
  readonly schema?: CheckedShape | StandardSchemaV1 | JsonSchema | undefined;
}

const optionChecks = {
  signature: anyOption,
  types: objectOption,
  schema: objectOption,
  strict: booleanOption,
  partial: booleanOption,
  maxCharacters: wholeNumber(1),
  maxDepth: wholeNumber(1),
};

/**
 * Reads the value a model's text means, bends near misses to the signature or schema, and checks it. With `partial` the
 * text may still be going on: what is there is given, checked when it is whole already. Repairs nothing when `strict`.
 *
 * @throws output_unreadable when there is no value in the text; output_invalid, with all issues, when it does not fit;
 * option_invalid for wrong options; type_invalid for a schema that checks asynchronously.
 */
export function parseModelOutput<const S extends string, Types = {}>(
  text: string,
  options: ParseModelOutputOptions<S, Types> & {
    readonly signature: SignatureText<S, Types>;
    readonly partial?: false;
  },
): InferOutput<S, Types>;
export function parseModelOutput<const S extends string, Types = {}>(
  text: string,
  options?: ParseModelOutputOptions<S, Types>,
): unknown;
export function parseModelOutput(text: string, options: ParseModelOutputOptions = {}): unknown {
  if (typeof text !== "string") throw optionError("parseModelOutput", "text", "the model's text", text);
  checkOptions("parseModelOutput", options, optionChecks);
  const shape = shapeOf(options);
  if (shape === undefined) return readValue(text, options);
  const answer = readAnswer(text, shape, options);
  if (answer instanceof Promise) {
    answer.catch(ignore);
    const reason = "a registered schema checks asynchronously; use `await readAnswer(text, shape)`";
    throw new FlockError("type_invalid", reason, { details: { name: "schema", reason } });
  }
  if (answer.ok) return answer.value;
  if (options.partial === true && answer.error.code === "output_invalid") return readValue(text, options);
  throw answer.error;
}

function ignore(): void {}

function shapeOf(options: ParseModelOutputOptions): AnswerShape | undefined {
  const { signature, schema, types } = options;
  if (signature !== undefined && schema !== undefined) {
    throw optionError("parseModelOutput", "schema", "absent when a signature is given", schema);
  }
  if (signature !== undefined) return parseSignature(signature, { name: "signature", types: types as TypeRegistry });
  if (schema === undefined) return undefined;
  if (isStandardSchema(schema)) return shapeFromSchema(schema);
  if (typeof (schema as Partial<CheckedShape>).check === "function") return schema as CheckedShape;
  return jsonSchemaShape(schema as JsonSchema);
}

/** What reading an answer came to. */
export type Answer<Value = Record<string, unknown>> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: FlockError<"output_unreadable" | "output_invalid"> };

/**
 * Reads an answer and checks it against a shape, coercing near misses. Of several values in the text the first that fits
 * wins, in the order of `candidatesOf`; a value may also be encoded as a string, alone in a list, wrapped in a single key,
 * or be the bare value of a shape with one field. Synchronous unless a registered schema checks asynchronously.
 */
export function readAnswer(text: string, shape: CheckedShape, options?: ReadValueOptions): Answer | Promise<Answer>;
export function readAnswer(
  text: string,
  shape: AnswerShape,
  options?: ReadValueOptions,
): Answer<unknown> | Promise<Answer<unknown>>;
export function readAnswer(
  text: string,
  shape: AnswerShape,
  options: ReadValueOptions = {},
): Answer<unknown> | Promise<Answer<unknown>> {
  let value: unknown;
  try {
    value = readValue(text, options);
  } catch (error) {
    if (!isFlockError(error, "output_unreadable")) throw error;
    return { ok: false, error };
  }
  const result = checkOne(value, shape);
  if (result instanceof Promise) {
    return result.then((checked) => (checked.ok ? checked : readOther(text, value, checked.issues, shape, options)));
  }
  return result.ok ? result : readOther(text, value, result.issues, shape, options);
}

/** Checks a value as it is, or as the bare value of the one field it can belong to. */
function checkOne(value: unknown, shape: AnswerShape): AnswerCheck | Promise<AnswerCheck> {
  const { bareField } = shape;
  // Text that opens a brace is an object encoded as a string, not the value of a text field.
  const isEncoded = typeof value === "string" && /^\s{0,64}\{/.test(value);
  const isBare = !isEncoded && (typeof value !== "object" || value === null || Array.isArray(value));
  return shape.check(isBare && bareField !== undefined ? { [bareField]: value } : value, { coerce: true });
}

/** Tries what else the text may mean, once the best reading did not fit. */
function readOther(
  text: string,
  first: unknown,
  issues: readonly ValueIssue[],
  shape: AnswerShape,
  options: ReadValueOptions,
): Answer<unknown> | Promise<Answer<unknown>> {
  const others = options.strict ? [] : otherReadings(text, first, options);
  return tryInTurn(others, 0, issues, shape);
}

function tryInTurn(
  values: readonly unknown[],
  from: number,
  bestIssues: readonly ValueIssue[],
  shape: AnswerShape,
): Answer<unknown> | Promise<Answer<unknown>> {
  let best = bestIssues;
  for (let index = from; index < values.length; index++) {
    const result = checkOne(values[index], shape);
    if (result instanceof Promise) {
      const next = index + 1;
      return result.then((late) => (late.ok ? late : tryInTurn(values, next, fewer(best, late.issues), shape)));
    }
    if (result.ok) return result;
    best = fewer(best, result.issues);
  }
  return { ok: false, error: invalid(best) };
}

function fewer(a: readonly ValueIssue[], b: readonly ValueIssue[]): readonly ValueIssue[] {
  return b.length < a.length ? b : a;
}

/** Gives the further values a text may mean, nearest first, at most 4 for each candidate. */
function otherReadings(text: string, first: unknown, options: ReadValueOptions): readonly unknown[] {
  const maxDepth = options.maxDepth ?? defaultMaxDepth;
  const values: unknown[] = [...unwrapped(first, options)];
  // Text that is JSON as a whole means that one value and no other.
  if (parseJson(text, maxDepth) !== notJson) return values;
  const { candidates } = searchCandidates(text, { maxDepth, partial: options.partial ?? false });
  for (const candidate of candidates) values.push(candidate.value, ...unwrapped(candidate.value, options));
  return values;
}

/** Opens a value's wrapping, layer by layer: a string that holds JSON, a list of one, an object with a single field. */
function unwrapped(value: unknown, options: ReadValueOptions): readonly unknown[] {
  const found: unknown[] = [];
  let inner = value;
  for (let layer = 0; layer < 3; layer++) {
    inner = openOne(inner, options);
    if (typeof inner === "object" && inner !== null) found.push(inner);
  }
  return found;
}

function openOne(value: unknown, options: ReadValueOptions): unknown {
  if (typeof value === "string") return readQuietly(value, options);
  if (typeof value !== "object" || value === null) return undefined;
  const parts = Object.values(value);
  return parts.length === 1 ? parts[0] : undefined;
}

function readQuietly(text: string, options: ReadValueOptions): unknown {
  if (!/[{[]/.test(text)) return undefined;
  try {
    return readValue(text, options);
  } catch {
    return undefined;
  }
}

function invalid(issues: readonly ValueIssue[]): FlockError<"output_invalid"> {
  const shown = issues.slice(0, 3).map((issue) => `${issue.pointer || "the value"}: ${issue.message}`);
  const more = issues.length > 3 ? `; and ${issues.length - 3} more` : "";
  return new FlockError("output_invalid", `the answer does not fit the output: ${shown.join("; ")}${more}`, {
    details: { pointer: issues[0]?.pointer ?? "", issues },
  });
}
