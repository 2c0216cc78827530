/** The policies as one would write them to be sure: slow, and plainly what the words say. */

import type { EvictionPolicy } from "../../src/eviction/eviction-policy.ts";

/** A list in order of use; the first leaves. */
export class NaiveLru implements EvictionPolicy {
  readonly #order: number[] = [];
  grow(): void {}
  add(slot: number): void {
    this.#order.push(slot);
  }
  touch(slot: number): void {
    this.remove(slot);
    this.#order.push(slot);
  }
  remove(slot: number): void {
    this.#order.splice(this.#order.indexOf(slot), 1);
  }
  evict(): number {
    return this.#order.shift()!;
  }
}

/** Counts of uses; the least used leaves, the longest unused among equals. Counts are halved now and then. */
export class NaiveLfu implements EvictionPolicy {
  /** In order of use, but for entries that became equal by halving. */
  #entries: { readonly slot: number; uses: number }[] = [];
  #sinceAgeing = 0;
  grow(): void {}
  add(slot: number): void {
    this.#entries.push({ slot, uses: 1 });
    this.#count();
  }
  touch(slot: number): void {
    const entry = this.#entries.find((each) => each.slot === slot)!;
    this.remove(slot);
    this.#entries.push({ slot, uses: entry.uses + 1 });
    this.#count();
  }
  remove(slot: number): void {
    this.#entries = this.#entries.filter((entry) => entry.slot !== slot);
  }
  evict(): number {
    const least = this.#entries.reduce((low, entry) => (entry.uses < low.uses ? entry : low));
    this.remove(least.slot);
    return least.slot;
  }
  #count(): void {
    this.#sinceAgeing += 1;
    if (this.#sinceAgeing < Math.max(1_000, 10 * this.#entries.length)) return;
    this.#sinceAgeing = 0;
    // Stable: among equals the order of use stays.
    this.#entries.sort((one, other) => one.uses - other.uses);
    for (const entry of this.#entries) entry.uses = Math.max(1, Math.floor(entry.uses / 2));
  }
}
