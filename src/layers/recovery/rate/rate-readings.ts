/** Reads a rate from what came through between the openings of a limit. */

/** A rate is read over so many openings at most, and over so many calls at least. */
const keptOpenings = 8;
const enoughCalls = 30;
/** How much faster than what was read is tried, always and at first. */
const headroom = 1.02;
/** After so many readings one more makes nobody surer. */
const mostReadings = 8;

/** A moment at which a limit let calls through again, and how many had come through by then. */
interface Opening {
  readonly at: number;
  readonly admitted: number;
}

/** The openings of a limit, and the rate that they show. */
export class RateReadings {
  /** Calls a millisecond; 0 while unknown. */
  rate = 0;
  #openings: Opening[] = [];
  /** Calls it was read from, and how often it was: the less, the sooner another is tried. */
  #readFrom = 0;
  #readings = 0;

  get isEmpty(): boolean {
    return this.#openings.length === 0;
  }

  /** When the limit opened before it did last. */
  get previousAt(): number | undefined {
    return this.#openings.at(-2)?.at;
  }

  /** @param sawLess more came through since the last opening, or could have, than was counted. */
  opened(last: Opening, sawLess: boolean): void {
    const before = this.#openings.toReversed();
    const first = before.find(({ admitted }) => last.admitted - admitted >= enoughCalls) ?? before.at(-1);
    const rate = first === undefined ? 0 : (last.admitted - first.admitted) / (last.at - first.at);
    const isSure = !sawLess || (this.rate > 0 && rate > this.rate);
    if (rate > 0 && rate < Number.POSITIVE_INFINITY && isSure) {
      this.rate = rate;
      this.#readFrom = last.admitted - first!.admitted;
      this.#readings = Math.min(mostReadings, this.#readings + 1);
    }
    if (sawLess) this.#openings = [];
    this.#openings.push(last);
    if (this.#openings.length > keptOpenings) this.#openings.shift();
  }

  /** It opened for nobody. */
  undo(): void {
    this.#openings.pop();
  }

  /** Gives how many times the rate is tried when so many came through since the limit opened: the curve of CUBIC. */
  boldness(calls: number): number {
    return headroom + (calls / (this.#readings * Math.max(2, this.#readFrom))) ** 3;
  }
}
