/** Holds a value that somebody made up for a failed call to what the call would have given. */

import { FlockError } from "../../../core/errors/errors.ts";
import { describeValue } from "../../../core/errors/options.ts";
import { canonicalText } from "../../../core/json/canonical-key.ts";
import type { AnyRunnable } from "../../../core/runnable.ts";

/**
 * Gives the value as the runnable would have given it.
 *
 * @throws output_invalid when it does not fit.
 */
export function checkedAnswer(runnable: AnyRunnable, value: unknown): unknown {
  if (runnable.checkOutput !== undefined) return runnable.checkOutput(value);
  if (runnable.kind === "model" && !isAnswer(value)) throw notAnAnswer(runnable, value);
  return value;
}

/**
 * Tells whether two runnables give the same type. What one gave must then not be checked by the other: a registered schema
 * may give another type than it takes.
 */
export function promisesTheSame(one: AnyRunnable, other: AnyRunnable): boolean {
  if (one.kind === "model") return other.kind === "model";
  if (one.output === undefined || other.output === undefined) return false;
  try {
    return canonicalText(one.output.toJsonSchema()) === canonicalText(other.output.toJsonSchema());
  } catch {
    return false;
  }
}

/** What every answer of a model has. */
function isAnswer(value: unknown): boolean {
  const answer = value as { content?: unknown; finishReason?: unknown; warnings?: unknown } | null;
  if (typeof answer !== "object" || answer === null) return false;
  return Array.isArray(answer.content) && Array.isArray(answer.warnings) && typeof answer.finishReason === "object";
}

function notAnAnswer({ name }: AnyRunnable, value: unknown): FlockError<"output_invalid"> {
  const received = describeValue(value);
  const expected = "an answer of a model, with content, finishReason, usage and warnings";
  const message = `what stands in for ${name} must be ${expected}, not ${received}; declare it on the agent to give the agent's output`;
  const issue = { pointer: "", message, expected, received };
  return new FlockError("output_invalid", message, { details: { pointer: "", issues: [issue] } });
}
