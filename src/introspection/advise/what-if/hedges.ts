/** What a second request after a wait would bring: the faster of two draws from the recorded latencies. */

import { meanInterval, meanOf, quantileOf } from "../../measure/statistics.ts";
import { type CallNode, walkTree } from "../../record/call-tree.ts";
import {
  defaultNextRuns,
  duration,
  percent,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import { forecastRuns } from "./forecast.ts";
import { replayDuration } from "./replay.ts";

const fewestCalls = 100;
/** Waits that are tried: the share of calls that would not ask twice. */
const quantiles = [0.9, 0.95, 0.98, 0.99] as const;
const leastGain = 0.05;

/**
 * Advises to hedge a model whose slow answers come by chance: to ask once more after as long as nine of ten, or more, take, and
 * to take what comes first (J. Dean and L. A. Barroso: "The Tail at Scale", CACM 2013). The second request is taken to be an
 * independent draw from the recorded latencies, so each call's new time is its expected one, exactly over the record.
 */
export function hedges({
  name: owner,
  episodes,
  knobs,
  nextRuns = defaultNextRuns,
}: WhatIfInput): readonly WeighedSuggestion[] {
  const trees = episodes.flatMap(({ root }) => root ?? []);
  const byName = Map.groupBy(
    trees.flatMap((root) => [...walkTree(root)]),
    ({ call }) => call.name,
  );
  return [...byName].flatMap(([name, nodes]) => {
    const good = nodes.filter(({ call }) => call.kind === "model" && call.outcome === "ok" && call.attempts === 1);
    if (good.length < fewestCalls) return [];
    const served = good.map(servedMs);
    const latencies = new Latencies(served);
    const [best] = quantiles
      .map((quantile) => quantileOf(served, quantile))
      .map((afterMs) => ({ afterMs, meanMs: meanOf(served.map((ms) => latencies.hedged(ms, afterMs))) }))
      .sort((a, b) => a.meanMs - b.meanMs);
    const { afterMs } = best!;
    const hedged = new Map(
      good.map((node, index) => [node, node.call.queueMs + latencies.hedged(served[index]!, afterMs)]),
    );
    const after = trees.map((root) => replayDuration(root, (node) => hedged.get(node)));
    const saved = trees.map((root, index) => root.call.durationMs - after[index]!);
    const before = meanOf(trees.map((root) => root.call.durationMs));
    const savedMs = meanOf(saved);
    const share = before === 0 ? 0 : savedMs / before;
    const interval = meanInterval(saved);
    if (share < Math.max(leastGain, smallestGain) || interval.low <= 0) return [];
    const twice = served.filter((ms) => ms > afterMs).length / served.length;
    const knob = `hedge:${name}`;
    const canApply = knobs?.has(knob) === true;
    const sentence =
      `The slowest ${percent(twice)} of the calls of ${name} take ${duration(quantileOf(served, 0.99))} and more where half take ` +
      `${duration(quantileOf(served, 0.5))}. Asking once more after ${duration(afterMs)} would make a run of ${owner} ` +
      `${duration(savedMs)} shorter (${percent(share)}), for ${percent(twice)} more calls. ` +
      (canApply
        ? `Apply with \`introspection.apply("${knob}")\`.`
        : `Say \`recovery: hedge({ afterMs: ${Math.ceil(afterMs)} })\` in the agent.`);
    return [
      {
        value: share,
        suggestion: {
          id: knob,
          sentence,
          evidence: {
            ...{ calls: good.length, afterMs, moreCalls: twice },
            ...{ p50Ms: quantileOf(served, 0.5), p99Ms: quantileOf(served, 0.99) },
            p99AfterMs: quantileOf(
              served.map((ms) => latencies.hedged(ms, afterMs)),
              0.99,
            ),
            samples: slowest(good),
          },
          predicted: {
            ...{ metric: "avgExecutionTimeMs", change: -savedMs, low: -interval.high, high: -interval.low },
            unit: "ms",
          },
          forecasts: [forecastRuns({ metric: "avgExecutionTimeMs", unit: "ms", before }, after, nextRuns)],
          assumptions: ["a slow answer is slow by chance: the same question asked again is as fast as any"],
          sideEffects: [`${percent(twice)} more calls of ${name}, with their cost`],
          risk: "medium" as const,
          ...(canApply ? { action: { knob, value: Math.ceil(afterMs) } } : {}),
        },
      },
    ];
  });
}

function servedMs({ call }: CallNode): number {
  return call.durationMs - call.queueMs;
}

function slowest(nodes: readonly CallNode[]): { runId: string; path: string }[] {
  return [...nodes]
    .sort((a, b) => servedMs(b) - servedMs(a))
    .slice(0, 5)
    .map(({ call }) => ({ runId: call.runId, path: call.path }));
}

/** Recorded latencies in order, with their sums, so that an expectation is two look-ups. */
class Latencies {
  readonly #sorted: Float64Array;
  readonly #sums: Float64Array;

  constructor(served: readonly number[]) {
    this.#sorted = Float64Array.from(served).sort();
    this.#sums = new Float64Array(served.length + 1);
    for (const [index, ms] of this.#sorted.entries()) this.#sums[index + 1] = this.#sums[index]! + ms;
  }

  /** The expected time of a call of `ms` when a second one begins after `afterMs`. */
  hedged(ms: number, afterMs: number): number {
    if (ms <= afterMs) return ms;
    const room = ms - afterMs;
    const faster = this.#countBelow(room);
    const total = this.#sorted.length;
    return afterMs + (this.#sums[faster]! + (total - faster) * room) / total;
  }

  #countBelow(limit: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
