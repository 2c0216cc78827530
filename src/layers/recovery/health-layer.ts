/** Watches how each attempt of a model or idempotent tool ends, and keeps attempts off what fails or asks for rest. */

import type { GuardLayer } from "../../core/layer.ts";
import { healthOf, isRepeatable } from "./health.ts";

const keptFailures = 100;

/** Makes the layer of breakers and cooldowns: silent until something failed. */
export function healthLayer(): GuardLayer {
  return {
    form: "attempt-guard",
    name: "breaker",
    reason: "inside recovery: each attempt is asked for and counted; outside resources: what is refused takes nothing",
    guardFor(runnable, host) {
      const own = runnable.policy?.recovery;
      if (!isRepeatable(runnable) || own === false || (own === undefined && host.recovery === false)) return undefined;
      const health = healthOf(runnable, host.runtime);
      return {
        enter(call, slot) {
          if (health.watch !== undefined) return health.watch.enter(call, slot);
          health.running += 1;
        },
        leave(call, slot, error) {
          if (health.watch !== undefined) return health.watch.leave(call, slot, error);
          health.running -= 1;
          if (error === undefined) health.successes += 1;
          else if (!call.wasCancelled && health.failures.length < keptFailures) {
            if (health.failures.length === 0) health.successesAtFirst = health.successes;
            health.failures.push(error);
          }
        },
      };
    },
  };
}
