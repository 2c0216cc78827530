/** Works out what runs are with a cache: those that were recorded, and those to come. */

import { meanOf } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";
import { type Episode, spentIn } from "../../record/episodes.ts";
import type { Forecast } from "../suggestion.ts";
import { type CacheReplay, replayCache } from "./cache-replay.ts";
import type { SeenCall } from "./cacheable-calls.ts";
import { forecastMean, windowsOf } from "./forecast.ts";
import { owing, passedOn } from "./owed-answers.ts";
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
  const windows = windowsOf(recorded, nextRuns).map(({ from, to }) => {
    const asked = calls.filter(({ run }) => run >= from && run < to);
    const replay = replayCache(asked, cache);
    const runs = runsWith(episodes, asked, replay, { from, to });
    return { episodes: episodes.slice(from, to), runs, passedOn: passedOn(asked, replay, from) };
  });
  const left = (figure: (episode: Episode) => number, saved: (runs: CachedRuns) => Float64Array) =>
    windows.map(({ episodes, runs, passedOn }) => {
      const figures = saved(runs).map((ms, index) => figure(episodes[index]!) - ms);
      return { figures, owed: owing(figures, saved(runs), passedOn, -1) };
    });
  const forecast = (
    of: Pick<Forecast, "metric" | "unit">,
    figure: (episode: Episode) => number,
    saved: (runs: CachedRuns) => Float64Array,
  ): Forecast => forecastMean({ ...of, before: meanOf(episodes.map(figure)) }, left(figure, saved), recorded);
  const hits = forecastMean(
    { metric: "cacheHitRate", unit: `share of calls to ${calls[0]!.node.call.name}`, before: 0 },
    windows.map(({ runs: { hitShares }, passedOn }, index) => {
      const owed = Array.from(owing(hitShares, hitShares, passedOn, 1));
      // That no run asked what nobody else did may be chance: one more counts as if it had.
      return { figures: hitShares, owed: index === 0 ? [...owed, 0] : owed };
    }),
    recorded,
  );
  const cost = forecast(
    { metric: "costMicroUsd", unit: "micro-dollars" },
    ({ costMicroUsd }) => costMicroUsd ?? 0,
    ({ savedMicroUsd }) => savedMicroUsd,
  );
  const time = forecast(
    { metric: "avgExecutionTimeMs", unit: "ms" },
    ({ durationMs }) => durationMs,
    ({ savedMs }) => savedMs,
  );
  return [
    time,
    ...(cost.before === 0 ? [] : [cost]),
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
