/** Reads from recorded calls how each of several models does that stand in for one another. */

import { meanOf } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";

/** How one model did for the calls that came to it, its retries included. */
export interface FallbackLeg {
  readonly name: string;
  readonly calls: number;
  readonly answered: number;
  readonly meanMs: number;
  readonly varianceMs: number;
  /** Of all that came to it, those that it failed included; 0 while no price is known. */
  readonly meanCostMicroUsd: number;
}

interface LegOfCall {
  readonly name: string;
  readonly ms: number;
  readonly isAnswered: boolean;
  readonly costMicroUsd: number;
}

/** Gives what the calls of one model came to, in the order in which it was asked. */
export function legsOf(nodes: readonly CallNode[]): readonly FallbackLeg[] {
  const byName = Map.groupBy(nodes.flatMap(legsOfCall), ({ name }) => name);
  return [...byName].map(([name, legs]) => {
    const times = legs.map(({ ms }) => ms);
    const meanMs = meanOf(times);
    return {
      ...{ name, calls: legs.length, answered: legs.filter(({ isAnswered }) => isAnswered).length, meanMs },
      varianceMs: meanOf(times.map((ms) => (ms - meanMs) ** 2)),
      meanCostMicroUsd: meanOf(legs.map(({ costMicroUsd }) => costMicroUsd)),
    };
  });
}

/** One part for each model in turn, from the end of the one before it to the end of its last attempt. */
function legsOfCall({ call }: CallNode): readonly LegOfCall[] {
  const { name, tried, durationMs, outcome, costMicroUsd = 0 } = call;
  if (outcome === "cancelled" || call.attempts === 0) return [];
  if (tried === undefined) {
    return call.attempts > 1 ? [] : [{ name, ms: durationMs, isAnswered: outcome === "ok", costMicroUsd }];
  }
  const legs: LegOfCall[] = [];
  let since = 0;
  const attempts = tried.filter((attempt) => attempt.outcome !== "cancelled");
  for (const [index, attempt] of attempts.entries()) {
    if (attempts[index + 1]?.name === attempt.name) continue;
    const isAnswered = attempt.outcome === "ok";
    legs.push({ name: attempt.name, ms: attempt.endedMs - since, isAnswered, costMicroUsd: attempt.costMicroUsd ?? 0 });
    since = attempt.endedMs;
  }
  return legs;
}

/** What is expected of a call that asks models in an order until one answers. */
export interface ExpectedCall {
  readonly ms: number;
  readonly varianceMs: number;
  /** The standard error of the expected time, since each model's share and time were estimated. */
  readonly errorMs: number;
  readonly costMicroUsd: number;
  /** The chance that one of them answers. */
  readonly answers: number;
}

/** Works out an order, each model taken to do as well whatever the ones before it did. */
export function inOrder(legs: readonly FallbackLeg[]): ExpectedCall {
  let [reached, ms, square, cost, timeMs, spread] = [1, 0, 0, 0, 0, 0];
  for (const [index, { calls, answered, meanMs, varianceMs, meanCostMicroUsd }] of legs.entries()) {
    timeMs += meanMs;
    spread += varianceMs;
    cost += reached * meanCostMicroUsd;
    const failing = 1 - answered / calls;
    const ends = index === legs.length - 1 ? reached : reached * (1 - failing);
    ms += ends * timeMs;
    square += ends * (timeMs ** 2 + spread);
    reached *= failing;
  }
  const varianceMs = Math.max(0, square - ms ** 2);
  return { ms, varianceMs, errorMs: errorOf(legs), costMicroUsd: cost, answers: 1 - reached };
}

/** Backwards: a model's own error, that of how often the rest is come to, and that of the rest. */
function errorOf(legs: readonly FallbackLeg[]): number {
  let [restMs, variance] = [0, 0];
  for (const { calls, answered, meanMs, varianceMs } of legs.toReversed()) {
    const failing = 1 - answered / calls;
    variance = (varianceMs + failing * (1 - failing) * restMs ** 2) / calls + failing ** 2 * variance;
    restMs = meanMs + failing * restMs;
  }
  return Math.sqrt(variance);
}
