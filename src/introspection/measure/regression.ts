/** Finds how much of one figure comes with each unit of another, and how surely. */

import { doubtOf } from "./bootstrap.ts";
import type { Interval } from "./statistics.ts";

/** By how much `y` grows with each unit of `x`, with its 95 % interval. */
export interface Slope extends Interval {
  readonly slope: number;
  /** What is left of `y` where `x` is 0. */
  readonly intercept: number;
}

const z95 = 1.959964;
/** More points take too long and say hardly more; they are thinned evenly. Where every pair is looked at, fewer do. */
const mostPoints = 2_000;
const mostPaired = 300;

/** A point, or a point with something else that `y` grows with. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly beside?: number;
}

/**
 * Gives the median of the slopes through any two points (H. Theil 1950; P. K. Sen: "Estimates of the Regression Coefficient
 * Based on Kendall's Tau", JASA 1968, for the interval too): up to a quarter of the points may be wild. Undefined for fewer
 * than three points, or where `x` is always the same.
 */
export function medianSlope(points: readonly Point[]): Slope | undefined {
  const used = thinned(points, mostPaired);
  const slopes: number[] = [];
  for (const [index, { x, y }] of used.entries()) {
    for (let other = index + 1; other < used.length; other++) {
      const run = used[other]!.x - x;
      if (run !== 0) slopes.push((used[other]!.y - y) / run);
    }
  }
  const count = used.length;
  if (count < 3 || slopes.length < count) return undefined;
  const sorted = Float64Array.from(slopes).sort();
  const spread = (z95 * Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18)) / 2;
  const middle = (sorted.length - 1) / 2;
  const at = (rank: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, rank))]!;
  const slope = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
  const rests = Float64Array.from(used, ({ x, y }) => y - slope * x).sort();
  const intercept = rests[Math.floor((rests.length - 1) / 2)]!;
  return { slope, intercept, low: at(Math.floor(middle - spread)), high: at(Math.ceil(middle + spread)) };
}

/**
 * Gives how much `y` grows with each unit of `x` when what it grows with `beside` is taken out: ordinary least squares, the
 * interval by drawing points anew. Undefined for fewer than five points, or where the two never differ.
 */
export function slopeBeside(points: readonly Point[]): Slope | undefined {
  if (points.length < 5) return undefined;
  const used = thinned(points, mostPoints);
  const all = planeOf(used.length, (index) => used[index]!);
  if (all === undefined) return undefined;
  const doubt = doubtOf(used.length, (next) => planeOf(used.length, () => used[next()]!)?.slope ?? Number.NaN);
  return doubt === undefined ? undefined : { ...all, low: doubt.low, high: doubt.high };
}

/** The plane through points, by its normal equations around the means. */
function planeOf(count: number, at: (index: number) => Point): { slope: number; intercept: number } | undefined {
  const sums = { x: 0, b: 0, y: 0, xx: 0, bb: 0, xb: 0, xy: 0, by: 0 };
  for (let index = 0; index < count; index++) {
    const { x, y, beside: b = 0 } = at(index);
    sums.x += x;
    sums.b += b;
    sums.y += y;
    sums.xx += x * x;
    sums.bb += b * b;
    sums.xb += x * b;
    sums.xy += x * y;
    sums.by += b * y;
  }
  const centred = (product: number, one: number, other: number): number => product - (one * other) / count;
  const xx = centred(sums.xx, sums.x, sums.x);
  const bb = centred(sums.bb, sums.b, sums.b);
  const xb = centred(sums.xb, sums.x, sums.b);
  const xy = centred(sums.xy, sums.x, sums.y);
  const by = centred(sums.by, sums.b, sums.y);
  const area = xx * bb - xb * xb;
  const isFlat = bb <= 1e-9 * Math.max(1, sums.bb);
  if (isFlat ? xx <= 1e-9 * Math.max(1, sums.xx) : area <= 1e-9 * xx * bb) return undefined;
  const slope = isFlat ? xy / xx : (xy * bb - by * xb) / area;
  const slopeOfBeside = isFlat ? 0 : (by * xx - xy * xb) / area;
  return { slope, intercept: (sums.y - slope * sums.x - slopeOfBeside * sums.b) / count };
}

function thinned(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  const step = points.length / most;
  return Array.from({ length: most }, (_, index) => points[Math.floor(index * step)]!);
}
