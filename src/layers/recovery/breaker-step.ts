/** Declares when the breaker of a model or tool opens. */

import type { BreakerStep } from "../../core/recovery-settings.ts";
import { type BreakerSettings, readBreakerSettings } from "./breaker-settings.ts";
import { defaultBreaker } from "./defaults.ts";

/**
 * Declares a breaker for the models and idempotent tools below: `recovery: [breaker({ consecutiveFailures: 5 })]`. What is
 * left open is as without it. A model has one breaker, whoever calls it: the first declaration that it meets holds.
 *
 * @throws option_invalid for unknown settings and wrong values.
 */
export function breaker(settings: BreakerSettings = {}): BreakerStep {
  readBreakerSettings("breaker", settings);
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.freeze({ ...defaultBreaker, ...Object.fromEntries(given) });
}
