/** A failed call as those see it who may answer for it: handlers, strategies, fallbacks. */

import type { FailedAttempt } from "./errors/errors.ts";
import type { AnyRunnable, ExecutionContext } from "./runnable.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** A call that failed, and what may be tried for it. */
export interface Failure {
  readonly error: unknown;
  /** How many attempts were made so far. */
  readonly attempt: number;
  /** Those attempts, oldest first. */
  readonly attempts: readonly FailedAttempt[];
  readonly runnable: AnyRunnable;
  readonly input: unknown;
  readonly path: string;
  readonly context: ExecutionContext;
  /** A tool that may not be called twice was called: {@link retry} would do that again, and refuses. */
  readonly hasActed: boolean;
  /** Aborts when the call ends. */
  readonly signal: AbortSignal;
  readonly runtime: Runtime;
  /** What the run has cost so far, in micro-dollars; undefined while no price is known. */
  readonly spentMicroUsd: number | undefined;
  /** Tries again, with another input where one is given. Counts as an attempt and spends of the retry budget. */
  retry(input?: unknown): Promise<unknown>;
  /** Calls something else of the same types with the same input, or another: a runnable, or a model by its string. */
  callInstead(runnable: AnyRunnable | string, input?: unknown): Promise<unknown>;
  /** Adds something that was tried in vain to the story of the error, under a name of its own. */
  note(name: string, error: unknown, durationMs?: number): void;
}
