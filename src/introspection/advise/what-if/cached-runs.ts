/** Works out what runs are with a cache: those that were recorded, and those to come. */

import { meanOf } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";
import { type Episode, spentIn } from "../../record/episodes.ts";
import type { Forecast } from "../suggestion.ts";
import { type CacheReplay, replayCache } from "./cache-replay.ts";
import type { SeenCall } from "./cacheable-calls.ts";
import { forecastMean, windowsOf } from "./forecast.ts";
import { replayDuration } from "./replay.ts";

/** A cache that might be turned on. */
export interface ChosenCache {
  readonly maxEntries: number;
  readonly ttlMs: number;
  readonly strategy: "lru" | "lfu";
}

/** What a cache makes of some runs. */
export interface CachedRuns {
  readonly savedMs: Float64Array;
  readonly savedMicroUsd: Float64Array;
  readonly savedTokens: number;
  /** Of each run, the share of its calls that is answered; of the mean each run counts by its calls. */
  readonly hitShares: Float64Array;
}

/** Forecasts time, cost and hit rate of the next runs, each window beginning with an empty cache. */
export function forecastCached(
  episodes: readonly Episode[],
  calls: readonly SeenCall[],
  cache: ChosenCache,
  nextRuns: number,
): readonly Forecast[] {
  const recorded = episodes.length;
  const cached = windowsOf(recorded, nextRuns).map(({ from, to }) => {
    const asked = calls.filter(({ run }) => run >= from && run < to);
    const runs = runsWith(episodes, asked, replayCache(asked, cache), { from, to });
    const left = (figures: (episode: Episode) => number, saved: Float64Array): Float64Array =>
      saved.map((ms, index) => figures(episodes[from + index]!) - ms);
    return {
      ms: left(({ durationMs }) => durationMs, runs.savedMs),
      cost: left(({ costMicroUsd }) => costMicroUsd ?? 0, runs.savedMicroUsd),
      hits: runs.hitShares,
    };
  });
  const meanBefore = (figure: (episode: Episode) => number): number => meanOf(episodes.map(figure));
  const ofTime = { metric: "avgExecutionTimeMs", unit: "ms", recorded } as const;
  const ofCost = { metric: "costMicroUsd", unit: "micro-dollars", recorded } as const;
  const ofHits = { metric: "cacheHitRate", unit: `share of calls to ${calls[0]!.node.call.name}`, recorded } as const;
  const hits = forecastMean(
    { ...ofHits, before: 0 },
    cached.map((one) => one.hits),
  );
  const costBefore = meanBefore(({ costMicroUsd }) => costMicroUsd ?? 0);
  return [
    forecastMean(
      { ...ofTime, before: meanBefore(({ durationMs }) => durationMs) },
      cached.map((one) => one.ms),
    ),
    ...(costBefore === 0
      ? []
      : [
          forecastMean(
            { ...ofCost, before: costBefore },
            cached.map((one) => one.cost),
          ),
        ]),
    { ...hits, low: Math.max(0, hits.low), high: Math.min(1, hits.high) },
  ];
}

/** Gives what runs would have been with the answers a cache gives. */
export function runsWith(
  episodes: readonly Episode[],
  calls: readonly SeenCall[],
  replay: CacheReplay,
  { from, to }: { readonly from: number; readonly to: number },
): CachedRuns {
  const answered = new Map<CallNode, number>();
  const touched = new Set<number>();
  const asked = new Float64Array(to - from);
  const hitShares = new Float64Array(to - from);
  const savedMicroUsd = new Float64Array(to - from);
  let savedTokens = 0;
  calls.forEach(({ node, run }, index) => {
    asked[run - from]! += 1;
    const takesMs = replay.durationsMs[index]!;
    if (takesMs < 0) return;
    answered.set(node, takesMs);
    touched.add(run);
    const spent = spentIn(node);
    hitShares[run - from]! += 1;
    savedMicroUsd[run - from]! += spent.costMicroUsd ?? 0;
    savedTokens += spent.tokens;
  });
  const callsPerRun = calls.length / Math.max(1, to - from);
  const savedMs = new Float64Array(to - from);
  for (let run = from; run < to; run++) {
    if (callsPerRun > 0) hitShares[run - from]! /= callsPerRun;
    const root = touched.has(run) ? episodes[run]!.root : undefined;
    if (root !== undefined)
      savedMs[run - from] = root.call.durationMs - replayDuration(root, (node) => answered.get(node));
  }
  return { savedMs, savedMicroUsd, savedTokens, hitShares };
}
