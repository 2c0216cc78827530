/** The statistics of failures: how likely chance alone is, and how much more often one group fails than another. */

import type { Interval } from "../measure/statistics.ts";

/** From so many on, a sum of that many terms is cut at those that no longer count. */
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
  const [yes, no] = [Math.log(share), Math.log1p(-share)];
  return tail(hits, count, (k) => logChoose(count, k) + k * yes + (count - k) * no, count * share);
}

/**
 * Gives the chance that of `failed` among `count` calls, drawn without looking, `hits` or more are among the `exposed`
 * ones. R. A. Fisher's exact test, one-sided.
 */
export function fisherTail(hits: number, exposed: number, failed: number, count: number): number {
  const most = Math.min(exposed, failed);
  const least = Math.max(0, exposed + failed - count);
  if (hits <= least) return 1;
  const all = logChoose(count, failed);
  const chance = (k: number): number => logChoose(exposed, k) + logChoose(count - exposed, failed - k) - all;
  return tail(hits, most, chance, (exposed * failed) / count);
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

/** Adds terms outwards; past the mean they only get smaller. */
function tail(from: number, most: number, logTerm: (k: number) => number, mean: number): number {
  let sum = 0;
  for (let k = from; k <= most; k++) {
    const term = Math.exp(logTerm(k));
    sum += term;
    if (k > mean && term < smallestTerm * sum) break;
    if (k > mean && sum === 0) break;
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
