/** Finds the value in an answer that fits a shape, whatever stands around it and however it is wrapped. */

import { FlockError, isFlockError, type ValueIssue } from "../../core/errors.ts";
import type { CheckedShape } from "../../signature/field.ts";
import type { AnswerCheck, AnswerShape } from "../json-schema/json-schema-shape.ts";
import { searchCandidates } from "./candidates.ts";
import { defaultMaxDepth, notJson, parseJson } from "./plain-json.ts";
import { type ReadValueOptions, readValue } from "./read-value.ts";

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
