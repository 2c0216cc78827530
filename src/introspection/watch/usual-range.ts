/** What is usual for a figure: the median of its past and how far it strays, which outliers do not move. */

const keptPeriods = 60;
const fewestPeriods = 12;
/** Makes the median absolute deviation of normal values their standard deviation. */
const consistency = 1.4826;
const smallestShareSpread = 0.02;
const smallestRelativeSpread = 0.05;

/** From where to where a figure is usual. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Nothing is out of it: too little is known. */
const everything: Range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** The figure of the last 60 windows, one each, and the range they make usual. */
export class UsualRange {
  readonly #windowMs: number;
  readonly #deviations: number;
  readonly #isShare: boolean;
  #past: number[];
  /** Which window's length it took a figure of last, or began in. */
  period: number | undefined;
  #range: Range;

  constructor(options: { windowMs: number; deviations: number; isShare: boolean; past?: readonly number[] }) {
    this.#windowMs = options.windowMs;
    this.#deviations = options.deviations;
    this.#isShare = options.isShare;
    this.#past = (options.past ?? []).slice(-keptPeriods);
    this.#range = this.#work();
  }

  get range(): Range {
    return this.#range;
  }

  /** The figures it stands on, oldest first. */
  get past(): readonly number[] {
    return this.#past;
  }

  /** Takes the figure as it is at a time; keeps the first one of each window's length. Tells whether it kept it. */
  learn(value: number | undefined, now: number): boolean {
    const period = Math.floor(now / this.#windowMs);
    if (this.period === undefined || period < this.period) {
      // What came before the first whole window is half a figure; after a clock stepped back it would count twice.
      this.period = period;
      return false;
    }
    if (period === this.period) return false;
    this.period = period;
    if (value === undefined) return false;
    this.#past = [...this.#past, value].slice(-keptPeriods);
    this.#range = this.#work();
    return true;
  }

  #work(): Range {
    if (this.#past.length < fewestPeriods) return everything;
    const middle = medianOf(this.#past);
    const strays = consistency * medianOf(this.#past.map((value) => Math.abs(value - middle)));
    const least = this.#isShare ? smallestShareSpread : smallestRelativeSpread * Math.abs(middle);
    const far = this.#deviations * Math.max(strays, least);
    return { low: middle - far, high: middle + far };
  }
}

/** Gives the middle value, of an even number the mean of the two. */
function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
