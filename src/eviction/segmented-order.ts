/** One order of entries that can follow different rules, and change them at any time without touching an entry. */

import { EvictedKeys } from "./evicted-keys.ts";
import type { FrequencySketch } from "./frequency-sketch.ts";
import { grown, SlotLists } from "./slot-lists.ts";

/** How new entries earn a place beside proven ones. */
export interface AdmissionRules {
  readonly name: string;
  /** Share of all entries that may be new. 1 means that recency alone counts (LRU). */
  readonly window: number;
  /**
   * What lets the oldest new entry stay: so many uses while it was new (as in S3-FIFO), or more frequent use than
   * the entry it would replace (as in W-TinyLFU).
   */
  readonly admit: 1 | 2 | "frequency";
  /** Whether a key that was evicted lately counts as proven when it comes back. */
  readonly remembers: boolean;
}

const fresh = 0;
const probation = 1;
const settled = 2;
/** Share of the proven entries that have been used since they were proven. */
const settledShare = 0.8;
const mostUses = 3;
/** An entry's list is in the lower bits of its state, its uses while it was new are in the others. */
const listBits = 2;
const listMask = 2 ** listBits - 1;
/** Entries moved from new to proven in one eviction at most. */
const mostMoves = 16;

/** What an order is made with. */
export interface OrderOptions {
  readonly slots: number;
  /** Whether evicted keys are written down; rules that remember can do so only then. */
  readonly remembers: boolean;
}

/**
 * Three lists in order of use: new entries, proven ones on probation, settled ones. A new entry that has become the oldest
 * must be admitted or leaves; a proven one settles when it is used; the settled list lets its oldest back into probation,
 * where proven entries leave from. Shares are of the entries there are, so it works for limits by count and by bytes.
 *
 * Sources: the window and the segments are those of W-TinyLFU (Einziger, Eytan, Friedman, Manes: Adaptive software cache
 * management, 2018), admission by uses and by memory of evicted keys those of S3-FIFO (Yang and others: FIFO queues are all
 * you need for cache eviction, 2023).
 */
export class SegmentedOrder {
  rules: AdmissionRules;
  #sketch: FrequencySketch;
  readonly #lists = new SlotLists(3);
  readonly #remembers: boolean;
  #evicted: EvictedKeys;
  #evictedSize = 0;
  #state = new Uint8Array(0);
  #hash = new Int32Array(0);
  #entries = 0;

  /** @param sketch The frequencies that entries are compared by. */
  constructor(rules: AdmissionRules, sketch: FrequencySketch, { slots, remembers }: OrderOptions) {
    this.rules = rules;
    this.#sketch = sketch;
    this.#remembers = remembers;
    this.#evicted = new EvictedKeys(0);
    this.grow(slots);
  }

  get entries(): number {
    return this.#entries;
  }

  hashOf(slot: number): number {
    return this.#hash[slot]!;
  }

  /** Compares frequencies with this sketch from now on. */
  useSketch(sketch: FrequencySketch): void {
    this.#sketch = sketch;
  }

  grow(slots: number): void {
    this.#lists.grow(slots);
    this.#state = grown(this.#state, slots);
    this.#hash = grown(this.#hash, slots);
    if (!this.#remembers || slots <= this.#evictedSize) return;
    this.#evicted = new EvictedKeys(slots);
    this.#evictedSize = slots;
  }

  add(slot: number, hash: number): void {
    this.#hash[slot] = hash;
    this.#entries += 1;
    const isProven = this.rules.remembers && this.#evicted.take(hash, this.#entries * 0.9);
    this.#put(slot, isProven ? probation : fresh, 0);
  }

  touch(slot: number): void {
    const state = this.#state[slot]!;
    const list = state & listMask;
    const uses = Math.min(mostUses, (state >>> listBits) + 1);
    const next = list === fresh || this.rules.window === 1 ? fresh : settled;
    if (list === next) {
      this.#state[slot] = list | (uses << listBits);
      this.#lists.renew(list, slot);
      return;
    }
    this.#lists.remove(list, slot);
    this.#put(slot, next, uses);
    if (next === settled) this.#unsettle();
  }

  remove(slot: number): void {
    this.#lists.remove(this.#state[slot]! & listMask, slot);
    this.#entries -= 1;
  }

  evict(): number {
    const { window, admit } = this.rules;
    if (window === 1) return this.#leave(this.#oldestProven(), true);
    const room = Math.max(1, Math.round(this.#entries * window));
    if (this.#lists.length(fresh) < room && this.#lists.length(fresh) < this.#entries) {
      return this.#leave(this.#oldestProven(), false);
    }
    for (let moves = 0; moves < mostMoves; moves++) {
      const candidate = this.#lists.first(fresh);
      if (candidate === -1) break;
      if (admit !== "frequency" && this.#state[candidate]! >>> listBits < admit) return this.#leave(candidate, true);
      if (this.#lists.length(fresh) > room) {
        this.#prove(candidate);
        continue;
      }
      const victim = this.#oldestProven();
      if (admit === "frequency" && !this.#isMoreFrequent(candidate, victim)) return this.#leave(candidate, true);
      this.#prove(candidate);
      return this.#leave(victim, false);
    }
    return this.#leave(this.#oldestProven(), false);
  }

  #put(slot: number, list: number, uses: number): void {
    this.#state[slot] = list | (uses << listBits);
    this.#lists.push(list, slot);
  }

  #prove(slot: number): void {
    this.#lists.remove(fresh, slot);
    this.#put(slot, probation, 0);
  }

  /** The proven entry to leave next; the oldest new one when none is proven. */
  #oldestProven(): number {
    const slot = this.#lists.first(probation);
    if (slot !== -1) return slot;
    const oldest = this.#lists.first(settled);
    return oldest === -1 ? this.#lists.first(fresh) : oldest;
  }

  #leave(slot: number, remember: boolean): number {
    this.remove(slot);
    if (remember && this.rules.remembers) this.#evicted.add(this.#hash[slot]!);
    return slot;
  }

  #isMoreFrequent(candidate: number, victim: number): boolean {
    return this.#sketch.frequency(this.#hash[candidate]!) > this.#sketch.frequency(this.#hash[victim]!);
  }

  /** Keeps the settled list within its share, a few entries at a time after a change of rules. */
  #unsettle(): void {
    const most = this.#entries * (1 - this.rules.window) * settledShare;
    for (let moves = 0; moves < 4 && this.#lists.length(settled) > most; moves++) {
      const slot = this.#lists.first(settled);
      this.#lists.remove(settled, slot);
      this.#put(slot, probation, this.#state[slot]! >>> listBits);
    }
  }
}
