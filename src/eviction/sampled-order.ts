/** A cache without values that only counts how often it would have hit: what another set of rules would do. */

import type { FrequencySketch } from "./frequency-sketch.ts";
import { type AdmissionRules, SegmentedOrder } from "./segmented-order.ts";

/**
 * Follows a sample of all keys with proportionally few entries, which behaves as the whole does (Waldspurger, Saemundsson,
 * Ahmad, Park: Cache modeling and optimization using miniature simulations, 2017).
 */
export class SampledOrder {
  readonly #order: SegmentedOrder;
  readonly #entries: number;
  /** A table of chains: the first slot of each, and the next one for each slot. */
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #mask: number;
  hits = 0;

  constructor(rules: AdmissionRules, sketch: FrequencySketch, entries: number) {
    this.#entries = entries;
    this.#order = new SegmentedOrder(rules, sketch, { slots: entries, remembers: rules.remembers });
    let chains = 16;
    while (chains < entries) chains *= 2;
    this.#first = new Int32Array(chains).fill(-1);
    this.#next = new Int32Array(entries);
    this.#mask = chains - 1;
  }

  /** Counts one use of the key with this hash. */
  use(hash: number): void {
    const order = this.#order;
    const chain = hash & this.#mask;
    let slot = this.#first[chain]!;
    while (slot !== -1 && order.hashOf(slot) !== hash) slot = this.#next[slot]!;
    if (slot !== -1) {
      this.hits += 1;
      order.touch(slot);
      return;
    }
    slot = order.entries;
    if (slot >= this.#entries) {
      slot = order.evict();
      this.#unlink(slot);
    }
    this.#next[slot] = this.#first[chain]!;
    this.#first[chain] = slot;
    order.add(slot, hash);
  }

  #unlink(slot: number): void {
    const chain = this.#order.hashOf(slot) & this.#mask;
    let before = this.#first[chain]!;
    if (before === slot) {
      this.#first[chain] = this.#next[slot]!;
      return;
    }
    while (this.#next[before] !== slot) before = this.#next[before]!;
    this.#next[before] = this.#next[slot]!;
  }
}
