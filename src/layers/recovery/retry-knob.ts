/** Makes the number of attempts a live setting: `retry:<name>`, for what is tried again by itself. */

import type { Knob, Knobs } from "../../core/knob.ts";
import type { LayerHost } from "../../core/layer.ts";
import { defaultRetry } from "../../core/recovery-defaults.ts";
import type { RetryStep } from "../../core/recovery-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import { stepOf } from "./step-of.ts";

/** What was turned, by environment and id. */
const turned = new WeakMap<Knobs, Map<string, number>>();

/** Registers the knob of a runnable. Until it is turned each call has what is declared around it. */
export function registerRetryKnob({ name, policy }: AnyRunnable, { knobs, recovery }: LayerHost): void {
  const id = `retry:${name}`;
  if (knobs.has(id)) return;
  const values = turned.get(knobs) ?? new Map<string, number>();
  turned.set(knobs, values);
  const { maxAttempts } = stepOf(policy?.recovery, "retry") ?? stepOf(recovery, "retry") ?? defaultRetry;
  const knob: Knob<number> = {
    id,
    read: () => values.get(id) ?? maxAttempts,
    check: (value) =>
      Number.isSafeInteger(value) && (value as number) > 0 ? undefined : "attempts are a whole number above 0",
    change(value) {
      const before = values.get(id);
      values.set(id, value);
      return () => {
        if (before === undefined) values.delete(id);
        else values.set(id, before);
      };
    },
  };
  knobs.register(knob);
}

/** Gives a step with as many attempts as the knob of a runnable was turned to. */
export function asTurned(step: RetryStep, { name }: AnyRunnable, knobs: Knobs): RetryStep {
  const maxAttempts = turned.get(knobs)?.get(`retry:${name}`);
  return maxAttempts === undefined ? step : { ...step, maxAttempts };
}
