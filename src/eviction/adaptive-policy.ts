/** Follows, out of four ways to evict, the one that a sample of the keys says is best now. */

import type { EvictionPolicy } from "./eviction-policy.ts";
import { FrequencySketch, spreadHash } from "./frequency-sketch.ts";
import { SampledOrder } from "./sampled-order.ts";
import { type AdmissionRules, SegmentedOrder } from "./segmented-order.ts";

/**
 * Each is best for another kind of use: what lies between, where it starts; keys that come back soon and then never; scans
 * and loops longer than the cache; and loops that take turns with keys that come back soon.
 */
const ways: readonly AdmissionRules[] = [
  { name: "balanced", window: 0.1, admit: 1, remembers: true },
  { name: "recent", window: 1, admit: 1, remembers: false },
  { name: "frequent", window: 0.01, admit: "frequency", remembers: false },
  { name: "mostly-recent", window: 0.7, admit: 1, remembers: true },
];

/**
 * A sampled cache of a cache of 1,000 entries holds this many at least, and fewer than twice as many: fewer say too little, more
 * cost time. For larger caches it grows with the square root: samples are better then, and cost less for each use.
 */
const sampledEntries = 48;
/** Below this no sample would say anything. */
const fewestEntries = 16;
/** How much of the hits counted so far still counts after a sampled cache has been used once for each of its entries. */
const memory = 0.9;
/** How many standard deviations better another way must be. */
const margin = 0.5;

/**
 * TinyLFU that adapts. All entries are in one {@link SegmentedOrder}. Beside it, for each way, a {@link SampledOrder} sees the
 * uses of a sample of the keys, the same for all; the way with the most hits of late sets the rules of the real order. See
 * docs/decisions/adaptive-eviction.md.
 */
export class AdaptivePolicy implements EvictionPolicy {
  readonly #seed: number;
  #sketch = new FrequencySketch(1);
  readonly #order: SegmentedOrder;
  #samples: readonly SampledOrder[] = [];
  readonly #scores = new Float64Array(ways.length);
  #current = 0;
  #slots = 0;
  /** Entries the samples were made for, and the uses in them until they are compared. */
  #sampledFor = 0;
  #sampleMask = 0;
  #usesLeft = 0;

  /** @param seed 32 random bits: who does not know them cannot choose keys that share counters. */
  constructor(seed: number) {
    this.#seed = seed | 0;
    this.#order = new SegmentedOrder(ways[0]!, this.#sketch, { slots: 1, remembers: true });
  }

  /** The name of the rules in force. */
  get way(): string {
    return ways[this.#current]!.name;
  }

  grow(slots: number): void {
    if (slots <= this.#slots) return;
    this.#slots = slots;
    this.#sketch = new FrequencySketch(slots);
    this.#order.grow(slots);
    this.#order.useSketch(this.#sketch);
    this.#sample(slots);
  }

  add(slot: number, key: string): void {
    const hash = hashOfKey(key, this.#seed);
    this.#observe(hash);
    this.#order.add(slot, hash);
  }

  touch(slot: number): void {
    this.#observe(this.#order.hashOf(slot));
    this.#order.touch(slot);
  }

  remove(slot: number): void {
    this.#order.remove(slot);
  }

  evict(): number {
    // A limit in bytes decides only now how many entries there are.
    const { entries } = this.#order;
    if (entries * 2 < this.#sampledFor || entries > this.#sampledFor * 2) this.#sample(entries);
    return this.#order.evict();
  }

  /** Makes new samples, for a cache of so many entries. */
  #sample(entries: number): void {
    this.#sampledFor = entries;
    if (entries < fewestEntries) {
      this.#samples = [];
      return;
    }
    let rate = 1;
    const least = sampledEntries * Math.sqrt(Math.max(1, entries / 1_000));
    while (entries / (rate * 2) >= least) rate *= 2;
    this.#sampleMask = rate - 1;
    const size = Math.round(entries / rate);
    this.#samples = ways.map((rules) => new SampledOrder(rules, this.#sketch, size));
    this.#usesLeft = size;
  }

  #observe(hash: number): void {
    this.#sketch.count(hash);
    if (((hash >>> 20) & this.#sampleMask) !== 0 || this.#samples.length === 0) return;
    for (const sample of this.#samples) sample.use(hash);
    this.#usesLeft -= 1;
    if (this.#usesLeft === 0) this.#compare();
  }

  #compare(): void {
    this.#usesLeft = Math.round(this.#sampledFor / (this.#sampleMask + 1));
    let best = this.#current;
    for (const [index, sample] of this.#samples.entries()) {
      this.#scores[index] = this.#scores[index]! * memory + sample.hits;
      sample.hits = 0;
    }
    for (let index = 0; index < ways.length; index++) {
      if (this.#scores[index]! > this.#scores[best]!) best = index;
    }
    const lead = this.#scores[best]! - this.#scores[this.#current]!;
    if (lead <= margin * Math.sqrt(this.#scores[best]! + 1)) return;
    this.#current = best;
    this.#order.rules = ways[best]!;
  }
}

/** Hashes a key, with a seed so that nobody outside can choose keys of equal hashes (FNV-1a by Fowler, Noll and Vo, mixed). */
export function hashOfKey(key: string, seed: number): number {
  let hash = seed ^ key.length;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return spreadHash(hash ^ seed);
}
