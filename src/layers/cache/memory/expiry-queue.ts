/** Finds entries whose time has passed without a timer for any of them. */

import { grown, SlotLists } from "../eviction/slot-lists.ts";

const twoTo32 = 2 ** 32;
/** One list for each bit in which a time can differ from the queue's own, and one for equal times. */
const buckets = 54;

/**
 * A radix heap (Ahuja, Mehlhorn, Orlin, Tarjan: Faster algorithms for the shortest path problem, 1990): an entry lies in the
 * bucket of the highest bit in which its time differs from the queue's time, which only goes forward. Adding and removing
 * take constant time; an entry moves down at most once for each bit. Times are whole milliseconds.
 */
export class ExpiryQueue {
  readonly #lists = new SlotLists(buckets);
  #time = new Float64Array(0);
  #bucket = new Uint8Array(0);
  /** No entry expires before this time. */
  #horizon = 0;
  /** No entry expires before this time either; it is at or after the horizon. */
  #earliest = Number.POSITIVE_INFINITY;

  grow(slots: number): void {
    this.#lists.grow(slots);
    this.#time = grown(this.#time, slots);
    this.#bucket = grown(this.#bucket, slots);
  }

  /** Gives when a slot expires. */
  timeOf(slot: number): number {
    return this.#time[slot]!;
  }

  /** Takes in a slot that expires at `time`, for which `Infinity` means never. */
  add(slot: number, time: number): void {
    this.#time[slot] = time;
    if (time === Number.POSITIVE_INFINITY) return;
    this.#put(slot, Math.max(time, this.#horizon));
    if (time < this.#earliest) this.#earliest = time;
  }

  remove(slot: number): void {
    if (this.#time[slot] !== Number.POSITIVE_INFINITY) this.#lists.remove(this.#bucket[slot]!, slot);
  }

  /** Gives a slot that has expired by `now`, or -1. It stays in until it is removed. */
  expired(now: number): number {
    while (now >= this.#earliest) {
      const bucket = this.#lowestBucket();
      if (bucket === -1) {
        this.#earliest = Number.POSITIVE_INFINITY;
        return -1;
      }
      const first = this.#lists.first(bucket);
      if (bucket === 0) return this.#time[first]! <= now ? first : -1;
      this.#earliest = this.#soonest(bucket);
      this.#advance(bucket, Math.min(Math.floor(now), this.#earliest));
    }
    return -1;
  }

  #put(slot: number, time: number): void {
    const bucket = bucketOf(time, this.#horizon);
    this.#bucket[slot] = bucket;
    this.#lists.push(bucket, slot);
  }

  #lowestBucket(): number {
    for (let bucket = 0; bucket < buckets; bucket++) if (this.#lists.length(bucket) > 0) return bucket;
    return -1;
  }

  #soonest(bucket: number): number {
    let soonest = Number.POSITIVE_INFINITY;
    for (let slot = this.#lists.first(bucket); slot !== -1; slot = this.#lists.after(slot)) {
      soonest = Math.min(soonest, this.#time[slot]!);
    }
    return soonest;
  }

  /** Moves the horizon forward and spreads the lowest bucket anew; all others stay right, since they differ in a higher bit. */
  #advance(bucket: number, horizon: number): void {
    this.#horizon = horizon;
    for (let left = this.#lists.length(bucket); left > 0; left--) {
      const slot = this.#lists.first(bucket);
      this.#lists.remove(bucket, slot);
      this.#put(slot, this.#time[slot]!);
    }
  }
}

/** 0 for equal times, else one more than the number of the highest bit in which they differ. */
function bucketOf(time: number, other: number): number {
  if (time < twoTo32) return 32 - Math.clz32(time ^ other);
  const high = Math.floor(time / twoTo32) ^ Math.floor(other / twoTo32);
  if (high !== 0) return 64 - Math.clz32(high);
  return 32 - Math.clz32((time % twoTo32) ^ (other % twoTo32));
}
