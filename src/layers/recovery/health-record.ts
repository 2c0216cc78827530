/** Keeps what failures of one model or tool teach: its retry budget, its rest, its breaker; made at the first failure. */

import type { LayerCall, LayerHost } from "../../core/layer.ts";
import type { RetryStep } from "../../core/recovery-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import { Cooldown } from "../../core/runtime/cooldown.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { classifyFailure } from "./classify-failure.ts";
import { defaultRetry } from "./defaults.ts";
import { type Health, type HealthWatch, healthOf, isRepeatable } from "./health.ts";
import { RetryBudget } from "./retry-budget.ts";

/** The watch over one model or tool. */
export class HealthRecord implements HealthWatch {
  readonly budget = new RetryBudget(defaultRetry.budgetReserve);
  /** What a success earns: that of whoever asks for most. */
  #perSuccess = defaultRetry.budgetPerSuccess;
  readonly #cooldown: Cooldown;
  readonly #key: string;

  constructor(runnable: AnyRunnable, runtime: Runtime, health: Health) {
    this.#key = runnable.name;
    this.#cooldown = runtime.shared("flock.cooldown", () => new Cooldown({ runtime }));
    for (const error of health.failures.splice(0)) this.#failed(error);
  }

  /** Widens the budget to what a retry declares. */
  askFor(step: RetryStep): void {
    this.budget.atLeast(step.budgetReserve);
    this.#perSuccess = Math.max(this.#perSuccess, step.budgetPerSuccess);
  }

  enter(call: LayerCall): void | Promise<void> {
    if (call.runnable.kind === "model" && this.#cooldown.remainingMs(this.#key) > 0) return this.#rest(call);
  }

  leave(call: LayerCall, _slot: number, error: unknown): void {
    if (error === undefined) this.budget.deposit(this.#perSuccess);
    else if (!call.wasCancelled) this.#failed(error);
  }

  #failed(error: unknown): void {
    this.#cooldown.hold(this.#key, classifyFailure(error).retryAfterMs ?? 0);
  }

  async #rest(call: LayerCall): Promise<void> {
    const began = call.runtime.monotonic();
    call.waitStart("cooldown");
    try {
      await this.#cooldown.wait(this.#key, call.context.signal);
    } finally {
      call.waitEnd("cooldown", call.runtime.monotonic() - began);
    }
  }
}

/** Gives the record of what may be called again; undefined for agents and patterns, which keep none. */
export function recordOf(call: LayerCall, host: LayerHost): HealthRecord | undefined {
  if (!isRepeatable(call.runnable)) return undefined;
  const health = healthOf(call.runnable, host.runtime);
  health.watch ??= new HealthRecord(call.runnable, host.runtime, health);
  return health.watch as HealthRecord;
}
