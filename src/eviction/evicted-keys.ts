/** Remembers which keys were evicted lately, in four bytes a key. */

/** Places of a bucket: the oldest of them is written over. */
const ways = 4;
/** A place holds some bits of a hash, and in the others a turn, which goes round. */
const turnBits = 12;
const turnMask = 2 ** turnBits - 1;
const turnShift = 32 - turnBits;
/** Turns in which as many keys are evicted as there are entries. */
const turnsOfAll = 256;

/**
 * The hashes of the last keys evicted, each with its turn, in buckets of four. A key that comes back while it is
 * remembered has shown that it is used at a distance the cache almost covers. Of a hash the upper 20 bits and the bucket
 * count: keys that are equal there are taken for one. A turn is as long as a 256th of all entries take to be evicted.
 */
export class EvictedKeys {
  readonly #places: Int32Array;
  readonly #mask: number;
  /** The turn in the upper bits of 32, and how far it has gone in the others: whole numbers, since it is read all the time. */
  #time = 0;
  readonly #step: number;
  readonly #evictionsInTurn: number;

  constructor(entries: number) {
    let places = 64;
    while (places < entries * 1.25) places *= 2;
    this.#places = new Int32Array(places);
    this.#mask = places / ways - 1;
    this.#evictionsInTurn = Math.max(1, entries / turnsOfAll);
    this.#step = Math.ceil(2 ** turnShift / this.#evictionsInTurn);
  }

  add(hash: number): void {
    const places = this.#places;
    const start = (hash & this.#mask) * ways;
    const turn = this.#time >>> turnShift;
    const mark = hash >>> turnBits;
    let oldest = start;
    let longest = -1;
    for (let place = start; place < start + ways; place++) {
      const held = places[place]!;
      if (held === 0 || held >>> turnBits === mark) {
        oldest = place;
        break;
      }
      const age = (turn - held) & turnMask;
      if (age > longest) {
        longest = age;
        oldest = place;
      }
    }
    this.#time = (this.#time + this.#step) | 0;
    // Zero stands for an empty place.
    places[oldest] = (mark << turnBits) | turn || 1;
  }

  /** Tells whether a key is among the last so many evicted, and forgets it. */
  take(hash: number, reach: number): boolean {
    const places = this.#places;
    const start = (hash & this.#mask) * ways;
    const mark = hash >>> turnBits;
    for (let place = start; place < start + ways; place++) {
      const held = places[place]!;
      if (held === 0 || held >>> turnBits !== mark) continue;
      places[place] = 0;
      return (((this.#time >>> turnShift) - held) & turnMask) * this.#evictionsInTurn < reach;
    }
    return false;
  }
}
