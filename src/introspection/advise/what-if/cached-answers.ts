/** What a cache would have done: finds calls whose answer was there already, and replays the runs without them. */

import type { Json } from "../../../core/json/json.ts";
import type { Knobs } from "../../../core/knob.ts";
import { meanInterval, meanOf, quantileOf, shareInterval } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";
import { fingerprintText } from "../../record/input-fingerprint.ts";
import {
  countOf,
  defaultNextRuns,
  dollars,
  duration,
  percent,
  points,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import { type CacheReplay, replayCache } from "./cache-replay.ts";
import { cacheableCalls, isCovered, type SeenCall } from "./cacheable-calls.ts";
import { hitRatesByTtl, lastingText } from "./cached-figures.ts";
import { type ChosenCache, forecastCached, runsWith } from "./cached-runs.ts";
import { chooseCache, ttlToBe } from "./choose-cache.ts";
import { type MissRatioCurve, missRatioCurve } from "./reuse-distances.ts";

const fewestRepeats = 3;
const dayMs = 86_400_000;

/**
 * Advises to keep the answers of runnables that are asked the same again, outermost first: what a cached caller saves is not
 * counted twice. The size is read off the exact miss-ratio curve ({@link missRatioCurve}): the smallest that comes near what
 * an endless cache does, rounded up to a power of two; hits, joined calls and times come from replaying that very cache.
 */
export function cachedAnswers(input: WhatIfInput): readonly WeighedSuggestion[] {
  return adviceOn(input).found;
}

/** Gives the calls that the caches {@link cachedAnswers} advises would answer: what they call is not called then. */
export function savedCalls(input: WhatIfInput): ReadonlySet<CallNode> {
  return adviceOn(input).covered;
}

interface CacheAdvice {
  readonly found: readonly WeighedSuggestion[];
  readonly covered: ReadonlySet<CallNode>;
}

/** Several simulators ask for it. */
const known = new WeakMap<WhatIfInput, CacheAdvice>();

function adviceOn(input: WhatIfInput): CacheAdvice {
  const advice = known.get(input) ?? adviseCaches(input);
  known.set(input, advice);
  return advice;
}

function adviseCaches(input: WhatIfInput): CacheAdvice {
  const found: WeighedSuggestion[] = [];
  const covered = new Set<CallNode>();
  const coveredByAction = new Set<CallNode>();
  for (const group of cacheableCalls(input.episodes)) {
    if (group.isCached) continue;
    // Advice that takes a person does not stand before advice that can be applied.
    const above = input.knobs?.has(`cache:${group.name}`) ? coveredByAction : covered;
    const calls = group.calls.filter(({ node }) => !isCovered(node, above));
    const curve = missRatioCurve(calls.map(({ key }) => key));
    if (curve.hitsAt(curve.calls) < fewestRepeats) continue;
    const cache = chooseCache(calls, curve, ttlToBe(group.name, input.knobs));
    const replay = replayCache(calls, cache);
    if (replay.hits < fewestRepeats) continue;
    const advice = weigh(input, calls, curve, cache, replay);
    if (advice === undefined) continue;
    found.push(advice);
    calls.forEach(({ node }, index) => {
      if (replay.durationsMs[index]! < 0) return;
      covered.add(node);
      if (advice.suggestion.action !== undefined) coveredByAction.add(node);
    });
  }
  return { found, covered };
}

function weigh(
  { name: owner, episodes, knobs, nextRuns = defaultNextRuns }: WhatIfInput,
  calls: readonly SeenCall[],
  curve: MissRatioCurve,
  cache: ChosenCache,
  replay: CacheReplay,
): WeighedSuggestion | undefined {
  const { name, kind } = calls[0]!.node.call;
  const all = runsWith(episodes, calls, replay, { from: 0, to: episodes.length });
  const times = episodes.map(({ durationMs }) => durationMs);
  const savedMs = meanOf(Array.from(all.savedMs));
  const savedUsd = meanOf(Array.from(all.savedMicroUsd)) / 1e6;
  const tokens = episodes.reduce((sum, episode) => sum + episode.tokens, 0);
  const timeShare = savedMs / (meanOf(times) || 1);
  const costShare = tokens === 0 ? 0 : all.savedTokens / tokens;
  const value = Math.max(timeShare, costShare);
  const { low } = shareInterval(replay.hits, curve.calls);
  const savedInterval = meanInterval(Array.from(all.savedMs));
  if (value < smallestGain || low < smallestGain || (timeShare >= costShare && savedInterval.low <= 0))
    return undefined;

  const forecasts = forecastCached(episodes, calls, { to: cache }, nextRuns);
  const byTime = forecasts.find(({ metric }) => metric === "avgExecutionTimeMs")!;
  const byCost = forecasts.find(({ metric }) => metric === "costMicroUsd");
  const byHits = forecasts.find(({ metric }) => metric === "cacheHitRate")!;
  const promised = byCost !== undefined && costShare > timeShare ? byCost : byTime;
  const p95SavedMs =
    quantileOf(times, 0.95) -
    quantileOf(
      times.map((ms, run) => ms - all.savedMs[run]!),
      0.95,
    );
  const spanMs = Math.max(1, episodes.at(-1)!.startMs - episodes[0]!.startMs);
  const usdPerDay = (savedUsd * episodes.length * dayMs) / spanMs;
  const action = cacheAction(name, knobs, cache);
  const range = `${percent(byHits.after)} (${points(byHits.low)}–${points(byHits.high)})`;
  const lasts = lastingText(cache.ttlMs);
  const within = Number.isFinite(cache.ttlMs) ? ` within ${lasts}` : "";
  const sentence =
    `Cache ${name}: ${replay.hits} of ${curve.calls} calls repeated${within}; with ` +
    `${cache.maxEntries} entries the hit rate of the next ${countOf(byHits.runs, "run")} is ${range}, saving ` +
    `${duration(savedMs)} a run of ${owner} (${percent(timeShare)}${p95SavedMs >= 1 ? `; ${duration(p95SavedMs)} at p95` : ""})` +
    `${all.savedTokens > 0 ? `, ${all.savedTokens} tokens over ${countOf(episodes.length, "run")}` : ""}` +
    `${usdPerDay >= 0.01 ? ` and ${dollars(usdPerDay)} a day` : ""}. ${wayToKeep(name, kind, action)}`;
  return {
    value,
    suggestion: {
      id: `cache:${name}`,
      sentence,
      evidence: {
        ...{ calls: curve.calls, repeats: replay.hits, joined: replay.joined, distinct: curve.distinct },
        ...{
          entries: cache.maxEntries,
          ttlMs: Number.isFinite(cache.ttlMs) ? cache.ttlMs : lasts,
          strategy: cache.strategy,
        },
        ...Object.fromEntries(
          sizesAround(cache.maxEntries).map((size) => [`hitRateAt${size}Entries`, curve.hitsAt(size) / curve.calls]),
        ),
        ...hitRatesByTtl(calls, cache),
        ...{ savedMsPerRun: savedMs, savedMsPerRunLow: savedInterval.low, savedMsPerRunHigh: savedInterval.high },
        ...{ savedTokens: all.savedTokens, savedMicroUsd: savedUsd * 1e6 * episodes.length, p95SavedMs },
        samples: calls
          .filter((_, index) => replay.durationsMs[index]! >= 0)
          .slice(0, 5)
          .map(sampleOf),
      },
      predicted: {
        ...{ metric: "cacheHitRate", change: byHits.after, low: byHits.low, high: byHits.high },
        unit: `share of calls to ${name}`,
      },
      forecasts: [promised, ...forecasts.filter((one) => one !== promised)],
      assumptions: [
        "the next runs ask alike, at the same pace",
        `an answer stays true for ${lasts}`,
        "the cache is empty at first",
      ],
      sideEffects: [
        Number.isFinite(cache.ttlMs) ? `an answer may be up to ${lasts} old` : "an answer may be of any age",
        `up to ${cache.maxEntries} answers are held in memory`,
      ],
      risk: kind === "tool" ? "medium" : "low",
      ...(action === undefined ? {} : { action }),
    },
  };
}

/** What to do about repeats: the cache's knob where there is one, else the places where a person can keep answers. */
function wayToKeep(name: string, kind: string, action: { readonly knob: string } | undefined): string {
  const condition = kind === "tool" ? ", if they stay true for a while" : "";
  if (action !== undefined) return `Apply with \`introspection.apply("cache:${name}")\`.`;
  return kind === "tool"
    ? `Keep its answers: say \`idempotent: true\` in the tool, and it can be applied${condition}.`
    : "A wrapper layer can keep its answers.";
}

/** The cache's knob, turned on in the form it has: a switch that takes settings, or settings. */
function cacheAction(
  name: string,
  knobs: Knobs | undefined,
  cache: ChosenCache,
): { knob: string; value: Json } | undefined {
  const knob = `cache:${name}`;
  if (!knobs?.has(knob)) return undefined;
  const now = knobs.read(knob);
  // What is not said stays as it was declared.
  const { maxEntries, strategy } = cache;
  const value = { maxEntries, ...(strategy === "lru" ? {} : { strategy }) };
  if (typeof now === "boolean") return { knob, value };
  if (typeof now === "object" && now !== null && !Array.isArray(now)) {
    return { knob, value: { ...now, ...value, enabled: true } };
  }
  return undefined;
}

function sizesAround(entries: number): readonly number[] {
  return [...new Set([entries / 4, entries, 1_000].map((size) => Math.max(1, size)))].sort((a, b) => a - b);
}

function sampleOf({ node: { call } }: SeenCall): { runId: string; path: string; inputHash: string } {
  return { runId: call.runId, path: call.path, inputHash: fingerprintText(call.inputHash ?? 0) };
}
