/** Declares that a model's own request to wait is kept, up to a bound, before it is tried again. */

import { isFlockError, modelFailureOf } from "../../core/errors/errors.ts";
import { checkOptions, optionError, positiveNumber } from "../../core/errors/options.ts";
import type { Failure } from "../../core/failure.ts";
import type { AnswerStep } from "../../core/recovery-settings.ts";
import { Cooldown } from "../../core/runtime/cooldown.ts";

/** How long {@link waitForCooldown} waits. */
export interface WaitForCooldownOptions {
  /** Longest wait in milliseconds; where more is asked for, the next step is asked instead. */
  readonly maxMs: number;
}

/**
 * Waits as long as a model's vendor, or its open breaker, asks for, then tries once more. Declines where nobody asked to
 * wait, or for longer than `maxMs`.
 *
 * @throws option_invalid for a missing or wrong `maxMs`.
 */
export function waitForCooldown(options: WaitForCooldownOptions): AnswerStep {
  checkOptions("waitForCooldown", options, { maxMs: positiveNumber });
  const { maxMs } = options;
  if (maxMs === undefined) throw optionError("waitForCooldown", "maxMs", "a number above 0", maxMs);
  return Object.freeze({
    step: "answer",
    name: "wait-for-cooldown",
    at: "models",
    async answer(failure: Failure) {
      const waitMs = askedMs(failure);
      if (waitMs <= 0 || waitMs > maxMs) return undefined;
      await failure.runtime.sleep(waitMs, failure.signal);
      return failure.retry();
    },
  } satisfies AnswerStep);
}

function askedMs({ error, runtime, runnable }: Failure): number {
  const cooldown = runtime.shared("flock.cooldown", () => new Cooldown({ runtime }));
  const breakerMs = isFlockError(error, "circuit_open") ? error.details.retryInMs : 0;
  return Math.max(cooldown.remainingMs(runnable.name), modelFailureOf(error)?.retryAfterMs ?? 0, breakerMs);
}
