/** Hedges: sends a further request when the first is slow. Imported where a step `hedge` is declared. */

import type { FailedAttempt } from "../../../core/errors/errors.ts";
import type { LayerCall, LayerHost } from "../../../core/layer.ts";
import { defaultRetry } from "../../../core/recovery-defaults.ts";
import type { HedgeStep } from "../../../core/recovery-settings.ts";
import { deadlineQueue } from "../../../core/runtime/deadline-queue.ts";
import { nearestOf } from "../declared-steps.ts";
import { noteHedge, turnedHedge } from "../hedge-knob.ts";
import { recover } from "../loop/recover.ts";
import { runAttempt } from "../loop/run-attempt.ts";
import { asTurned } from "../retry-knob.ts";
import { ofKind } from "../step-of.ts";
import { chasePlan, learntWait, Race, type RacePlan, type StartAttempt } from "./race.ts";

/**
 * Runs the attempts of a call: one alone where no hedge is declared for it, else one that is raced by others ("The Tail at
 * Scale", Dean and Barroso, 2013). When all failed, recovery goes on from there.
 */
export async function lead(call: LayerCall, host: LayerHost): Promise<unknown> {
  const step = stepFor(call, host);
  const failed: FailedAttempt[] = [];
  const start: StartAttempt = (begun) => runAttempt(call, { begun }, (attempt) => failed.push(attempt));
  try {
    return await (step === undefined ? start() : new Race(call, host, start, hedgePlan(call, host, step)).run());
  } catch (error) {
    if (call.wasCancelled) throw error;
    return recover(call, error, host, failed);
  }
}

function stepFor(call: LayerCall, host: LayerHost): HedgeStep | undefined {
  const turned = turnedHedge(call.runnable, host);
  if (turned !== undefined) return turned ?? undefined;
  const declared = nearestOf(call, host, ofKind("hedge"));
  if (declared !== undefined) noteHedge(call.runnable, host, declared);
  return declared;
}

/**
 * First what the step says. When all of those are silent for much longer than what is usual, they hang: then as after a
 * timeout, within the attempts that retries may make.
 */
function hedgePlan(call: LayerCall, host: LayerHost, step: HedgeStep): RacePlan {
  const { afterMs, percentile, maxExtra } = step;
  const isModel = call.runnable.kind === "model";
  if (afterMs === undefined && !isModel) return { next: () => undefined };
  const queue = afterMs === undefined ? learntWait(call, percentile, 1, 1) : deadlineQueue(call.runtime, afterMs);
  const retry = nearestOf(call, host, ofKind("retry")) ?? defaultRetry;
  const most = asTurned(retry, call.runnable, host).maxAttempts - 1;
  const chase = isModel ? chasePlan(call, most, maxExtra) : undefined;
  return { next: (extra) => (extra < maxExtra ? { queue, count: 1 } : chase?.next(extra)) };
}
