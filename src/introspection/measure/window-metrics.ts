/** What a sliding window can say, what each figure is made of, and what one ending adds to it. */

import type { Outcome, RunnableKind } from "../../core/events/event.ts";

/** What a window can say, with what each means. */
export const windowMetrics = {
  p50Ms: "half of the runs took at most this long",
  p90Ms: "90 % of the runs took at most this long",
  p95Ms: "95 % of the runs took at most this long",
  p99Ms: "99 % of the runs took at most this long",
  meanMs: "how long a run took on average",
  successRate: "share of runs that succeeded, from 0 to 1",
  errorRate: "share of runs that failed, from 0 to 1",
  runsPerMinute: "runs that ended, by minute",
  tokens: "tokens of all runs in the window",
  tokensPerRun: "tokens by run",
  costMicroUsd: "known cost of all runs in the window",
  costMicroUsdPerRun: "known cost by run",
  costMicroUsdPerHour: "known cost of all runs, by hour",
  queueMs: "how long a call waited for permits on average",
  attempts: "tries by call",
  cacheHitRate: "share of the calls that asked a cache and were answered by it, from 0 to 1",
  firstTokenMs: "how long a streamed answer took to its first piece on average",
  heapBytes: "heap in use on average over the samples",
  eventLoopDelayMs: "99th percentile of how late the event loop was, on average over the samples",
} as const;

/** The name of a figure. Times and rates leave cancelled runs out; volumes and costs count them. */
export type WindowMetric = keyof typeof windowMetrics;

/** What a window is fed: runs, calls of one kind, or samples of the process. */
export type WindowSubject = "run" | RunnableKind | "process";

/** One run or call that ended, or one sample of the process, as a window sees it. */
export interface RunSample {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly durationMs: number;
  readonly outcome: Outcome;
  readonly tokens: number;
  readonly costMicroUsd: number;
  readonly queueMs?: number;
  readonly attempts?: number;
  /** Undefined when no cache was asked. */
  readonly cacheHit?: boolean | undefined;
  readonly firstTokenMs?: number | undefined;
  readonly heapBytes?: number;
  readonly eventLoopDelayMs?: number | undefined;
}

/** The quantile a metric is; undefined for all that are none. */
export const quantileOfMetric: Readonly<Partial<Record<WindowMetric, number>>> = {
  p50Ms: 0.5,
  p90Ms: 0.9,
  p95Ms: 0.95,
  p99Ms: 0.99,
};

/** The sums a slot of a window keeps, each at its place. */
export const sumAt = {
  runs: 0,
  succeeded: 1,
  failed: 2,
  totalMs: 3,
  squaredMs: 4,
  tokens: 5,
  cost: 6,
  queueMs: 7,
  attempts: 8,
  lookups: 9,
  hits: 10,
  streams: 11,
  firstTokenMs: 12,
  heapSamples: 13,
  heapBytes: 14,
  delaySamples: 15,
  delayMs: 16,
} as const;

/** How many sums a slot has. */
export const sumsPerSlot = Object.keys(sumAt).length;

/** Means and shares: what is divided by what. */
export const ratios: Readonly<Partial<Record<WindowMetric, readonly [above: number, below: number]>>> = {
  tokensPerRun: [sumAt.tokens, sumAt.runs],
  costMicroUsdPerRun: [sumAt.cost, sumAt.runs],
  queueMs: [sumAt.queueMs, sumAt.runs],
  attempts: [sumAt.attempts, sumAt.runs],
  cacheHitRate: [sumAt.hits, sumAt.lookups],
  firstTokenMs: [sumAt.firstTokenMs, sumAt.streams],
  heapBytes: [sumAt.heapBytes, sumAt.heapSamples],
  eventLoopDelayMs: [sumAt.delayMs, sumAt.delaySamples],
};

const volumes: ReadonlySet<WindowMetric> = new Set(["runsPerMinute", "tokens", "costMicroUsd", "costMicroUsdPerHour"]);
const shares: ReadonlySet<WindowMetric> = new Set(["successRate", "errorRate", "cacheHitRate"]);
const ofCalls: ReadonlySet<WindowMetric> = new Set(["queueMs", "attempts", "cacheHitRate", "firstTokenMs"]);
const ofProcess: ReadonlySet<WindowMetric> = new Set(["heapBytes", "eventLoopDelayMs"]);

/** Tells whether a figure needs the buckets of a window. */
export function needsBuckets(metric: WindowMetric): boolean {
  return quantileOfMetric[metric] !== undefined;
}

/** Tells whether a figure is a volume, which 0 runs give as well. */
export function isVolume(metric: WindowMetric): boolean {
  return volumes.has(metric);
}

/** Tells whether a figure is a share, from 0 to 1. */
export function isShare(metric: WindowMetric): boolean {
  return shares.has(metric);
}

/** Tells whether only calls have a figure, not runs. */
export function isOfCalls(metric: WindowMetric): boolean {
  return ofCalls.has(metric);
}

/** Tells whether a figure is of the process, not of what runs in it. */
export function isOfProcess(metric: WindowMetric): boolean {
  return ofProcess.has(metric);
}
