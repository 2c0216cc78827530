/** Sums of a period, enough for a mean and its spread. */

import { sumAt } from "./window-metrics.ts";

/** What one period adds up to. */
export interface PeriodSums {
  readonly runs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly totalMs: number;
  readonly squaredMs: number;
}

/** Reads the sums of a slot, or of several added up. */
export function sumsIn(sums: Float64Array): PeriodSums {
  const { runs, succeeded, failed, totalMs, squaredMs } = sumAt;
  return {
    runs: sums[runs]!,
    succeeded: sums[succeeded]!,
    failed: sums[failed]!,
    totalMs: sums[totalMs]!,
    squaredMs: sums[squaredMs]!,
  };
}
