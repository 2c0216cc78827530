/** Tells whether a figure of runs drifts over time, or whether chance alone explains what is seen. */

import { type Interval, meanOf, quantileOf } from "../measure/statistics.ts";
import { shareChange, twoSided } from "../measure/two-samples.ts";
import type { Episode } from "../record/episodes.ts";

/** Runs below which nothing is said. */
const fewestRuns = 20;
/** Points that are compared with one another; of more runs, means of so many stretches. */
const mostPoints = 200;
/** All figures together: of a hundred records in which nothing drifts, about one is said to. */
const level = 0.01;
const z95 = 1.959964;

/** What is followed over time. */
export type TrendMetric = "executionTimeMs" | "successRate" | "costMicroUsd" | "tokens";

/** How a figure of a run changes over what is recorded. */
export interface FigureTrend {
  readonly metric: TrendMetric;
  readonly direction: "rising" | "falling" | "steady";
  /** How much it changes from the first recorded run to the last, along the line through all; of a success rate the difference of both halves. */
  readonly change: number;
  /** The 95 % interval of the change. */
  readonly interval: Interval;
  /** Chance that figures in this order say as much when nothing drifts, both ways. */
  readonly p: number;
}

const metrics: Readonly<Record<TrendMetric, (episode: Episode) => number | undefined>> = {
  executionTimeMs: ({ outcome, durationMs }) => (outcome === "cancelled" ? undefined : durationMs),
  successRate: ({ outcome }) => (outcome === "cancelled" ? undefined : Number(outcome === "ok")),
  costMicroUsd: ({ costMicroUsd }) => costMicroUsd,
  tokens: ({ outcome, tokens }) => (outcome === "cancelled" ? undefined : tokens),
};

/**
 * Gives the trend of each figure that 20 runs or more say something of; runs are in order of their start. The test is that
 * of H. B. Mann ("Nonparametric Tests Against Trend", 1945) with M. G. Kendall's variance for ties, level 0.01 over all
 * figures; the change is P. K. Sen's slope and interval ("Estimates of the Regression Coefficient Based on Kendall's Tau",
 * 1968). Both care for the order alone, so single slow runs do no harm. Takes runs as independent of one another.
 */
export function trendsOf(episodes: readonly Episode[]): readonly FigureTrend[] {
  const series = (Object.keys(metrics) as TrendMetric[]).flatMap((metric) => {
    const values = episodes.flatMap((episode) => metrics[metric](episode) ?? []).filter(Number.isFinite);
    return values.length < fewestRuns ? [] : [{ metric, values }];
  });
  return series.map(({ metric, values }) => trendOf(metric, values, level / series.length));
}

function trendOf(metric: TrendMetric, values: readonly number[], limit: number): FigureTrend {
  const points = pointsOf(values);
  const { score, error } = mannKendall(points);
  // Half a pair is the grain of the score.
  const p = error === 0 ? 1 : twoSided(Math.max(0, Math.abs(score) - 1) / error);
  const { change, interval } = metric === "successRate" ? halves(values) : senChange(points, error);
  const direction = p >= limit ? "steady" : score > 0 ? "rising" : "falling";
  return { metric, direction, change, interval, p };
}

function pointsOf(values: readonly number[]): readonly number[] {
  if (values.length <= mostPoints) return values;
  return Array.from({ length: mostPoints }, (_, index) =>
    meanOf(
      values.slice(
        Math.floor((index * values.length) / mostPoints),
        Math.floor(((index + 1) * values.length) / mostPoints),
      ),
    ),
  );
}

/** Gives how many more pairs rise than fall, and the standard error of that when nothing drifts. */
function mannKendall(points: readonly number[]): { readonly score: number; readonly error: number } {
  const count = points.length;
  let score = 0;
  for (let later = 1; later < count; later++) {
    for (let earlier = 0; earlier < later; earlier++) score += Math.sign(points[later]! - points[earlier]!);
  }
  const ties = new Map<number, number>();
  for (const point of points) ties.set(point, (ties.get(point) ?? 0) + 1);
  let lost = 0;
  for (const tied of ties.values()) lost += tied * (tied - 1) * (2 * tied + 5);
  return { score, error: Math.sqrt((count * (count - 1) * (2 * count + 5) - lost) / 18) };
}

/** Gives the median slope over the whole length, with the slopes that far from the middle that chance reaches. */
function senChange(points: readonly number[], error: number): Pick<FigureTrend, "change" | "interval"> {
  const slopes: number[] = [];
  for (let later = 1; later < points.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      slopes.push((points[later]! - points[earlier]!) / (later - earlier));
    }
  }
  const length = points.length - 1;
  const reach = (z95 * error) / (2 * slopes.length);
  const at = (share: number): number => quantileOf(slopes, Math.min(1, Math.max(0, share))) * length;
  return { change: at(0.5), interval: { low: at(0.5 - reach), high: at(0.5 + reach) } };
}

/** The median slope of zeros and ones is nearly always 0, so a share is told by its halves. */
function halves(values: readonly number[]): Pick<FigureTrend, "change" | "interval"> {
  const middle = values.length >> 1;
  const [first, last] = [values.slice(0, middle), values.slice(middle)];
  const hits = (part: readonly number[]): number => part.filter((value) => value === 1).length;
  return {
    change: meanOf(last) - meanOf(first),
    interval: shareChange(hits(first), first.length, hits(last), last.length),
  };
}
