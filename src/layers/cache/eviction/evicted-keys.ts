/** Remembers which keys were evicted lately, without keeping the keys. */

/** Places of a bucket: the oldest of them is written over. */
const ways = 4;

/**
 * The hashes of the last keys evicted, each with its turn, in buckets of four. A key that comes back while it is
 * remembered has shown that it is used at a distance the cache almost covers. Two keys of equal hash are taken for one.
 */
export class EvictedKeys {
  readonly #hashes: Uint32Array;
  readonly #turns: Uint32Array;
  readonly #mask: number;
  #turn = 0;

  constructor(entries: number) {
    let places = 64;
    while (places < entries * 1.25) places *= 2;
    this.#hashes = new Uint32Array(places);
    this.#turns = new Uint32Array(places);
    this.#mask = places / ways - 1;
  }

  add(hash: number): void {
    const start = (hash & this.#mask) * ways;
    let oldest = start;
    for (let place = start; place < start + ways; place++) {
      if (this.#hashes[place] === hash) {
        oldest = place;
        break;
      }
      if (this.#turns[place]! < this.#turns[oldest]!) oldest = place;
    }
    // Zero stands for an empty place; the turns of four billion evictions ago mean nothing.
    this.#turn = (this.#turn + 1) >>> 0 || 1;
    this.#hashes[oldest] = hash;
    this.#turns[oldest] = this.#turn;
  }

  /** Tells whether a key is among the last so many evicted, and forgets it. */
  take(hash: number, reach: number): boolean {
    const start = (hash & this.#mask) * ways;
    for (let place = start; place < start + ways; place++) {
      if (this.#hashes[place] !== hash || this.#turns[place] === 0) continue;
      const isNear = (this.#turn - this.#turns[place]!) >>> 0 < reach;
      this.#turns[place] = 0;
      return isNear;
    }
    return false;
  }
}
