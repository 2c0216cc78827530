/** What is known of how well something answers, kept light while all is well; health-record.ts takes over at the first failure. */

import type { LayerCall } from "../../core/layer.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";

/** Looks after calls of something that failed before. */
export interface HealthWatch {
  /** Lets an attempt out and counts it as running, refuses it, or lets it wait. */
  enter(call: LayerCall, slot: number): void | Promise<void>;
  /** Learns how an attempt ended that was let out. */
  leave(call: LayerCall, slot: number, error: unknown): void;
}

/** How well one model, or one tool, answers. */
export class Health {
  /** Answers that came before the watch began. */
  successes = 0;
  /** Those of them that came before anything failed. */
  successesAtFirst = 0;
  /** Failures that came before the watch began, the first few. */
  readonly failures: unknown[] = [];
  /** Attempts under way. */
  running = 0;
  watch: HealthWatch | undefined = undefined;
}

/** What may be called again without asking: models, and tools that say so. */
export function isRepeatable({ kind, policy }: AnyRunnable): boolean {
  return kind === "model" || (kind === "tool" && policy?.idempotent === true);
}

/** Gives the health of a runnable: a model's is shared by all of its name on the runtime, anything else has its own. */
export function healthOf(runnable: AnyRunnable, runtime: Runtime): Health {
  const all = runtime.shared("flock.health", () => ({
    models: new Map<string, Health>(),
    others: new WeakMap<AnyRunnable, Health>(),
  }));
  const isModel = runnable.kind === "model";
  let health = isModel ? all.models.get(runnable.name) : all.others.get(runnable);
  if (health === undefined) {
    health = new Health();
    if (isModel) all.models.set(runnable.name, health);
    else all.others.set(runnable, health);
  }
  return health;
}
