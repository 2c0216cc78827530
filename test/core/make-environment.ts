/** A small house for tests of the core alone: given layers, a test runtime, no models. */

import { executeRun } from "../../src/core/door/run.ts";
import type { RunEnvironment } from "../../src/core/environment.ts";
import type { FlockEvent } from "../../src/core/events/event.ts";
import { EventDispatcher } from "../../src/core/events/event-dispatcher.ts";
import { Knobs } from "../../src/core/knob.ts";
import type { Layer, RecoveryLayer, RecoverySlot } from "../../src/core/layer.ts";
import { checkLayerOrder, type LayerPlan, planLayers } from "../../src/core/layer-plan.ts";
import type { RecoveryChoice } from "../../src/core/recovery-settings.ts";
import type { AnyRunnable, ExecutionContext, Runnable } from "../../src/core/runnable.ts";
import { createTestRuntime, type TestRuntime } from "../../src/testing/test-runtime.ts";

export interface TestEnvironment extends RunEnvironment {
  readonly runtime: TestRuntime;
  readonly seen: FlockEvent[];
}

export function makeEnvironment(
  layers: readonly Layer[] = [],
  runtime = createTestRuntime(),
  recovery?: RecoveryChoice,
): TestEnvironment {
  checkLayerOrder(layers);
  const seen: FlockEvent[] = [];
  const events = new EventDispatcher();
  const knobs = new Knobs();
  let plans = new WeakMap<AnyRunnable, LayerPlan>();
  const host = {
    runtime,
    knobs,
    recovery,
    replan: () => {
      plans = new WeakMap();
    },
    modelIdentity: () => "none",
    priceOf: () => undefined,
    loadPrices: () => undefined,
    refresh: (one: AnyRunnable, input: unknown) => executeRun(one, input, { flock: environment, cache: "refresh" }),
  };
  events.subscribe((event) => seen.push(event));
  const environment: TestEnvironment = {
    runtime,
    knobs,
    events,
    seen,
    history: undefined,
    planFor(runnable) {
      let plan = plans.get(runnable);
      if (plan === undefined) {
        plan = planLayers(layers, runnable, host);
        plans.set(runnable, plan);
      }
      return plan;
    },
    resolveModel() {
      throw new Error("no models here");
    },
  };
  return environment;
}

/** A recovery that tries whatever applies again after a wait, until so many attempts were made. */
export function tryAgain(
  maxAttempts: number,
  afterMs: number,
  appliesTo: (runnable: AnyRunnable) => boolean = () => true,
): RecoveryLayer {
  const slot: RecoverySlot = {
    async recover(call, error) {
      let last = error;
      while (call.attempts < maxAttempts) {
        await call.runtime.sleep(afterMs, call.ended);
        try {
          return await call.again();
        } catch (failure) {
          last = failure;
        }
      }
      throw last;
    },
  };
  return {
    form: "recovery",
    name: "recovery",
    reason: "test",
    slotFor: (one) => (appliesTo(one) ? slot : undefined),
  };
}

/** A runnable made of a function. */
export function runnable<Input, Output>(
  name: string,
  perform: (input: Input, context: ExecutionContext) => Promise<Output>,
  extra: Partial<Omit<Runnable<Input, Output>, "perform" | "name">> = {},
): Runnable<Input, Output> {
  return { name, kind: "agent", ...extra, perform };
}

/** Types and paths of events, for comparing whole stories. */
export function story(events: readonly FlockEvent[]): string[] {
  return events.map((event) => {
    const outcome = "outcome" in event ? ` ${event.outcome}` : "";
    return `${event.type} ${event.path}${outcome}`;
  });
}
