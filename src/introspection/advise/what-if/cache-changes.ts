/** Tries other sizes, ways to evict and times to keep on a cache that is on, and says which are more than noise better. */

import type { EvictionStrategy } from "../../../core/cache-settings.ts";
import { type Interval, meanInterval, meanOf } from "../../measure/statistics.ts";
import type { Episode } from "../../record/episodes.ts";
import { smallestGain } from "../suggestion.ts";
import type { CacheInUse } from "./cache-in-use.ts";
import type { CacheReplay } from "./cache-replay.ts";
import { usualTtls } from "./cached-figures.ts";
import { type CachedRuns, type ChosenCache, replayFrom, runsWith } from "./cached-runs.ts";

/** What of a cache might be other. */
export type CacheSetting = "size" | "policy" | "ttl";

/** Another cache, against the one in use, over the recorded calls since that was warm. */
export interface CacheTrial {
  readonly setting: CacheSetting;
  readonly to: ChosenCache;
  readonly calls: number;
  readonly hits: number;
  readonly hitsNow: number;
  /** Calls that only the other one answers, and only the one in use. */
  readonly gained: number;
  readonly lost: number;
  /** Entries held at the end. */
  readonly entries: number;
  readonly entriesNow: number;
  /** Below 0 where runs would take longer. */
  readonly savedMs: number;
  readonly savedInterval: Interval;
  readonly timeShare: number;
  readonly costShare: number;
}

/** Sizes from which on a larger one is not worth while, as a share of what an endless cache answers. */
const plateau = 0.98;
const smallestCache = 16;
const largestCache = 16_384;
/** What gains this share of what a larger cache would gain needs none. */
const asGood = 0.8;
/** Answers to be asked for again that a smaller or shorter-lived cache may lose, as a share of the calls. */
const mayLose = 0.005;
/** A smaller cache must let go of so many times what it keeps, and of so many entries. */
const worthLess = 4;
const fewestFreed = 256;

const strategies: readonly EvictionStrategy[] = ["lru", "lfu", "tinylfu"];
const forever = Number.POSITIVE_INFINITY;

/** Tries changes of one cache on the recorded calls. */
export class CacheChanges {
  readonly #episodes: readonly Episode[];
  readonly #inUse: CacheInUse;
  readonly #base: { readonly replay: CacheReplay; readonly runs: CachedRuns };

  constructor(episodes: readonly Episode[], inUse: CacheInUse) {
    this.#episodes = episodes;
    this.#inUse = inUse;
    this.#base = { replay: inUse.replay, runs: this.#runsWith(inUse.replay) };
  }

  /**
   * Gives what would answer so many more calls that runs surely gain by it. A larger cache is left out where another way to
   * evict does nearly as well in the room there is.
   */
  better(): readonly CacheTrial[] {
    const { now } = this.#inUse;
    const found = strategies
      .filter((strategy) => strategy !== now.strategy)
      .flatMap((strategy) => this.#ifBetter("policy", { ...now, strategy }));
    const [policy] = found.sort((a, b) => worth(b) - worth(a));
    const maxEntries = this.#largerSize();
    const larger = maxEntries === undefined ? [] : this.#ifBetter("size", { ...now, maxEntries });
    const ttlMs = this.#longerTtl();
    const longer = ttlMs === undefined ? [] : this.#ifBetter("ttl", { ...now, ttlMs });
    const isRoomEnough = policy !== undefined && larger[0] !== undefined && worth(policy) >= asGood * worth(larger[0]);
    return [...(policy === undefined ? [] : [policy]), ...(isRoomEnough ? [] : larger), ...longer];
  }

  /** Gives what would answer as many calls with far less held, or with far fresher answers. */
  cheaper(): CacheTrial | undefined {
    const { now, replay, calls } = this.#inUse;
    for (let size = smallestCache; size * worthLess <= replay.entries; size *= 2) {
      if (replay.entries - size < fewestFreed) break;
      const trial = this.#try("size", { ...now, maxEntries: size });
      if (isHarmless(trial)) return trial;
    }
    const spanMs = calls.at(-1)!.startMs - calls[0]!.startMs;
    // Whether older answers are asked for shows only in a record that is longer than they are kept.
    if (now.ttlMs * 2 > spanMs) return undefined;
    const shorter = Object.values(usualTtls).filter((ttlMs) => ttlMs * 5 <= now.ttlMs);
    return shorter.map((ttlMs) => this.#try("ttl", { ...now, ttlMs })).find(isHarmless);
  }

  #ifBetter(setting: CacheSetting, to: ChosenCache): readonly CacheTrial[] {
    const trial = this.#try(setting, to);
    const { gained, lost, savedInterval, timeShare, costShare } = trial;
    // Of calls that only one of two caches answers, half would be the other's by chance (Q. McNemar, 1947).
    const isChance = gained - lost <= 2 * Math.sqrt(gained + lost);
    const isSure = costShare > timeShare || savedInterval.low > 0;
    return isChance || !isSure || Math.max(timeShare, costShare) < smallestGain ? [] : [trial];
  }

  #largerSize(): number | undefined {
    const { now, calls } = this.#inUse;
    const wanted = plateau * this.#hits({ ...now, maxEntries: forever });
    const distinct = new Set(calls.map(({ key }) => key)).size;
    const first = Math.floor(Math.log2(now.maxEntries)) + 1;
    let [low, high] = [first, Math.ceil(Math.log2(Math.min(largestCache, Math.max(1, distinct))))];
    if (high < first) return undefined;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#hits({ ...now, maxEntries: 2 ** middle }) >= wanted) high = middle;
      else low = middle + 1;
    }
    return 2 ** low;
  }

  #longerTtl(): number | undefined {
    const { now, calls } = this.#inUse;
    const spanMs = calls.at(-1)!.startMs - calls[0]!.startMs;
    const longer = Object.values(usualTtls).filter((ttlMs) => ttlMs > now.ttlMs && ttlMs <= spanMs);
    if (longer.length === 0) return undefined;
    const wanted = plateau * this.#hits({ ...now, ttlMs: forever });
    return longer.find((ttlMs) => this.#hits({ ...now, ttlMs }) >= wanted) ?? longer.at(-1);
  }

  #hits(to: ChosenCache): number {
    const { durationsMs } = this.#replay(to);
    return this.#inUse.calls.reduce((sum, { run }, index) => {
      return sum + (run >= this.#inUse.warm && durationsMs[index]! >= 0 ? 1 : 0);
    }, 0);
  }

  #replay(to: ChosenCache): CacheReplay {
    const { calls, now, warm, leavesBehind: isEmptied } = this.#inUse;
    return replayFrom(calls, { to, now, isEmptied }, warm);
  }

  #runsWith(replay: CacheReplay): CachedRuns {
    const { calls, warm } = this.#inUse;
    return runsWith(this.#episodes, calls, replay, { from: warm, to: this.#episodes.length });
  }

  #try(setting: CacheSetting, to: ChosenCache): CacheTrial {
    const { calls, warm } = this.#inUse;
    const replay = this.#replay(to);
    const { replay: replayNow, runs: runsNow } = this.#base;
    const counts = { calls: 0, hits: 0, hitsNow: 0, gained: 0, lost: 0 };
    calls.forEach(({ run }, index) => {
      if (run < warm) return;
      const isHit = replay.durationsMs[index]! >= 0;
      const wasHit = replayNow.durationsMs[index]! >= 0;
      counts.calls++;
      if (isHit) counts.hits++;
      if (wasHit) counts.hitsNow++;
      if (isHit && !wasHit) counts.gained++;
      if (wasHit && !isHit) counts.lost++;
    });
    const runs = this.#runsWith(replay);
    const saved = Array.from(runs.savedMs, (ms, run) => ms - runsNow.savedMs[run]!);
    const since = this.#episodes.slice(warm);
    const tokens = since.reduce((sum, episode) => sum + episode.tokens, 0);
    const savedMs = meanOf(saved);
    return {
      ...{ setting, to, ...counts, entries: replay.entries, entriesNow: replayNow.entries },
      ...{ savedMs, savedInterval: meanInterval(saved) },
      timeShare: savedMs / (meanOf(since.map(({ durationMs }) => durationMs)) || 1),
      costShare: tokens === 0 ? 0 : (runs.savedTokens - runsNow.savedTokens) / tokens,
    };
  }
}

function worth({ timeShare, costShare }: CacheTrial): number {
  return Math.max(timeShare, costShare);
}

function isHarmless({ hits, hitsNow, calls, timeShare, costShare }: CacheTrial): boolean {
  return hitsNow - hits <= mayLose * calls && timeShare > -mayLose && costShare > -mayLose;
}
