/** A runnable's place in a pattern: what it reads and what it writes, field by field. */

import { FlockError } from "../core/errors/errors.ts";
import { describeValue, optionError } from "../core/errors/options.ts";
import type { Json, JsonObject, JsonSchema } from "../core/json/json.ts";
import { type Policy, policyOfParts } from "../core/policy.ts";
import { checkNeeds } from "../core/resource-settings.ts";
import type { AnyRunnable, Shape } from "../core/runnable.ts";
import type { FieldType, Side } from "../signature/field.ts";
import { isForbiddenKey } from "../signature/grammar/grammar-names.ts";

/** Values by field name, on their way from step to step. */
export type FieldValues = { [field: string]: unknown };

/** A declared field. */
export interface StepField {
  readonly name: string;
  readonly optional: boolean;
  readonly description?: string;
  /** Its type in the grammar, when that is known. */
  readonly type?: FieldType;
}

/** A shape whose JSON Schema may differ by side, as a registered type that transforms makes it. */
export interface SidedShape extends Shape {
  readonly fields: readonly StepField[];
  toJsonSchema(side?: Side): JsonSchema;
}

/** A runnable that declares its fields on both sides. */
export interface Step {
  readonly runnable: AnyRunnable;
  readonly input: SidedShape;
  readonly output: SidedShape;
}

/**
 * Reads one member of a pattern.
 *
 * @throws option_invalid when it is no runnable, pattern_invalid when it does not declare its fields or one has a name
 * that would reach into an object's prototype.
 */
export function readStep(pattern: string, place: string, value: unknown): Step {
  if (!isRunnable(value)) {
    throw optionError(`pattern "${pattern}"`, place, "an agent, a pattern or a tool", value);
  }
  const { name: agent, input, output } = value;
  if (input === undefined || output === undefined) {
    const side = input === undefined ? "input" : "output";
    const message = `"${agent}" declares no ${side} fields, so none can flow by name; give it an "${side}" shape`;
    throw patternError(pattern, message, { agent });
  }
  for (const { name: field } of [...input.fields, ...output.fields]) {
    if (!isForbiddenKey(field)) continue;
    const message = `"${agent}" has a field named "${field}", which no object may have; rename it`;
    throw patternError(pattern, message, { agent, field });
  }
  return { runnable: value, input, output };
}

/**
 * Reads the members of a pattern given as a list.
 *
 * @throws pattern_invalid when there are none; see {@link readStep}.
 */
export function readSteps(pattern: string, agents: readonly unknown[] | undefined): readonly Step[] {
  if (agents === undefined || agents.length === 0) throw patternError(pattern, "it needs at least one agent");
  return Array.from(agents, (agent, index) => readStep(pattern, `agents[${index}]`, agent));
}

/** Gives what decides a pattern's answer, or undefined when one of its members does not say what decides its own. */
export function identityOf(pattern: string, steps: readonly Step[], more: JsonObject): Json | undefined {
  const agents: Json[] = [];
  for (const { runnable } of steps) {
    if (runnable.identity === undefined) return undefined;
    agents.push(runnable.identity);
  }
  return { pattern, agents, ...more };
}

/** Gives the policy of a pattern: what its options say, and what its members bring along. @throws option_invalid for wrong needs. */
export function policyOf(
  name: string,
  {
    cache,
    timeoutMs,
    resources,
    needs,
    recovery,
  }: Pick<Policy, "cache" | "timeoutMs" | "resources" | "needs" | "recovery">,
  steps: readonly Step[],
): Policy {
  checkNeeds(name, needs, resources);
  return { timeoutMs, cache, resources, needs, recovery, ...policyOfParts(steps.map(({ runnable }) => runnable)) };
}

function isRunnable(value: unknown): value is AnyRunnable {
  if (typeof value !== "object" || value === null) return false;
  const { name, perform } = value as Partial<AnyRunnable>;
  return typeof name === "string" && typeof perform === "function";
}

/**
 * Copies declared fields out of values, from `fallback` where `values` has none. What is absent or undefined in both
 * stays absent: whoever reads it says so with its own error.
 */
export function pickFields(fields: readonly StepField[], values: FieldValues, fallback?: FieldValues): FieldValues {
  const picked: FieldValues = {};
  for (const { name } of fields) {
    let value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined && fallback !== undefined && Object.hasOwn(fallback, name)) value = fallback[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

/**
 * Copies what a step wrote into the pattern's values: its declared fields and nothing else.
 *
 * @throws output_invalid when it is no object, or lacks a field the step promised.
 */
export function writeFields(step: Step, output: unknown, into: FieldValues): void {
  if (!isFieldValues(output)) {
    throw wrongOutput(step, "", "an object keyed by field name", describeValue(output));
  }
  for (const { name, optional } of step.output.fields) {
    const value = Object.hasOwn(output, name) ? output[name] : undefined;
    if (value !== undefined) into[name] = value;
    else if (!optional) throw wrongOutput(step, `/${name}`, `the field "${name}"`, "nothing");
  }
}

/**
 * Takes a pattern's input as values by name.
 *
 * @throws input_invalid when it is no object.
 */
export function readInput(pattern: string, input: unknown): FieldValues {
  if (isFieldValues(input)) return input;
  const received = describeValue(input);
  const message = `"${pattern}" takes an object keyed by field name, not ${received}`;
  const issue = { pointer: "", message, expected: "an object keyed by field name", received };
  throw new FlockError("input_invalid", message, { details: { pointer: "", issues: [issue] } });
}

/** Makes the error for fields that do not connect. */
export function patternError(
  pattern: string,
  message: string,
  about: { readonly agent?: string; readonly field?: string } = {},
): FlockError<"pattern_invalid"> {
  return new FlockError("pattern_invalid", `pattern "${pattern}": ${message}`, { details: { pattern, ...about } });
}

function isFieldValues(value: unknown): value is FieldValues {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongOutput(step: Step, pointer: string, expected: string, received: string): FlockError<"output_invalid"> {
  const message = `"${step.runnable.name}" promised ${expected} and gave ${received}`;
  const issue = { pointer, message, expected, received };
  return new FlockError("output_invalid", message, { details: { pointer, issues: [issue] } });
}
