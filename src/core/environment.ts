/** What a run needs of the house it runs in; `Flock` is one, and the default one is installed by the composition root. */

import { FlockError } from "./errors/errors.ts";
import type { EventDispatcher } from "./events/event-dispatcher.ts";
import type { RunHistory } from "./events/run-history.ts";
import type { Knobs } from "./knob.ts";
import type { LayerPlan } from "./layer-plan.ts";
import type { ModelPrice } from "./model-price.ts";
import type { AnyRunnable, ApprovalRequest } from "./runnable.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** The port between core and the composition root. */
export interface RunEnvironment {
  readonly runtime: Runtime;
  readonly knobs: Knobs;
  /** Listeners of every run: the recorder and the environment's providers. */
  readonly events: EventDispatcher;
  /** What was recorded, when recording is on. */
  readonly history: RunHistory | undefined;
  /** Settles once `history` holds what happened so far; undefined when it does. The first run waits for it as it ends. */
  recording?(): Promise<void> | undefined;
  /** It was disposed and takes no further runs. @default false */
  readonly closed?: boolean;
  /** The layers that are on for a runnable, in a run with a budget or without; the same object until a setting changes. */
  planFor(runnable: AnyRunnable, isBudgeted?: boolean): LayerPlan;
  /** Answers whether a sensitive call may happen. Absent: it may not. */
  readonly approve?: ((request: ApprovalRequest) => boolean | Promise<boolean>) | undefined;
  /** Finds the model runnable for an agent that names this model, or names none. */
  resolveModel(model: unknown, agent: string): AnyRunnable;
  /** What a model's tokens cost; undefined for what is no model, has no known price, or waits for {@link loadPrices}. */
  priceOf?(runnable: AnyRunnable): ModelPrice | undefined;
  /**
   * Gets the prices at hand; undefined once they are. A model's first call waits for them by itself, so that its cost is
   * right; a layer that must know a price before a call waits here.
   */
  loadPrices?(): Promise<void> | undefined;
  /** Says that a model has no known price, once for each model and runtime; undefined when it has, or was told already. */
  complainOfPrice?(runnable: AnyRunnable): string | undefined;
}

let createDefault: (() => RunEnvironment) | undefined;
let current: RunEnvironment | undefined;

/** Says how the default environment is made, on first use. Called once, by the composition root. */
export function installDefaultEnvironment(create: () => RunEnvironment): void {
  createDefault = create;
}

/** Gives the environment of runs that name none. The only module-level slot of the framework. */
export function defaultEnvironment(): RunEnvironment {
  if (current === undefined) {
    if (createDefault === undefined) {
      throw new FlockError("internal", "no default environment is installed; import from the package's own entries", {
        details: { reason: "core was loaded without the composition root" },
      });
    }
    current = createDefault();
  }
  return current;
}
