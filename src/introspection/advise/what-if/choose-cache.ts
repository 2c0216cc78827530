/** Chooses the cache to turn on for some calls: its size, and who leaves first where that matters. */

import type { Knobs } from "../../../core/knob.ts";
import { lasting } from "./cache-in-use.ts";
import { replayCache } from "./cache-replay.ts";
import type { SeenCall } from "./cacheable-calls.ts";
import type { ChosenCache } from "./cached-runs.ts";
import type { MissRatioCurve } from "./reuse-distances.ts";

/** A cache of the chosen size answers at least this share of what an endless one does. */
const plateau = 0.98;
const smallestCache = 16;
const largestCache = 16_384;

/** Tells how long a cache that is turned on would keep answers: as declared, and as caches do where nothing is said. */
export function ttlToBe(name: string, knobs: Knobs | undefined): number {
  const knob = `cache:${name}`;
  return lasting(Object(knobs?.has(knob) ? knobs.read(knob) : undefined).ttlMs);
}

/**
 * Gives the smallest size that comes near what an endless cache does, rounded up to a power of two, read off the exact
 * miss-ratio curve. Where all that repeats finds room it does not matter who leaves first, so only a cache that is too small
 * is tried each way.
 */
export function chooseCache(calls: readonly SeenCall[], curve: MissRatioCurve, ttlMs: number): ChosenCache {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(smallestCache, curve.smallestFor(plateau))));
  const maxEntries = Math.min(largestCache, wanted);
  const lru = { maxEntries, ttlMs, strategy: "lru" } as const;
  if (wanted === maxEntries) return lru;
  const others = (["tinylfu", "lfu"] as const).map((strategy) => {
    return { cache: { ...lru, strategy }, hits: replayCache(calls, { ...lru, strategy }).hits };
  });
  const best = others.sort((a, b) => b.hits - a.hits)[0]!;
  return best.hits > replayCache(calls, lru).hits * 1.02 ? best.cache : lru;
}
