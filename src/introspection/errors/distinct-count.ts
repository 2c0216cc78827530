/** Counts different things in a kilobyte, however many there are. */

const kept = 128;
const space = 2 ** 53;

/**
 * Counts different 53-bit hashes: exactly up to 128, beyond with a standard error of 9 %. Keeps the smallest hashes: the
 * nearer to 0 the 128th lies, the more there must be (Z. Bar-Yossef et al., "Counting Distinct Elements in a Data
 * Stream", RANDOM 2002; the unbiased form of K. Beyer et al., SIGMOD 2007).
 */
export class DistinctCount {
  #smallest: Float64Array = new Float64Array(4);
  #size = 0;

  /** True while the count is no estimate. */
  get isExact(): boolean {
    return this.#size < kept;
  }

  get count(): number {
    return this.isExact ? this.#size : Math.round(((kept - 1) * space) / this.#smallest[kept - 1]!);
  }

  add(hash: number): void {
    if (this.#size === kept && !(hash < this.#smallest[kept - 1]!)) return;
    const place = this.#placeOf(hash);
    if (place < this.#size && this.#smallest[place] === hash) return;
    if (this.#size === this.#smallest.length && this.#size < kept) {
      const wider = new Float64Array(Math.min(kept, this.#size * 2));
      wider.set(this.#smallest);
      this.#smallest = wider;
    }
    this.#smallest.copyWithin(place + 1, place, Math.min(this.#size, kept - 1));
    this.#smallest[place] = hash;
    if (this.#size < kept) this.#size++;
  }

  #placeOf(hash: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#smallest[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
