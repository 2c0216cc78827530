/** Counts tries that were refused for their rate alone, so that nobody in a long line is lost. */

import type { RetryStep } from "../../../core/recovery-settings.ts";

/** So many times the attempts that a call may have at most are free: one that is always refused ends, whoever else gets through. */
const mostFree = 4;

/** The tries of one call that do not count. */
export class FreeTurns {
  free = 0;
  #throughBefore = -1;

  /**
   * Counts a refusal; it is free when others came through since the last one: then it was not this call's turn. Where
   * nobody comes through it counts, so that a model that refuses for ever ends the call as any failure does.
   *
   * @param through calls that the model let through so far; undefined where none are counted.
   * @returns whether the model's calls are let out in turn.
   */
  count({ maxAttempts }: Pick<RetryStep, "maxAttempts">, through: number | undefined): boolean {
    if (through === undefined) return false;
    const othersCame = this.#throughBefore >= 0 && through > this.#throughBefore;
    if (othersCame && maxAttempts > 1 && this.free < mostFree * maxAttempts) this.free += 1;
    this.#throughBefore = through;
    return true;
  }
}
