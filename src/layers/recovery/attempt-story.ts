/** Keeps what was tried for one call and failed, in bounded memory, for the error it may end with. */

import { codeOf, type FailedAttempt, isFlockError } from "../../core/errors/errors.ts";
import { tellAttempts } from "../../core/errors/tell-attempts.ts";
import type { LayerCall } from "../../core/layer.ts";
import { hasEndedWithin } from "./given-up.ts";

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

  constructor(call: LayerCall) {
    this.#call = call;
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

  /** Adds a failure; one that was tried against itself with all its attempts. */
  note(name: string, error: unknown, durationMs = 0): void {
    const { whole, runtime, attempts } = this.#call;
    if (this.#leftOut.has(error)) return;
    if (typeof error === "object") this.#known.add(error);
    const waitedMs = this.waitedMs;
    this.waitedMs = 0;
    if (isFlockError(error) && error.attempts.length > 0 && hasEndedWithin(this.#call, error)) {
      for (const attempt of error.attempts) this.#keep(attempt);
      return;
    }
    const attempt = Math.max(1, attempts);
    this.#keep({
      attempt,
      path: attempt === 1 ? whole.path : `${whole.path}@${attempt}`,
      name,
      code: codeOf(error),
      message: error instanceof Error ? error.message : String(error),
      atMs: runtime.now() - durationMs,
      durationMs,
      waitedMs,
    });
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
