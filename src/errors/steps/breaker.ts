/** Declares when calls to something that keeps failing are refused at once. */

import { checkOptions, numberBetween, positiveNumber, wholeNumber } from "../../core/errors/options.ts";
import { defaultBreaker } from "../../core/recovery-defaults.ts";
import type { BreakerStep } from "../../core/recovery-settings.ts";

/** When {@link breaker} opens, and when it tries again. */
export interface BreakerOptions {
  /** Opens after so many failures in a row. @default 20 */
  readonly consecutiveFailures?: number | undefined;
  /** Opens when this share of the calls in the window failed, from 0 to 1. @default 0.8 */
  readonly failureRate?: number | undefined;
  /** The window, in milliseconds. @default 10000 */
  readonly windowMs?: number | undefined;
  /** Below so many calls in the window the share says nothing. @default 40 */
  readonly minimumCalls?: number | undefined;
  /** How long it stays open, in milliseconds. @default 500 */
  readonly openMs?: number | undefined;
  /** How many calls try whether it answers again. @default 1 */
  readonly halfOpenProbes?: number | undefined;
}

/**
 * Refuses calls of a model or tool at once, with `circuit_open`, while it keeps failing.
 *
 * @throws option_invalid for unknown options and wrong values.
 */
export function breaker(options: BreakerOptions = {}): BreakerStep {
  checkOptions("breaker", options, {
    consecutiveFailures: wholeNumber(1),
    failureRate: numberBetween(Number.MIN_VALUE, 1),
    windowMs: positiveNumber,
    minimumCalls: wholeNumber(1),
    openMs: positiveNumber,
    halfOpenProbes: wholeNumber(1),
  });
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return Object.freeze({ ...defaultBreaker, ...given });
}
