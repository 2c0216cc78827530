/** Runs one further attempt of a call, and describes how it failed for the error that its call ends with. */

import { codeOf, type FailedAttempt, isFlockError } from "../../../core/errors/errors.ts";
import type { AttemptChanges, LayerCall } from "../../../core/layer.ts";
import { longerLimits } from "../attempt/attempt-timeout-layer.ts";
import { defaultAttemptTimeoutMs } from "../attempt/pace.ts";

/** What is known of an attempt that failed just now. */
export interface AttemptFailure {
  readonly error: unknown;
  /** Which one of the whole call it was, from 1. */
  readonly attempt: number;
  /** The name of what was called. */
  readonly name: string;
  /** Monotonic milliseconds at which it began. */
  readonly began: number;
  readonly waitedMs: number;
}

/** Runs an attempt; `failed` is told when it fails by itself, not when somebody ends it. */
export async function runAttempt(
  call: LayerCall,
  changes: AttemptChanges,
  failed: (attempt: FailedAttempt, error: unknown) => void,
  waitedMs = 0,
): Promise<unknown> {
  const began = call.runtime.monotonic();
  const { begun } = changes;
  let started: LayerCall | undefined;
  try {
    return await call.again({
      ...changes,
      begun: (attempt) => {
        started = attempt;
        giveLonger(attempt);
        begun?.(attempt);
      },
    });
  } catch (error) {
    if (started?.wasCancelled === false) {
      const { attempt, runnable } = started;
      failed(describeAttempt(call, { error, attempt, name: runnable.name, began, waitedMs }), error);
    }
    throw error;
  }
}

/** Twice as long for each attempt that was cut, so that a long answer comes however many of them raced. */
const nextLimits = new WeakMap<LayerCall, { readonly name: string; readonly timeoutMs: number }>();

function giveLonger(attempt: LayerCall): void {
  const next = nextLimits.get(attempt.whole);
  if (next?.name === attempt.runnable.name) longerLimits.set(attempt, next.timeoutMs);
}

function noteCut(whole: LayerCall, name: string, error: unknown): void {
  if (!isFlockError(error, "timeout") || error.details.limit !== "attempt") return;
  const next = nextLimits.get(whole);
  const lastMs = next?.name === name ? next.timeoutMs : error.details.timeoutMs;
  nextLimits.set(whole, { name, timeoutMs: Math.min(2 * lastMs, defaultAttemptTimeoutMs) });
}

/** Describes a failed attempt of a call, and has the next one wait longer when it was cut. */
export function describeAttempt(call: LayerCall, failure: AttemptFailure): FailedAttempt {
  const { error, attempt, name, began, waitedMs } = failure;
  noteCut(call.whole, name, error);
  const { path } = call.whole;
  return {
    attempt,
    path: attempt === 1 ? path : `${path}@${attempt}`,
    name,
    code: codeOf(error),
    message: error instanceof Error ? error.message : String(error),
    durationMs: call.runtime.monotonic() - began,
    waitedMs,
  };
}
