/** What a second request after a wait would bring: the faster of two draws from the recorded latencies. */

import type { Knobs } from "../../../core/knob.ts";
import { meanInterval, meanOf, quantileOf } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import {
  defaultNextRuns,
  dollars,
  duration,
  type Forecast,
  percent,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import { forecastRuns } from "./forecast.ts";
import { HedgedLatencies, type HedgeStarts } from "./hedge-replay.ts";
import { callsByName, slowestOf } from "./recorded-calls.ts";
import { replayDuration } from "./replay.ts";

const fewestCalls = 100;
/** Waits that are tried: the share of calls that would not ask twice. */
const quantiles = [0.9, 0.95, 0.98, 0.99] as const;
const leastGain = 0.05;
/** Of waits that save nearly as much as the best one the longest is taken: it asks the fewest times. */
const nearlyAsMuch = 0.95;
/** Where calls wait for permits more than this share of their time, further ones would wait too. */
const mostQueueing = 0.1;
/** What seems to hang is raced again after half of the 99th percentile, at least half a second: by one, then by two. */
const [chasePart, leastChaseMs, chases] = [0.5, 500, [1, 2]] as const;
const usualAttempts = 6;

/**
 * Advises to hedge a model whose slow answers come by chance: to ask once more after as long as nine of ten, or more, take, and
 * to take what comes first (J. Dean and L. A. Barroso: "The Tail at Scale", CACM 2013). A further request is taken to be an
 * independent draw from the recorded latencies, so each call's new time is its expected one, exactly over the record. Silent
 * where a hedge is on.
 */
export function hedges(input: WhatIfInput): readonly WeighedSuggestion[] {
  return [...callsByName(input.episodes)].flatMap(([name, nodes]) => {
    const good = nodes.filter(({ call }) => call.kind === "model" && call.outcome === "ok" && call.attempts === 1);
    const queued = meanOf(good.map(({ call }) => call.queueMs));
    const times = good.map(({ call }) => call.durationMs);
    const isOn = input.knobs?.has(`hedge:${name}`) === true && input.knobs.read(`hedge:${name}`) !== null;
    if (isOn || good.length < fewestCalls || queued > mostQueueing * meanOf(times)) return [];
    return weigh(input, name, good, times) ?? [];
  });
}

interface Hedge {
  readonly afterMs: number;
  readonly latencies: HedgedLatencies;
  readonly meanMs: number;
}

function weigh(input: WhatIfInput, name: string, good: readonly CallNode[], times: readonly number[]) {
  const { name: owner, knobs, nextRuns = defaultNextRuns } = input;
  const episodes = input.episodes.filter(({ root }) => root !== undefined);
  const { afterMs, latencies } = bestHedge(name, times, knobs);
  const hedged = new Map(good.map((node) => [node, latencies.timeOf(node.call.durationMs)]));
  const before = meanOf(episodes.map(({ durationMs }) => durationMs));
  const after = episodes.map(({ root }) => replayDuration(root!, (node) => hedged.get(node)?.mean));
  const saved = episodes.map(({ durationMs }, index) => durationMs - after[index]!);
  const savedMs = meanOf(saved);
  const share = before === 0 ? 0 : savedMs / before;
  const interval = meanInterval(saved);
  if (share < Math.max(leastGain, smallestGain) || interval.low <= 0) return undefined;
  const more = latencies.extraRequests();
  const expected = [...hedged.values()];
  const perRun = expected.reduce((sum, { variance }) => sum + variance, 0) / episodes.length;
  const cost = costForecast(episodes, good, more, nextRuns);
  const knob = `hedge:${name}`;
  const canApply = knobs?.has(knob) === true;
  const [p50Ms, p99Ms] = [quantileOf(times, 0.5), quantileOf(times, 0.99)];
  const sentence =
    `The slowest ${percent(times.filter((ms) => ms > afterMs).length / times.length)} of the calls of ${name} take up to ` +
    `${duration(p99Ms)} and more where half take ${duration(p50Ms)}. Asking once more after ${duration(afterMs)} would make a ` +
    `run of ${owner} ${duration(savedMs)} shorter (${percent(share)}), for ${percent(more)} more calls${costOf(cost)}. ` +
    (canApply
      ? `Apply with \`introspection.apply("${knob}")\`.`
      : `Say \`recovery: hedge({ afterMs: ${afterMs} })\` in the agent.`);
  const p99AfterMs = quantileOf(
    expected.map(({ mean }) => mean),
    0.99,
  );
  const suggestion: WeighedSuggestion["suggestion"] = {
    ...{ id: knob, sentence, risk: "medium" },
    evidence: { calls: good.length, afterMs, moreCalls: more, p50Ms, p99Ms, p99AfterMs, samples: slowestOf(good) },
    predicted: {
      ...{ metric: "avgExecutionTimeMs", change: -savedMs, low: -interval.high, high: -interval.low },
      unit: "ms",
    },
    forecasts: [
      forecastRuns({ metric: "avgExecutionTimeMs", unit: "ms", before }, after, nextRuns, { perRun }),
      ...(cost === undefined ? [] : [cost]),
    ],
    assumptions: ["a slow answer is slow by chance: the same question asked again is as fast as any"],
    sideEffects: [`${percent(more)} more calls of ${name}, with their cost`],
    ...(canApply ? { action: { knob, value: afterMs } } : {}),
  };
  return { value: share, suggestion };
}

/** Whole milliseconds, as they are set. */
function bestHedge(name: string, times: readonly number[], knobs: Knobs | undefined): Hedge {
  const most = knobs?.has(`retry:${name}`) ? knobs.read(`retry:${name}`) : usualAttempts;
  const chaseMs = Math.max(leastChaseMs, chasePart * quantileOf(times, 0.99));
  const tried = quantiles.map((quantile) => {
    const afterMs = Math.ceil(quantileOf(times, quantile));
    const latencies = new HedgedLatencies(times, startsOf(afterMs, chaseMs, Number(most)));
    return { afterMs, latencies, meanMs: meanOf(times.map((ms) => latencies.timeOf(ms).mean)) };
  });
  const now = meanOf(times);
  const best = Math.max(...tried.map(({ meanMs }) => now - meanMs));
  return tried.findLast(({ meanMs }) => now - meanMs >= best * nearlyAsMuch)!;
}

/** One request after the wait, and those that race what seems to hang, as far as retries go. */
function startsOf(afterMs: number, chaseMs: number, mostAttempts: number): HedgeStarts {
  const starts = [afterMs];
  for (const [wave, count] of chases.entries()) {
    for (let i = 0; i < count && starts.length < mostAttempts - 1; i++) starts.push(afterMs + (wave + 1) * chaseMs);
  }
  return starts;
}

/**
 * What runs cost then. A vendor may or may not bill what was cancelled, and a record tells only of what answered: the
 * prediction counts all in full, the range begins where none is.
 */
function costForecast(
  episodes: readonly Episode[],
  good: readonly CallNode[],
  more: number,
  nextRuns: number,
): Forecast | undefined {
  const prices = good.flatMap(({ call }) => call.costMicroUsd ?? []);
  if (prices.length === 0) return undefined;
  const now = episodes.map(({ costMicroUsd = 0 }) => costMicroUsd);
  const before = meanOf(now);
  const extra = (more * meanOf(prices) * good.length) / episodes.length;
  const of = { metric: "costMicroUsd", unit: "micro-dollars", before } as const;
  const billed = forecastRuns(
    of,
    now.map((cost) => cost + extra),
    nextRuns,
  );
  return { ...billed, low: forecastRuns(of, now, nextRuns).low };
}

function costOf(cost: Forecast | undefined): string {
  return cost === undefined ? "" : `, ${dollars(((cost.after - cost.before) * 1_000) / 1e6)} for 1,000 runs`;
}
