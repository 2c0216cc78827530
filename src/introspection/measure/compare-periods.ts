/** Says whether a period differs from the one before it, or whether chance alone explains what is seen. */

import type { PeriodSums } from "./period-sums.ts";
import type { Interval } from "./statistics.ts";
import { compareShares, twoSided } from "./two-samples.ts";

const z95 = 1.959964;
/** Of a hundred periods that do not differ, one is said to. */
const level = 0.01;
/** With fewer runs the mean is not near enough to normal to say anything. */
const fewestForMeans = 20;

/** One figure of two periods. */
export interface FigureComparison {
  readonly before: number | undefined;
  readonly now: number | undefined;
  /** `now` less `before`. */
  readonly difference: number | undefined;
  /** The 95 % interval of the difference. */
  readonly interval: Interval | undefined;
  /** Chance of a difference as large when nothing changed, both sides; undefined when there are too few runs to say. */
  readonly p: number | undefined;
  /** False also when there are too few runs to say. */
  readonly significant: boolean;
  /** Says it in words. */
  readonly sentence: string;
}

/** A period beside the one of the same length before it. */
export interface PeriodComparison {
  readonly runsBefore: number;
  readonly runs: number;
  readonly meanMs: FigureComparison;
  readonly successRate: FigureComparison;
}

/**
 * Compares two periods, significant at p < 0.01. Means by B. L. Welch's test ("The Generalization of 'Student's' Problem",
 * Biometrika 1947) with the normal distribution, from 20 runs a side; shares by R. A. Fisher's exact test, with the
 * interval of the normal approximation. Both take runs as independent of one another.
 */
export function comparePeriods(before: PeriodSums, now: PeriodSums): PeriodComparison {
  return {
    runsBefore: before.runs,
    runs: now.runs,
    meanMs: compareMeans(before, now),
    successRate: compareSuccess(before, now),
  };
}

function compareMeans(before: PeriodSums, now: PeriodSums): FigureComparison {
  const [a, b] = [momentsOf(before), momentsOf(now)];
  if (a.count < fewestForMeans || b.count < fewestForMeans)
    return tooFew(
      a.mean,
      b.mean,
      `a mean needs ${fewestForMeans} runs in both periods, there are ${a.count} and ${b.count}`,
    );
  const difference = b.mean! - a.mean!;
  const error = Math.sqrt(a.variance / a.count + b.variance / b.count);
  const p = error === 0 ? (difference === 0 ? 1 : 0) : twoSided(Math.abs(difference) / error);
  const words = (value: number): string => `${value.toPrecision(3)} ms`;
  return compared("mean time", [a.mean!, b.mean!], z95 * error, p, words);
}

function compareSuccess(before: PeriodSums, now: PeriodSums): FigureComparison {
  const [n, m] = [before.succeeded + before.failed, now.succeeded + now.failed];
  if (n === 0 || m === 0) {
    const [a, b] = [n === 0 ? undefined : before.succeeded / n, m === 0 ? undefined : now.succeeded / m];
    return tooFew(a, b, "one of the periods has no run that ended by itself");
  }
  const { a, b, interval, p } = compareShares(before.succeeded, n, now.succeeded, m);
  const half = (interval.high - interval.low) / 2;
  return compared("success rate", [a, b], half, p, (share) => `${(share * 100).toFixed(1)} %`);
}

function compared(
  what: string,
  [before, now]: readonly [number, number],
  half: number,
  p: number,
  words: (value: number) => string,
): FigureComparison {
  const difference = now - before;
  const significant = p < level;
  const change = `${what} ${words(before)} before, ${words(now)} now`;
  const chance = p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
  const sentence = `${change}: ${significant ? `${difference > 0 ? "higher" : "lower"}, beyond chance` : "no more than chance explains"} (${chance})`;
  return {
    before,
    now,
    difference,
    interval: { low: difference - half, high: difference + half },
    p,
    significant,
    sentence,
  };
}

function tooFew(before: number | undefined, now: number | undefined, why: string): FigureComparison {
  const difference = before === undefined || now === undefined ? undefined : now - before;
  return {
    before,
    now,
    difference,
    interval: undefined,
    p: undefined,
    significant: false,
    sentence: `too little to say: ${why}`,
  };
}

function momentsOf({ succeeded, failed, totalMs, squaredMs }: PeriodSums): {
  count: number;
  mean: number | undefined;
  variance: number;
} {
  const count = succeeded + failed;
  if (count < 2) return { count, mean: count === 0 ? undefined : totalMs, variance: 0 };
  const mean = totalMs / count;
  return { count, mean, variance: Math.max(0, (squaredMs - count * mean ** 2) / (count - 1)) };
}
