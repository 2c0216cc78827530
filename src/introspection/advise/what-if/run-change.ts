/** Holds a figure of each run against what it would be, and says what that saves, how surely, and what is to come. */

import { meanInterval, meanOf } from "../../measure/statistics.ts";
import { defaultNextRuns, type Forecast, smallestGain, type WhatIfInput } from "../suggestion.ts";
import { forecastRuns } from "./forecast.ts";

/** One figure of a run, as it is and as it would be. */
export interface RunChange {
  readonly before: number;
  /** On average; `low` and `high` are its 95 % interval. */
  readonly saved: number;
  readonly low: number;
  readonly high: number;
  /** What is saved as a share of what it was. */
  readonly share: number;
  readonly forecast: Forecast;
}

/** A figure of runs as they were, as they would be, and the standard error of what was assumed for all of them. */
export interface ChangedRuns {
  readonly metric: "costMicroUsd" | "avgExecutionTimeMs";
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly doubt: number;
}

/** What is saved varies from run to run, and by what is not known of the change. */
export function changeOf(runs: ChangedRuns, { nextRuns = defaultNextRuns }: WhatIfInput): RunChange {
  const { metric, before, after, doubt } = runs;
  const each = before.map((one, index) => one - after[index]!);
  const [mean, saved] = [meanOf(before), meanOf(each)];
  const interval = meanInterval(each);
  const half = (side: number): number => Math.hypot(side - saved, 1.96 * doubt);
  const unit = metric === "costMicroUsd" ? "micro-dollars" : "ms";
  return {
    ...{ before: mean, saved, low: saved - half(interval.low), high: saved + half(interval.high) },
    share: mean === 0 ? 0 : saved / mean,
    forecast: forecastRuns({ metric, unit, before: mean }, after, nextRuns, { assumed: doubt }),
  };
}

/** Tells whether a change surely saves enough to speak of. */
export function isGain(change: RunChange | undefined, least = smallestGain): change is RunChange {
  return change !== undefined && change.low > 0 && change.share >= least;
}
