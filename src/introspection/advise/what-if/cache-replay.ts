/** Runs recorded calls through a cache as the framework's own would have answered them, call by call. */

import type { EvictionStrategy } from "../../../core/cache-settings.ts";
import { CacheTable, type TableLimits } from "../../../eviction/cache-table.ts";
import { EndQueue, type TimedCall } from "./end-queue.ts";

/** A recorded call, as a cache sees it. */
export interface AskedCall extends TimedCall {
  readonly key: string | number;
  /** It gave an answer, which a cache would have kept. */
  readonly ok: boolean;
  /** It asks anew whatever is kept. @default false */
  readonly isRefresh?: boolean;
}

/** The cache to try. */
export interface ReplayedCache {
  /** @default no limit */
  readonly maxEntries?: number;
  /** Milliseconds from when an answer was kept until it is forgotten; `Infinity` for never. @default 3,600,000 */
  readonly ttlMs?: number;
  /** @default "lru" */
  readonly strategy?: EvictionStrategy;
  /** 32 bits that choose which keys tinylfu samples; a cache in use draws its own. @default 1 */
  readonly seed?: number;
}

/** A cache that is changed while it is in use. */
export interface CacheChange {
  readonly to: ReplayedCache;
  /** Position of the first call that meets the changed cache. */
  readonly at: number;
  /** What was kept until then is left behind. @default false */
  readonly isEmptied?: boolean;
}

/** What the cache would have done. */
export interface CacheReplay {
  /** Calls it would have answered: from memory, or with an answer that was already being made. */
  readonly hits: number;
  /** Part of the hits that waits for a call under way. */
  readonly joined: number;
  /** What each call would have taken, by position; -1 for one that would have been made as it was. */
  readonly durationsMs: Float64Array;
  /** Entries held at the end. */
  readonly entries: number;
  /** Position of the call by which the first entry had left, for want of room or by its age; the number of calls when none had. */
  readonly firstLeft: number;
}

/** What a cache keeps answers for when nothing else is said. */
export const defaultTtlMs = 3_600_000;

/**
 * Replays calls in order of their start, beginning with an empty cache: one with a question whose answer is kept takes no
 * time, one whose question is being answered waits for that, only good answers are kept, at their end. The table of entries
 * is that of the caches themselves, so it is exact for the recorded sequence and each strategy, but for the keys that
 * tinylfu samples; calls keep the time at which they began.
 */
export function replayCache(calls: readonly AskedCall[], cache: ReplayedCache = {}, change?: CacheChange): CacheReplay {
  const kept = new KeptAnswers(cache, calls[0]?.startMs ?? 0);
  const flights = new Map<string, number>();
  const ends = new EndQueue(calls);
  const durationsMs = new Float64Array(calls.length).fill(-1);
  let hits = 0;
  let joined = 0;
  let firstLeft = calls.length;
  for (let index = 0; index < calls.length; index++) {
    const { startMs, isRefresh = false } = calls[index]!;
    const key = `${calls[index]!.key}`;
    for (let done = ends.next(startMs); done >= 0; done = ends.next(startMs)) {
      const leader = calls[done]!;
      // Whoever asked anew meanwhile has taken its place.
      if (flights.get(`${leader.key}`) !== done) continue;
      flights.delete(`${leader.key}`);
      if (leader.ok) kept.keep(`${leader.key}`, leader.startMs + leader.durationMs);
    }
    if (index === change?.at) kept.change(change, startMs);
    const isKept = !isRefresh && kept.use(key, startMs);
    if (firstLeft > index && kept.left > 0) firstLeft = index;
    const leader = isRefresh ? undefined : flights.get(key);
    if (isKept) {
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
  return { hits, joined, durationsMs, entries: kept.entries, firstLeft };
}

/** The caches' own table without values, in milliseconds from the first call on. */
class KeptAnswers {
  readonly #originMs: number;
  #table: CacheTable;
  #ttlMs: number;

  constructor(cache: ReplayedCache, originMs: number) {
    this.#originMs = originMs;
    this.#table = new CacheTable(limitsOf(cache));
    this.#ttlMs = cache.ttlMs ?? defaultTtlMs;
  }

  get entries(): number {
    return this.#table.entries;
  }

  /** Entries that have left so far. */
  get left(): number {
    return this.#table.evictions + this.#table.expirations;
  }

  /** Tells whether an answer is kept and not too old; uses it. */
  use(key: string, atMs: number): boolean {
    const slot = this.#table.find(key);
    if (slot === undefined) return false;
    const isFresh = atMs - this.#originMs < this.#table.endsAt(slot);
    if (isFresh) this.#table.touch(slot);
    else this.#table.expire(slot);
    return isFresh;
  }

  keep(key: string, atMs: number): void {
    const now = atMs - this.#originMs;
    this.#table.fill(this.#table.open(key, 0, now), undefined, Math.floor(now + this.#ttlMs));
  }

  /** What is kept stays as long as it was to, as far as there is room. */
  change({ to, isEmptied = false }: CacheChange, atMs: number): void {
    if (isEmptied) this.#table = new CacheTable(limitsOf(to));
    else this.#table.limit(limitsOf(to), atMs - this.#originMs);
    this.#ttlMs = to.ttlMs ?? defaultTtlMs;
  }
}

function limitsOf({ maxEntries = Number.POSITIVE_INFINITY, strategy = "lru", seed = 1 }: ReplayedCache): TableLimits {
  return { maxEntries, maxBytes: Number.POSITIVE_INFINITY, strategy, seed };
}
