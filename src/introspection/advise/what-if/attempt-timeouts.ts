/** What a tighter attempt timeout would bring: replays the runs with calls that hung cut off sooner. */

import { meanInterval, meanOf, quantileOf } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";
import {
  defaultNextRuns,
  duration,
  percent,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import { forecastRuns } from "./forecast.ts";
import { callsByName, samplesOf, servedMs } from "./recorded-calls.ts";
import { replayDuration } from "./replay.ts";

const fewestCalls = 50;
const leastTimeoutMs = 5_000;
const timesP99 = 5;
/** Timers of the platform may fire a little early. */
const timerGrain = 0.99;

/**
 * Advises a lower `attempt-timeout` where calls ran into one that stands far above what good calls take. The new limit is
 * five times the 99th percentile of good calls and at least 5 seconds, from 50 good calls on. Silent when nothing hung:
 * a limit that is never reached costs nothing.
 */
export function attemptTimeouts({
  name: owner,
  episodes,
  knobs,
  nextRuns = defaultNextRuns,
}: WhatIfInput): readonly WeighedSuggestion[] {
  const trees = episodes.flatMap(({ root }) => root ?? []);
  const total = trees.reduce((sum, root) => sum + root.call.durationMs, 0);
  const found: WeighedSuggestion[] = [];
  for (const [name, nodes] of callsByName(episodes)) {
    const knob = `attempt-timeout:${name}`;
    const limit = knobs?.has(knob) ? knobs.read(knob) : undefined;
    if (typeof limit !== "number") continue;
    const good = nodes.filter(({ call }) => call.outcome === "ok" && call.attempts === 1);
    if (good.length < fewestCalls) continue;
    const p99 = quantileOf(good.map(servedMs), 0.99);
    const better = Math.ceil(Math.max(leastTimeoutMs, timesP99 * p99));
    const hung = new Map(nodes.flatMap((node) => hungIn(node, limit)));
    if (better >= limit / 2 || hung.size === 0) continue;
    const after = trees.map((root) => replayDuration(root, cutOff(hung, limit - better)));
    const saved = trees.map((root, index) => root.call.durationMs - after[index]!);
    const interval = meanInterval(saved);
    const savedMs = meanOf(saved);
    const share = total === 0 ? 0 : savedMs / (total / trees.length);
    if (share < smallestGain || interval.low <= 0) continue;
    const sentence =
      `An attempt of ${name} may take ${duration(limit)}, but 99 % of the good ones took at most ${duration(p99)}; ` +
      `${hung.size} of ${nodes.length} hung. Turn ${knob} down to ${duration(better)}: ` +
      `that would have saved ${duration(savedMs)} a run of ${owner} (${percent(share)}). ` +
      `Apply with \`introspection.apply("${knob}")\`.`;
    const before = total / trees.length;
    found.push({
      value: share,
      suggestion: {
        id: `attempt-timeout:${name}`,
        sentence,
        evidence: {
          ...{ calls: nodes.length, hung: hung.size, p99Ms: p99, limitMs: limit },
          samples: samplesOf([...hung.keys()]),
        },
        predicted: {
          ...{ metric: "avgExecutionTimeMs", change: -savedMs, low: -interval.high, high: -interval.low },
          unit: "ms",
        },
        forecasts: [forecastRuns({ metric: "avgExecutionTimeMs", unit: "ms", before }, after, nextRuns)],
        assumptions: ["calls hang as often as they did, and good ones take as long"],
        sideEffects: [`an answer of ${name} that takes longer than ${duration(better)} is given up`],
        risk: "low",
        action: { knob, value: better },
      },
    });
  }
  return found;
}

/** How many attempts of a call ran into the limit; where attempts were not recorded and the call took so long, one. */
function hungIn(node: CallNode, limit: number): readonly (readonly [CallNode, number])[] {
  const isHung = (ms: number): boolean => ms >= limit * timerGrain;
  const { tried } = node.call;
  const hung =
    tried === undefined
      ? Number(isHung(servedMs(node)))
      : tried.filter(({ code, beganMs, endedMs }) => code === "timeout" && isHung(endedMs - beganMs)).length;
  return hung === 0 ? [] : [[node, hung]];
}

/** A call loses the difference for each of its attempts that hung. */
function cutOff(hung: ReadonlyMap<CallNode, number>, lessMs: number): (node: CallNode) => number | undefined {
  return (node) => {
    const attempts = hung.get(node);
    return attempts === undefined ? undefined : Math.max(0, node.call.durationMs - attempts * lessMs);
  };
}
