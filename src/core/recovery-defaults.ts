/** What is done about failures when nothing is declared. */

import type { BreakerStep, RetryStep } from "./recovery-settings.ts";

/** Six attempts, the first waits up to 100, 200, 400, 800 and 1,600 ms. */
export const defaultRetry: RetryStep = {
  step: "retry",
  maxAttempts: 6,
  baseMs: 100,
  maxDelayMs: 10_000,
  on: undefined,
  budgetPerSuccess: 0.3,
  budgetReserve: 50,
};

/** Opens when nothing answers any more; a quarter of failures never opens it. */
export const defaultBreaker: BreakerStep = {
  step: "breaker",
  consecutiveFailures: 20,
  failureRate: 0.8,
  windowMs: 10_000,
  minimumCalls: 40,
  openMs: 500,
  halfOpenProbes: 1,
};
