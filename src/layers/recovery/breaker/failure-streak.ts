/** Tells an outage from a burst whose failures came before its answers. */

/** Failures are believed once they are so large a share of what could have come by now. */
const convincingShare = 0.8;
/** What runs longer is no longer hoped for. */
const hopeMs = 10_000;

/**
 * Counts failures since the last success, and the attempts that were under way when they began: of 1,000 calls begun at
 * once 200 may fail at once, and the other 800 answer a little later. While those are out, the failures prove nothing.
 */
export class FailureStreak {
  /** Failures since the last success. */
  length = 0;
  #beganAt = 0;
  #hoped = 0;

  /**
   * @param beganAt when the attempt that failed entered, by the monotonic clock.
   * @param running attempts under way now, without it.
   */
  failed(now: number, beganAt: number, running: number): void {
    if (this.length === 0) {
      this.#beganAt = now;
      this.#hoped = running;
    } else this.left(beganAt);
    this.length += 1;
  }

  succeeded(): void {
    this.length = 0;
  }

  /** An attempt ended that says nothing. */
  left(beganAt: number): void {
    if (beganAt <= this.#beganAt && this.#hoped > 0) this.#hoped -= 1;
  }

  /** Tells whether so many failures among so many calls would convince if all that is still hoped for answered. */
  convinces(now: number, { calls, failures }: { readonly calls: number; readonly failures: number }): boolean {
    const hoped = now - this.#beganAt < hopeMs ? this.#hoped : 0;
    return failures >= convincingShare * (calls + hoped);
  }
}
