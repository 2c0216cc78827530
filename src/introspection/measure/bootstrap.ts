/** Tells how sure a figure is that has no formula for it: works it out again and again from what was seen, drawn anew. */

import type { Interval } from "./statistics.ts";

const draws = 400;

/** How far a figure may be off. */
export interface Doubt extends Interval {
  /** Standard error. */
  readonly error: number;
}

/**
 * Gives the 95 % interval and the standard error of a figure of `count` things that were seen: B. Efron's bootstrap,
 * percentile method, 400 draws with replacement ("Bootstrap Methods: Another Look at the Jackknife", 1979). The figure asks
 * for `count` positions; a draw of which it gives no finite number is left out. Seeded: the same things give the same doubt.
 */
export function doubtOf(count: number, figure: (next: () => number) => number, seed = 1): Doubt | undefined {
  if (count === 0) return undefined;
  let state = seed >>> 0;
  const next = (): number => {
    // xorshift32 (Marsaglia 2003): plenty for resampling, and the same everywhere.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % count;
  };
  const figures: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const drawn = figure(next);
    if (Number.isFinite(drawn)) figures.push(drawn);
  }
  if (figures.length < draws / 2) return undefined;
  figures.sort((a, b) => a - b);
  const mean = figures.reduce((sum, one) => sum + one, 0) / figures.length;
  const squares = figures.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return {
    low: figures[Math.floor(figures.length * 0.025)]!,
    high: figures[Math.ceil(figures.length * 0.975) - 1]!,
    error: Math.sqrt(squares / (figures.length - 1)),
  };
}

/** Two figures of one thing, such as what one input cost with each of two models. */
export interface Pair {
  readonly before: number;
  readonly after: number;
}

/** Pairs that are drawn from: more would take longer to say hardly more surely. */
const mostPairs = 2_000;

/** Gives the mean after as a share of the mean before, with the doubt of the last 2,000 pairs; undefined where before is 0. */
export function ratioOfMeans(pairs: readonly Pair[]): (Doubt & { readonly ratio: number }) | undefined {
  const drawn = pairs.slice(-mostPairs);
  const ratioOf = (count: number, at: (index: number) => Pair): number => {
    let [before, after] = [0, 0];
    for (let index = 0; index < count; index++) {
      const pair = at(index);
      before += pair.before;
      after += pair.after;
    }
    return after / before;
  };
  const ratio = ratioOf(pairs.length, (index) => pairs[index]!);
  const again = (next: () => number): number => ratioOf(drawn.length, () => drawn[next()]!);
  const doubt = Number.isFinite(ratio) ? doubtOf(drawn.length, again) : undefined;
  return doubt === undefined ? undefined : { ratio, ...doubt };
}
