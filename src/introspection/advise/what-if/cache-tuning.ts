/** What another size, way to evict or time to keep would make of a cache that is on. */

import type { Json } from "../../../core/json/json.ts";
import {
  countOf,
  defaultNextRuns,
  duration,
  type Forecast,
  percent,
  points,
  type SuggestedAction,
  type Suggestion,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import { CacheChanges, type CacheTrial } from "./cache-changes.ts";
import { type CacheInUse, cacheInUse } from "./cache-in-use.ts";
import { cacheableCalls } from "./cacheable-calls.ts";
import { hitRatesByTtl, lastingText } from "./cached-figures.ts";
import { forecastCached } from "./cached-runs.ts";
import { missRatioCurve } from "./reuse-distances.ts";

/** Runs with a warm cache below which there is no forecast. */
const fewestRuns = 20;

/**
 * Advises to change caches that are on, by replaying what was recorded through the cache as it is, changed on the way. What
 * it answers more must be worth it and no chance; where nothing is, it may be smaller, or its answers fresher, for nothing.
 */
export function tunedCaches(input: WhatIfInput): readonly WeighedSuggestion[] {
  return cacheableCalls(input.episodes).flatMap((group) => {
    const inUse = group.isCached ? cacheInUse(group, input.knobs) : undefined;
    if (inUse === undefined || input.episodes.length - inUse.warm < fewestRuns) return [];
    const changes = new CacheChanges(input.episodes, inUse);
    const better = changes.better().map((trial) => {
      return { value: Math.max(trial.timeShare, trial.costShare), suggestion: suggestGain(input, inUse, trial) };
    });
    if (better.length > 0) return better;
    // A change that begins empty loses more than it saves.
    const cheaper = inUse.leavesBehind ? undefined : changes.cheaper();
    return cheaper === undefined ? [] : [{ value: smallestGain, suggestion: suggestLess(input, inUse, cheaper) }];
  });
}

function suggestGain(input: WhatIfInput, inUse: CacheInUse, trial: CacheTrial): Suggestion {
  const { setting, savedMs, savedInterval, timeShare, costShare } = trial;
  const forecasts = forecastsOf(input, inUse, trial);
  const byHits = forecasts.at(-1)!;
  const byCost = forecasts.find(({ metric }) => metric === "costMicroUsd");
  const promised = byCost !== undefined && costShare > timeShare ? byCost : forecasts[0]!;
  const change = `${changeText(inUse, trial)}: ${percent(byHits.before)} of ${inUse.calls.length} calls were answered`;
  const range = `${percent(byHits.after)} (${points(byHits.low)}–${points(byHits.high)})`;
  const tokens = costShare >= 0.01 ? `, ${percent(costShare)} of its tokens` : "";
  return {
    ...facts(inUse, trial, forecasts),
    sentence:
      `${change}, of the next ${countOf(byHits.runs, "run")} ${range} would be, saving ${duration(savedMs)} a run of ` +
      `${input.name} (${percent(timeShare)})${tokens}. ${wayToApply(inUse, trial)}`,
    predicted: {
      ...{ metric: "avgExecutionTimeMs", change: -savedMs, low: -savedInterval.high, high: -savedInterval.low },
      unit: `ms per run of ${input.name}`,
    },
    forecasts: [promised, ...forecasts.filter((one) => one !== promised)],
    risk: setting === "ttl" ? "high" : "low",
  };
}

function suggestLess(input: WhatIfInput, inUse: CacheInUse, trial: CacheTrial): Suggestion {
  const { setting, calls, hits, hitsNow, gained, lost, entries, entriesNow } = trial;
  const forecasts = forecastsOf(input, inUse, trial);
  const byHits = forecasts.at(-1)!;
  const gain =
    setting === "size"
      ? `with ${entriesNow - entries} fewer of ${entriesNow} held in memory`
      : `with answers that are at most ${lastingText(trial.to.ttlMs)} old`;
  const change = (hits - hitsNow) / calls;
  const half = (1.96 * Math.sqrt(gained + lost)) / calls;
  return {
    ...facts(inUse, trial, forecasts),
    sentence:
      `${changeText(inUse, trial)}: as many calls would be answered, ${percent(byHits.after)} of the next ` +
      `${countOf(byHits.runs, "run")} (${points(byHits.low)}–${points(byHits.high)}), ${gain}. ${wayToApply(inUse, trial)}`,
    predicted: { metric: "cacheHitRate", change, low: change - half, high: change + half, unit: byHits.unit },
    forecasts: [byHits, ...forecasts.slice(0, -1)],
    risk: "low",
  };
}

/** Time first, hit rate last. */
function forecastsOf({ episodes, nextRuns = defaultNextRuns }: WhatIfInput, inUse: CacheInUse, { to }: CacheTrial) {
  const { now, leavesBehind: isEmptied, warm, calls } = inUse;
  return forecastCached(episodes, calls, { to, now, isEmptied, warm }, nextRuns);
}

function facts(
  inUse: CacheInUse,
  trial: CacheTrial,
  forecasts: readonly Forecast[],
): Pick<Suggestion, "id" | "evidence" | "assumptions" | "sideEffects" | "action"> {
  const { name, now, made, agreement, calls, leavesBehind } = inUse;
  const { setting, to } = trial;
  return {
    id: `cache-${setting}:${name}`,
    evidence: {
      ...{ calls: trial.calls, hits: trial.hits, hitsNow: trial.hitsNow, recordedHitRate: forecasts.at(-1)!.before },
      ...{ entries: to.maxEntries, entriesNow: now.maxEntries, strategy: to.strategy, strategyNow: now.strategy },
      ...{ ttlMs: figure(to.ttlMs), ttlMsNow: figure(now.ttlMs), held: trial.entries, heldNow: trial.entriesNow },
      ...{ savedMsPerRun: trial.savedMs, replayAgreement: agreement, missMs: made.meanMs, misses: made.calls },
      ...hitRatesBySize(inUse, to.maxEntries),
      ...hitRatesByTtl(calls, to),
    },
    assumptions: [
      "the next runs ask alike, at the same pace",
      `the cache is used as it was: its replay says what was recorded of ${percent(agreement)} of the calls`,
      `a call that is not answered takes as long as such calls did: ${duration(made.meanMs)}, mean of ${made.calls}`,
      ...(to.ttlMs > now.ttlMs ? [`an answer stays true for ${lastingText(to.ttlMs)}`] : []),
    ],
    sideEffects: [
      ...(to.maxEntries === now.maxEntries
        ? []
        : [`up to ${to.maxEntries} answers are held in memory, in the place of ${now.maxEntries}`]),
      ...(to.ttlMs === now.ttlMs
        ? []
        : [`an answer is given for ${lastingText(to.ttlMs)}, not for ${lastingText(now.ttlMs)}`]),
      leavesBehind
        ? "it begins empty, in a cache of its own: its answers are kept where others keep theirs until now"
        : `what is kept stays${to.maxEntries < now.maxEntries ? ", as far as there is room" : ""}`,
    ],
    action: actionOf(inUse, trial),
  };
}

function actionOf({ knob, setting: settings }: CacheInUse, { setting, to }: CacheTrial): SuggestedAction {
  const changed: { readonly [option: string]: Json } = {
    size: { maxEntries: to.maxEntries },
    policy: { strategy: to.strategy },
    ttl: { ttlMs: Number.isFinite(to.ttlMs) ? to.ttlMs : null },
  }[setting];
  return { knob, value: { ...settings, ...changed } };
}

function changeText({ name, now }: CacheInUse, { setting, to }: CacheTrial): string {
  if (setting === "size") return `Keep ${to.maxEntries} answers of ${name} in the place of ${now.maxEntries}`;
  if (setting === "policy") {
    return `Let answers of ${name} leave their cache by ${to.strategy} in the place of ${now.strategy}`;
  }
  return `Keep answers of ${name} for ${lastingText(to.ttlMs)}, not for ${lastingText(now.ttlMs)}`;
}

function wayToApply({ name }: CacheInUse, { setting, to }: CacheTrial): string {
  const condition = setting === "ttl" ? `, if they stay true for ${lastingText(to.ttlMs)}` : "";
  return `Apply with \`introspection.apply("cache-${setting}:${name}")\`${condition}.`;
}

/** Of an LRU cache, whatever the strategy: all sizes follow from one pass. */
function hitRatesBySize({ calls, now }: CacheInUse, to: number): Readonly<Record<string, number>> {
  const curve = missRatioCurve(calls.map(({ key }) => key));
  const sizes = [...new Set([now.maxEntries, to, to * 2])].sort((a, b) => a - b);
  return Object.fromEntries(sizes.map((size) => [`hitRateAt${size}Entries`, curve.hitsAt(size) / curve.calls]));
}

function figure(ttlMs: number): number | string {
  return Number.isFinite(ttlMs) ? ttlMs : lastingText(ttlMs);
}
