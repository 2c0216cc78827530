/** The way through limits that processes share: asked after this process's own, waited for in lines that are short. */

import { isFlockError } from "../../../core/errors/errors.ts";
import type { Runtime } from "../../../core/runtime/runtime.ts";
import type { SharedLimits, SharedRefusal } from "../../../core/shared-limits.ts";
import type { Hold } from "../hold.ts";
import type { Scope } from "../limits/scope.ts";
import { queueFull } from "../refusals.ts";
import { asksOf, nothingHeard, sharedRefused } from "./shared-asks.ts";
import { SharedLane, SharedWaiter } from "./shared-lane.ts";
import { SharedLedger } from "./shared-ledger.ts";

/** How one acquisition waits here. */
export interface SharedWait {
  readonly signal: AbortSignal | undefined;
  readonly priority: number;
  readonly timeoutMs: number | undefined;
  /** Monotonic milliseconds from which `timeoutMs` counts. */
  readonly since: number;
}

/** At most this long between two questions of whoever stands first. */
const longestPauseMs = 500;
/** Between questions when nobody knows when something comes back; doubled up to the longest. */
const shortestPauseMs = 20;

/**
 * Asks for one lease after the other. Whoever is refused stands in the lane of the limit that was short; of each lane the
 * first alone asks again, so that a process asks a few times a second at most, however many wait in it. It asks when time
 * frees something, when the limits call, and at growing, jittered pauses in any case.
 */
export class SharedGate {
  readonly #limits: SharedLimits;
  readonly #runtime: Runtime;
  readonly #ledger: SharedLedger;
  readonly #lanes = new Map<string, SharedLane>();
  #isWatching = false;
  #hasWarned = false;
  #lastSerial = 0;
  readonly #aborted = (waiter: SharedWaiter): void => this.#fail(waiter, waiter.signal?.reason);

  constructor(limits: SharedLimits, runtime: Runtime) {
    this.#limits = limits;
    this.#runtime = runtime;
    this.#ledger = new SharedLedger(limits, runtime);
  }

  /** Takes the shared part of what a lease has already got here. A rejection has given the shared part back, not the local. */
  pass(hold: Hold, wait: SharedWait): Promise<void> {
    const asks = asksOf(hold);
    if (asks.length === 0) return Promise.resolve();
    if (wait.signal?.aborted) return Promise.reject(wait.signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#lastSerial += 1;
    const waiter = new SharedWaiter(
      hold,
      { id: this.#runtime.createId(), serial: this.#lastSerial, priority: wait.priority },
      { resolve, reject },
      this.#aborted,
    );
    if (wait.signal !== undefined) {
      waiter.signal = wait.signal;
      wait.signal.addEventListener("abort", waiter, { once: true });
    }
    this.#limitWait(waiter, wait);
    const lane = asks.map(({ name }) => this.#lanes.get(name)).find((one) => one !== undefined);
    if (lane === undefined) void this.#ask(waiter, false);
    else this.#stand(waiter, lane);
    return promise;
  }

  /** Tells the shared limits what is left to tell. */
  flush(): Promise<void> {
    return this.#ledger.flush();
  }

  /** What was waited for this process's own limits counts, so waits of equal length do not end in the order they come here. */
  #limitWait(waiter: SharedWaiter, { timeoutMs, since }: SharedWait): void {
    if (timeoutMs === undefined) return;
    const left = since + timeoutMs - this.#runtime.monotonic();
    waiter.deadline = this.#runtime.setTimer(() => {
      const refusal = waiter.refusal ?? nothingHeard(waiter.hold, waiter.lane?.name);
      this.#fail(waiter, sharedRefused(waiter.hold, refusal, timeoutMs));
    }, left);
  }

  async #ask(waiter: SharedWaiter, stands: boolean): Promise<void> {
    const asks = asksOf(waiter.hold);
    const { id } = waiter;
    waiter.isAsked = true;
    waiter.isAsking = true;
    try {
      const answer = await this.#limits.acquire(id, asks, stands);
      waiter.isAsking = false;
      if (waiter.isOver) return;
      if (answer.granted) this.#pass(waiter, asks, true);
      else if (answer.isFinal) this.#fail(waiter, sharedRefused(waiter.hold, answer, undefined));
      else this.#refused(waiter, answer, stands);
    } catch (error) {
      waiter.isAsking = false;
      if (waiter.isOver) return;
      const isAway = isFlockError(error, "store_failed") && this.#limits.onUnavailable === "local";
      if (!isAway) return this.#fail(waiter, error);
      this.#warnOfAbsence();
      this.#pass(waiter, asks, false);
    }
  }

  #pass(waiter: SharedWaiter, asks: ReturnType<typeof asksOf>, isKnown: boolean): void {
    this.#leave(waiter);
    const { hold } = waiter;
    hold.shared ??= [];
    hold.shared.unshift(this.#ledger.hold(waiter.id, asks, isKnown));
    waiter.resolve();
  }

  #fail(waiter: SharedWaiter, error: unknown): void {
    if (waiter.isOver) return;
    this.#leave(waiter);
    // Even a question whose answer is not known yet, or was lost, must leave nothing there.
    if (waiter.isAsked) this.#ledger.tell({ id: waiter.id, end: "cancelled" });
    waiter.reject(error);
  }

  #refused(waiter: SharedWaiter, refusal: SharedRefusal, stood: boolean): void {
    waiter.refusal = refusal;
    const lane = this.#lanes.get(refusal.limit) ?? this.#newLane(refusal.limit);
    if (waiter.lane === lane) {
      this.#askLater(lane);
      return;
    }
    if (stood) {
      // Its place in the line there would hold up who stands first in the lane it comes to.
      this.#ledger.tell({ id: waiter.id, end: "cancelled" });
      waiter.id = this.#runtime.createId();
      waiter.isAsked = false;
    }
    this.#leaveLane(waiter);
    this.#stand(waiter, lane);
  }

  #stand(waiter: SharedWaiter, lane: SharedLane): void {
    if (!waiter.isQueued) {
      const full = fullScope(waiter.hold.scope);
      if (full !== undefined) {
        this.#fail(waiter, queueFull(full, waiter.hold, false));
        this.#forgetEmpty(lane);
        return;
      }
      waiter.isQueued = true;
      countQueued(waiter.hold.scope, 1);
    }
    this.#watch();
    lane.add(waiter);
    if (lane.first === waiter) void this.#ask(waiter, true);
  }

  #askLater(lane: SharedLane): void {
    const { first } = lane;
    if (first === undefined) return;
    if (lane.isCalled) {
      lane.isCalled = false;
      void this.#ask(first, true);
      return;
    }
    const known = first.refusal?.freesUpInMs;
    const random = this.#runtime.random();
    const unknown = shortestPauseMs * 2 ** Math.min(lane.misses, 6) * (0.5 + random);
    lane.misses += 1;
    const pause = known === undefined ? unknown : Math.ceil(known + random);
    lane.askAfter(this.#runtime, Math.min(longestPauseMs, pause), () => void this.#ask(first, true));
  }

  #leave(waiter: SharedWaiter): void {
    waiter.isOver = true;
    waiter.signal?.removeEventListener("abort", waiter);
    waiter.deadline?.cancel();
    if (waiter.isQueued) countQueued(waiter.hold.scope, -1);
    this.#leaveLane(waiter);
  }

  #leaveLane(waiter: SharedWaiter): void {
    const { lane } = waiter;
    if (lane === undefined) return;
    const wasFirst = lane.first === waiter;
    lane.remove(waiter);
    this.#forgetEmpty(lane);
    if (wasFirst && lane.first !== undefined) void this.#ask(lane.first, true);
  }

  #newLane(name: string): SharedLane {
    const lane = new SharedLane(name);
    this.#lanes.set(name, lane);
    return lane;
  }

  #forgetEmpty(lane: SharedLane): void {
    if (lane.first === undefined && this.#lanes.get(lane.name) === lane) this.#lanes.delete(lane.name);
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#limits.watch((id) => {
      for (const lane of this.#lanes.values()) {
        const { first } = lane;
        if (first?.id !== id) continue;
        lane.misses = 0;
        if (first.isAsking) lane.isCalled = true;
        else {
          lane.stopTimer();
          void this.#ask(first, true);
        }
      }
    });
  }

  #warnOfAbsence(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#runtime.warn(
      `the shared limits in ${this.#limits.name} cannot be reached; until they can, each process keeps its own limits alone`,
      "shared_limits_unavailable",
    );
  }
}

/** Finds the gate to shared limits on a runtime: one for all managers, so that one timer keeps all leases alive. */
export function sharedGate(limits: SharedLimits, runtime: Runtime): SharedGate {
  const gates = runtime.shared("flock.shared-limits", () => new WeakMap<SharedLimits, SharedGate>());
  let gate = gates.get(limits);
  if (gate === undefined) {
    gate = new SharedGate(limits, runtime);
    gates.set(limits, gate);
  }
  return gate;
}

function fullScope(scope: Scope): Scope | undefined {
  return scope.above.find((at) => at.queued >= at.maxQueue);
}

function countQueued(scope: Scope, by: number): void {
  for (const at of scope.above) at.queued += by;
}
