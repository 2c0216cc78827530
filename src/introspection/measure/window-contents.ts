/** What a sliding window holds as plain data, so that the next process goes on with it. */

import { bucketCount } from "./quantile-sketch.ts";
import { sumsPerSlot } from "./window-metrics.ts";

/** How many values a bucket has, by its number. */
export type BucketCounts = readonly (readonly [bucket: number, count: number])[];

/** One part of a window in which something ended: how many parts ago, its sums, and its buckets where it has some. */
export type SlotContents = readonly [age: number, sums: readonly number[], buckets?: BucketCounts];

/** A window with the number of its newest part. */
export interface WindowContents {
  readonly slot: number;
  readonly slots: readonly SlotContents[];
}

/** Reads what a store held, which anyone may have written; undefined when it is no window of this version. */
export function readWindowContents(value: unknown): WindowContents | undefined {
  const { slot, slots } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!Number.isSafeInteger(slot) || !Array.isArray(slots) || !slots.every(isSlot)) return undefined;
  return { slot: slot as number, slots };
}

function isSlot(value: unknown): value is SlotContents {
  if (!Array.isArray(value)) return false;
  const [age, sums, buckets] = value as readonly unknown[];
  const hasSums = Array.isArray(sums) && sums.length === sumsPerSlot && sums.every(Number.isFinite);
  return isCount(age) && hasSums && (buckets === undefined || (Array.isArray(buckets) && buckets.every(isBucket)));
}

function isBucket(value: unknown): boolean {
  return Array.isArray(value) && isCount(value[0]) && value[0] < bucketCount && isCount(value[1]) && value[1] < 2 ** 32;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
