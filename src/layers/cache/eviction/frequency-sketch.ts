/** Guesses how often keys were used lately, of all keys that come, in eight bytes for each entry of the cache. */

/** Counters stop here: four bits are enough to compare two keys. */
const most = 15;

/** Counters of a key lie in one block, the size of what a processor fetches at once: four rows of sixteen. */
const blockSize = 64;
const rowSize = 16;

/**
 * A count-min sketch with ageing: four counters a key, the smallest one counts, and all are halved after ten uses for each
 * entry (Einziger, Friedman, Manes: TinyLFU, a highly efficient cache admission policy, 2017). Hashes must be seeded by the caller.
 */
export class FrequencySketch {
  readonly #counters: Uint8Array;
  readonly #blockMask: number;
  readonly #usesBeforeAgeing: number;
  #uses = 0;

  constructor(entries: number) {
    let counters = blockSize;
    while (counters < entries * 8) counters *= 2;
    this.#counters = new Uint8Array(counters);
    this.#blockMask = counters / blockSize - 1;
    this.#usesBeforeAgeing = Math.max(100, entries * 10);
  }

  count(hash: number): void {
    const counters = this.#counters;
    let place = (hash & this.#blockMask) * blockSize;
    let columns = spreadHash(hash);
    let counted = false;
    for (let row = 0; row < 4; row++) {
      const at = place + (columns & (rowSize - 1));
      const counter = counters[at]!;
      if (counter < most) {
        counters[at] = counter + 1;
        counted = true;
      }
      place += rowSize;
      columns >>>= 4;
    }
    if (counted && ++this.#uses >= this.#usesBeforeAgeing) this.#age();
  }

  /** Gives how often a key was used, 15 at most; a little too much when keys share counters, never too little. */
  frequency(hash: number): number {
    let place = (hash & this.#blockMask) * blockSize;
    let columns = spreadHash(hash);
    let least = most;
    for (let row = 0; row < 4; row++) {
      least = Math.min(least, this.#counters[place + (columns & (rowSize - 1))]!);
      place += rowSize;
      columns >>>= 4;
    }
    return least;
  }

  #age(): void {
    for (let place = 0; place < this.#counters.length; place++) this.#counters[place]! >>>= 1;
    this.#uses >>>= 1;
  }
}

/** Mixes a hash into another one that shares no pattern with it (the finalizer of MurmurHash3). */
export function spreadHash(hash: number): number {
  let mixed = (hash + 0x9e3779b9) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
