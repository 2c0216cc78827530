/** Works out what runs are with a cache: those that were recorded, and those to come. */

import type { EvictionStrategy } from "../../../core/cache-settings.ts";
import { meanOf } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";
import { type Episode, spentIn } from "../../record/episodes.ts";
import type { Forecast } from "../suggestion.ts";
import { type CacheReplay, replayCache } from "./cache-replay.ts";
import type { SeenCall } from "./cacheable-calls.ts";
import { forecastMean, type RunWindow, windowsOf } from "./forecast.ts";
import { owing, type PassedOn, passedOn } from "./owed-answers.ts";
import { replayDuration } from "./replay.ts";

/** A cache as it is, or might be. */
export interface ChosenCache {
  readonly maxEntries: number;
  /** `Infinity` for ever. */
  readonly ttlMs: number;
  readonly strategy: EvictionStrategy;
}

/** A cache to try, and what it comes after. */
export interface TriedCache {
  readonly to: ChosenCache;
  /** The cache that is there until then. @default none: it begins empty */
  readonly now?: ChosenCache;
  /** What the cache of now keeps is left behind. @default false */
  readonly isEmptied?: boolean;
  /** Position of the first run that says what runs to come will be like. @default 0 */
  readonly warm?: number;
}

/** What a cache makes of some runs. */
export interface CachedRuns {
  readonly savedMs: Float64Array;
  readonly savedMicroUsd: Float64Array;
  readonly savedTokens: number;
  /** Of each run, the share of its calls that is answered; of the mean each run counts by its calls. */
  readonly hitShares: Float64Array;
}

/** Forecasts time, cost and hit rate of the next runs, each window beginning with the change. */
export function forecastCached(
  episodes: readonly Episode[],
  calls: readonly SeenCall[],
  tried: TriedCache,
  nextRuns: number,
): readonly Forecast[] {
  const { warm = 0 } = tried;
  const recorded = episodes.length - warm;
  const windows = windowsOf(recorded, nextRuns).map((window) => {
    const [from, to] = [window.from + warm, window.to + warm];
    return { episodes: episodes.slice(from, to), ...replayRuns(episodes, calls, tried, { from, to }) };
  });
  const answered = calls.reduce((sum, { whenMade }) => sum + (whenMade === undefined ? 0 : 1), 0);
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
    { metric: "cacheHitRate", unit: `share of calls to ${calls[0]!.node.call.name}`, before: answered / calls.length },
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

/** Gives what some runs would have been with a cache that comes with the first of them. */
function replayRuns(
  episodes: readonly Episode[],
  calls: readonly SeenCall[],
  tried: TriedCache,
  window: RunWindow,
): { readonly runs: CachedRuns; readonly passedOn: readonly PassedOn[] } {
  const from = tried.now === undefined ? window.from : 0;
  const asked = calls.filter(({ run }) => run >= from && run < window.to);
  const replay = replayFrom(asked, tried, window.from);
  // What was kept before the window is owed to none of its runs.
  const owed = passedOn(asked, replay, window.from).filter((one) => one.from >= 0 && one.to >= 0);
  return { runs: runsWith(episodes, asked, replay, window), passedOn: owed };
}

/** Replays calls through a cache that comes with a run; those before meet the one that is there now. */
export function replayFrom(
  calls: readonly SeenCall[],
  { to, now, isEmptied = false }: TriedCache,
  from: number,
): CacheReplay {
  if (now === undefined) return replayCache(calls, to);
  return replayCache(calls, now, { to, at: calls.findIndex(({ run }) => run >= from), isEmptied });
}

/** Gives what runs would have been with the answers a cache gives; calls of earlier ones are passed over. */
export function runsWith(
  episodes: readonly Episode[],
  calls: readonly SeenCall[],
  replay: CacheReplay,
  { from, to }: RunWindow,
): CachedRuns {
  const changed = new Map<CallNode, number>();
  const touched = new Set<number>();
  const hitShares = new Float64Array(to - from);
  const asked = new Float64Array(to - from);
  const savedMicroUsd = new Float64Array(to - from);
  let savedTokens = 0;
  calls.forEach(({ node, run, whenMade }, index) => {
    if (run < from) return;
    asked[run - from]! += 1;
    const takesMs = replay.durationsMs[index]!;
    const isAnswered = takesMs >= 0;
    if (isAnswered) hitShares[run - from]! += 1;
    if (isAnswered === (whenMade !== undefined)) return;
    changed.set(node, isAnswered ? takesMs : whenMade!.durationMs);
    touched.add(run);
    const sign = isAnswered ? 1 : -1;
    const spent = whenMade ?? spentIn(node);
    savedMicroUsd[run - from]! += sign * (spent.costMicroUsd ?? 0);
    savedTokens += sign * spent.tokens;
  });
  const callsPerRun = asked.reduce((sum, count) => sum + count, 0) / Math.max(1, to - from);
  const savedMs = new Float64Array(to - from);
  for (let run = from; run < to; run++) {
    if (callsPerRun > 0) hitShares[run - from]! /= callsPerRun;
    const root = touched.has(run) ? episodes[run]!.root : undefined;
    if (root !== undefined)
      savedMs[run - from] = root.call.durationMs - replayDuration(root, (node) => changed.get(node));
  }
  return { savedMs, savedMicroUsd, savedTokens, hitShares };
}
