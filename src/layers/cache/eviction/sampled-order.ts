/** A cache without values that only counts how often it would have hit: what another set of rules would do. */

import type { FrequencySketch } from "./frequency-sketch.ts";
import { type AdmissionRules, SegmentedOrder } from "./segmented-order.ts";

/**
 * Follows a sample of all keys with proportionally few entries, which behaves as the whole does (Waldspurger, Saemundsson,
 * Ahmad, Park: Cache modeling and optimization using miniature simulations, 2017).
 */
export class SampledOrder {
  readonly rules: AdmissionRules;
  readonly #order: SegmentedOrder;
  readonly #slots = new Map<number, number>();
  readonly #entries: number;
  hits = 0;

  constructor(rules: AdmissionRules, sketch: FrequencySketch, entries: number) {
    this.rules = rules;
    this.#entries = entries;
    this.#order = new SegmentedOrder(rules, sketch, entries);
  }

  /** Counts one use of the key with this hash. */
  use(hash: number): void {
    // Small enough for the engine to keep in the map without a heap number.
    const key = hash >>> 2;
    let slot = this.#slots.get(key);
    if (slot !== undefined) {
      this.hits += 1;
      this.#order.touch(slot);
      return;
    }
    slot = this.#order.entries;
    if (slot >= this.#entries) {
      slot = this.#order.evict();
      this.#slots.delete(this.#order.hashOf(slot) >>> 2);
    }
    this.#slots.set(key, slot);
    this.#order.add(slot, hash);
  }
}
