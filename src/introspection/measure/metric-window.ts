/** Figures of what ended in the last so many milliseconds, in fixed memory: twenty slots that slide as one window. */

import { type PeriodSums, sumsIn } from "./period-sums.ts";
import { bucketOf } from "./quantile-sketch.ts";
import { SparseBuckets } from "./sparse-buckets.ts";
import type { WindowContents } from "./window-contents.ts";
import {
  isVolume,
  quantileOfMetric,
  type RunSample,
  ratios,
  sumAt,
  sumsPerSlot,
  type WindowMetric,
} from "./window-metrics.ts";

/** Into how many parts a window is cut; the oldest part leaves as a whole. */
export const slotsPerWindow = 20;

/** Sums are kept for the window and for the one before it. */
const keptSlots = 2 * slotsPerWindow;

/**
 * A sliding window. At time `t` it holds the runs of the slot `t` falls in and of the 19 before it, so it covers between
 * 95 % and 100 % of `windowMs`. Quantiles are of the sketch's buckets, within 1 %. A clock that steps back by less than the
 * window counts as standing still; by more, the window begins anew.
 */
export class MetricWindow {
  readonly windowMs: number;
  readonly #slotMs: number;
  readonly #slots = new Float64Array(keptSlots * sumsPerSlot);
  readonly #total = new Float64Array(sumsPerSlot);
  readonly #buckets: readonly SparseBuckets[] | undefined;
  readonly #allBuckets: SparseBuckets | undefined;
  readonly #quantiles = new Map<WindowMetric, number>();
  #slot = Number.NEGATIVE_INFINITY;
  /** Where the sums of the slot are, and which buckets are its own: a remainder costs more than all additions. */
  #at = 0;
  #bucketsAt = 0;

  /** With `buckets` it can give quantiles, for about 30 KB, 250 where times spread over all magnitudes. */
  constructor(windowMs: number, buckets: boolean) {
    this.windowMs = windowMs;
    this.#slotMs = windowMs / slotsPerWindow;
    if (!buckets) return;
    this.#buckets = Array.from({ length: slotsPerWindow }, () => new SparseBuckets());
    this.#allBuckets = new SparseBuckets();
  }

  /** Runs in the window, cancelled ones included. */
  get runs(): number {
    return this.#total[sumAt.runs]!;
  }

  /** Runs in the window that were not cancelled. */
  get decided(): number {
    return this.#total[sumAt.succeeded]! + this.#total[sumAt.failed]!;
  }

  /** Lets the runs leave that are too old at this time. */
  advance(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    if (slot !== this.#slot && !Number.isNaN(slot)) this.#goTo(slot);
  }

  #goTo(slot: number): void {
    if (slot < this.#slot) {
      if (this.#slot - slot < slotsPerWindow) return;
      this.#clear();
    }
    const steps = Math.min(slot - this.#slot, keptSlots);
    for (let step = 0; step < steps; step++) this.#empty(slot - step);
    this.#standAt(slot);
  }

  #standAt(slot: number): void {
    this.#slot = slot;
    this.#at = placeIn(slot, keptSlots) * sumsPerSlot;
    this.#bucketsAt = placeIn(slot, slotsPerWindow);
    this.#sumUp();
  }

  /** Adds what ended. */
  record(sample: RunSample): void {
    this.advance(sample.time);
    const at = this.#at;
    this.#add(at, sumAt.runs, 1);
    this.#add(at, sumAt.tokens, sample.tokens);
    this.#add(at, sumAt.cost, sample.costMicroUsd);
    this.#addDetails(at, sample);
    if (sample.outcome === "cancelled") return;
    this.#add(at, sample.outcome === "ok" ? sumAt.succeeded : sumAt.failed, 1);
    this.#add(at, sumAt.totalMs, sample.durationMs);
    this.#add(at, sumAt.squaredMs, sample.durationMs ** 2);
    if (this.#buckets === undefined || this.#allBuckets === undefined) return;
    const bucket = bucketOf(sample.durationMs);
    this.#buckets[this.#bucketsAt]!.add(bucket);
    this.#allBuckets.add(bucket);
    if (this.#quantiles.size > 0) this.#quantiles.clear();
  }

  /** Gives a figure, or undefined when there are no runs to make it of. */
  value(metric: WindowMetric): number | undefined {
    const total = this.#total;
    const ratio = ratios[metric];
    if (ratio !== undefined) return total[ratio[1]] === 0 ? undefined : total[ratio[0]]! / total[ratio[1]]!;
    if (metric === "runsPerMinute") return (total[sumAt.runs]! * 60_000) / this.windowMs;
    if (metric === "tokens") return total[sumAt.tokens]!;
    if (metric === "costMicroUsd") return total[sumAt.cost]!;
    if (metric === "costMicroUsdPerHour") return (total[sumAt.cost]! * 3_600_000) / this.windowMs;
    const { decided } = this;
    if (decided === 0) return undefined;
    if (metric === "successRate") return total[sumAt.succeeded]! / decided;
    if (metric === "errorRate") return total[sumAt.failed]! / decided;
    if (metric === "meanMs") return total[sumAt.totalMs]! / decided;
    return this.#quantile(metric, decided);
  }

  /** Gives how many runs a figure is made of. */
  countOf(metric: WindowMetric): number {
    const ratio = ratios[metric];
    if (ratio !== undefined) return this.#total[ratio[1]]!;
    return isVolume(metric) ? this.runs : this.decided;
  }

  /** Gives the sums of the window and of the same time before it. */
  periods(): { readonly before: PeriodSums; readonly now: PeriodSums } {
    const both = [new Float64Array(sumsPerSlot), new Float64Array(sumsPerSlot)] as const;
    for (let step = 0; step < keptSlots; step++) {
      const into = both[step < slotsPerWindow ? 1 : 0];
      const at = placeIn(this.#slot - step, keptSlots) * sumsPerSlot;
      for (let place = 0; place < sumsPerSlot; place++) into[place]! += this.#slots[at + place]!;
    }
    return { before: sumsIn(both[0]), now: sumsIn(both[1]) };
  }

  /** What is in the window, as plain data; undefined before anything was. */
  get contents(): WindowContents | undefined {
    const slot = this.#slot;
    if (!Number.isFinite(slot)) return undefined;
    const slots: WindowContents["slots"][number][] = [];
    for (let age = 0; age < slotsPerWindow; age++) {
      const at = placeIn(slot - age, keptSlots) * sumsPerSlot;
      if (this.#slots[at + sumAt.runs] === 0) continue;
      const sums = [...this.#slots.subarray(at, at + sumsPerSlot)];
      const buckets = this.#buckets?.[placeIn(slot - age, slotsPerWindow)]?.counts;
      slots.push(buckets === undefined ? [age, sums] : [age, sums, buckets]);
    }
    return { slot, slots };
  }

  /** Goes on with what an earlier window of the length had, and counts what came since on top. */
  restore(earlier: WindowContents): void {
    if (this.#buckets !== undefined && earlier.slots.some(([, , buckets]) => buckets === undefined)) return;
    const own = this.contents;
    this.#clear();
    this.#standAt(earlier.slot);
    this.#put(earlier);
    if (own === undefined) return;
    this.#goTo(own.slot);
    this.#put(own);
  }

  #put({ slot, slots }: WindowContents): void {
    for (const [age, sums, buckets = []] of slots) {
      const behind = this.#slot - slot + age;
      if (behind < 0 || behind >= slotsPerWindow) continue;
      const at = placeIn(slot - age, keptSlots) * sumsPerSlot;
      for (const [place, sum] of sums.entries()) this.#slots[at + place]! += sum;
      for (const [bucket, count] of buckets) {
        this.#buckets?.[placeIn(slot - age, slotsPerWindow)]?.add(bucket, count);
        this.#allBuckets?.add(bucket, count);
      }
    }
    this.#sumUp();
  }

  #quantile(metric: WindowMetric, decided: number): number | undefined {
    if (this.#allBuckets === undefined) return undefined;
    let value = this.#quantiles.get(metric);
    if (value === undefined) {
      value = this.#allBuckets.quantile(decided, quantileOfMetric[metric] ?? 0.5);
      this.#quantiles.set(metric, value);
    }
    return value;
  }

  /** What runs and calls do not all have. */
  #addDetails(at: number, sample: RunSample): void {
    const { queueMs, attempts, cacheHit, firstTokenMs, heapBytes, eventLoopDelayMs } = sample;
    if (queueMs !== undefined) this.#add(at, sumAt.queueMs, queueMs);
    if (attempts !== undefined) this.#add(at, sumAt.attempts, attempts);
    if (cacheHit !== undefined) this.#addPair(at, sumAt.lookups, sumAt.hits, cacheHit ? 1 : 0);
    if (firstTokenMs !== undefined) this.#addPair(at, sumAt.streams, sumAt.firstTokenMs, firstTokenMs);
    if (heapBytes !== undefined) this.#addPair(at, sumAt.heapSamples, sumAt.heapBytes, heapBytes);
    if (eventLoopDelayMs !== undefined) this.#addPair(at, sumAt.delaySamples, sumAt.delayMs, eventLoopDelayMs);
  }

  #addPair(at: number, count: number, place: number, amount: number): void {
    this.#add(at, count, 1);
    this.#add(at, place, amount);
  }

  #add(at: number, place: number, amount: number): void {
    // A figure that a vendor broke must not spoil the sums.
    if (!Number.isFinite(amount)) return;
    this.#slots[at + place]! += amount;
    this.#total[place]! += amount;
  }

  /** Empties a slot that begins, and takes the one that leaves the window out of its quantiles. */
  #empty(slot: number): void {
    const at = placeIn(slot, keptSlots) * sumsPerSlot;
    this.#slots.fill(0, at, at + sumsPerSlot);
    const buckets = this.#buckets?.[placeIn(slot, slotsPerWindow)];
    if (buckets === undefined || this.#allBuckets === undefined) return;
    this.#allBuckets.subtract(buckets);
    buckets.clear();
  }

  /** Sums are made anew whenever a slot leaves, so that rounding never adds up. */
  #sumUp(): void {
    this.#quantiles.clear();
    this.#total.fill(0);
    for (let step = 0; step < slotsPerWindow; step++) {
      const at = placeIn(this.#slot - step, keptSlots) * sumsPerSlot;
      for (let place = 0; place < sumsPerSlot; place++) this.#total[place]! += this.#slots[at + place]!;
    }
  }

  #clear(): void {
    this.#slots.fill(0);
    this.#allBuckets?.clear();
    for (const buckets of this.#buckets ?? []) buckets.clear();
    this.#slot = Number.NEGATIVE_INFINITY;
  }
}

/** Gives the place of a slot in a ring; slots before 1970 have one as well. */
function placeIn(slot: number, length: number): number {
  if (!Number.isFinite(slot)) return 0;
  const rest = slot % length;
  return rest < 0 ? rest + length : rest;
}
