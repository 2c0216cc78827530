/** Runs one further attempt of a call, and describes how it failed for the error that its call ends with. */

import { codeOf, type FailedAttempt } from "../../core/errors/errors.ts";
import type { AttemptChanges, LayerCall } from "../../core/layer.ts";

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
  failed: (attempt: FailedAttempt) => void,
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
        begun?.(attempt);
      },
    });
  } catch (error) {
    if (started?.wasCancelled === false) {
      const { attempt, runnable } = started;
      failed(describeFailure(call, { error, attempt, name: runnable.name, began, waitedMs }));
    }
    throw error;
  }
}

/** Describes a failed attempt of a call. */
export function describeFailure(call: LayerCall, failure: AttemptFailure): FailedAttempt {
  const { error, attempt, name, began, waitedMs } = failure;
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
