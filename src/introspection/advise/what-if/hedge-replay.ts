/** Replays recorded latencies with further requests: when the first of several answers comes, and how many are sent. */

/** When further requests of one call go out while none has answered, in milliseconds from its start, in order. */
export type HedgeStarts = readonly number[];

/** Gives when a call ends whose requests take so long each, the first one and those that start later while it is silent. */
export function raceEnd(services: readonly number[], starts: HedgeStarts): number {
  let end = services[0]!;
  for (const [index, startMs] of starts.entries()) {
    if (end <= startMs) break;
    end = Math.min(end, startMs + services[index + 1]!);
  }
  return end;
}

/**
 * Recorded latencies, each further request an independent draw from all of them. The expected time of a call is then exact
 * over the record: the time until its first further request, and from there on the sum of the chances that none has answered
 * yet (E[T] = ∫ P(T > u) du, E[T²] = ∫ 2u P(T > u) du).
 */
export class HedgedLatencies {
  readonly #sorted: Float64Array;
  readonly #starts: HedgeStarts;
  /** Moments at which a chance changes, from the first start on, with what is expected of the time and its square up to each. */
  readonly #moments: Float64Array;
  readonly #expected: Float64Array;
  readonly #squares: Float64Array;

  constructor(latencies: ArrayLike<number>, starts: HedgeStarts) {
    this.#sorted = Float64Array.from(latencies).sort();
    this.#starts = starts;
    const longest = this.#sorted.at(-1) ?? 0;
    const moments = starts.flatMap((start) => [start, ...Array.from(this.#sorted, (ms) => start + ms)]);
    this.#moments = Float64Array.from(new Set(moments.filter((at) => at <= longest))).sort();
    this.#expected = new Float64Array(this.#moments.length);
    this.#squares = new Float64Array(this.#moments.length);
    for (let index = 1; index < this.#moments.length; index++) {
      const [from, to] = [this.#moments[index - 1]!, this.#moments[index]!];
      const silent = this.#silent(from);
      this.#expected[index] = this.#expected[index - 1]! + (to - from) * silent;
      this.#squares[index] = this.#squares[index - 1]! + (to ** 2 - from ** 2) * silent;
    }
  }

  /** The expected time, and its variance, of a call whose first request takes so long: at most the longest recorded. */
  timeOf(ms: number): { readonly mean: number; readonly variance: number } {
    const first = this.#starts[0] ?? Number.POSITIVE_INFINITY;
    if (ms <= first) return { mean: ms, variance: 0 };
    const at = countUpTo(this.#moments, ms) - 1;
    const since = this.#moments[at]!;
    const silent = this.#silent(since);
    const mean = first + this.#expected[at]! + (ms - since) * silent;
    const square = first ** 2 + this.#squares[at]! + (ms ** 2 - since ** 2) * silent;
    return { mean, variance: Math.max(0, square - mean ** 2) };
  }

  /** How many further requests a call sends on average. */
  extraRequests(): number {
    const total = this.#sorted.length;
    return this.#starts.reduce((sum, start, index) => {
      const silent = 1 - countUpTo(this.#sorted, start) / Math.max(1, total);
      return sum + silent * this.#silent(start, index);
    }, 0);
  }

  /** The chance that no further request has answered right after a moment; of the first `among` of them alone, if given. */
  #silent(at: number, among = this.#starts.length): number {
    let chance = 1;
    for (let index = 0; index < among; index++) {
      const begun = at - this.#starts[index]!;
      if (begun >= 0) chance *= 1 - countUpTo(this.#sorted, begun) / this.#sorted.length;
    }
    return chance;
  }
}

/** How many of the sorted values are at most a limit. */
function countUpTo(sorted: Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
