/** Keeps what failures of one model or tool teach: its retry budget, its rest, its breaker; made at the first failure. */

import { codeOf } from "../../core/errors/errors.ts";
import type { LayerCall, LayerHost } from "../../core/layer.ts";
import { defaultBreaker, defaultRetry } from "../../core/recovery-defaults.ts";
import type { BreakerStep, RetryStep } from "../../core/recovery-settings.ts";
import { breakerKnob } from "./breaker/breaker-knob.ts";
import { type BreakerState, type BreakerTicket, CircuitBreaker } from "./breaker/circuit-breaker.ts";
import { FailureStreak } from "./breaker/failure-streak.ts";
import { healthVerdict } from "./breaker/health-verdict.ts";
import { BackoffWaits } from "./budget/backoff-waits.ts";
import { RetryBudget } from "./budget/retry-budget.ts";
import { nearestOf } from "./declared-steps.ts";
import { type Health, type HealthWatch, healthOf, isRepeatable } from "./health.ts";
import { ModelRate } from "./rate/model-rate.ts";
import { ofKind } from "./step-of.ts";

/** The watch over one model or tool. */
export class HealthRecord implements HealthWatch {
  readonly breaker: CircuitBreaker;
  /** What was declared for the breaker; undefined while the default holds. */
  #declared: BreakerStep | undefined = undefined;
  readonly budget: RetryBudget;
  readonly #backoffs: BackoffWaits;
  readonly #streak = new FailureStreak();
  readonly #health: Health;
  /** What a success earns: that of whoever asks for most. */
  #perSuccess = defaultRetry.budgetPerSuccess;
  readonly rate: ModelRate;
  readonly #key: string;
  /** The ticket of calls that entered before there was a breaker. */
  readonly #early: BreakerTicket;
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** Whose run is told of changes. */
  #teller: LayerCall | undefined = undefined;

  constructor({ runnable, runtime }: LayerCall, health: Health) {
    this.#key = runnable.name;
    this.#health = health;
    this.budget = new RetryBudget(defaultRetry.budgetReserve, runtime, () => health.running === 0);
    this.#backoffs = new BackoffWaits(runtime);
    this.rate = new ModelRate(this.#key, runtime);
    const { step: _, ...settings } = defaultBreaker;
    this.breaker = new CircuitBreaker(settings, {
      runtime,
      name: this.#key,
      onChange: (from, to) => this.#changed(from, to),
      mayOpen: (evidence) => this.#streak.convinces(runtime.monotonic(), evidence),
    });
    // Of what came before the first failure nobody knows how old it is.
    const before = Math.min(health.successesAtFirst * this.#perSuccess, defaultRetry.budgetReserve);
    this.budget.deposit(before + (health.successes - health.successesAtFirst) * this.#perSuccess);
    // Until now nobody looked when answers came.
    if (health.successes > 0) this.#answeredAt = runtime.monotonic();
    this.#early = this.breaker.tryEnter()!;
  }

  /** Learns from a call that failed: what is declared for it, and what failed before there was a record. */
  meet(call: LayerCall, host: LayerHost): void {
    this.#declared ??= this.#read(nearestOf(call, host, ofKind("breaker"), true), call);
    const id = `breaker:${this.#key}`;
    if (!host.knobs.has(id)) host.knobs.register(breakerKnob(this.#key, this.breaker));
    for (const error of this.#health.failures.splice(0)) {
      this.rate.learn(call, error);
      this.#learn(call, this.#early, error);
    }
  }

  /** Widens the budget to what a retry declares. */
  askFor(step: RetryStep): void {
    this.budget.atLeast(step.budgetReserve);
    this.#perSuccess = Math.max(this.#perSuccess, step.budgetPerSuccess);
  }

  /** Waits for the time of a retry and its place in the budget; false when there is to be none. */
  async waitForRetry(step: RetryStep, delayMs: number, signal: AbortSignal): Promise<boolean> {
    this.askFor(step);
    if (this.breaker.isRefusing) return false;
    if (delayMs > 0 && !(await this.#backoffs.wait(delayMs, signal))) return false;
    return this.budget.tryTake() || this.budget.take(signal);
  }

  enter(call: LayerCall, slot: number): void | Promise<void> {
    if (this.breaker.isRefusing) throw this.breaker.refusal(call.path);
    const waiting = call.runnable.kind === "model" ? this.rate.enter(call) : undefined;
    if (waiting !== undefined) return waiting.then(() => this.#admit(call, slot));
    this.#admit(call, slot);
  }

  leave(call: LayerCall, slot: number, error: unknown): void {
    this.#health.running -= 1;
    this.rate.leave(call, error);
    const ticket = (call.getSlot(slot) as BreakerTicket | undefined) ?? this.#early;
    if (error === undefined) {
      this.budget.deposit(this.#perSuccess, call.startedAt);
      this.#answered(call, ticket);
    } else if (call.wasCancelled) this.#leftOpen(call, ticket);
    else this.#learn(call, ticket, error);
  }

  #read(declared: BreakerStep | undefined, call: LayerCall): BreakerStep | undefined {
    if (declared === undefined) return undefined;
    const { step: _, ...settings } = declared;
    try {
      this.breaker.configure(settings);
    } catch (fault) {
      call.context.warn("option_invalid", (fault as Error).message);
    }
    return declared;
  }

  #admit(call: LayerCall, slot: number): void {
    this.#teller = call;
    const ticket = this.breaker.tryEnter();
    this.#teller = undefined;
    if (ticket === undefined) {
      this.rate.callOff(call);
      throw this.breaker.refusal(call.path);
    }
    if (ticket !== this.#early) call.setSlot(slot, ticket);
    this.#health.running += 1;
  }

  #learn(call: LayerCall, ticket: BreakerTicket, error: unknown): void {
    const verdict = healthVerdict(error);
    if (verdict === "answered") return this.#answered(call, ticket);
    // An attempt that was cut says little of now when others were answered since it began.
    const isOld = codeOf(error) === "timeout" && call.startedAt < this.#answeredAt;
    if (verdict === "unknown" || isOld) return this.#leftOpen(call, ticket);
    this.#streak.failed(call.runtime.monotonic(), call.startedAt, this.#health.running);
    this.budget.failed(call.startedAt);
    this.#teller = call;
    this.breaker.failed(ticket);
    this.#teller = undefined;
  }

  #answered(call: LayerCall, ticket: BreakerTicket): void {
    this.#answeredAt = call.runtime.monotonic();
    this.#streak.succeeded();
    this.#teller = call;
    this.breaker.succeeded(ticket);
    this.#teller = undefined;
  }

  #leftOpen(call: LayerCall, ticket: BreakerTicket): void {
    this.#streak.left(call.startedAt);
    this.breaker.abandoned(ticket);
  }

  #changed(from: BreakerState, to: BreakerState): void {
    this.#teller?.breakerChanged(this.#key, from, to);
    if (to !== "open") return;
    // Nothing is worth waiting for now: those who wait fail, or turn to what else was declared.
    this.budget.refuse();
    this.#backoffs.endAll();
  }
}

/** Gives the record of what may be called again; undefined for agents and patterns, which keep none. */
export function recordOf(call: LayerCall, host: LayerHost): HealthRecord | undefined {
  if (!isRepeatable(call.runnable)) return undefined;
  const health = healthOf(call.runnable, host.runtime);
  health.watch ??= new HealthRecord(call, health);
  const record = health.watch as HealthRecord;
  record.meet(call, host);
  return record;
}
