/** Says how long to wait before a further attempt. */

import type { RetryStep } from "./recovery-settings.ts";

/**
 * Gives a wait between 0 and a bound that doubles with each attempt: "full jitter" of M. Brooker, "Exponential Backoff And
 * Jitter" (AWS Architecture Blog, 2015), which spreads those who failed together best.
 *
 * @param tries attempts made so far, at least 1.
 * @param random from 0 up to but without 1.
 */
export function backoffMs(step: Pick<RetryStep, "baseMs" | "maxDelayMs">, tries: number, random: number): number {
  return random * Math.min(step.maxDelayMs, step.baseMs * 2 ** Math.min(tries - 1, 30));
}
