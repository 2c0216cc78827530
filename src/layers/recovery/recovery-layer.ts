/** Answers for failed attempts: retries, and what users declared. All it does is in recover.ts, imported at the first failure. */

import type { LayerCall, LayerHost, RecoveryLayer } from "../../core/layer.ts";
import { isRepeatable } from "./health.ts";
import { registerHedgeKnob, turnedHedge } from "./hedge-knob.ts";
import { registerRetryKnobs } from "./retry-knob.ts";
import { ownStepOf } from "./step-of.ts";

/**
 * Makes the layer that recovers failed calls: of models and idempotent tools by itself, of whatever declares a recovery, and
 * of a run's outermost call where the Flock declares one.
 */
export function recoveryLayer(): RecoveryLayer {
  /** Somewhere a step `hedge` is declared, so that calls look for the nearest one. */
  let hedges = false;
  return {
    form: "recovery",
    name: "recovery",
    reason: "outside breaker and permits: a waiting retry holds nothing, and every attempt is counted",
    slotFor(runnable, host) {
      const own = runnable.policy?.recovery;
      hedges ||= ownStepOf(runnable, host, "hedge") !== undefined;
      const repeats = isRepeatable(runnable);
      if (own === false || (own === undefined && host.recovery === false)) return undefined;
      if (own === undefined && host.recovery === undefined && !repeats) return undefined;
      if (repeats) {
        registerRetryKnobs(runnable, host);
        registerHedgeKnob(runnable, host);
      }
      // Turning the knob makes this plan anew.
      const isTurned = (turnedHedge(runnable, host) ?? null) !== null;
      return {
        recover: (call, error) => (call.wasCancelled ? undefined : recoverLate(call, error, host)),
        lead: (call) => ((hedges || isTurned) && repeats ? leadLate(call, host) : undefined),
      };
    },
  };
}

let code: typeof import("./loop/recover.ts") | undefined;

async function recoverLate(call: LayerCall, error: unknown, host: LayerHost): Promise<unknown> {
  try {
    code ??= await import("./loop/recover.ts");
  } catch {
    throw error;
  }
  return code.recover(call, error, host);
}

let hedging: typeof import("./hedge/hedge.ts") | undefined;

async function leadLate(call: LayerCall, host: LayerHost): Promise<unknown> {
  hedging ??= await import("./hedge/hedge.ts");
  return hedging.lead(call, host);
}
