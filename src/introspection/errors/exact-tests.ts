/** The statistics of failures: how likely chance alone is, and how much more often one group fails than another. */

import type { Interval } from "../measure/statistics.ts";

/** A term that is so small a part of the sum no longer counts. */
const smallestTerm = 1e-17;
const logs: number[] = [0];

/** How much more often what is exposed fails, with its 95 % interval. */
export interface RelativeRisk extends Interval {
  /** Undefined when nothing else failed: it fails here alone. */
  readonly ratio: number | undefined;
}

/** Gives the chance of `hits` or more of `count`, each with the chance `share`. */
export function binomialTail(hits: number, count: number, share: number): number {
  if (hits <= 0) return 1;
  if (hits > count) return 0;
  // Below the mean the other tail is the smaller sum, and its first term the larger.
  if (hits < count * share) return 1 - binomialTail(count - hits + 1, count, 1 - share);
  const first = logChoose(count, hits) + hits * Math.log(share) + (count - hits) * Math.log1p(-share);
  const odds = share / (1 - share);
  return tail(Math.exp(first), hits, count, (k) => ((count - k) / (k + 1)) * odds);
}

/**
 * Gives the chance that of `failed` among `count` calls, drawn without looking, `hits` or more are among the `exposed`
 * ones: R. A. Fisher's exact test, one-sided. Stops at a chance above `enough`.
 */
export function fisherTail(hits: number, exposed: number, failed: number, count: number, enough = 1): number {
  const most = Math.min(exposed, failed);
  const rest = count - exposed;
  if (hits <= Math.max(0, failed - rest)) return 1;
  if (hits > most) return 0;
  if (hits < (exposed * failed) / count) return 1 - fisherTail(failed - hits + 1, rest, failed, count);
  const first = logChoose(exposed, hits) + logChoose(rest, failed - hits) - logChoose(count, failed);
  const growth = (k: number): number => (((exposed - k) / (k + 1)) * (failed - k)) / (rest - failed + k + 1);
  return tail(Math.exp(first), hits, most, growth, enough);
}

/**
 * Gives the relative risk of `hits` of `exposed` calls against `others` of the `rest`, its interval by the log method
 * (D. Katz et al., "Obtaining Confidence Intervals for the Risk Ratio in Cohort Studies", Biometrics 1978). Where one
 * side never or always failed, half a failure is added to each for the interval.
 */
export function relativeRisk(hits: number, exposed: number, others: number, rest: number): RelativeRisk {
  const isEdge = hits === 0 || others === 0 || hits === exposed || others === rest;
  const add = isEdge ? 0.5 : 0;
  const [a, n, b, m] = [hits + add, exposed + 2 * add, others + add, rest + 2 * add];
  const log = Math.log(a / n / (b / m));
  const half = 1.959964 * Math.sqrt(1 / a - 1 / n + 1 / b - 1 / m);
  const ratio = others === 0 || rest === 0 ? undefined : hits / exposed / (others / rest);
  return { ratio, low: Math.exp(log - half), high: Math.exp(log + half) };
}

/** Adds terms, each so many times the one before. Past the largest they soon no longer count. */
function tail(first: number, from: number, most: number, growth: (k: number) => number, enough = 1): number {
  let term = first;
  let sum = first;
  for (let k = from; k < most && sum <= enough; k++) {
    const times = growth(k);
    term *= times;
    sum += term;
    if (times < 1 && term <= smallestTerm * sum) break;
  }
  return Math.min(1, sum);
}

function logChoose(count: number, chosen: number): number {
  return logFactorial(count) - logFactorial(chosen) - logFactorial(count - chosen);
}

/** J. Stirling's series, within 1e-10 from 16 on; before, the sum itself. */
function logFactorial(n: number): number {
  if (n < 16) {
    for (let k = logs.length; k <= n; k++) logs.push(logs[k - 1]! + Math.log(k));
    return logs[n]!;
  }
  const x = n + 1;
  return (
    (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5)
  );
}
