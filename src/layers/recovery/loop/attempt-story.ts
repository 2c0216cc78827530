/** Keeps what was tried for one call and failed, in bounded memory, for the error it may end with. */

import { type FailedAttempt, isFlockError } from "../../../core/errors/errors.ts";
import { tellAttempts } from "../../../core/errors/tell-attempts.ts";
import type { LayerCall } from "../../../core/layer.ts";
import { hasEndedWithin } from "./given-up.ts";
import { describeAttempt } from "./run-attempt.ts";

/** Of more attempts the first and the last are kept. */
const mostKept = 100;

/** The failed attempts of a call, oldest first. */
export class AttemptStory {
  readonly attempts: FailedAttempt[] = [];
  /** How long was waited before the next one. */
  waitedMs = 0;
  readonly #call: LayerCall;
  readonly #known = new Set<unknown>();
  readonly #leftOut = new Set<unknown>();

  /** @param before what was tried already. */
  constructor(call: LayerCall, before: readonly FailedAttempt[]) {
    this.#call = call;
    this.attempts.push(...before);
  }

  /** Begins with the failure of the first attempt, unless something was told before. */
  begin(error: unknown): void {
    const { runnable, startedAt: began, attempts } = this.#call;
    if (this.attempts.length > 0) return;
    const failure = { error, attempt: Math.max(1, attempts), name: runnable.name, began, waitedMs: 0 };
    this.add(describeAttempt(this.#call, failure), error);
  }

  /** Gives how long was waited for the next attempt, once. */
  takeWait(): number {
    const { waitedMs } = this;
    this.waitedMs = 0;
    return waitedMs;
  }

  /** Tells whether an error is told already, or not to be. */
  has(error: unknown): boolean {
    return this.#known.has(error);
  }

  /** Leaves an error out that says nothing about the call. */
  leaveOut(error: unknown): void {
    this.#known.add(error);
    this.#leftOut.add(error);
  }

  /** Adds what failed that was no attempt of a runnable. */
  note(name: string, error: unknown, durationMs = 0): void {
    const { runtime, attempts } = this.#call;
    const began = runtime.monotonic() - durationMs;
    const failure = { error, attempt: Math.max(1, attempts), name, began, waitedMs: 0 };
    this.add(describeAttempt(this.#call, failure), error);
  }

  /** Adds a failed attempt; one that was tried against itself with all its attempts. */
  add(attempt: FailedAttempt, error: unknown): void {
    if (this.#leftOut.has(error)) return;
    if (typeof error === "object") this.#known.add(error);
    if (isFlockError(error) && error.attempts.length > 0 && hasEndedWithin(this.#call, error)) {
      for (const inner of error.attempts) this.#keep(inner);
    } else this.#keep(attempt);
  }

  /** Gives the attempts to the error that the call ends with. */
  tell(error: unknown): void {
    if (isFlockError(error) && this.attempts.length > 1) tellAttempts(error, this.attempts);
  }

  #keep(attempt: FailedAttempt): void {
    this.attempts.push(attempt);
    if (this.attempts.length > mostKept) this.attempts.splice(mostKept / 2, 1);
  }
}
