/** Says what is compared of two periods: what each measure is made of, which way is better, how people read it. */

import type { CallRecord } from "../../../core/events/run-history.ts";
import type { Part } from "../../measure/two-samples.ts";
import { walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import { duration, percent } from "../suggestion.ts";

/** What is compared, a run on average. Times and the success rate leave cancelled runs out. */
export type ComparedMeasure =
  | "meanMs"
  | "p95Ms"
  | "successRate"
  | "costMicroUsd"
  | "tokens"
  | "cacheHitRate"
  | "attempts";

/** A measure that is a mean or a ratio. */
export interface RatioMeasure {
  readonly label: string;
  readonly isMoreBetter: boolean;
  readonly words: (value: number) => string;
  /** What a run says of it; undefined when nothing. */
  readonly part: (episode: Episode) => Part | undefined;
}

const perRun = (value: number | undefined): Part | undefined =>
  isSane(value) ? { above: value, below: 1 } : undefined;

/** The measures that are means and ratios, by name. */
export const ratioMeasures: Readonly<Record<Exclude<ComparedMeasure, "p95Ms" | "successRate">, RatioMeasure>> = {
  meanMs: {
    ...{ label: "mean time", isMoreBetter: false, words: duration },
    part: (episode) => (episode.outcome === "cancelled" ? undefined : perRun(episode.durationMs)),
  },
  costMicroUsd: {
    ...{ label: "cost", isMoreBetter: false, words: (value) => `${short(value)} micro-dollars` },
    part: (episode) => perRun(episode.costMicroUsd),
  },
  tokens: {
    ...{ label: "tokens", isMoreBetter: false, words: short },
    part: (episode) => perRun(episode.tokens),
  },
  cacheHitRate: {
    ...{ label: "cache hit rate", isMoreBetter: true, words: percent },
    part: (episode) => partOfCalls(episode, hitsOf),
  },
  attempts: {
    ...{ label: "attempts by call", isMoreBetter: false, words: (value) => value.toFixed(2) },
    part: (episode) => partOfCalls(episode, attemptsOf),
  },
};

/** Tells whether a figure may be counted with; records may come from anywhere. */
export function isSane(value: number | undefined): value is number {
  return value !== undefined && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/** Adds up over the calls of a run, its own included. */
function partOfCalls(episode: Episode, of: (call: CallRecord) => Part | undefined): Part | undefined {
  if (episode.root === undefined || !episode.complete) return undefined;
  let [above, below] = [0, 0];
  for (const { call } of walkTree(episode.root)) {
    const part = of(call);
    if (part === undefined) continue;
    above += part.above;
    below += part.below;
  }
  return below > 0 ? { above, below } : undefined;
}

function hitsOf({ cacheState }: CallRecord): Part | undefined {
  if (cacheState === "miss") return { above: 0, below: 1 };
  return cacheState === "hit" || cacheState === "joined" || cacheState === "stale" ? { above: 1, below: 1 } : undefined;
}

/** A call that a cache answered, or nothing was asked for, has no attempt. */
function attemptsOf({ attempts }: CallRecord): Part | undefined {
  return isSane(attempts) && attempts > 0 ? { above: attempts, below: 1 } : undefined;
}

function short(value: number): string {
  return `${value >= 1_000 ? Math.round(value) : Number(value.toPrecision(3))}`;
}
