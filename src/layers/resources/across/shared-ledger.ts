/** What this process holds of shared limits, and the background in which it is kept alive, settled and given back. */

import type { Runtime, Timer } from "../../../core/runtime/runtime.ts";
import type { SharedAsk, SharedChange, SharedLimits } from "../../../core/shared-limits.ts";
import type { UsedAmounts } from "../hold.ts";
import type { Limit } from "../limits/limit.ts";
import { sharedName } from "./shared-asks.ts";

/** Changes that wait to be told; beyond them the oldest are dropped, and Redis counts on until their leases end. */
const maxPending = 10_000;
const batchSize = 100;
/** A disposal tries this often to tell what is left. */
const flushAttempts = 3;

interface Entry {
  readonly change: SharedChange;
  readonly lease: HeldShared | undefined;
}

/** Tells everything in order: what a lease used before its end, and no sign of life after it. */
export class SharedLedger {
  readonly #limits: SharedLimits;
  readonly #runtime: Runtime;
  readonly #held = new Map<string, HeldShared>();
  readonly #pending = new Map<string, Entry>();
  #running: Promise<void> | undefined;
  #retry: Timer | undefined;
  #heartbeat: Timer | undefined;
  #beatIsDue = false;
  #failures = 0;
  #hasWarned = false;

  constructor(limits: SharedLimits, runtime: Runtime) {
    this.#limits = limits;
    this.#runtime = runtime;
  }

  /** @param isKnown whether the shared limits gave it; if not they are told of it as soon as they can be reached. */
  hold(id: string, asks: readonly SharedAsk[], isKnown: boolean): HeldShared {
    const lease = new HeldShared(this, id, asks, isKnown);
    this.#held.set(id, lease);
    if (isKnown) this.#armHeartbeat(this.#limits.leaseMs / 3);
    else this.#beat();
    return lease;
  }

  /** Tells in the background what becomes of a lease. */
  tell(change: SharedChange, lease?: HeldShared): void {
    const { id, end } = change;
    if (end !== undefined) this.#held.delete(id);
    const older = this.#pending.get(id);
    this.#pending.set(id, { change: { ...older?.change, ...change }, lease: lease ?? older?.lease });
    if (this.#pending.size > maxPending) this.#drop();
    this.#start();
  }

  /** Tells what is left now; gives up after a few attempts and warns, since the shared limits free permits by themselves. */
  async flush(): Promise<void> {
    for (let attempt = 0; attempt < flushAttempts; attempt++) {
      this.#retry?.cancel();
      this.#retry = undefined;
      this.#start();
      await this.#running;
      if (this.#pending.size === 0) return;
    }
    this.#warn(`${this.#pending.size} leases could not be given back`);
  }

  #start(): void {
    if (this.#running !== undefined || this.#retry !== undefined) return;
    if (this.#pending.size === 0 && !this.#beatIsDue) return;
    this.#running = this.#send().finally(() => {
      this.#running = undefined;
    });
  }

  async #send(): Promise<void> {
    // What follows in the same turn, a release right after a settle, goes with it.
    await undefined;
    while (this.#pending.size > 0 || this.#beatIsDue) {
      const batch = this.#takeBatch();
      try {
        await this.#renew(batch);
        if (batch.length > 0) await this.#limits.change(batch.map(([, { change }]) => change));
        this.#failures = 0;
      } catch {
        this.#putBack(batch);
        this.#failures += 1;
        const pause = Math.min(2_000, 100 * 2 ** Math.min(this.#failures, 5)) * (0.5 + this.#runtime.random() / 2);
        this.#retry = this.#runtime.setTimer(() => {
          this.#retry = undefined;
          this.#start();
        }, pause);
        this.#retry.unref();
        return;
      }
    }
  }

  #takeBatch(): [string, Entry][] {
    const batch: [string, Entry][] = [];
    for (const entry of this.#pending) {
      if (batch.push(entry) === batchSize) break;
    }
    for (const [id] of batch) this.#pending.delete(id);
    return batch;
  }

  /** Signs of life of all that is held, and of what ends before anybody was told that it began. */
  async #renew(batch: readonly [string, Entry][]): Promise<void> {
    const leases = batch.flatMap(([, { lease }]) => (lease !== undefined && !lease.isKnown ? [lease] : []));
    if (this.#beatIsDue) leases.push(...this.#held.values());
    for (let from = 0; from < leases.length; from += batchSize) {
      const some = leases.slice(from, from + batchSize);
      await this.#limits.renew(some.map(({ id, asks }) => ({ id, asks })));
      for (const lease of some) lease.isKnown = true;
    }
    if (!this.#beatIsDue) return;
    this.#beatIsDue = false;
    this.#armHeartbeat(this.#limits.leaseMs / 3);
  }

  #putBack(batch: readonly [string, Entry][]): void {
    const newer = [...this.#pending];
    this.#pending.clear();
    for (const [id, entry] of batch) this.#pending.set(id, entry);
    for (const [id, { change, lease }] of newer) {
      const older = this.#pending.get(id);
      this.#pending.set(id, { change: { ...older?.change, ...change }, lease: lease ?? older?.lease });
    }
  }

  #armHeartbeat(delayMs: number): void {
    if (this.#heartbeat !== undefined || this.#held.size === 0) return;
    this.#heartbeat = this.#runtime.setTimer(() => {
      this.#heartbeat = undefined;
      if (this.#held.size > 0) this.#beat();
    }, delayMs);
    this.#heartbeat.unref();
  }

  #beat(): void {
    this.#beatIsDue = true;
    this.#start();
  }

  #drop(): void {
    const [oldest] = this.#pending.keys();
    if (oldest !== undefined) this.#pending.delete(oldest);
    this.#warn(`more than ${maxPending} leases wait to be given back; the oldest are forgotten`);
  }

  #warn(what: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const { name, leaseMs } = this.#limits;
    this.#runtime.warn(
      `${what} to the shared limits in ${name}, which cannot be reached: ` +
        `their permits are free after ${leaseMs} ms, and what they reserved counts as used`,
      "shared_limits_unavailable",
    );
  }
}

/** One lease in shared limits. */
export class HeldShared {
  readonly id: string;
  readonly #ledger: SharedLedger;
  /** What it still holds. */
  asks: readonly SharedAsk[];
  isKnown: boolean;

  constructor(ledger: SharedLedger, id: string, asks: readonly SharedAsk[], isKnown: boolean) {
    this.#ledger = ledger;
    this.id = id;
    this.asks = asks;
    this.isKnown = isKnown;
  }

  settle(limits: readonly Limit[], used: UsedAmounts): void {
    const amounts: Record<string, number> = {};
    for (const limit of limits) {
      const name = sharedName(limit);
      const ask = limit.kind === "permits" ? undefined : this.asks.find((one) => one.name === name);
      if (ask !== undefined) amounts[name] = used[limit.dimension] ?? ask.amount;
    }
    if (Object.keys(amounts).length > 0) this.#ledger.tell({ id: this.id, used: amounts }, this);
    if (this.isKnown) this.asks = this.asks.filter(({ kind }) => kind === "permits");
  }

  release(): void {
    this.#ledger.tell({ id: this.id, end: "released" }, this);
  }
}
