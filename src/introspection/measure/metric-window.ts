/** Figures of the runs of the last so many milliseconds, in fixed memory: twenty slots that slide as one window. */

import type { Outcome } from "../../core/events/event.ts";
import { bucketCount, bucketOf, quantileOfBuckets } from "./quantile-sketch.ts";

/** Into how many parts a window is cut; the oldest part leaves as a whole. */
export const slotsPerWindow = 20;

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
} as const;

/** The name of a figure. Times and rates leave cancelled runs out; volumes and costs count them. */
export type WindowMetric = keyof typeof windowMetrics;

/** One run that ended, as a window sees it. */
export interface RunSample {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly durationMs: number;
  readonly outcome: Outcome;
  readonly tokens: number;
  readonly costMicroUsd: number;
}

const quantiles: Readonly<Partial<Record<WindowMetric, number>>> = { p50Ms: 0.5, p90Ms: 0.9, p95Ms: 0.95, p99Ms: 0.99 };

const runsAt = 0;
const succeededAt = 1;
const failedAt = 2;
const totalMsAt = 3;
const tokensAt = 4;
const costAt = 5;
const sums = 6;

/** Tells whether a figure needs the buckets of a window. */
export function needsBuckets(metric: WindowMetric): boolean {
  return quantiles[metric] !== undefined;
}

/** Tells whether a figure is a volume, which 0 runs give as well. */
export function isVolume(metric: WindowMetric): boolean {
  return metric === "runsPerMinute" || metric === "tokens" || metric === "costMicroUsd";
}

/**
 * A sliding window. At time `t` it holds the runs of the slot `t` falls in and of the 19 before it, so it covers between
 * 95 % and 100 % of `windowMs`. Quantiles are of the sketch's buckets, within 1 %. A clock that steps back by less than the
 * window counts as standing still; by more, the window begins anew.
 */
export class MetricWindow {
  readonly windowMs: number;
  readonly #slotMs: number;
  readonly #slots = new Float64Array(slotsPerWindow * sums);
  readonly #total = new Float64Array(sums);
  readonly #buckets: readonly Uint32Array[] | undefined;
  readonly #allBuckets: Uint32Array | undefined;
  readonly #quantiles = new Map<WindowMetric, number>();
  #slot = Number.NEGATIVE_INFINITY;

  /** With `buckets` it can give quantiles, for 250 KB. */
  constructor(windowMs: number, buckets: boolean) {
    this.windowMs = windowMs;
    this.#slotMs = windowMs / slotsPerWindow;
    if (!buckets) return;
    this.#buckets = Array.from({ length: slotsPerWindow }, () => new Uint32Array(bucketCount));
    this.#allBuckets = new Uint32Array(bucketCount);
  }

  /** Runs in the window that were not cancelled. */
  get decided(): number {
    return this.#total[succeededAt]! + this.#total[failedAt]!;
  }

  /** All runs in the window. */
  get runs(): number {
    return this.#total[runsAt]!;
  }

  /** Moves the window's end to a time; what is too old leaves. */
  advance(time: number): void {
    const slot = Math.floor(time / this.#slotMs);
    if (slot === this.#slot) return;
    if (slot < this.#slot) {
      if (this.#slot - slot < slotsPerWindow) return;
      this.#clear();
    }
    const steps = Math.min(slot - this.#slot, slotsPerWindow);
    for (let step = 0; step < steps; step++) this.#empty(slot - step);
    this.#slot = slot;
    this.#sumUp();
  }

  /** Adds a run that ended. */
  record(sample: RunSample): void {
    this.advance(sample.time);
    const at = indexOf(this.#slot);
    this.#add(at * sums + runsAt, 1);
    this.#add(at * sums + tokensAt, sample.tokens);
    this.#add(at * sums + costAt, sample.costMicroUsd);
    if (sample.outcome === "cancelled") return;
    this.#add(at * sums + (sample.outcome === "ok" ? succeededAt : failedAt), 1);
    this.#add(at * sums + totalMsAt, sample.durationMs);
    if (this.#buckets === undefined || this.#allBuckets === undefined) return;
    const bucket = bucketOf(sample.durationMs);
    this.#buckets[at]![bucket]!++;
    this.#allBuckets[bucket]!++;
    this.#quantiles.clear();
  }

  /** Gives a figure, or undefined when there are no runs to make it of. */
  value(metric: WindowMetric): number | undefined {
    const total = this.#total;
    const runs = total[runsAt]!;
    const decided = this.decided;
    if (isVolume(metric)) {
      if (metric === "runsPerMinute") return (runs * 60_000) / this.windowMs;
      return metric === "tokens" ? total[tokensAt] : total[costAt];
    }
    if (metric === "tokensPerRun") return runs === 0 ? undefined : total[tokensAt]! / runs;
    if (metric === "costMicroUsdPerRun") return runs === 0 ? undefined : total[costAt]! / runs;
    if (decided === 0) return undefined;
    if (metric === "successRate") return total[succeededAt]! / decided;
    if (metric === "errorRate") return total[failedAt]! / decided;
    if (metric === "meanMs") return total[totalMsAt]! / decided;
    return this.#quantile(metric, decided);
  }

  /** Gives how many runs a figure is made of. */
  countOf(metric: WindowMetric): number {
    return isVolume(metric) || metric === "tokensPerRun" || metric === "costMicroUsdPerRun" ? this.runs : this.decided;
  }

  #quantile(metric: WindowMetric, decided: number): number | undefined {
    if (this.#allBuckets === undefined) return undefined;
    let value = this.#quantiles.get(metric);
    if (value === undefined) {
      value = quantileOfBuckets(this.#allBuckets, decided, quantiles[metric] ?? 0.5);
      this.#quantiles.set(metric, value);
    }
    return value;
  }

  #add(place: number, amount: number): void {
    this.#slots[place]! += amount;
    this.#total[place % sums]! += amount;
  }

  #empty(slot: number): void {
    const at = indexOf(slot);
    this.#slots.fill(0, at * sums, (at + 1) * sums);
    const buckets = this.#buckets?.[at];
    if (buckets === undefined || this.#allBuckets === undefined) return;
    for (let bucket = 0; bucket < buckets.length; bucket++) this.#allBuckets[bucket]! -= buckets[bucket]!;
    buckets.fill(0);
  }

  /** Sums are made anew whenever a slot leaves, so that rounding never adds up. */
  #sumUp(): void {
    this.#quantiles.clear();
    this.#total.fill(0);
    for (let place = 0; place < this.#slots.length; place++) this.#total[place % sums]! += this.#slots[place]!;
  }

  #clear(): void {
    this.#slots.fill(0);
    this.#allBuckets?.fill(0);
    for (const buckets of this.#buckets ?? []) buckets.fill(0);
    this.#slot = Number.NEGATIVE_INFINITY;
  }
}

/** Gives the place of a slot in the ring; slots before 1970 have one as well. */
function indexOf(slot: number): number {
  const rest = slot % slotsPerWindow;
  return rest < 0 ? rest + slotsPerWindow : rest;
}
