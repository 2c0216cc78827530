/** What more or fewer attempts would bring: counts which attempts heal, and what those that never do cost. */

import { meanInterval, meanOf, shareInterval } from "../../measure/statistics.ts";
import { type CallNode, walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import {
  defaultNextRuns,
  duration,
  type Forecast,
  percent,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import { forecastRuns } from "./forecast.ts";
import { replayDuration } from "./replay.ts";

const fewestTries = 20;
/** One more attempt must surely heal this share of the calls that come to it. */
const hardlyEver = 0.05;
const mostAttempts = 10;
/** Attempts that surely heal less than this are not worth their time; so much may be left to fail. */
const hopeless = 0.1;
/** Waits between attempts when nothing else is declared: drawn evenly up to these bounds. */
const [firstWaitMs, longestWaitMs] = [100, 10_000];
/** After so many failures in a row a retry may also wait, so long at most, for news of other calls. */
const [failuresBeforeNews, longestNewsMs] = [3, 500];

/**
 * Advises another number of attempts where a `retry` knob is: fewer where the later ones never heal a call, more where the last
 * one still does and calls fail for want of another. Chances are those of the recorded attempts by their number; an
 * attempt's time is what calls take less the waits, in equal parts.
 */
export function retries(input: WhatIfInput): readonly WeighedSuggestion[] {
  const { episodes, knobs } = input;
  const byName = Map.groupBy(
    episodes.flatMap(({ root }) => (root === undefined ? [] : [...walkTree(root)])),
    ({ call }) => call.name,
  );
  return [...byName].flatMap(([name, nodes]) => {
    const most = knobs?.has(`retry:${name}`) ? knobs.read(`retry:${name}`) : undefined;
    if (typeof most !== "number") return [];
    return fewerAttempts(input, name, nodes, most) ?? moreAttempts(input, name, nodes, most) ?? [];
  });
}

function fewerAttempts(input: WhatIfInput, name: string, nodes: readonly CallNode[], most: number) {
  for (let attempts = 1; attempts < most; attempts++) {
    const beyond = nodes.filter(({ call }) => call.attempts > attempts);
    const healed = beyond.filter(({ call }) => call.outcome === "ok").length;
    if (beyond.length < fewestTries) return undefined;
    if (healed > 0 || shareInterval(healed, beyond.length).high > hopeless) continue;
    const cutMs = timeWith(beyond, nodes)(attempts);
    const doubt = (waitError(beyond) * attempts * beyond.length) / Math.max(1, input.episodes.length);
    const cut = new Map(beyond.map((node) => [node, Math.min(node.call.durationMs, cutMs)]));
    const { episodes, nextRuns = defaultNextRuns } = input;
    const after = episodes.map(({ root, durationMs }) =>
      root === undefined ? durationMs : replayDuration(root, (node) => cut.get(node)),
    );
    const before = meanOf(episodes.map(({ durationMs }) => durationMs));
    const interval = meanInterval(episodes.map(({ durationMs }, index) => durationMs - after[index]!));
    const savedMs = before - meanOf(after);
    const share = before === 0 ? 0 : savedMs / before;
    if (share < smallestGain || interval.low <= 0) return undefined;
    const sentence =
      `Attempts of ${name} after ${attempts === 1 ? "the first" : `the ${attempts} first`} healed none of ${beyond.length} calls. ` +
      `With ${attempts} at most a run of ${input.name} would take ${duration(savedMs)} less (${percent(share)}). ` +
      `Apply with \`introspection.apply("retry:${name}")\`.`;
    return advice(name, attempts, share, sentence, {
      evidence: { calls: nodes.length, retried: beyond.length, healed, maxAttempts: most },
      predicted: {
        metric: "avgExecutionTimeMs",
        change: -savedMs,
        low: -interval.high,
        high: -interval.low,
        unit: "ms",
      },
      forecasts: [
        forecastRuns({ metric: "avgExecutionTimeMs", unit: "ms", before }, after, nextRuns, { assumed: doubt }),
        successForecast(episodes, 0, nextRuns),
      ],
      sideEffects: [`a call of ${name} that another attempt would heal fails`],
      nodes: beyond,
    });
  }
  return undefined;
}

function moreAttempts(input: WhatIfInput, name: string, nodes: readonly CallNode[], most: number) {
  const { episodes, nextRuns = defaultNextRuns } = input;
  const tried = nodes.filter(({ call }) => call.attempts >= Math.max(2, most));
  const healed = tried.filter(({ call }) => call.outcome === "ok").length;
  const spent = new Set(tried.filter(({ call }) => call.outcome === "error" && call.attempts === most));
  const { low } = shareInterval(healed, tried.length);
  if (most < 2 || tried.length < fewestTries || low <= hardlyEver || spent.size === 0) return undefined;
  const chance = healed / tried.length;
  const wanted = Math.ceil(Math.log(hopeless) / Math.log(1 - Math.min(chance, 1 - 1e-9)));
  const attempts = Math.min(mostAttempts, most + Math.max(1, wanted));
  if (attempts <= most) return undefined;
  const heals = 1 - (1 - chance) ** (attempts - most);
  const good = meanOf(episodes.filter(({ outcome }) => outcome === "ok").map(({ durationMs }) => durationMs));
  const takesMs = timeWith([...spent], nodes);
  const extraMs = takesMs(most + heals / chance) - takesMs(most);
  let failedRuns = 0;
  const after = episodes.map(({ root, outcome, durationMs }) => {
    const found = root === undefined ? undefined : [...walkTree(root)].find((node) => spent.has(node));
    if (found === undefined) return durationMs;
    if (outcome !== "error") return durationMs + extraMs;
    failedRuns++;
    return heals * Math.max(good, durationMs) + (1 - heals) * durationMs + extraMs;
  });
  const gained = (failedRuns * heals) / episodes.length;
  const interval = shareInterval(failedRuns, episodes.length);
  if (gained < smallestGain || interval.low * heals < smallestGain / 4) return undefined;
  const before = meanOf(episodes.map(({ durationMs }) => durationMs));
  const time = forecastRuns({ metric: "avgExecutionTimeMs", unit: "ms", before }, after, nextRuns);
  const sentence =
    `${spent.size} calls of ${name} failed after ${most} attempts, of which the last healed ${percent(chance)}. ` +
    `With ${attempts} at most ${percent(gained)} more of the runs of ${input.name} would succeed, ` +
    `taking ${duration(Math.max(0, time.after - before))} more on average. Apply with \`introspection.apply("retry:${name}")\`.`;
  return advice(name, attempts, gained, sentence, {
    evidence: { calls: nodes.length, retried: tried.length, healed, failed: spent.size, maxAttempts: most },
    predicted: {
      ...{ metric: "successRate", change: gained, low: interval.low * heals, high: interval.high * heals },
      unit: "share of runs",
    },
    forecasts: [successForecast(episodes, gained, nextRuns), time],
    sideEffects: ["runs that fail take longer to, and what is tried more often is called more often"],
    nodes: [...spent],
  });
}

interface Findings extends Pick<WeighedSuggestion["suggestion"], "evidence" | "predicted"> {
  readonly forecasts: readonly Forecast[];
  readonly sideEffects: readonly string[];
  readonly nodes: readonly CallNode[];
}

function advice(name: string, value: number, share: number, sentence: string, findings: Findings): WeighedSuggestion {
  const { evidence, predicted, forecasts, sideEffects, nodes } = findings;
  const samples = nodes.slice(-5).map(({ call }) => ({ runId: call.runId, path: call.path }));
  return {
    value: share,
    suggestion: {
      ...{ id: `retry:${name}`, sentence, evidence: { ...evidence, samples }, predicted, forecasts, sideEffects },
      assumptions: ["attempts to come heal as often as those that were recorded, whatever the others were"],
      risk: "medium",
      action: { knob: `retry:${name}`, value },
    },
  };
}

function successForecast(episodes: readonly Episode[], gained: number, nextRuns: number): Forecast {
  const decided = episodes.filter(({ outcome }) => outcome !== "cancelled");
  const before = decided.filter(({ outcome }) => outcome === "ok").length / Math.max(1, decided.length);
  const after = Math.min(1, before + gained);
  const spread = Math.sqrt(
    Math.max(after * (1 - after), 1 / nextRuns) * (1 / nextRuns + 1 / Math.max(1, decided.length)),
  );
  const [low, high] = [Math.max(0, after - 2.05 * spread), Math.min(1, after + 2.05 * spread)];
  return { metric: "successRate", unit: "share of runs", runs: nextRuns, before, after, low, high };
}

/**
 * Gives what these calls would have taken with another number of attempts, which may be one on average. What is left of their
 * time without the expected waits is that of the attempts, and of waits for news of others, of which only the bound is known;
 * within it an attempt takes what calls with a single one take.
 */
function timeWith(calls: readonly CallNode[], all: readonly CallNode[]): (attempts: number) => number {
  let made = 0;
  let ms = 0;
  let newsMs = 0;
  for (const { call } of calls) {
    made += call.attempts;
    ms += servedMs(call) - waitsMs(call.attempts);
    newsMs += longestNewsMs * Math.max(0, call.attempts - failuresBeforeNews);
  }
  const [most, least] = [ms, ms - newsMs].map((left) => Math.max(0, left / Math.max(1, made)));
  const single = all.filter(({ call }) => call.attempts === 1).map(({ call }) => servedMs(call));
  const each = single.length < fewestTries ? most! : Math.min(most!, Math.max(least!, meanOf(single)));
  return (attempts) => each * attempts + waitsMs(attempts);
}

function servedMs({ durationMs, queueMs }: CallNode["call"]): number {
  return durationMs - queueMs;
}

/** How far the mean time of an attempt may be off, since the waits of these calls were drawn: its standard error. */
function waitError(calls: readonly CallNode[]): number {
  let made = 0;
  let variance = 0;
  for (const { call } of calls) {
    made += call.attempts;
    for (let wait = 1; wait < call.attempts; wait++) variance += boundMs(wait) ** 2 / 12;
  }
  return Math.sqrt(variance) / Math.max(1, made);
}

function boundMs(wait: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** (wait - 1));
}

/** The waits between so many attempts, as expected. */
function waitsMs(attempts: number): number {
  let sum = 0;
  for (let wait = 1; wait < attempts; wait++) {
    const part = Math.min(1, attempts - wait);
    sum += (part * boundMs(wait)) / 2;
  }
  return sum;
}
