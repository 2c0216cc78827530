/** Tests that may be looked at after every run: watching a change costs no more false alarms than one look would. */

/** Sums from which mean and variance of a stream follow; plain data. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared differences from the mean. */
  readonly squares: number;
}

export const noMoments: Moments = { count: 0, mean: 0, squares: 0 };

/** Adds a value. B. P. Welford: "Note on a method for calculating corrected sums of squares" (Technometrics, 1962). */
export function withValue({ count, mean, squares }: Moments, value: number): Moments {
  const next = mean + (value - mean) / (count + 1);
  return { count: count + 1, mean: next, squares: squares + (value - mean) * (value - next) };
}

export function momentsOf(values: Iterable<number>): Moments {
  let moments = noMoments;
  for (const value of values) moments = withValue(moments, value);
  return moments;
}

/** Gives the standard error of the mean; 0 of fewer than two values. */
export function standardError({ count, squares }: Moments): number {
  return count < 2 ? 0 : Math.sqrt(squares / (count - 1) / count);
}

const z95 = 1.959964;
const falseAlarms = 0.05;
/** Below so many values the spread is too little known. */
const fewestValues = 20;

/**
 * Gives by how much the mean may differ from what was seen so far, however often that is asked: the normal-mixture confidence
 * sequence of the mixture sequential probability ratio test (H. Robbins, 1970; R. Johari and others: "Peeking at A/B Tests",
 * 2017), in its asymptotic form (I. Waudby-Smith and others: "Time-uniform central limit theory", 2021). Tightest after
 * `horizon` values. Endless below 20 values.
 */
export function anytimeHalfWidth(moments: Moments, horizon: number): number {
  const { count, squares } = moments;
  if (count < fewestValues) return Number.POSITIVE_INFINITY;
  const deviation = Math.sqrt(squares / (count - 1));
  const loss = -2 * Math.log(falseAlarms);
  const mixing = (loss + Math.log(loss) + 1) / horizon;
  const scaled = count * mixing + 1;
  return deviation * Math.sqrt(((2 * scaled) / (count ** 2 * mixing)) * Math.log(Math.sqrt(scaled) / falseAlarms));
}

/** Tells whether the mean is surely above a figure that was itself measured, over ten runs or more. */
export function isSurelyAbove(moments: Moments, horizon: number, before: Moments, allowed = before.mean): boolean {
  if (before.count < fewestBefore) return false;
  const limit = Math.max(allowed, before.mean + z95 * standardError(before));
  return moments.mean - anytimeHalfWidth(moments, horizon) > limit;
}

/** Fewer runs before a change say too little of what was usual to hold any harm against it. */
export const fewestBefore = 10;

const rates = 64;

/**
 * Tells whether more fails than a share `limit` of all: an even mixture of likelihood ratios against 64 higher shares, which
 * exceeds 20 with a chance below 5 % at any time while the true share is `limit` or less (J. Ville, 1939).
 */
export function failsMoreThan(limit: number, failed: number, count: number): boolean {
  if (failed === 0 || limit >= 1) return false;
  const least = Math.max(limit, 1e-6);
  let sum = 0;
  for (let step = 1; step <= rates; step++) {
    const share = least + ((1 - least) * step) / (rates + 1);
    sum += Math.exp(failed * Math.log(share / least) + (count - failed) * Math.log((1 - share) / (1 - least)));
  }
  return sum / rates >= 1 / falseAlarms;
}
