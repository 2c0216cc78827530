/** Declares how often and how fast a failed call is tried again. */

import type { ErrorMatcher } from "../../core/errors/error-matcher.ts";
import { checkOptions, numberBetween, optionError, wholeNumber } from "../../core/errors/options.ts";
import { defaultRetry } from "../../core/recovery-defaults.ts";
import type { RecoveryPlace, RetryStep } from "../../core/recovery-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import { readMatchers } from "../known-codes.ts";

/** How {@link retry} tries again. */
export interface RetryOptions {
  /** The first one counts; 1 is no retry. @default 6 */
  readonly maxAttempts?: number | undefined;
  /** The first wait is random between 0 and this; the bound doubles with each attempt. @default 100 */
  readonly baseMs?: number | undefined;
  /** Longest wait, but for one that a server asks for. @default 10000 */
  readonly maxDelayMs?: number | undefined;
  /** What to try again besides what passes by itself, such as `rate_limited`, `overloaded` and lost connections. @default nothing */
  readonly on?: ErrorMatcher | readonly ErrorMatcher[] | undefined;
  /** Retries that each success of the model or tool earns, for all its callers together. @default 0.3 */
  readonly budgetPerSuccess?: number | undefined;
  /** Retries that there are without any success. @default 50 */
  readonly budgetReserve?: number | undefined;
}

const longestMs = 86_400_000;

/**
 * Tries failed calls again: of what declares it, and of models and idempotent tools inside. The nearest one declared holds,
 * so retries never multiply. An agent in which a tool that is not idempotent acted is not tried again.
 *
 * @throws option_invalid for unknown options and wrong values; also when it is declared on a tool that is not idempotent.
 */
export function retry(options: RetryOptions = {}): RetryStep {
  checkOptions("retry", options, {
    maxAttempts: wholeNumber(1),
    baseMs: numberBetween(0, longestMs),
    maxDelayMs: numberBetween(0, longestMs),
    on: () => undefined,
    budgetPerSuccess: numberBetween(0, 1_000),
    budgetReserve: numberBetween(0, 1_000_000),
  });
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return Object.freeze({
    ...defaultRetry,
    ...given,
    on: readMatchers("retry", options.on),
    checkPlace: refuseActingTool,
  });
}

function refuseActingTool({ owner }: RecoveryPlace): void {
  const { kind, name, policy } = owner as Partial<AnyRunnable>;
  if (kind !== "tool" || policy?.idempotent === true) return;
  const expected = "without retry(…), or the tool declared idempotent: true";
  throw optionError(`tool ${name}`, "recovery", expected, "retry(…)");
}
