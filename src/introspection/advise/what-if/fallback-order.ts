/** What another order of the models that stand in for one another would bring. */

import { meanInterval, meanOf } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";
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
import { type ExpectedCall, type FallbackLeg, inOrder, legsOf } from "./fallback-legs.ts";
import { forecastRuns, successForecast } from "./forecast.ts";
import { callsByName, samplesOf } from "./recorded-calls.ts";
import { replayDuration } from "./replay.ts";

/** A model says something of itself from so many calls on that came to it. */
const fewestCalls = 20;
const leastGain = 0.05;

/**
 * Advises to ask another model first where a fallback answers for the first one so often, or so much faster or cheaper, that
 * asking it first is surely better. Orders are by mean time over the share of answers, the least first, which is the least
 * expected time of all orders where tries do not hang together (L. G. Mitten: "An Analytic Solution to the Least Cost
 * Testing Sequence Problem", 1960), and the same by cost. Each model's share, time and cost are those of the calls that came to
 * it, retries included.
 */
export function fallbackOrder(input: WhatIfInput): readonly WeighedSuggestion[] {
  return [...callsByName(input.episodes)].flatMap(([name, all]) => {
    // What a cache answered asked no model.
    const nodes = all.filter(({ call }) => call.kind === "model" && call.attempts > 0 && call.outcome !== "cancelled");
    const legs = legsOf(nodes);
    if (legs[0]?.name !== name || legs.length < 2 || legs.some(({ calls }) => calls < fewestCalls)) return [];
    const now = inOrder(legs);
    const found = [byRatio(legs, ({ meanMs }) => meanMs), byRatio(legs, ({ meanCostMicroUsd }) => meanCostMicroUsd)]
      .filter((order) => order[0]!.name !== name)
      .flatMap((order) => weigh(input, nodes, order, now) ?? [])
      .sort((a, b) => b.value - a.value)[0];
    return found ?? [];
  });
}

/** Those that never answered come last. */
function byRatio(legs: readonly FallbackLeg[], read: (leg: FallbackLeg) => number): readonly FallbackLeg[] {
  const ratio = (leg: FallbackLeg): number =>
    leg.answered === 0 ? Number.MAX_VALUE : (read(leg) * leg.calls) / leg.answered;
  return [...legs].sort((a, b) => ratio(a) - ratio(b));
}

function weigh(
  input: WhatIfInput,
  nodes: readonly CallNode[],
  order: readonly FallbackLeg[],
  now: ExpectedCall,
): WeighedSuggestion | undefined {
  const { name: owner, episodes } = input;
  const then = inOrder(order);
  const { time, cost, interval } = forecastsWith(input, nodes, then, now);
  const savedMs = time.before - time.after;
  const share = shareOf(time);
  const costShare = cost === undefined ? 0 : shareOf(cost);
  const isFaster = share >= leastGain && interval.low > 0;
  const isCheaper = costShare >= leastGain && cost!.high < cost!.before;
  // What is won in one must not be lost in the other.
  if (!(isFaster || isCheaper) || Math.min(share, costShare) < -smallestGain) return undefined;
  const [first, ...rest] = order as [FallbackLeg, ...FallbackLeg[]];
  const primary = nodes[0]!.call.name;
  const old = order.find(({ name }) => name === primary)!;
  const others = rest.map(({ name }) => `"${name}"`);
  const sentence =
    `${primary} answers ${sayLeg(old)}; ${first.name}, asked when it failed, ${sayLeg(first)}. Asked first, ${first.name} would ` +
    `make a run of ${owner} ${duration(Math.abs(savedMs))} ${savedMs < 0 ? "longer" : "shorter"} (${percent(Math.abs(share))})` +
    `${cost === undefined ? "" : `, at ${dollars(cost.after / 1_000)} for 1,000 runs in the place of ${dollars(cost.before / 1_000)}`}. ` +
    `Say \`model: "${first.name}", recovery: fallback(${others.length === 1 ? others[0] : `[${others.join(", ")}]`})\` in the agent.`;
  const predictedTime = {
    ...{ metric: "avgExecutionTimeMs", change: -savedMs, low: -interval.high, high: -interval.low, unit: "ms" },
  };
  return {
    value: Math.max(share, costShare),
    excludes: [`retry:${primary}`, `retry-codes:${primary}`, `hedge:${primary}`, `attempt-timeout:${primary}`],
    suggestion: {
      ...{ id: `fallback-order:${primary}`, sentence, risk: "medium" },
      evidence: {
        ...{ calls: old.calls, answered: old.answered, insteadCalls: first.calls, insteadAnswered: first.answered },
        ...{ meanMs: old.meanMs, insteadMeanMs: first.meanMs, order: order.map(({ name }) => name) },
        samples: samplesOf(nodes.filter(({ call }) => call.tried?.some(({ name }) => name !== primary))),
      },
      predicted: isFaster || cost === undefined ? predictedTime : effectOf(cost),
      forecasts: [
        ...(isFaster ? [time] : []),
        ...(cost === undefined ? [] : [cost]),
        ...(isFaster ? [] : [time]),
        successForecast(episodes, 0, input.nextRuns),
      ],
      assumptions: [
        `${first.name} does as well with all calls as with those that ${primary} failed, and its answers are as good`,
      ],
      sideEffects: [`most answers are those of ${first.name}`],
    },
  };
}

function sayLeg({ calls, answered, meanMs }: FallbackLeg): string {
  return `${percent(answered / calls)} of ${calls} calls in ${duration(meanMs)}`;
}

function shareOf({ before, after }: Forecast): number {
  return before === 0 ? 0 : (before - after) / before;
}

function effectOf({ metric, before, after, low, high, unit }: Forecast) {
  return { metric, change: after - before, low: low - before, high: high - before, unit };
}

/** Each call changes as the expected one does, so that what makes some runs longer than others stays. */
function forecastsWith(input: WhatIfInput, nodes: readonly CallNode[], then: ExpectedCall, now: ExpectedCall) {
  const { nextRuns = defaultNextRuns } = input;
  const episodes = input.episodes.filter(({ root }) => root !== undefined);
  const timed = new Set(nodes);
  const times = episodes.map(({ durationMs }) => durationMs);
  const after = episodes.map(({ root }) => replayDuration(root!, (node) => (timed.has(node) ? then.ms : undefined)));
  const callsPerRun = nodes.length / episodes.length;
  const doubt = { perRun: then.varianceMs * callsPerRun, assumed: then.errorMs * callsPerRun };
  const ofTime = { metric: "avgExecutionTimeMs", unit: "ms", before: meanOf(times) } as const;
  const time = forecastRuns(ofTime, after, nextRuns, doubt);
  const interval = meanInterval(times.map((ms, index) => ms - after[index]!));
  const costs = episodes.map(({ costMicroUsd = 0 }) => costMicroUsd);
  if (now.costMicroUsd === 0) return { time, interval, cost: undefined };
  const changed = (then.costMicroUsd - now.costMicroUsd) * callsPerRun;
  const ofCost = { metric: "costMicroUsd", unit: "micro-dollars", before: meanOf(costs) } as const;
  const cost = forecastRuns(
    ofCost,
    costs.map((one) => one + changed),
    nextRuns,
  );
  return { time, interval, cost };
}
