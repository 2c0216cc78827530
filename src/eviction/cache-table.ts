/** The entries in memory: bounded in number and bytes, each with a time to end, in typed arrays by slot. */

import type { EvictionStrategy } from "../core/cache-settings.ts";
import { AdaptivePolicy } from "./adaptive-policy.ts";
import type { EvictionPolicy } from "./eviction-policy.ts";
import { ExpiryQueue } from "./expiry-queue.ts";
import { LfuPolicy } from "./lfu-policy.ts";
import { LruPolicy } from "./lru-policy.ts";
import { grown } from "./slot-lists.ts";

/** What a table may hold. */
export interface TableLimits {
  readonly maxEntries: number;
  /** `Infinity` for no limit. */
  readonly maxBytes: number;
  readonly strategy: EvictionStrategy;
  /** 32 random bits. */
  readonly seed: number;
}

const firstSlots = 64;
/** Weights are kept in 32 bits. */
const heaviest = 2 ** 32 - 1;
const widest16 = 2 ** 16 - 1;

/**
 * A table of values by text. It decides who leaves, not what is fresh: an entry past its end is still found until it is
 * removed or makes room for another, which it does before any entry that is not.
 */
export class CacheTable {
  readonly #slots = new Map<string, number>();
  readonly #expiry = new ExpiryQueue();
  #keys: (string | undefined)[] = [];
  #values: unknown[] = [];
  /** Tags and owners by slot; few entries have any. */
  readonly #tags = new Map<number, readonly string[]>();
  readonly #owners = new Map<number, string>();
  /** 16 bits each until an entry needs more. */
  #bytesOf: Uint16Array | Uint32Array = new Uint16Array(0);
  readonly #free: number[] = [];
  /** Slots below this number have been in use. */
  #used = 0;
  #capacity = 0;
  #policy: EvictionPolicy;
  #limits: TableLimits;
  bytes = 0;
  evictions = 0;
  expirations = 0;

  constructor(limits: TableLimits) {
    this.#limits = limits;
    this.#policy = makePolicy(limits);
  }

  get entries(): number {
    return this.#slots.size;
  }

  /** Gives the slot of an entry, or undefined. */
  find(key: string): number | undefined {
    return this.#slots.get(key);
  }

  /** Says that an entry was used. */
  touch(slot: number): void {
    this.#policy.touch(slot);
  }

  valueAt(slot: number): unknown {
    return this.#values[slot];
  }

  endsAt(slot: number): number {
    return this.#expiry.timeOf(slot);
  }

  /**
   * Makes a slot for an entry that weighs so many bytes, in the place of an older one; gives -1 when there is no room for it at
   * all. `fill` must follow.
   *
   * @param now Monotonic milliseconds.
   */
  open(key: string, bytes: number, now: number): number {
    const { maxBytes, maxEntries } = this.#limits;
    const older = this.#slots.get(key);
    if (bytes > maxBytes || bytes > heaviest) {
      if (older !== undefined) this.remove(older);
      return -1;
    }
    let slot = older === undefined ? -1 : this.#reopen(older, key, bytes, now);
    if (slot === -1) {
      while (this.#slots.size >= maxEntries || this.bytes + bytes > maxBytes) {
        if (slot !== -1) this.#release(slot);
        slot = this.#leave(now);
      }
      if (slot === -1) slot = this.#free.pop() ?? this.#newSlot();
      this.#slots.set(key, slot);
      this.#keys[slot] = key;
      this.#policy.add(slot, key);
    }
    if (bytes > widest16 && this.#bytesOf instanceof Uint16Array) this.#bytesOf = Uint32Array.from(this.#bytesOf);
    this.#bytesOf[slot] = bytes;
    this.bytes += bytes;
    return slot;
  }

  /** Fills a slot just made. @param endsAt Monotonic milliseconds after which the entry is gone, `Infinity` for never. */
  fill(slot: number, value: unknown, endsAt: number): void {
    this.#values[slot] = value;
    this.#expiry.set(slot, endsAt);
  }

  /** Says what an entry can be taken out by. */
  label(slot: number, tags: readonly string[] | undefined, owner: string | undefined): void {
    if (tags !== undefined && tags.length > 0) this.#tags.set(slot, [...tags]);
    if (owner !== undefined) this.#owners.set(slot, owner);
  }

  /** Takes an entry out. */
  remove(slot: number): void {
    this.#policy.remove(slot);
    this.#forget(slot);
    this.#release(slot);
  }

  /** Takes an entry out that has passed its end. */
  expire(slot: number): void {
    this.expirations += 1;
    this.remove(slot);
  }

  /** Takes out all entries for which `chosen` is true; gives how many. */
  removeWhere(
    chosen: (key: string, tags: readonly string[] | undefined, owner: string | undefined) => boolean,
  ): number {
    let removed = 0;
    for (const [key, slot] of this.#slots) {
      if (!chosen(key, this.#tags.get(slot), this.#owners.get(slot))) continue;
      this.remove(slot);
      removed += 1;
    }
    return removed;
  }

  /** Changes limits; entries there is no room for leave at once. A new strategy begins without a history. */
  limit(limits: TableLimits, now: number): void {
    const isOther = limits.strategy !== this.#limits.strategy;
    this.#limits = limits;
    if (isOther) this.#change(makePolicy(limits));
    while (this.#slots.size > limits.maxEntries || this.bytes > limits.maxBytes) this.#release(this.#leave(now));
  }

  /** What the strategy is at; for `tinylfu` the rules it follows now. */
  get way(): string {
    return this.#policy instanceof AdaptivePolicy ? this.#policy.way : this.#limits.strategy;
  }

  /**
   * Empties the slot of an older entry, so that it neither counts nor expires while room is made; gives -1 when making room
   * took the entry itself.
   */
  #reopen(slot: number, key: string, bytes: number, now: number): number {
    const { maxBytes } = this.#limits;
    this.#policy.touch(slot);
    this.#unlabel(slot);
    this.#bytesOf[slot] = 0;
    this.#expiry.set(slot, Number.POSITIVE_INFINITY);
    while (this.bytes + bytes > maxBytes) {
      const left = this.#leave(now, slot);
      // It comes back at once.
      if (left === slot) this.evictions -= 1;
      this.#release(left);
    }
    return this.#slots.get(key) ?? -1;
  }

  /** Lets the next entry go, an expired one first; gives its slot, which is to be filled or released. */
  #leave(now: number, spared?: number): number {
    let slot = this.#expiry.expired(now);
    if (slot === -1) {
      slot = this.#policy.evict(spared);
      this.evictions += 1;
    } else {
      this.#policy.remove(slot);
      this.expirations += 1;
    }
    this.#forget(slot);
    return slot;
  }

  /** Makes an entry unknown; its slot still holds it. */
  #forget(slot: number): void {
    this.#slots.delete(this.#keys[slot]!);
    this.#unlabel(slot);
  }

  /** Takes away what an entry weighs and what it can be taken out by. */
  #unlabel(slot: number): void {
    this.bytes -= this.#bytesOf[slot]!;
    if (this.#tags.size > 0) this.#tags.delete(slot);
    if (this.#owners.size > 0) this.#owners.delete(slot);
  }

  /** Empties a slot, for any later entry. */
  #release(slot: number): void {
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#expiry.set(slot, Number.POSITIVE_INFINITY);
    this.#free.push(slot);
  }

  #newSlot(): number {
    const slot = this.#used;
    if (slot >= this.#capacity) {
      this.#capacity = Math.max(slot + 1, Math.min(this.#limits.maxEntries, Math.max(firstSlots, slot * 2)));
      this.#keys = grownList(this.#keys, this.#capacity);
      this.#values = grownList(this.#values, this.#capacity);
      this.#bytesOf = grown(this.#bytesOf, this.#capacity);
      this.#expiry.grow(this.#capacity);
      this.#policy.grow(this.#capacity);
    }
    this.#used += 1;
    return slot;
  }

  /** Hands all entries to another policy, in the order in which the old one would have let them go. */
  #change(policy: EvictionPolicy): void {
    policy.grow(this.#capacity);
    for (let left = this.#slots.size; left > 0; left--) {
      const slot = this.#policy.evict();
      policy.add(slot, this.#keys[slot]!);
    }
    this.#policy = policy;
  }
}

function makePolicy({ strategy, seed }: TableLimits): EvictionPolicy {
  if (strategy === "lru") return new LruPolicy();
  return strategy === "lfu" ? new LfuPolicy() : new AdaptivePolicy(seed);
}

/** A longer list of exactly that length: one that grows by itself takes up to half more. */
function grownList<Item>(list: readonly Item[], length: number): Item[] {
  const longer = new Array<Item>(length);
  for (let index = 0; index < list.length; index++) longer[index] = list[index]!;
  return longer;
}
