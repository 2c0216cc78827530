/** The shared limits of one process, for tests on a clock that moves when told; the conformance suite holds it to the port. */

import type { Runtime } from "../../../src/core/runtime/runtime.ts";
import type {
  SharedAnswer,
  SharedAsk,
  SharedChange,
  SharedLease,
  SharedLimit,
  SharedLimits,
  SharedUsage,
} from "../../../src/core/shared-limits.ts";

interface Taken {
  readonly name: string;
  readonly kind: SharedLimit["kind"];
  readonly amount: number;
  readonly windowMs: number;
  readonly at: number;
}

interface Known {
  readonly taken: Taken[];
  expiresAt: number;
  isSettled: boolean;
}

interface Place {
  readonly limit: string;
  readonly ticket: number;
  readonly amount: number;
  readonly until: number;
}

const lineMs = 3_000;

export class MemorySharedLimits implements SharedLimits {
  readonly name = "memory";
  readonly leaseMs: number;
  onUnavailable: "refuse" | "local" = "refuse";
  /** Rejects everything with it while it is set. */
  failure: unknown;
  /** Milliseconds until it answers. */
  delayMs = 0;
  /** Milliseconds its decision on a question takes to arrive. */
  replyDelayMs = 0;
  readonly #runtime: Runtime;
  readonly #leases = new Map<string, Known>();
  readonly #cancelled = new Map<string, number>();
  readonly #spent = new Map<string, number>();
  readonly #windows = new Map<string, { readonly slot: number; readonly amount: number }[]>();
  readonly #places = new Map<string, Place>();
  readonly #listeners = new Set<(id: string) => void>();
  #lastTicket = 0;

  constructor(runtime: Runtime, leaseMs = 30_000) {
    this.#runtime = runtime;
    this.leaseMs = leaseMs;
  }

  async acquire(id: string, asks: readonly SharedAsk[], stands: boolean): Promise<SharedAnswer> {
    await this.#answer();
    const answer = this.#decide(id, asks, stands);
    if (this.replyDelayMs > 0) await this.#runtime.sleep(this.replyDelayMs);
    return answer;
  }

  #decide(id: string, asks: readonly SharedAsk[], stands: boolean): SharedAnswer {
    const now = this.#runtime.monotonic();
    if ((this.#cancelled.get(id) ?? 0) > now) {
      return { granted: false, limit: asks[0]!.name, used: 0, reserved: 0, freesUpInMs: undefined, isFinal: true };
    }
    if (this.#leases.has(id)) return { granted: true };
    for (const [other, { until }] of this.#places) if (until <= now) this.#places.delete(other);
    const place = this.#places.get(id);
    const ticket = place?.ticket ?? ++this.#lastTicket;
    const short = this.#short(id, asks, ticket, place?.limit, now);
    this.#places.delete(id);
    if (short !== undefined) {
      const { ask, answer } = short;
      if (stands && !answer.isFinal) {
        this.#places.set(id, { limit: ask.name, ticket, amount: ask.amount, until: now + lineMs });
      }
      return answer;
    }
    const taken = asks.map((ask) => this.#take(ask, now));
    this.#leases.set(id, { taken, expiresAt: now + this.leaseMs, isSettled: false });
    for (const { name } of asks) this.#wake(name);
    return { granted: true };
  }

  async change(changes: readonly SharedChange[]): Promise<void> {
    await this.#answer();
    const now = this.#runtime.monotonic();
    for (const { id, used, end } of changes) {
      const place = this.#places.get(id);
      const known = this.#leases.get(id);
      if (known !== undefined && !known.isSettled && (used !== undefined || end === "cancelled")) {
        known.isSettled = true;
        for (const taken of known.taken) {
          const actual = end === "cancelled" && used === undefined ? 0 : used?.[taken.name];
          if (actual !== undefined) this.#settle(taken, actual, now);
        }
      }
      if (end === undefined) continue;
      this.#places.delete(id);
      this.#leases.delete(id);
      if (end === "cancelled") this.#cancelled.set(id, now + this.leaseMs);
      for (const name of [place?.limit, ...(known?.taken ?? []).map((taken) => taken.name)]) {
        if (name !== undefined) this.#wake(name);
      }
    }
  }

  async renew(leases: readonly SharedLease[]): Promise<void> {
    await this.#answer();
    const now = this.#runtime.monotonic();
    for (const { id, asks } of leases) {
      if ((this.#cancelled.get(id) ?? 0) > now) continue;
      const known = this.#leases.get(id);
      if (known !== undefined) known.expiresAt = now + this.leaseMs;
      else {
        const kept = asks.filter(({ kind }) => kind !== "window");
        const taken = kept.map((ask) => this.#take(ask, now));
        this.#leases.set(id, { taken, expiresAt: now + this.leaseMs, isSettled: false });
      }
    }
  }

  async usage(limits: readonly SharedLimit[]): Promise<SharedUsage[]> {
    await this.#answer();
    const now = this.#runtime.monotonic();
    return limits.map((limit) => {
      const { used, reserved } = this.#measure(limit, now);
      const waiting = [...this.#places.values()].filter((place) => place.limit === limit.name && place.until > now);
      const freesUpInMs = used < limit.capacity ? 0 : this.#waitFor(limit, 1 - (limit.capacity - used), now);
      return { name: limit.name, used, reserved, waiting: waiting.length, freesUpInMs };
    });
  }

  watch(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
  }

  #short(id: string, asks: readonly SharedAsk[], ticket: number, stood: string | undefined, now: number) {
    let short: { ask: SharedAsk; answer: SharedAnswer & { granted: false } } | undefined;
    for (const ask of asks) {
      const { used, reserved } = this.#measure(ask, now);
      let ahead = 0;
      for (const [other, place] of this.#places) {
        if (other !== id && place.limit === ask.name && place.ticket < ticket) ahead += place.amount;
      }
      const missing = ask.amount + ahead - (ask.capacity - used);
      const left = ask.kind === "budget" ? ask.capacity - (used - reserved) : ask.capacity;
      const isFinal = ask.amount > left;
      if (missing <= 0 && !isFinal) continue;
      const isBetter = short === undefined || (!short.answer.isFinal && (isFinal || ask.name === stood));
      if (!isBetter) continue;
      const freesUpInMs = this.#waitFor(ask, missing, now);
      short = { ask, answer: { granted: false, limit: ask.name, used, reserved, freesUpInMs, isFinal } };
    }
    return short;
  }

  #take({ name, kind, amount, windowMs = 0 }: SharedAsk, now: number): Taken {
    if (kind === "budget") this.#spent.set(name, (this.#spent.get(name) ?? 0) + amount);
    if (kind === "window") this.#slots(name, windowMs, now).push({ slot: slotOf(now, windowMs), amount });
    return { name, kind, amount, windowMs, at: now };
  }

  #settle({ name, kind, amount, windowMs, at }: Taken, actual: number, now: number): void {
    if (kind === "budget") this.#spent.set(name, (this.#spent.get(name) ?? 0) + actual - amount);
    if (kind === "window") {
      const slot = slotOf(actual > amount ? now : at, windowMs);
      this.#slots(name, windowMs, now).push({ slot, amount: actual - amount });
    }
    this.#wake(name);
  }

  #slots(name: string, windowMs: number, now: number) {
    const slots = (this.#windows.get(name) ?? []).filter(({ slot }) => slotOf(now, windowMs) - slot < 65);
    this.#windows.set(name, slots);
    return slots;
  }

  #measure({ name, kind, windowMs = 0 }: SharedLimit, now: number): { used: number; reserved: number } {
    if (kind === "window") {
      return { used: this.#slots(name, windowMs, now).reduce((sum, { amount }) => sum + amount, 0), reserved: 0 };
    }
    let held = 0;
    for (const { taken, expiresAt, isSettled } of this.#leases.values()) {
      if (expiresAt <= now || (kind === "budget" && isSettled)) continue;
      for (const one of taken) if (one.name === name) held += one.amount;
    }
    return kind === "permits" ? { used: held, reserved: 0 } : { used: this.#spent.get(name) ?? 0, reserved: held };
  }

  #waitFor({ kind, name, windowMs = 0 }: SharedLimit, missing: number, now: number): number | undefined {
    if (kind !== "window") return undefined;
    let still = missing;
    for (const { slot, amount } of this.#slots(name, windowMs, now).toSorted((a, b) => a.slot - b.slot)) {
      still -= amount;
      if (still <= 0) return ((slot + 65) * windowMs) / 64 - now;
    }
    return undefined;
  }

  #wake(name: string): void {
    let first: [string, Place] | undefined;
    for (const entry of this.#places) {
      if (entry[1].limit === name && (first === undefined || entry[1].ticket < first[1].ticket)) first = entry;
    }
    if (first !== undefined) for (const listener of this.#listeners) listener(first[0]);
  }

  async #answer(): Promise<void> {
    if (this.delayMs > 0) await this.#runtime.sleep(this.delayMs);
    else await undefined;
    if (this.failure !== undefined) throw this.failure;
  }
}

function slotOf(now: number, windowMs: number): number {
  return Math.floor((now * 64) / windowMs);
}
