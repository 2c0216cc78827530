/** Turns what recorded runs would have been into a forecast of the next ones, with the range their mean will fall into. */

import { meanOf, quantileOf, studentQuantile } from "../../measure/statistics.ts";
import type { Episode } from "../../record/episodes.ts";
import { defaultNextRuns, type Forecast } from "../suggestion.ts";

/** Windows that are replayed at most, so that a long history costs no more than a few short ones. */
const mostWindows = 16;

/** A stretch of recorded runs, by position: the end is not part of it. */
export interface RunWindow {
  readonly from: number;
  readonly to: number;
}

/**
 * Gives stretches of as many runs as are to come, evenly spread; one of all runs when fewer were recorded. They overlap no
 * more than they must to reach every run, since a run that counts twice makes the others count less.
 */
export function windowsOf(recorded: number, next: number): readonly RunWindow[] {
  const size = Math.min(recorded, next);
  const count = size === 0 ? 1 : Math.min(mostWindows, Math.ceil(recorded / size));
  return Array.from({ length: count }, (_, index) => {
    const from = count === 1 ? 0 : Math.round((index * (recorded - size)) / (count - 1));
    return { from, to: from + size };
  });
}

/** What is forecast, in which unit, and how it was without the change. */
export interface ForecastOf {
  readonly metric: Forecast["metric"];
  readonly unit: string;
  readonly before: number;
}

/** One stretch of runs as it would have been. */
export interface ForeseenRuns {
  /** A figure a run. */
  readonly figures: ArrayLike<number>;
  /** What the sum of all figures owes to each run: not its own figure where one run changes what others are like. */
  readonly owed: ArrayLike<number>;
}

/**
 * Forecasts the mean of as many runs as a window has. The range is a 95 % prediction interval: the variance of a mean counts
 * once for the runs to come and once for the record (S. Geisser: "Predictive Inference", 1993), and is that of what is owed
 * to each run (B. Efron and C. Stein: "The jackknife estimate of variance", 1981).
 */
export function forecastMean(of: ForecastOf, windows: readonly ForeseenRuns[], recorded: number): Forecast {
  const after = meanOf(windows.map(({ figures }) => meanOf(Array.from(figures))));
  const owed = windows.flatMap((window) => Array.from(window.owed));
  const next = windows[0]?.figures.length ?? 0;
  return around(of, next, after, meanVariance(owed, next, Math.min(recorded, owed.length)));
}

/** What makes a forecast less sure than what runs would have been tells. */
export interface ForecastDoubt {
  /** The standard error of what was assumed for all runs. @default 0 */
  readonly assumed?: number;
  /** The variance of one run where its figure is an expectation itself, on average. @default 0 */
  readonly perRun?: number;
}

/** Forecasts from what each recorded run would have been. */
export function forecastRuns(
  of: ForecastOf,
  after: readonly number[],
  next: number,
  { assumed = 0, perRun = 0 }: ForecastDoubt = {},
): Forecast {
  const { variance, freedom } = meanVariance(after, next, after.length);
  return around(of, next, meanOf(after), { variance: variance + perRun / next + assumed ** 2, freedom });
}

/**
 * Forecasts from the means of many futures that were played through: as many lie above the forecast as below. The range is wider
 * where what they were drawn from hangs together, for then little is known of it.
 */
export function forecastFutures(
  of: ForecastOf,
  futures: readonly number[],
  next: number,
  drawnFrom: readonly number[],
): Forecast {
  const [low, after, high] = [0.025, 0.5, 0.975].map((p) => quantileOf(futures, p)) as [number, number, number];
  const wider = studentQuantile(togetherness(drawnFrom).freedom) / studentQuantile(Number.POSITIVE_INFINITY);
  return {
    ...of,
    runs: next,
    after,
    low: Math.max(0, after - (after - low) * wider),
    high: after + (high - after) * wider,
  };
}

interface Doubt {
  readonly variance: number;
  readonly freedom: number;
}

/** The variance of the mean of the next runs around that of the recorded ones. */
function meanVariance(values: readonly number[], next: number, recorded: number): Doubt {
  const { times, freedom } = togetherness(values);
  return { variance: varianceOf(values) * times * (1 / Math.max(1, next) + 1 / Math.max(1, recorded)), freedom };
}

function around(of: ForecastOf, next: number, after: number, { variance, freedom }: Doubt): Forecast {
  const half = studentQuantile(freedom) * Math.sqrt(variance);
  // No figure of a run is below 0.
  return { ...of, runs: next, after, low: Math.max(0, after - half), high: after + half };
}

const batches = 16;
/** One standard error of the ratio of two variances, one of which comes from so many batches. */
const ratioError = Math.sqrt(2 / (batches - 1));
const mostLags = 400;

/** How values hang together. */
export interface Togetherness {
  /** By how many times more they add to the variance of a mean than they vary; 1 where that may be chance. */
  readonly times: number;
  /** Degrees of freedom of the variance that comes of it. */
  readonly freedom: number;
}

/**
 * Tells how values hang together, such as runs of one slow hour. The greater of two estimates: pairs of autocorrelations up to
 * the first that is nothing (C. J. Geyer: "Practical Markov Chain Monte Carlo", 1992), which sees ties that are strong, and means
 * of batches (A. M. Law and W. D. Kelton: "Simulation Modeling and Analysis"), which see weak ones that are long.
 */
export function togetherness(values: readonly number[]): Togetherness {
  const alone = { times: 1, freedom: values.length - 1 };
  const own = varianceOf(values);
  const size = Math.floor(values.length / batches);
  if (size < 2 || own === 0) return alone;
  const means = Array.from({ length: batches }, (_, batch) => meanOf(values.slice(batch * size, (batch + 1) * size)));
  const batched = { times: (varianceOf(means) * size) / own - ratioError, freedom: batches - 1 };
  return [pairedCorrelations(values, own), batched].reduce((most, one) => (one.times > most.times ? one : most), alone);
}

/**
 * Each correlation is taken around a mean that was itself drawn to the values, and so is too low by as much as the mean varies
 * (M. B. Priestley: "Spectral Analysis and Time Series", 1981, also for the degrees of freedom); that is put right twice.
 */
function pairedCorrelations(values: readonly number[], variance: number): Togetherness {
  const mean = meanOf(values);
  const most = Math.min(mostLags, values.length / 4);
  const nothing = Math.sqrt(2 / values.length);
  const pairs: number[] = [];
  const pairAt = (pair: number): number =>
    (pairs[pair] ??= (correlation(values, mean, 2 * pair + 1) + correlation(values, mean, 2 * pair + 2)) / variance);
  let [times, lags] = [1, 0];
  for (let round = 0; round < 3; round++) {
    const lost = (2 * times) / values.length;
    let sum = 0;
    for (lags = 0; lags < most && pairAt(lags / 2) + lost > nothing; lags += 2) sum += pairAt(lags / 2) + lost;
    times = 1 + 2 * sum;
  }
  return { times, freedom: values.length / Math.max(1, 2 * lags) };
}

function correlation(values: readonly number[], mean: number, lag: number): number {
  let sum = 0;
  for (let index = lag; index < values.length; index++) sum += (values[index]! - mean) * (values[index - lag]! - mean);
  return sum / values.length;
}

function varianceOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = meanOf(values);
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return squares / (values.length - 1);
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
  const half = studentQuantile(decided.length) * spread;
  const [low, high] = [Math.max(0, after - half), Math.min(1, after + half)];
  return { metric: "successRate", unit: "share of runs", runs: nextRuns, before, after, low, high };
}
