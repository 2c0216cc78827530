/** The entry used least often leaves; of those used equally often, the one not used for longest. */

import type { EvictionPolicy } from "./eviction-policy.ts";
import { grown } from "./slot-lists.ts";

/** All entries used equally often, in order of use: a list through the slots. */
class Bucket {
  readonly id: number;
  uses = 0;
  first = -1;
  last = -1;
  lower: Bucket | undefined = undefined;
  higher: Bucket | undefined = undefined;

  constructor(id: number) {
    this.id = id;
  }
}

/** So many uses per entry, counted over all entries, until counts are halved. */
const usesBeforeAgeing = 10;

/**
 * Exact LFU with ageing: buckets of entries used equally often, in a list by count (Shah, Mitra, Matani: An O(1) algorithm
 * for implementing the LFU cache eviction scheme, 2010). An entry starts with one use.
 *
 * Ageing: after ten uses for each entry there is (1,000 at least), all counts are halved, rounded down, but for one. What
 * was popular long ago can leave then. Entries that become equal stay in the order they had, less used ones first.
 */
export class LfuPolicy implements EvictionPolicy {
  #previous = new Int32Array(0);
  #next = new Int32Array(0);
  /** By slot, the number of its bucket: counts of so few uses are never 65,536 different ones. */
  #bucketOf = new Uint16Array(0);
  readonly #buckets: Bucket[] = [];
  /** Buckets that nothing is in now. */
  readonly #spare: Bucket[] = [];
  #lowest: Bucket | undefined = undefined;
  #entries = 0;
  #usesSinceAgeing = 0;

  grow(slots: number): void {
    this.#previous = grown(this.#previous, slots);
    this.#next = grown(this.#next, slots);
    this.#bucketOf = grown(this.#bucketOf, slots);
  }

  add(slot: number): void {
    this.#entries += 1;
    if (this.#lowest?.uses !== 1) this.#lowest = insertBetween(this.#bucket(1), undefined, this.#lowest);
    this.#push(this.#lowest, slot);
    this.#countUse();
  }

  touch(slot: number): void {
    const bucket = this.#buckets[this.#bucketOf[slot]!]!;
    const uses = bucket.uses + 1;
    let { higher } = bucket;
    if (higher?.uses !== uses) {
      // Alone in its bucket: the bucket itself goes up, and nothing moves.
      if (bucket.first === bucket.last) {
        bucket.uses = uses;
        this.#countUse();
        return;
      }
      higher = insertBetween(this.#bucket(uses), bucket, higher);
    }
    this.#take(bucket, slot);
    this.#push(higher, slot);
    this.#countUse();
  }

  remove(slot: number): void {
    this.#take(this.#buckets[this.#bucketOf[slot]!]!, slot);
    this.#entries -= 1;
  }

  evict(spared = -1): number {
    const lowest = this.#lowest!;
    let slot = lowest.first;
    if (slot === spared) {
      const next = this.#next[slot]!;
      slot = next === -1 ? (lowest.higher?.first ?? slot) : next;
    }
    this.remove(slot);
    return slot;
  }

  #push(bucket: Bucket, slot: number): void {
    this.#bucketOf[slot] = bucket.id;
    this.#previous[slot] = bucket.last;
    this.#next[slot] = -1;
    if (bucket.last === -1) bucket.first = slot;
    else this.#next[bucket.last] = slot;
    bucket.last = slot;
  }

  #take(bucket: Bucket, slot: number): void {
    const previous = this.#previous[slot]!;
    const next = this.#next[slot]!;
    if (previous === -1) bucket.first = next;
    else this.#next[previous] = next;
    if (next === -1) bucket.last = previous;
    else this.#previous[next] = previous;
    if (bucket.first !== -1) return;
    if (bucket.lower === undefined) this.#lowest = bucket.higher;
    else bucket.lower.higher = bucket.higher;
    if (bucket.higher !== undefined) bucket.higher.lower = bucket.lower;
    this.#spare.push(bucket);
  }

  #bucket(uses: number): Bucket {
    let bucket = this.#spare.pop();
    if (bucket === undefined) {
      bucket = new Bucket(this.#buckets.length);
      this.#buckets.push(bucket);
    }
    bucket.uses = uses;
    return bucket;
  }

  #countUse(): void {
    this.#usesSinceAgeing += 1;
    if (this.#usesSinceAgeing >= Math.max(1_000, usesBeforeAgeing * this.#entries)) this.#age();
  }

  /** Each bucket takes half its count; one that meets the count of the bucket below goes to the end of it. */
  #age(): void {
    this.#usesSinceAgeing = 0;
    let below: Bucket | undefined;
    let bucket = this.#lowest;
    while (bucket !== undefined) {
      const { higher }: Bucket = bucket;
      bucket.uses = Math.max(1, Math.floor(bucket.uses / 2));
      if (below !== undefined && below.uses === bucket.uses) this.#append(below, bucket);
      else below = bucket;
      bucket = higher;
    }
  }

  #append(below: Bucket, bucket: Bucket): void {
    for (let slot = bucket.first; slot !== -1; slot = this.#next[slot]!) this.#bucketOf[slot] = below.id;
    this.#next[below.last] = bucket.first;
    this.#previous[bucket.first] = below.last;
    below.last = bucket.last;
    below.higher = bucket.higher;
    if (bucket.higher !== undefined) bucket.higher.lower = below;
    bucket.first = -1;
    bucket.last = -1;
    this.#spare.push(bucket);
  }
}

function insertBetween(bucket: Bucket, lower: Bucket | undefined, higher: Bucket | undefined): Bucket {
  bucket.lower = lower;
  bucket.higher = higher;
  if (lower !== undefined) lower.higher = bucket;
  if (higher !== undefined) higher.lower = bucket;
  return bucket;
}
