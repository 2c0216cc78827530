/** Holds forecasts against what came, beside two references: who had tried the change already, and who knows the truth. */

import type { Forecast } from "../src/introspection/advise/suggestion.ts";
import { meanOf, quantileOf, shareInterval } from "../src/introspection/measure/statistics.ts";
import { type AdviceOutcome, recordedRuns, watchedRuns } from "./advice-evaluation.ts";
import type { Futures } from "./advice-oracle.ts";

/** One trial of a workload with the futures of just that change. */
export interface ComparedTrial {
  readonly outcome: AdviceOutcome;
  readonly futures: Futures;
}

/** How far somebody's figures are off: in points for shares, in percent for others. */
export interface Misses {
  readonly median: number;
  readonly ninety: number;
  /** Share of figures within 1 point, or 10 %. */
  readonly within: number;
}

/** One metric of one workload. */
export interface ComparedMetric {
  readonly workload: string;
  readonly metric: Forecast["metric"];
  readonly before: number;
  readonly predicted: number;
  readonly truth: number;
  /** By how much forecasts are above the truth on average, and the standard error of that over the trials. */
  readonly bias: number;
  readonly biasError: number;
  readonly ours: Misses;
  /** Who had measured the change over as many runs as were recorded. */
  readonly tried: Misses;
  /** Who knows what the mean of the next runs is in half of all futures. */
  readonly oracle: Misses;
  readonly trials: number;
  readonly covered: number;
  /** Half the stated interval, and half of one that who had tried the change could state. */
  readonly halfWidth: number;
  readonly neededHalfWidth: number;
}

/** Compares all metrics that were forecast for one workload. */
export function compareTrials(workload: string, trials: readonly ComparedTrial[]): readonly ComparedMetric[] {
  const metrics = new Set(trials.flatMap(({ outcome }) => outcome.figures.map(({ metric }) => metric)));
  return [...metrics].map((metric) => compareMetric(workload, metric as Forecast["metric"], trials));
}

function compareMetric(workload: string, metric: Forecast["metric"], trials: readonly ComparedTrial[]): ComparedMetric {
  const compared = trials.flatMap(({ outcome, futures }) => {
    const figure = outcome.figures.find((one) => one.metric === metric);
    const came = futures.get(metric);
    return figure === undefined || came === undefined ? [] : [{ ...figure, came, truth: quantileOf(came, 0.5) }];
  });
  const biases = compared.map(({ predicted, truth }) => missOf(metric, truth, predicted));
  const bias = meanOf(biases);
  const mean = (read: (one: (typeof compared)[number]) => number): number => meanOf(compared.map(read));
  // Around a forecast of 0 everything is endlessly far away in percent.
  const scale = (predicted: number): number => (isShare(metric) ? 100 : 100 / Math.max(predicted, 1e-9));
  const share = Math.sqrt(1 + watchedRuns / recordedRuns);
  return {
    ...{ workload, metric, bias, trials: compared.length, biasError: spreadOf(biases) / Math.sqrt(compared.length) },
    before: mean((one) => one.before),
    predicted: mean((one) => one.predicted),
    truth: mean((one) => one.truth),
    ours: missesOf(
      metric,
      compared.flatMap(({ predicted, came }) => came.map((one) => missOf(metric, predicted, one))),
    ),
    tried: missesOf(
      metric,
      compared.flatMap(({ came }) => triedMisses(metric, came)),
    ),
    oracle: missesOf(
      metric,
      compared.flatMap(({ came, truth }) => came.map((one) => missOf(metric, truth, one))),
    ),
    covered: compared.filter(isCovered).length,
    halfWidth: mean(({ low, high, predicted }) => ((high - low) / 2) * scale(predicted)),
    neededHalfWidth: mean(({ came, predicted }) => 1.96 * spreadOf(came) * share * scale(predicted)),
  };
}

/** Tells whether a change does good, by the figure it promised; undefined where it does hardly anything. */
export function isGoodChange({ outcome, futures }: ComparedTrial): boolean | undefined {
  const { metric, before } = outcome.suggestion!.forecasts![0]!;
  const gain = (quantileOf(futures.get(metric) ?? [before], 0.5) - before) * (isShare(metric) ? 1 : -1);
  return Math.abs(gain) < 0.05 * Math.abs(before) ? undefined : gain > 0;
}

/** Gives the 95 % interval of a share of trials, in words. */
export function coverageOf(covered: number, trials: number): string {
  const { low, high } = shareInterval(covered, trials);
  return `${covered}/${trials} (${Math.round(100 * low)}–${Math.round(100 * high)} %)`;
}

export function isCovered({ low, high, measured }: AdviceOutcome["figures"][number]): boolean {
  return measured >= low - 1e-9 && measured <= high + 1e-9;
}

export function isShare(metric: string): boolean {
  return metric === "successRate" || metric === "cacheHitRate";
}

/** By how much a figure came out above what was said. */
export function missOf(metric: string, said: number, came: number): number {
  return isShare(metric) ? 100 * (came - said) : 100 * (came / said - 1);
}

/** Each future against the mean of as many others as the record is long. */
function triedMisses(metric: string, came: readonly number[]): readonly number[] {
  const others = Math.round(recordedRuns / watchedRuns);
  return came.map((one, index) => {
    const tried = Array.from({ length: others }, (_, step) => came[(index + 1 + step) % came.length]!);
    return missOf(metric, meanOf(tried), one);
  });
}

function missesOf(metric: string, misses: readonly number[]): Misses {
  const sizes = misses.map(Math.abs);
  const limit = isShare(metric) ? 1 : 10;
  const within = sizes.filter((size) => size <= limit + 1e-9).length / Math.max(1, sizes.length);
  return { median: quantileOf(sizes, 0.5), ninety: quantileOf(sizes, 0.9), within };
}

function spreadOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1));
}
