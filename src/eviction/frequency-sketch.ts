/** Guesses how often keys were used lately, of all keys that come, in four bytes for each entry of the cache. */

/** Counters stop here: four bits are enough to compare two keys. */
const most = 15;

/** Counters of a key lie in one block of eight words: four rows of sixteen counters, eight to a word. */
const blockWords = 8;
const countersInBlock = 64;

/**
 * A count-min sketch with ageing: four counters a key, the smallest one counts, and all are halved after ten uses for each
 * entry (Einziger, Friedman, Manes: TinyLFU, a highly efficient cache admission policy, 2017). Hashes must be seeded by the caller.
 */
export class FrequencySketch {
  readonly #words: Int32Array;
  readonly #blockMask: number;
  readonly #usesBeforeAgeing: number;
  #uses = 0;

  constructor(entries: number) {
    let counters = countersInBlock;
    while (counters < entries * 8) counters *= 2;
    this.#words = new Int32Array(counters / 8);
    this.#blockMask = counters / countersInBlock - 1;
    this.#usesBeforeAgeing = Math.max(100, entries * 10);
  }

  count(hash: number): void {
    const words = this.#words;
    let row = (hash & this.#blockMask) * blockWords;
    let columns = spreadHash(hash);
    let counted = false;
    for (const end = row + blockWords; row < end; row += 2) {
      const at = row + ((columns >>> 3) & 1);
      const shift = (columns & 7) << 2;
      const word = words[at]!;
      if (((word >>> shift) & most) < most) {
        words[at] = (word + (1 << shift)) | 0;
        counted = true;
      }
      columns >>>= 4;
    }
    if (counted && ++this.#uses >= this.#usesBeforeAgeing) this.#age();
  }

  /** Gives how often a key was used, 15 at most; a little too much when keys share counters, never too little. */
  frequency(hash: number): number {
    const words = this.#words;
    let row = (hash & this.#blockMask) * blockWords;
    let columns = spreadHash(hash);
    let least = most;
    for (const end = row + blockWords; row < end; row += 2) {
      const counter = (words[row + ((columns >>> 3) & 1)]! >>> ((columns & 7) << 2)) & most;
      // Which one is less cannot be foretold: a branch would be guessed wrong half of the time.
      const more = counter - least;
      least += more & (more >> 31);
      columns >>>= 4;
    }
    return least;
  }

  /** Halves eight counters at once; the bit that falls out of one must not fall into the next. */
  #age(): void {
    const words = this.#words;
    for (let place = 0; place < words.length; place++) words[place] = (words[place]! >>> 1) & 0x77777777;
    this.#uses >>>= 1;
  }
}

/**
 * Mixes a hash into another one that shares no pattern with it (the finalizer of MurmurHash3). Hashes are signed: engines
 * keep what fits 31 bits and a sign in registers, and larger numbers in objects.
 */
export function spreadHash(hash: number): number {
  let mixed = (hash + 0x9e3779b9) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
