/** The first level: values in memory by text, fresh, stale or gone, and the counts of what was asked. */

import type { Runtime } from "../../core/runtime/runtime.ts";
import { CacheTable, type TableLimits } from "../../eviction/cache-table.ts";
import type { CompleteCacheConfig } from "./cache-config.ts";
import { type CacheStats, type CountName, type Counts, noCounts, OwnerCounts } from "./cache-stats.ts";
import { BurstClock } from "./memory/burst-clock.ts";
import { copyOut, type PrivateCopy } from "./memory/private-copy.ts";

/** An error that is given again for a while. */
export class KeptError {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** What a value is kept with in memory. */
export interface KeepFacts {
  /** Milliseconds for which it is fresh; null for ever. @default that of the cache */
  readonly ttlMs?: number | null | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly owner?: string | undefined;
  /** What it weighs with its key. @default an estimate */
  readonly size?: number | undefined;
}

/** Values with a time, over a {@link CacheTable} that knows no freshness. */
export class CacheMemory {
  readonly #table: CacheTable;
  readonly #clock: BurstClock;
  readonly #staleMs: number;
  readonly #seed: number;
  readonly #owners = new OwnerCounts();
  readonly counts: Counts = noCounts();
  /** While it is false, nothing new may be kept. */
  isOn: boolean;
  /** Milliseconds for which new values are fresh, unless they say otherwise. */
  ttlMs: number | null;
  /** The value the last {@link look} found. */
  found: unknown = undefined;

  constructor(config: CompleteCacheConfig, runtime: Runtime) {
    this.isOn = config.enabled;
    this.ttlMs = config.ttlMs;
    this.#seed = Math.floor(runtime.random() * 2 ** 32);
    this.#table = new CacheTable(this.#limits(config));
    this.#clock = new BurstClock(runtime);
    this.#staleMs = config.staleWhileRevalidateMs;
  }

  /** Gives a copy of a fresh value, or undefined; counts and uses it. */
  get(id: string): unknown {
    const slot = this.#table.find(id);
    if (slot === undefined || !this.#isFresh(slot)) {
      this.counts.misses += 1;
      return undefined;
    }
    const value = this.#table.valueAt(slot);
    if (typeof value === "object" && value instanceof KeptError) {
      this.counts.misses += 1;
      return undefined;
    }
    this.counts.hits += 1;
    this.#table.touch(slot);
    return copyOut(value);
  }

  /** Tells whether there is a fresh value, without using it. */
  has(id: string): boolean {
    const slot = this.#table.find(id);
    return slot !== undefined && this.#isFresh(slot) && !(this.#table.valueAt(slot) instanceof KeptError);
  }

  /** Looks for a value, fresh or stale, or an error that is kept; leaves it, as it is, in {@link found}. Counts nothing. */
  look(id: string): "fresh" | "stale" | "gone" {
    const slot = this.#table.find(id);
    if (slot === undefined) return "gone";
    const isFresh = this.#isFresh(slot);
    // What has ended was taken out just now.
    if (!isFresh && (this.#staleMs === 0 || this.#table.find(id) === undefined)) return "gone";
    this.found = this.#table.valueAt(slot);
    if (!isFresh && this.found instanceof KeptError) return "gone";
    this.#table.touch(slot);
    return isFresh ? "fresh" : "stale";
  }

  /** Keeps a copy that belongs to the cache. Gives whether there was room for it at all. */
  keep(id: string, { value, bytes }: PrivateCopy, facts: KeepFacts): boolean {
    const { ttlMs = this.ttlMs, size = bytes + id.length, tags, owner } = facts;
    const now = this.#clock.recent();
    // Rounded down: a value may end early, never late.
    const endsAt = ttlMs === null ? Number.POSITIVE_INFINITY : Math.floor(now + ttlMs + this.#staleMs);
    const slot = this.#table.open(id, size, Math.floor(now));
    if (slot === -1) return false;
    this.#table.fill(slot, value, endsAt);
    if (tags !== undefined || owner !== undefined) this.#table.label(slot, tags, owner);
    return true;
  }

  delete(id: string): boolean {
    const slot = this.#table.find(id);
    if (slot === undefined) return false;
    const was = this.#isFresh(slot);
    if (this.#table.find(id) !== undefined) this.#table.remove(slot);
    return was;
  }

  deleteWhere(chosen: Parameters<CacheTable["removeWhere"]>[0]): number {
    return this.#table.removeWhere(chosen);
  }

  limit(config: CompleteCacheConfig): void {
    this.ttlMs = config.ttlMs;
    this.#table.limit(this.#limits(config), this.#clock.read());
  }

  count(name: CountName, owner: string | undefined): void {
    this.counts[name] += 1;
    if (owner !== undefined) this.#owners.count(owner, name);
  }

  stats(): Omit<CacheStats, "storeHits" | "storeErrors"> {
    const { entries, bytes, evictions, expirations, way } = this.#table;
    return { ...this.counts, entries, bytes, evictions, expirations, evicting: way, owners: this.#owners.toJSON() };
  }

  /** Tells whether an entry is fresh; takes it out when it is not even stale. */
  #isFresh(slot: number): boolean {
    const endsAt = this.#table.endsAt(slot);
    if (this.#clock.isBefore(endsAt - this.#staleMs)) return true;
    if (this.#staleMs === 0 || !this.#clock.isBefore(endsAt)) this.#table.expire(slot);
    return false;
  }

  #limits({ maxEntries, maxBytes, strategy }: CompleteCacheConfig): TableLimits {
    return { maxEntries, maxBytes, strategy, seed: this.#seed };
  }
}
