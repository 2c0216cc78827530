/** Finds the value in an answer that fits a shape best, whatever stands around it and however it is wrapped. */

import { FlockError, isFlockError, type ValueIssue } from "../../core/errors/errors.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import type { CheckedShape } from "../../signature/field.ts";
import type { AnswerCheck, AnswerShape } from "../json-schema/json-schema-shape.ts";
import type { Candidate } from "./candidates.ts";
import { type Fit, fitOf, fitsBetter } from "./fit.ts";
import { labelledFields } from "./labelled-fields.ts";
import { largeText } from "./plain-json.ts";
import { type ReadValueOptions, readingSteps, readValue, type TextReading } from "./read-value.ts";
import { ReadingTurn } from "./reading-turns.ts";

/** What reading an answer came to. */
export type Answer<Value = Record<string, unknown>> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: FlockError<"output_unreadable" | "output_invalid"> };

/** Reading in steps: gives way where it yields nothing, and waits for the check where it yields one. */
type AnswerSteps<Result> = Generator<Promise<AnswerCheck> | undefined, Result, AnswerCheck | undefined>;

/**
 * Reads an answer and checks it against a shape, coercing near misses. Of several values in the text the one that fits
 * best wins: an answer before a thought, then the one with the fewest unknown keys, the fewest coercions, then a fenced
 * one, then the last. A value may also be encoded as a string, alone in a list, wrapped in a single key, be the bare value
 * of a shape with one field, or be written as `field: value` lines. Synchronous unless a registered schema checks
 * asynchronously.
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
  const steps = answerSteps(text, shape, options, false);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    if (step.value instanceof Promise) return finishLater(steps, step.value);
  }
}

async function finishLater(steps: AnswerSteps<Answer<unknown>>, first: Promise<AnswerCheck>): Promise<Answer<unknown>> {
  let step = steps.next(await first);
  while (!step.done) step = steps.next(await step.value);
  return step.value;
}

/**
 * Reads an answer like {@link readAnswer}, but for a large one lets the event loop turn every few milliseconds. Of all readings on
 * one runtime a single one works between two turns, so that many at once delay others no longer than one alone.
 *
 * Rejects with the signal's own reason when it aborts.
 */
export async function readAnswerInTurns(
  text: string,
  shape: CheckedShape,
  options: ReadValueOptions & { readonly runtime: Runtime; readonly signal?: AbortSignal | undefined },
): Promise<Answer> {
  const { runtime, signal, ...reading } = options;
  if (text.length <= largeText) return readAnswer(text, shape, reading);
  // Imported here, so that what other tools share with it is no part of what every program loads.
  const { turnOfEventLoop } = await import("../../core/runtime/pacer.ts");
  const turn = new ReadingTurn(runtime, turnOfEventLoop, signal);
  try {
    await turn.begin();
    return await readInSlices(answerSteps(text, shape, reading, true), turn);
  } finally {
    turn.end();
  }
}

async function readInSlices(steps: AnswerSteps<Answer<unknown>>, turn: ReadingTurn): Promise<Answer> {
  let step = steps.next();
  while (!step.done) {
    let checked: AnswerCheck | undefined;
    if (step.value !== undefined) {
      turn.end();
      checked = await step.value;
      await turn.begin();
    } else if (turn.due) await turn.pause();
    step = steps.next(checked);
  }
  return step.value as Answer;
}

function* answerSteps(
  text: string,
  shape: AnswerShape,
  options: ReadValueOptions,
  slices: boolean,
): AnswerSteps<Answer<unknown>> {
  let reading: TextReading;
  try {
    reading = yield* readingSteps(text, options, slices) as AnswerSteps<TextReading>;
  } catch (error) {
    if (!isFlockError(error, "output_unreadable")) throw error;
    return (yield* fromLabels(text, shape, options)) ?? { ok: false, error };
  }
  yield undefined;
  const first = yield* check(reading.value, shape);
  const { candidates } = reading;
  if (first.ok && candidates.length < 2) return first;
  let best: readonly ValueIssue[] = first.ok ? [] : first.issues;
  if (!options.strict) {
    const found = first.ok && isRows(reading) ? first : yield* bestOf(reading, shape, options);
    if (found.ok) return found;
    if (!first.ok && found.issues.length > 0 && found.issues.length < best.length) best = found.issues;
    const labelled = yield* fromLabels(text, shape, options);
    if (labelled !== undefined) return labelled;
  }
  return { ok: false, error: invalid(best) };
}

/** Tells whether the value is all the text's values together, which no single one of them beats. */
function isRows(reading: TextReading): boolean {
  return reading.candidates.every((candidate) => candidate.value !== reading.value);
}

/** Checks every candidate, opened where it is wrapped, and gives the one that fits best, or the fewest issues. */
function* bestOf(reading: TextReading, shape: AnswerShape, options: ReadValueOptions): AnswerSteps<AnswerCheck> {
  let best: Fit | undefined;
  let issues: readonly ValueIssue[] = [];
  const readings = reading.candidates.length === 0 ? [lone(reading.value)] : reading.candidates;
  for (const candidate of readings) {
    for (const [layer, value] of [candidate.value, ...unwrapped(candidate.value, options)].entries()) {
      const result = yield* check(value, shape);
      yield undefined;
      if (!result.ok) {
        if (issues.length === 0 || result.issues.length < issues.length) issues = result.issues;
        continue;
      }
      const fit = fitOf(candidate, value, result.value, layer, shape);
      if (best === undefined || fitsBetter(fit, best)) best = fit;
      break;
    }
  }
  return best === undefined ? { ok: false, issues } : { ok: true, value: best.value };
}

function lone(value: unknown): Candidate {
  return { value, start: 0, end: 0, fenced: false, thought: false, complete: true };
}

/** Checks a value as it is, or as the bare value of the one field it can belong to. */
function* check(value: unknown, shape: AnswerShape): AnswerSteps<AnswerCheck> {
  const { bareField } = shape;
  // Text that opens a brace is an object encoded as a string, not the value of a text field.
  const isEncoded = typeof value === "string" && /^\s{0,64}\{/.test(value);
  const isBare = !isEncoded && (typeof value !== "object" || value === null || Array.isArray(value));
  const result = shape.check(isBare && bareField !== undefined ? { [bareField]: value } : value, { coerce: true });
  return result instanceof Promise ? (yield result)! : result;
}

/** Reads an answer that is written as `field: value` lines instead of JSON. */
function* fromLabels(
  text: string,
  shape: AnswerShape,
  options: ReadValueOptions,
): AnswerSteps<Answer<unknown> | undefined> {
  if (options.strict === true || options.partial === true) return undefined;
  const fields = labelledFields(text, shape, (value) => readQuietly(value, options));
  if (fields === undefined) return undefined;
  const result = yield* check(fields, shape);
  return result.ok ? result : undefined;
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
