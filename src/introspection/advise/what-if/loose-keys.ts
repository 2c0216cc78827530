/** What a cache would answer more if questions that differ in case and white space alone were asked alike. */

import { meanInterval, meanOf } from "../../measure/statistics.ts";
import type { Episode } from "../../record/episodes.ts";
import {
  countOf,
  defaultNextRuns,
  duration,
  type Forecast,
  percent,
  points,
  type Suggestion,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import { cacheInUse } from "./cache-in-use.ts";
import { type CallGroup, cacheableCalls, isCovered, type SeenCall } from "./cacheable-calls.ts";
import { savedCalls } from "./cached-answers.ts";
import { forecastCached, replayFrom, runsWith, type TriedCache } from "./cached-runs.ts";
import { chooseCache, ttlToBe } from "./choose-cache.ts";
import { missRatioCurve } from "./reuse-distances.ts";

const fewestMore = 5;

/**
 * Advises to write questions alike where their spelling keeps a cache from answering them: the recorded calls are replayed
 * through the cache that is on, or that would be turned on, once by their input and once by its texts without case and surplus
 * white space. What a cache that is advised further out would answer is not counted twice. No setting does that, since only a
 * person knows whether the spelling matters.
 */
export function looseKeys(input: WhatIfInput): readonly WeighedSuggestion[] {
  const saved = savedCalls(input);
  return cacheableCalls(input.episodes).flatMap((all) => {
    const isMade = ({ node: { parent } }: SeenCall): boolean => parent === undefined || !isCovered(parent, saved);
    const group = saved.size === 0 ? all : { ...all, calls: all.calls.filter(isMade) };
    if (group.calls.some(({ looseKey }) => looseKey === undefined)) return [];
    const spellings = new Set(group.calls.map(({ key }) => key)).size;
    const questions = new Set(group.calls.map(({ looseKey }) => looseKey)).size;
    const tried = spellings - questions < fewestMore ? undefined : triedCache(input, group);
    return tried === undefined ? [] : weigh(input, group.name, tried, { spellings, questions });
  });
}

interface TriedCalls {
  readonly calls: readonly SeenCall[];
  readonly cache: TriedCache;
}

/** The cache that is on, or the one to turn on. */
function triedCache({ knobs }: WhatIfInput, group: CallGroup): TriedCalls | undefined {
  if (group.isCached) {
    const inUse = cacheInUse(group, knobs);
    return inUse && { calls: inUse.calls, cache: { to: inUse.now, now: inUse.now, warm: inUse.since } };
  }
  const curve = missRatioCurve(group.calls.map(({ looseKey }) => looseKey!));
  return { calls: group.calls, cache: { to: chooseCache(group.calls, curve, ttlToBe(group.name, knobs)) } };
}

function weigh(
  { name: owner, episodes, nextRuns = defaultNextRuns }: WhatIfInput,
  name: string,
  { calls, cache }: TriedCalls,
  found: { readonly spellings: number; readonly questions: number },
): readonly WeighedSuggestion[] {
  const alike = calls.map((call) => ({ ...call, key: call.looseKey! }));
  const from = cache.warm ?? 0;
  const asIs = answered(episodes, calls, cache, from);
  const asOne = answered(episodes, alike, cache, from);
  const saved = Array.from(asOne.runs.savedMs, (ms, run) => ms - asIs.runs.savedMs[run]!);
  const savedMs = meanOf(saved);
  const interval = meanInterval(saved);
  const since = episodes.slice(from);
  const tokens = since.reduce((sum, episode) => sum + episode.tokens, 0);
  const timeShare = savedMs / (meanOf(since.map(({ durationMs }) => durationMs)) || 1);
  const costShare = (asOne.runs.savedTokens - asIs.runs.savedTokens) / Math.max(1, tokens);
  const value = Math.max(timeShare, costShare);
  const isSure = costShare > timeShare || interval.low > 0;
  if (asOne.hits - asIs.hits < fewestMore || value < smallestGain || !isSure) return [];

  const forecasts = forecastCached(episodes, alike, cache, nextRuns);
  const evidence = {
    ...{ calls: asIs.calls, hits: asOne.hits, hitsAsTheyAre: asIs.hits, ...found, savedMsPerRun: savedMs },
    ...{ entries: cache.to.maxEntries, strategy: cache.to.strategy, isOn: cache.now === undefined ? "no" : "yes" },
  };
  const predicted = {
    ...{ metric: "avgExecutionTimeMs", change: -savedMs, low: -interval.high, high: -interval.low },
    unit: `ms per run of ${owner}, beside what the cache saves of inputs as they are`,
  };
  const gain = `${duration(savedMs)} more a run of ${owner} (${percent(timeShare)})`;
  const share = `${percent(asIs.hits / asIs.calls)}, which saves ${gain}`;
  return [
    { value, suggestion: { ...wordsOn(name, cache, found, forecasts.at(-1)!, share), evidence, predicted, forecasts } },
  ];
}

function answered(episodes: readonly Episode[], calls: readonly SeenCall[], cache: TriedCache, from: number) {
  const replay = replayFrom(calls, cache, from);
  const positions = calls.flatMap(({ run }, index) => (run < from ? [] : [index]));
  return {
    calls: positions.length,
    hits: positions.filter((index) => replay.durationsMs[index]! >= 0).length,
    runs: runsWith(episodes, calls, replay, { from, to: episodes.length }),
  };
}

function wordsOn(
  name: string,
  cache: TriedCache,
  { spellings, questions }: { readonly spellings: number; readonly questions: number },
  byHits: Forecast,
  share: string,
): Pick<Suggestion, "id" | "sentence" | "assumptions" | "sideEffects" | "risk"> {
  const which = cache.now === undefined ? `A cache of ${cache.to.maxEntries} entries` : "Its cache";
  return {
    id: `cache-key:${name}`,
    sentence:
      `Ask ${name} in one spelling: without case and surplus white space ${spellings} different inputs are ${questions}. ` +
      `${which} would answer ${percent(byHits.after)} of the calls of the next ${countOf(byHits.runs, "run")} ` +
      `(${points(byHits.low)}–${points(byHits.high)}), as they are ${share}. If the spelling does not matter, write the ` +
      "input's texts alike where the call is made, or in a wrapper layer with `next(call.with({ input }))`.",
    assumptions: ["the next runs ask alike, at the same pace", "the spelling of a text does not change its answer"],
    sideEffects: [`${name} gets its texts in one spelling, whoever asks`],
    risk: "medium",
  };
}
