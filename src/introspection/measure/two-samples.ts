/** Tests whether two samples of runs differ: in a mean or a ratio, in a share, in a quantile. */

import { fisherTail } from "../errors/exact-tests.ts";
import { type Interval, meanOf, quantileOf, shareInterval } from "./statistics.ts";

const z95 = 1.959964;
const permutations = 1_999;
/** Beyond so many runs Student's distribution is as good as the permuted one. */
const manyRuns = 2_000;

/** One run's part in a ratio, such as hits and lookups; a mean is a ratio whose lower parts are 1. */
export interface Part {
  readonly above: number;
  readonly below: number;
}

/** A figure in two samples. */
export interface Difference {
  readonly a: number;
  readonly b: number;
  /** The 95 % interval of `b` less `a`. */
  readonly interval: Interval;
  /** Chance of a difference as large when the samples are of one kind, both sides. */
  readonly p: number;
}

/**
 * Compares two ratios of sums, with runs as the units: what is within a run need not be independent. The p-value is that of
 * B. L. Welch's statistic (Biometrika 1947) against 1,999 seeded permutations of the runs (A. Janssen, 1997; E. Chung and
 * J. P. Romano, "Exact and Asymptotically Robust Permutation Tests", 2013), so that heavy tails and unequal numbers do no
 * harm; beyond 2,000 runs against the normal distribution. The interval is Welch's, of ratios by the delta method. Both
 * ways round give the same p. At least two runs each, with something below.
 */
export function compareRatios(a: readonly Part[], b: readonly Part[]): Difference {
  const [mine, others] = [ratioOf(a), ratioOf(b)];
  const pooled = ratioOf([...a, ...b]).ratio;
  const left = a.map(({ above, below }) => above - pooled * below);
  const right = b.map(({ above, below }) => above - pooled * below);
  const statistic = Math.abs(welch(sumsOf(left), sumsOf(right)));
  const difference = others.ratio - mine.ratio;
  const isRounding = Math.abs(difference) <= 1e-9 * Math.max(Math.abs(mine.ratio), Math.abs(others.ratio));
  const isMany = a.length + b.length > manyRuns;
  const p = isRounding ? 1 : isMany ? twoSided(statistic) : permuted(left, right, statistic);
  const half = studentHalf(mine, others);
  return { a: mine.ratio, b: others.ratio, interval: { low: difference - half, high: difference + half }, p };
}

/** Compares two shares by R. A. Fisher's exact test, both sides. */
export function compareShares(hitsA: number, countA: number, hitsB: number, countB: number): Difference {
  const p = fisherBothSides(hitsA, countA, hitsB, countB);
  return { a: hitsA / countA, b: hitsB / countB, interval: shareChange(hitsA, countA, hitsB, countB), p };
}

/**
 * Gives the 95 % interval of the second share less the first, from Wilson's intervals of both, so that it has a width where all
 * or none hit (R. G. Newcombe: "Interval Estimation for the Difference Between Independent Proportions", 1998).
 */
export function shareChange(hitsA: number, countA: number, hitsB: number, countB: number): Interval {
  const [a, b] = [hitsA / countA, hitsB / countB];
  const [before, after] = [shareInterval(hitsA, countA), shareInterval(hitsB, countB)];
  return {
    low: b - a - Math.hypot(b - after.low, before.high - a),
    high: b - a + Math.hypot(after.high - b, a - before.low),
  };
}

/** Gives the fewest values that bound a quantile from above: with fewer, its interval has no end. */
export function fewestForQuantile(quantile: number): number {
  return Math.ceil(Math.log(0.025) / Math.log(quantile));
}

/**
 * Compares two quantiles: how many values of each side exceed the pooled quantile, by Fisher's exact test (A. M. Mood's
 * median test at another quantile). The interval joins those of either side, which are between order statistics, by the
 * squares of their arms (G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures", 2008).
 */
export function compareQuantiles(a: readonly number[], b: readonly number[], quantile: number): Difference {
  const pooled = [...a, ...b];
  const limit = quantileOf(pooled, quantile);
  const over = (values: readonly number[]): number => values.filter((value) => value > limit).length;
  const from = (values: readonly number[]): number => values.filter((value) => value >= limit).length;
  // Where many values are the limit itself, the split that is nearer to the quantile tells more.
  const tail = 2 * (1 - quantile) * pooled.length;
  const above = over(pooled) + from(pooled) > tail ? over : from;
  const [mine, others] = [quantileArms(a, quantile), quantileArms(b, quantile)];
  const difference = others.value - mine.value;
  return {
    a: mine.value,
    b: others.value,
    interval: {
      low: difference - Math.hypot(others.below, mine.above),
      high: difference + Math.hypot(others.above, mine.below),
    },
    p: fisherBothSides(above(a), a.length, above(b), b.length),
  };
}

/** Corrects p-values for there being several. S. Holm: "A Simple Sequentially Rejective Multiple Test Procedure" (1979). */
export function holm(chances: readonly number[]): readonly number[] {
  const corrected: number[] = [];
  let least = 0;
  const order = chances.map((p, index) => ({ p, index })).sort((one, other) => one.p - other.p);
  for (const [rank, { p, index }] of order.entries()) {
    least = Math.min(1, Math.max(least, p * (chances.length - rank)));
    corrected[index] = least;
  }
  return corrected;
}

/**
 * Gives the chance that a standard normal value is this far from 0, on either side, within 1.5e-7: M. Abramowitz, I.
 * Stegun: "Handbook of Mathematical Functions" (1964), 7.1.26.
 */
export function twoSided(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.327_591_1 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.min(1, series * Math.exp(-(x ** 2)));
}

interface Sums {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
}

function sumsOf(values: readonly number[]): Sums {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value ** 2;
  }
  return { count: values.length, sum, squares };
}

/** Gives Welch's statistic; endless where nothing varies and the means differ. */
function welch(a: Sums, b: Sums): number {
  const difference = b.sum / b.count - a.sum / a.count;
  const error = Math.sqrt(errorOf(a) + errorOf(b));
  // What rounding leaves of equal sums is no difference.
  const grain = 1e-12 * (Math.sqrt(a.squares / a.count) + Math.sqrt(b.squares / b.count));
  return Math.abs(difference) <= grain ? 0 : difference / error;
}

/** Gives the square of the standard error of a mean. */
function errorOf({ count, sum, squares }: Sums): number {
  const spread = squares - sum ** 2 / count;
  return spread <= 1e-12 * squares ? 0 : spread / (count - 1) / count;
}

/** Values are drawn from the sorted whole, so that which side is called A makes no difference. */
function permuted(a: readonly number[], b: readonly number[], statistic: number): number {
  const values = Float64Array.from([...a, ...b]).sort();
  const whole = sumsOf([...values]);
  const count = Math.min(a.length, b.length);
  // Equal arrangements whose sums were rounded otherwise count as equal.
  const limit = statistic * (1 - 1e-9);
  let state = 0x9e37_79b9;
  let asFar = 1;
  for (let draw = 0; draw < permutations; draw++) {
    let [sum, squares] = [0, 0];
    for (let at = 0; at < count; at++) {
      // xorshift32 (Marsaglia 2003), the same everywhere.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const from = at + ((state >>> 0) % (values.length - at));
      const value = values[from]!;
      values[from] = values[at]!;
      values[at] = value;
      sum += value;
      squares += value ** 2;
    }
    const rest = { count: whole.count - count, sum: whole.sum - sum, squares: whole.squares - squares };
    if (Math.abs(welch({ count, sum, squares }, rest)) >= limit) asFar += 1;
  }
  return asFar / (permutations + 1);
}

function fisherBothSides(hitsA: number, countA: number, hitsB: number, countB: number): number {
  const hits = hitsA + hitsB;
  const isMore = hitsB / countB > hitsA / countA;
  const [exposed, of] = isMore ? [hitsB, countB] : [hitsA, countA];
  return Math.min(1, 2 * fisherTail(exposed, of, hits, countA + countB));
}

interface Ratio {
  readonly ratio: number;
  /** The square of its standard error. */
  readonly error: number;
  readonly count: number;
}

function ratioOf(parts: readonly Part[]): Ratio {
  const below = meanOf(parts.map((part) => part.below));
  const ratio = meanOf(parts.map((part) => part.above)) / below;
  const error = errorOf(sumsOf(parts.map((part) => (part.above - ratio * part.below) / below)));
  return { ratio, error, count: parts.length };
}

/**
 * Gives half of the 95 % interval by Student's distribution with the degrees of freedom of F. E. Satterthwaite (1946); the
 * quantile by its expansion in the normal one (Abramowitz and Stegun, 26.7.5).
 */
function studentHalf(a: Ratio, b: Ratio): number {
  const error = a.error + b.error;
  if (error === 0) return 0;
  const freedom = error ** 2 / (a.error ** 2 / (a.count - 1) + b.error ** 2 / (b.count - 1));
  const first = (z95 ** 3 + z95) / (4 * freedom);
  const second = (5 * z95 ** 5 + 16 * z95 ** 3 + 3 * z95) / (96 * freedom ** 2);
  return (z95 + first + second) * Math.sqrt(error);
}

/** Gives a quantile and how far its 95 % interval reaches, by the normal approximation of the rank. */
function quantileArms(values: readonly number[], quantile: number): { value: number; below: number; above: number } {
  const sorted = Float64Array.from(values).sort();
  const spread = z95 * Math.sqrt(values.length * quantile * (1 - quantile));
  const rank = (position: number): number => sorted[Math.min(sorted.length, Math.max(1, Math.ceil(position))) - 1]!;
  const value = rank(quantile * values.length);
  return {
    value,
    below: value - rank(quantile * values.length - spread),
    above: rank(quantile * values.length + spread + 1) - value,
  };
}
