/** Runs recorded calls through a cache as the framework's own would have answered them, call by call. */

import type { EvictionStrategy } from "../../../core/cache-settings.ts";

/** A recorded call, as a cache sees it. */
export interface AskedCall {
  readonly key: string | number;
  readonly startMs: number;
  readonly durationMs: number;
  /** It gave an answer, which a cache would have kept. */
  readonly ok: boolean;
}

/** The cache to try. */
export interface ReplayedCache {
  /** @default no limit */
  readonly maxEntries?: number;
  /** Milliseconds from when an answer was kept until it is forgotten. @default 3,600,000 */
  readonly ttlMs?: number;
  /** @default "lru" */
  readonly strategy?: Exclude<EvictionStrategy, "tinylfu">;
}

/** What the cache would have done. */
export interface CacheReplay {
  /** Calls it would have answered: from memory, or with an answer that was already being made. */
  readonly hits: number;
  /** Part of the hits that waits for a call under way. */
  readonly joined: number;
  /** What each call would have taken, by position; -1 for one that would have been made as it was. */
  readonly durationsMs: Float64Array;
}

/**
 * Replays calls in order of their start, beginning with an empty cache: one with a question whose answer is kept takes no
 * time, one whose question is being answered waits for that, only good answers are kept, at their end. Exact for the
 * recorded sequence and both strategies; calls keep the time at which they began.
 */
export function replayCache(calls: readonly AskedCall[], cache: ReplayedCache = {}): CacheReplay {
  const { maxEntries = Number.POSITIVE_INFINITY, ttlMs = 3_600_000, strategy = "lru" } = cache;
  const kept = strategy === "lru" ? new RecentKeys(maxEntries) : new FrequentKeys(maxEntries);
  const flights = new Map<string | number, number>();
  const ends = new EndQueue(calls);
  const durationsMs = new Float64Array(calls.length).fill(-1);
  let hits = 0;
  let joined = 0;
  for (let index = 0; index < calls.length; index++) {
    const { key, startMs } = calls[index]!;
    for (let done = ends.next(startMs); done >= 0; done = ends.next(startMs)) {
      const leader = calls[done]!;
      flights.delete(leader.key);
      if (leader.ok) kept.keep(leader.key, leader.startMs + leader.durationMs);
    }
    const keptAt = kept.use(key, startMs - ttlMs);
    const leader = flights.get(key);
    if (keptAt) {
      hits++;
      durationsMs[index] = 0;
    } else if (leader !== undefined) {
      hits++;
      joined++;
      durationsMs[index] = calls[leader]!.startMs + calls[leader]!.durationMs - startMs;
    } else {
      flights.set(key, index);
      ends.add(index);
    }
  }
  return { hits, joined, durationsMs };
}

/** Keys in order of use. */
class RecentKeys {
  readonly #most: number;
  readonly #keptAt = new Map<string | number, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Tells whether a key is kept and not older than `since`; uses it. */
  use(key: string | number, since: number): boolean {
    const at = this.#keptAt.get(key);
    if (at === undefined) return false;
    this.#keptAt.delete(key);
    if (at <= since) return false;
    this.#keptAt.set(key, at);
    return true;
  }

  keep(key: string | number, at: number): void {
    this.#keptAt.delete(key);
    this.#keptAt.set(key, at);
    if (this.#keptAt.size > this.#most) this.#keptAt.delete(this.#keptAt.keys().next().value!);
  }
}

/** Keys by how often they were used; of those used least the one used longest ago leaves, as soon as there is no room. */
class FrequentKeys {
  readonly #most: number;
  readonly #entries = new Map<string | number, { at: number; uses: number }>();
  readonly #byUses = new Map<number, Set<string | number>>();

  constructor(most: number) {
    this.#most = most;
  }

  use(key: string | number, since: number): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#leave(key, entry.uses);
    if (entry.at <= since) {
      this.#entries.delete(key);
      return false;
    }
    entry.uses++;
    this.#enter(key, entry.uses);
    return true;
  }

  keep(key: string | number, at: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.at = at;
      return;
    }
    if (this.#entries.size >= this.#most) this.#evict();
    this.#entries.set(key, { at, uses: 1 });
    this.#enter(key, 1);
  }

  #evict(): void {
    const least = Math.min(...this.#byUses.keys());
    const key = this.#byUses.get(least)!.values().next().value!;
    this.#leave(key, least);
    this.#entries.delete(key);
  }

  #enter(key: string | number, uses: number): void {
    const keys = this.#byUses.get(uses) ?? new Set();
    this.#byUses.set(uses, keys.add(key));
  }

  #leave(key: string | number, uses: number): void {
    const keys = this.#byUses.get(uses)!;
    keys.delete(key);
    if (keys.size === 0) this.#byUses.delete(uses);
  }
}

/** Calls under way, the one that ends first on top: a binary heap of positions. */
class EndQueue {
  readonly #calls: readonly AskedCall[];
  readonly #heap: number[] = [];

  constructor(calls: readonly AskedCall[]) {
    this.#calls = calls;
  }

  add(index: number): void {
    const heap = this.#heap;
    let at = heap.push(index) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.#endAt(above) <= this.#endAt(at)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  /** Takes one that has ended by then; -1 when none has. */
  next(time: number): number {
    const heap = this.#heap;
    if (heap.length === 0 || this.#endAt(0) > time) return -1;
    const first = heap[0]!;
    const moved = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = moved;
      this.#sink();
    }
    return first;
  }

  #sink(): void {
    const { length } = this.#heap;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < length && this.#endAt(child) < this.#endAt(least)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #endAt(at: number): number {
    const { startMs, durationMs } = this.#calls[this.#heap[at]!]!;
    return startMs + durationMs;
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  }
}
