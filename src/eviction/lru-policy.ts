/** The entry not used for longest leaves. */

import type { EvictionPolicy } from "./eviction-policy.ts";
import { SlotLists } from "./slot-lists.ts";

const list = 0;

/** Exact LRU: one list in order of use. */
export class LruPolicy implements EvictionPolicy {
  readonly #order = new SlotLists(1);

  grow(slots: number): void {
    this.#order.grow(slots);
  }

  add(slot: number): void {
    this.#order.push(list, slot);
  }

  touch(slot: number): void {
    this.#order.renew(list, slot);
  }

  remove(slot: number): void {
    this.#order.remove(list, slot);
  }

  evict(): number {
    const slot = this.#order.first(list);
    this.#order.remove(list, slot);
    return slot;
  }
}
