/** The entries in memory: bounded in number and bytes, each with a time to end, in typed arrays by slot. */

import type { EvictionStrategy } from "../../../core/cache-settings.ts";
import { AdaptivePolicy } from "../eviction/adaptive-policy.ts";
import type { EvictionPolicy } from "../eviction/eviction-policy.ts";
import { LfuPolicy } from "../eviction/lfu-policy.ts";
import { LruPolicy } from "../eviction/lru-policy.ts";
import { grown } from "../eviction/slot-lists.ts";
import { ExpiryQueue } from "./expiry-queue.ts";

/** What a table may hold. */
export interface TableLimits {
  readonly maxEntries: number;
  /** `Infinity` for no limit. */
  readonly maxBytes: number;
  readonly strategy: EvictionStrategy;
  /** 32 random bits. */
  readonly seed: number;
}

/** What an entry comes with. */
export interface EntryFacts {
  readonly bytes: number;
  /** Monotonic milliseconds after which it is gone, `Infinity` for never. */
  readonly endsAt: number;
  /** Monotonic milliseconds now. */
  readonly now: number;
  readonly tags?: readonly string[] | undefined;
  readonly owner?: string | undefined;
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

  /** Puts an entry in, in the place of an older one; gives whether there was room for it at all. */
  put(key: string, value: unknown, facts: EntryFacts): boolean {
    const { maxBytes, maxEntries } = this.#limits;
    let slot = this.#slots.get(key);
    if (facts.bytes > Math.min(maxBytes, heaviest)) {
      if (slot !== undefined) this.remove(slot);
      return false;
    }
    if (slot !== undefined) {
      this.#policy.touch(slot);
      this.#empty(slot);
    }
    this.#makeRoom(slot === undefined ? maxEntries - 1 : maxEntries, maxBytes - facts.bytes, facts.now);
    // What made room may have been the older entry itself.
    if (slot !== undefined) slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = this.#free.pop() ?? this.#newSlot();
      this.#slots.set(key, slot);
      this.#keys[slot] = key;
      this.#policy.add(slot, key);
    }
    this.#fill(slot, value, facts);
    return true;
  }

  /** Takes an entry out. */
  remove(slot: number): void {
    this.#policy.remove(slot);
    this.#clear(slot);
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
    for (const [key, slot] of [...this.#slots]) {
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
    this.#makeRoom(limits.maxEntries, limits.maxBytes, now);
  }

  /** What the strategy is at; for `tinylfu` the rules it follows now. */
  get way(): string {
    return this.#policy instanceof AdaptivePolicy ? this.#policy.way : this.#limits.strategy;
  }

  #makeRoom(entries: number, bytes: number, now: number): void {
    while (this.#slots.size > entries || this.bytes > bytes) {
      const expired = this.#expiry.expired(now);
      if (expired !== -1) {
        this.expire(expired);
        continue;
      }
      const slot = this.#policy.evict();
      this.evictions += 1;
      this.#clear(slot);
    }
  }

  /** Takes away what an entry weighs and when it ends, so that it neither counts nor expires while room is made. */
  #empty(slot: number): void {
    this.bytes -= this.#bytesOf[slot]!;
    this.#bytesOf[slot] = 0;
    this.#expiry.set(slot, Number.POSITIVE_INFINITY);
    if (this.#tags.size > 0) this.#tags.delete(slot);
    if (this.#owners.size > 0) this.#owners.delete(slot);
  }

  #fill(slot: number, value: unknown, { bytes, endsAt, tags, owner }: EntryFacts): void {
    this.#values[slot] = value;
    this.#expiry.set(slot, endsAt);
    if (bytes > widest16 && this.#bytesOf instanceof Uint16Array) this.#bytesOf = Uint32Array.from(this.#bytesOf);
    this.#bytesOf[slot] = bytes;
    this.bytes += bytes;
    if (tags !== undefined && tags.length > 0) this.#tags.set(slot, tags);
    if (owner !== undefined) this.#owners.set(slot, owner);
  }

  #clear(slot: number): void {
    this.#slots.delete(this.#keys[slot]!);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#expiry.set(slot, Number.POSITIVE_INFINITY);
    this.bytes -= this.#bytesOf[slot]!;
    if (this.#tags.size > 0) this.#tags.delete(slot);
    if (this.#owners.size > 0) this.#owners.delete(slot);
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
