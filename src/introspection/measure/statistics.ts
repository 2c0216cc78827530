/** The little statistics that advice stands on: means, quantiles, and how sure they are. */

/** A range that holds the true figure 95 times of 100. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const z95 = 1.959964;

/** Gives the mean; 0 of nothing. */
export function meanOf(values: readonly number[]): number {
  if (values.length === 0) return 0;
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Gives the smallest value that at least the share `p` of all does not exceed (nearest rank); 0 of nothing. */
export function quantileOf(values: readonly number[], p: number): number {
  if (values.length === 0) return 0;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))]!;
}

/** Gives the 95 % interval of a share, `hits` of `count`. E. B. Wilson: "Probable Inference" (JASA 1927). */
export function shareInterval(hits: number, count: number): Interval {
  if (count === 0) return { low: 0, high: 1 };
  const share = hits / count;
  const spread = z95 ** 2 / count;
  const middle = (share + spread / 2) / (1 + spread);
  const half = (z95 * Math.sqrt((share * (1 - share)) / count + spread / (4 * count))) / (1 + spread);
  return { low: hits === 0 ? 0 : Math.max(0, middle - half), high: hits === count ? 1 : Math.min(1, middle + half) };
}

/**
 * Gives how many standard errors reach the 97.5 % quantile, with a standard error that was itself estimated with so many
 * degrees of freedom: Student's t by its expansion around the normal (R. A. Fisher and E. A. Cornish, 1960). Exact to 1 % from
 * 3 on; 1 and 2 count as 3.
 */
export function studentQuantile(freedom: number): number {
  const n = Math.max(3, freedom);
  const z = z95;
  return (
    z +
    (z ** 3 + z) / (4 * n) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * n ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * n ** 3)
  );
}

/** From so many values on, a mean is as good as normal and need not be drawn again and again. */
const manyValues = 2_000;

/**
 * Gives the 95 % interval of a mean: up to 2,000 values by drawing them again with replacement (B. Efron's bootstrap,
 * percentile method, 400 draws), beyond by the normal distribution. Seeded: the same values give the same interval.
 */
export function meanInterval(values: readonly number[], seed = 1): Interval {
  if (values.length === 0) return { low: 0, high: 0 };
  return values.length > manyValues ? normalInterval(values) : bootstrapInterval(values, seed);
}

function normalInterval(values: readonly number[]): Interval {
  const mean = meanOf(values);
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const half = (z95 * Math.sqrt(squares / (values.length - 1))) / Math.sqrt(values.length);
  return { low: mean - half, high: mean + half };
}

function bootstrapInterval(values: readonly number[], seed: number): Interval {
  const draws = 400;
  const means = new Float64Array(draws);
  const draw = seededDraws(seed);
  for (let round = 0; round < draws; round++) {
    let sum = 0;
    for (let index = 0; index < values.length; index++) sum += values[draw(values.length)]!;
    means[round] = sum / values.length;
  }
  means.sort();
  return { low: means[Math.floor(draws * 0.025)]!, high: means[Math.ceil(draws * 0.975) - 1]! };
}

/** Gives numbers from 0 to below a limit, the same for the same seed. xorshift32 (G. Marsaglia, 2003): plenty for resampling. */
export function seededDraws(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
