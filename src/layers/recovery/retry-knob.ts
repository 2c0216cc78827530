/** Makes attempts and their waits live settings: `retry:<name>` and `backoff:<name>`, for what is tried again by itself. */

import { numberBetween } from "../../core/errors/options.ts";
import type { Json, JsonObject } from "../../core/json/json.ts";
import type { LayerHost } from "../../core/layer.ts";
import { defaultRetry } from "../../core/recovery-defaults.ts";
import type { RetryStep } from "../../core/recovery-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import { ownStepOf } from "./step-of.ts";
import { TurnedValues } from "./turned-values.ts";

type Backoff = Pick<RetryStep, "baseMs" | "maxDelayMs">;

const attempts = new TurnedValues<number>();
const backoffs = new TurnedValues<Backoff>();
const longestMs = 86_400_000;
const milliseconds = numberBetween(0, longestMs);

/**
 * Registers the knobs of a runnable. Until one is turned each call has what is declared around it, and the knob reads what
 * the last call had that failed.
 */
export function registerRetryKnobs(runnable: AnyRunnable, host: LayerHost): void {
  const { name } = runnable;
  const declared = ownStepOf(runnable, host, "retry") ?? defaultRetry;
  attempts.register<number>(host.knobs, {
    ...{ id: `retry:${name}`, declared: declared.maxAttempts, plain: same, parse: same },
    check: (value) =>
      Number.isSafeInteger(value) && (value as number) > 0 ? undefined : "attempts are a whole number above 0",
  });
  backoffs.register<JsonObject>(host.knobs, {
    ...{ id: `backoff:${name}`, declared, check: checkBackoff },
    plain: waitsOf,
    parse: (value) => waitsOf(value as unknown as Backoff),
  });
}

/** Gives a step as the knobs of a runnable were turned, and lets them know of it. */
export function asTurned(step: RetryStep, { name }: AnyRunnable, { knobs }: LayerHost): RetryStep {
  const { maxAttempts } = step;
  attempts.note(knobs, `retry:${name}`, maxAttempts);
  backoffs.note(knobs, `backoff:${name}`, step);
  const most = attempts.get(knobs, `retry:${name}`);
  const backoff = backoffs.get(knobs, `backoff:${name}`);
  if (most === undefined && backoff === undefined) return step;
  return { ...step, ...backoff, maxAttempts: most ?? maxAttempts };
}

function waitsOf({ baseMs, maxDelayMs }: Backoff) {
  return { baseMs, maxDelayMs };
}

function checkBackoff(value: Json): string | undefined {
  const { baseMs, maxDelayMs, ...more } = Object(value) as JsonObject;
  const isGood = Object.keys(more).length === 0 && [baseMs, maxDelayMs].every((ms) => milliseconds(ms) === undefined);
  return isGood ? undefined : "waits are { baseMs, maxDelayMs }, each from 0 to 86400000";
}

function same<Value>(value: Value): Value {
  return value;
}
