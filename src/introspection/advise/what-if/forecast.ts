/** Turns what recorded runs would have been into a forecast of the next ones, with the range their mean will fall into. */

import { meanOf } from "../../measure/statistics.ts";
import type { Episode } from "../../record/episodes.ts";
import { defaultNextRuns, type Forecast } from "../suggestion.ts";

/** Windows that are replayed at most, so that a long history costs no more than a few short ones. */
const mostWindows = 16;
/** The 97.5 % quantile of the normal distribution, and a little for the spread being estimated too. */
const width = 2.05;

/** A stretch of recorded runs, by position: the end is not part of it. */
export interface RunWindow {
  readonly from: number;
  readonly to: number;
}

/** Gives stretches of as many runs as are to come, evenly spread; one of all runs when fewer were recorded. */
export function windowsOf(recorded: number, next: number): readonly RunWindow[] {
  const size = Math.min(recorded, next);
  const spare = recorded - size;
  const count = spare === 0 ? 1 : Math.min(mostWindows, 1 + Math.ceil((4 * spare) / size));
  return Array.from({ length: count }, (_, index) => {
    const from = count === 1 ? 0 : Math.round((index * spare) / (count - 1));
    return { from, to: from + size };
  });
}

/** What is forecast, in which unit, from how many recorded runs, and how it was without the change. */
export interface ForecastOf {
  readonly metric: Forecast["metric"];
  readonly unit: string;
  readonly recorded: number;
  readonly before: number;
}

/**
 * Forecasts the mean of as many runs as a window has. Each window gives what its runs would have been, one figure a run.
 * The range is a 95 % prediction interval: the variance is that between runs or that between windows, whichever is greater,
 * so that runs that hang together do not make it too narrow, and counts once for the runs to come and once for the record
 * (S. Geisser: "Predictive Inference", 1993).
 */
export function forecastMean(of: ForecastOf, windows: readonly ArrayLike<number>[]): Forecast {
  const means = windows.map((window) => meanOf(Array.from(window)));
  const runs = windows[0]?.length ?? 0;
  const after = meanOf(means);
  const withinRuns = meanOf(windows.map((window, index) => varianceOf(window, means[index]!)));
  const between = windows.length < 4 ? 0 : varianceOf(means, after);
  const variance = Math.max(runs === 0 ? 0 : withinRuns / runs, between);
  const { recorded, ...rest } = of;
  return around(rest, runs, after, variance * (1 + (recorded === 0 ? 0 : runs / recorded)));
}

/** What makes a forecast less sure than what runs would have been tells. */
export interface ForecastDoubt {
  /** The standard error of what was assumed for all runs. @default 0 */
  readonly assumed?: number;
  /** The variance of one run where its figure is an expectation itself, on average. @default 0 */
  readonly perRun?: number;
}

/** Forecasts runs that do not hang together. */
export function forecastRuns(
  of: Omit<ForecastOf, "recorded">,
  after: readonly number[],
  next: number,
  { assumed = 0, perRun = 0 }: ForecastDoubt = {},
): Forecast {
  const mean = meanOf(after);
  const variance = varianceOf(after, mean) * (1 / next + 1 / Math.max(1, after.length));
  return around(of, next, mean, variance + perRun / next + assumed ** 2);
}

const batches = 16;

/**
 * Forecasts runs that hang together, such as those of one queue: the variance of their mean is that of the means of batches
 * (A. M. Law and W. D. Kelton: "Simulation Modeling and Analysis"), never less than that of the runs by themselves.
 */
export function forecastSeries(of: Omit<ForecastOf, "recorded">, after: readonly number[], next: number): Forecast {
  const size = Math.floor(after.length / batches);
  const mean = meanOf(after);
  const means = Array.from({ length: batches }, (_, batch) => meanOf(after.slice(batch * size, (batch + 1) * size)));
  const perRun = Math.max(varianceOf(after, mean), size === 0 ? 0 : varianceOf(means, meanOf(means)) * size);
  return around(of, next, mean, perRun * (1 / next + 1 / Math.max(1, after.length)));
}

/** Forecasts how many runs succeed once this share more does, which may be off by its standard error. */
export function successForecast(
  episodes: readonly Episode[],
  gained: number,
  nextRuns: number = defaultNextRuns,
  error = 0,
): Forecast {
  const decided = episodes.filter(({ outcome }) => outcome !== "cancelled");
  const before = decided.filter(({ outcome }) => outcome === "ok").length / Math.max(1, decided.length);
  const after = Math.min(1, before + gained);
  const spread = Math.sqrt(
    Math.max(after * (1 - after), 1 / nextRuns) * (1 / nextRuns + 1 / Math.max(1, decided.length)) + error ** 2,
  );
  const [low, high] = [Math.max(0, after - width * spread), Math.min(1, after + width * spread)];
  return { metric: "successRate", unit: "share of runs", runs: nextRuns, before, after, low, high };
}

function around(of: Omit<ForecastOf, "recorded">, runs: number, after: number, variance: number): Forecast {
  const half = width * Math.sqrt(variance);
  return { ...of, runs, after, low: after - half, high: after + half };
}

function varianceOf(values: ArrayLike<number>, mean: number): number {
  if (values.length < 2) return 0;
  let squares = 0;
  for (let index = 0; index < values.length; index++) squares += (values[index]! - mean) ** 2;
  return squares / (values.length - 1);
}
