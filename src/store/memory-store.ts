/** The store that needs nothing: texts in this process, bounded in number. What a store must do, others are measured by it. */

import { checkOptions, objectOption, wholeNumber } from "../core/errors/options.ts";
import type { KeepOptions, KeyValueStore, StoredValue, StoreFilter } from "../core/key-value-store.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { systemRuntime } from "../core/runtime/system-runtime.ts";
import { SteadyClock } from "./rows/steady-clock.ts";
import { checkFilter, checkKey, checkSet, storeFailed } from "./rows/store-request.ts";

/** How a memory store is bounded. */
export interface MemoryStoreOptions {
  /** Values at most; with one more, the one written longest ago leaves. @default 10,000 */
  readonly maxEntries?: number;
  /** Clock. @default the system's */
  readonly runtime?: Runtime;
}

interface Kept {
  readonly value: string;
  readonly expiresAt: number;
  readonly tags: readonly string[];
}

const noOptions: KeepOptions = {};

/** Keeps texts in a Map. `deleteWhere` looks at every one of them. */
export class MemoryStore implements KeyValueStore {
  readonly name = "memory";
  readonly #maxEntries: number;
  readonly #clock: SteadyClock;
  /** In the order they were written. */
  readonly #kept = new Map<string, Kept>();
  #isClosed = false;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(options: MemoryStoreOptions = {}) {
    checkOptions("MemoryStore", options, { maxEntries: wholeNumber(1), runtime: objectOption });
    this.#maxEntries = options.maxEntries ?? 10_000;
    this.#clock = new SteadyClock(options.runtime ?? systemRuntime);
  }

  async get(key: string): Promise<StoredValue | undefined> {
    checkKey("MemoryStore.get", key);
    this.#checkOpen("get");
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    const remaining = kept.expiresAt - this.#clock.now();
    if (remaining > 0) return { value: kept.value, remainingMs: Number.isFinite(remaining) ? remaining : undefined };
    this.#kept.delete(key);
    return undefined;
  }

  async set(key: string, value: string, options: KeepOptions = noOptions): Promise<void> {
    checkSet("MemoryStore.set", key, value, options);
    this.#checkOpen("set");
    const { ttlMs = Number.POSITIVE_INFINITY, tags = [] } = options;
    this.#kept.delete(key);
    this.#kept.set(key, { value, expiresAt: this.#clock.now() + ttlMs, tags: [...tags] });
    if (this.#kept.size <= this.#maxEntries) return;
    const [oldest] = this.#kept.keys();
    this.#kept.delete(oldest!);
  }

  async delete(key: string): Promise<boolean> {
    checkKey("MemoryStore.delete", key);
    this.#checkOpen("delete");
    return this.#delete(key, this.#clock.now());
  }

  async deleteWhere(filter: StoreFilter): Promise<number> {
    checkFilter("MemoryStore.deleteWhere", filter);
    this.#checkOpen("deleteWhere");
    const now = this.#clock.now();
    let deleted = 0;
    for (const [key, { tags }] of this.#kept) {
      const isMeant = "tag" in filter ? tags.includes(filter.tag) : key.startsWith(filter.prefix);
      if (isMeant && this.#delete(key, now)) deleted += 1;
    }
    return deleted;
  }

  async clear(): Promise<void> {
    this.#checkOpen("clear");
    this.#kept.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#kept.clear();
  }

  /** Tells whether there was a value that had not expired. */
  #delete(key: string, now: number): boolean {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    return kept !== undefined && kept.expiresAt > now;
  }

  #checkOpen(operation: string): void {
    if (this.#isClosed) throw storeFailed({ name: this.name, place: "" }, operation, "it is closed; make a new one");
  }
}
