/** Makes the hedge a live setting: `hedge:<name>`, off until it is declared or turned on. */

import type { Json, JsonObject } from "../../core/json/json.ts";
import type { LayerHost } from "../../core/layer.ts";
import type { HedgeStep } from "../../core/recovery-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import { ownStepOf } from "./step-of.ts";
import { TurnedValues } from "./turned-values.ts";

/** `undefined` is a hedge that was not turned, `null` one that is off. */
const hedges = new TurnedValues<HedgeStep | null>();
const usualPercentile = 95;
const expected = "a hedge is milliseconds above 0, null for none, or { afterMs, percentile, maxExtra }";

/**
 * Registers the knob of a model, or of a tool that may be called twice. It reads and takes the milliseconds after which a
 * second request goes out, `null` for never, or what the step `hedge` has: `{ afterMs, percentile, maxExtra }`.
 */
export function registerHedgeKnob(runnable: AnyRunnable, host: LayerHost): void {
  const declared = ownStepOf(runnable, host, "hedge") ?? null;
  const isModel = runnable.kind === "model";
  const id = `hedge:${runnable.name}`;
  const check = (value: Json): string | undefined => checkHedge(value, isModel);
  // A tool's answers are not timed: without a time its hedge is none.
  const read = (step: HedgeStep | null): Json => plain(isModel || step?.afterMs !== undefined ? step : null);
  hedges.register<Json>(host.knobs, { id, declared, plain: read, parse, check }, () => host.replan());
}

/** Gives the hedge that the knob of a runnable was turned to: `null` for none, undefined until it was turned. */
export function turnedHedge({ name }: AnyRunnable, { knobs }: LayerHost): HedgeStep | null | undefined {
  return hedges.get(knobs, `hedge:${name}`);
}

/** Lets the knob know what is declared around a call. */
export function noteHedge({ name }: AnyRunnable, { knobs }: LayerHost, step: HedgeStep): void {
  hedges.note(knobs, `hedge:${name}`, step);
}

function plain(step: HedgeStep | null): Json {
  if (step === null) return null;
  const { afterMs, percentile, maxExtra } = step;
  if (afterMs === undefined) return { percentile, maxExtra };
  return maxExtra === 1 ? afterMs : { afterMs, maxExtra };
}

function parse(value: Json): HedgeStep | null {
  if (value === null) return null;
  const given = typeof value === "number" ? { afterMs: value } : (value as Partial<HedgeStep>);
  const { afterMs, percentile = usualPercentile, maxExtra = 1 } = given;
  return { step: "hedge", afterMs, percentile, maxExtra };
}

/** What a tool's answers usually take is not learnt, so a tool needs the time. */
function checkHedge(value: Json, isModel: boolean): string | undefined {
  if (value === null) return undefined;
  if (Array.isArray(value)) return expected;
  const given = typeof value === "object" ? value : { afterMs: value };
  const { afterMs, percentile = usualPercentile, maxExtra = 1, ...more } = given as JsonObject;
  const isTime = afterMs === undefined ? isModel : isNumber(afterMs) && afterMs > 0;
  const isShare = isNumber(percentile) && percentile >= 1 && percentile <= 99.99;
  const isCount = Number.isSafeInteger(maxExtra) && (maxExtra as number) > 0;
  return isTime && isShare && isCount && Object.keys(more).length === 0 ? undefined : expected;
}

function isNumber(value: Json): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
