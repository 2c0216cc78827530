/** When a breaker opens and for how long, as it is declared: read in one place for classes, steps and knobs. */

import {
  checkOptions,
  numberBetween,
  type OptionCheck,
  positiveNumber,
  wholeNumber,
} from "../../../core/errors/options.ts";

/** When calls are refused, and when they are tried again. */
export interface BreakerSettings {
  /** So many failures without a success between them open it. @default 5, or none where a `failureRate` is given */
  readonly consecutiveFailures?: number;
  /** A share of failed calls in the window that opens it, above 0 and up to 1. @default none */
  readonly failureRate?: number;
  /** How far the window reaches back, in milliseconds. @default 10_000 */
  readonly windowMs?: number;
  /** Below so many calls in the window the rate says nothing. @default 10 */
  readonly minimumCalls?: number;
  /** How long everything is refused once it opened, in milliseconds. @default 1_000 */
  readonly openMs?: number;
  /** So many calls are then let out to try, and all must succeed for it to close. @default 1 */
  readonly halfOpenProbes?: number;
}

/** When a breaker opens, and what counts. */
export interface CircuitBreakerSettings extends BreakerSettings {
  /** Whether an error counts against what is called; one that does not counts as an answer. @default all but an abort */
  readonly isFailure?: (error: unknown) => boolean;
}

/** Settings with nothing left open. Infinity means that this never opens it. */
export type FullBreakerSettings = Required<BreakerSettings>;

const share: OptionCheck = (value) =>
  value !== 0 && numberBetween(0, 1)(value) === undefined ? undefined : "a number above 0, up to 1";

/** What each setting must be. */
export const breakerChecks = {
  consecutiveFailures: wholeNumber(1),
  failureRate: share,
  windowMs: positiveNumber,
  minimumCalls: wholeNumber(1),
  openMs: positiveNumber,
  halfOpenProbes: wholeNumber(1),
};

/**
 * Checks settings and fills in what is left open.
 *
 * @throws option_invalid for unknown settings and wrong values.
 */
export function readBreakerSettings(owner: string, given: BreakerSettings): FullBreakerSettings {
  checkOptions(owner, given, breakerChecks);
  const { failureRate = Number.POSITIVE_INFINITY } = given;
  return {
    consecutiveFailures: given.consecutiveFailures ?? (given.failureRate === undefined ? 5 : Number.POSITIVE_INFINITY),
    failureRate,
    windowMs: given.windowMs ?? 10_000,
    minimumCalls: given.minimumCalls ?? 10,
    openMs: given.openMs ?? 1_000,
    halfOpenProbes: given.halfOpenProbes ?? 1,
  };
}
