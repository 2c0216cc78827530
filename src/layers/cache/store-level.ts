/** The second level of a cache: what it does with a store, such that a store can neither fail, nor delay, nor falsify an answer. */

import { digestOf } from "../../core/canonical-key.ts";
import { FlockError, isFlockError } from "../../core/errors.ts";
import type { KeepOptions, KeyValueStore, StoreFilter } from "../../core/key-value-store.ts";
import type { Runtime } from "../../core/runtime.ts";
import { storeKeyOf, userKeyOf } from "./cache-key.ts";
import type { CacheFilter } from "./cache-request.ts";
import { openEnvelope, sealEnvelope } from "./store-envelope.ts";

/** How the second level is used. */
export interface StoreLevelOptions {
  readonly store: KeyValueStore;
  readonly namespace: string;
  readonly timeoutMs: number;
  readonly staleMs: number;
  readonly runtime: Runtime;
}

/** A value found in the store. */
export interface StoredAnswer {
  readonly value: unknown;
  /** Milliseconds for which it is still fresh; 0 or less when it is stale but may still be given. */
  readonly freshMs: number;
}

/** What a value is kept with. */
export interface StoredFacts {
  readonly ttlMs: number | null;
  readonly tags: readonly string[] | undefined;
  readonly owner: string | undefined;
}

/** A write that waits; without a text it is a deletion. */
interface Pending {
  readonly text: string | undefined;
  readonly options: KeepOptions;
  /** Whether it has failed once. */
  readonly isRetry?: boolean;
}

/** Values that may wait to be written; more are given up, and only their deletion waits. */
const mostWaiting = 1_000;
/** Deletions that may wait; more become one deletion of everything. */
const mostDeletions = 10_000;
const batchSize = 16;
/** How long a store that failed is left alone. */
const restMs = 1_000;

/**
 * Writes and deletions wait in order and are sent in the background; a key that waits is not read, and nothing is read while
 * a deletion of many waits, so that what was deleted here never comes back from there. What fails is tried again.
 */
export class StoreLevel {
  readonly #options: StoreLevelOptions;
  readonly #pending = new Map<string, Pending>();
  #sending: ReadonlyMap<string, Pending> = new Map();
  #filters: StoreFilter[] = [];
  #pump: Promise<void> | undefined = undefined;
  #restUntil = Number.NEGATIVE_INFINITY;
  #failure: unknown = undefined;
  readonly #startWall: number;
  readonly #startMonotonic: number;
  errors = 0;

  constructor(options: StoreLevelOptions) {
    this.#options = options;
    this.#startWall = options.runtime.now();
    this.#startMonotonic = options.runtime.monotonic();
  }

  /** Gives what the store has for an entry. Never rejects, and takes no longer than the time limit. */
  async read(id: string): Promise<StoredAnswer | undefined> {
    const { namespace, store, staleMs } = this.#options;
    const key = storeKeyOf(namespace, id);
    if (key === undefined || !this.#mayRead(key)) return undefined;
    try {
      const found = await this.#withinLimit(() => store.get(key));
      if (found === undefined) return undefined;
      const opened = openEnvelope(key, found.value);
      if (opened === undefined) {
        this.errors += 1;
        return undefined;
      }
      const freshMs = this.#freshMs(opened, found.remainingMs);
      return freshMs + staleMs > 0 ? { value: opened.value, freshMs } : undefined;
    } catch (error) {
      this.#rest(error);
      return undefined;
    }
  }

  /** Keeps a value in the background. */
  write(id: string, value: unknown, { ttlMs, tags, owner }: StoredFacts): void {
    const { namespace, staleMs } = this.#options;
    const key = storeKeyOf(namespace, id);
    if (key === undefined) return;
    if (this.#pending.size >= mostWaiting && !this.#pending.has(key)) {
      this.errors += 1;
      this.#forget(key);
      return;
    }
    const words = [this.#word("key", userKeyOf(id)), ...(tags ?? []).map((tag) => this.#word("tag", tag))];
    if (owner !== undefined) words.push(this.#word("owner", owner));
    const text = sealEnvelope(key, { value, ttlMs, writtenAt: this.#now() });
    this.#enqueue(key, { text, options: { ttlMs: ttlMs === null ? undefined : ttlMs + staleMs, tags: words } });
  }

  /** Deletes an entry in the background. */
  delete(id: string): void {
    const key = storeKeyOf(this.#options.namespace, id);
    if (key !== undefined) this.#forget(key);
  }

  /** Deletes many in the background; all of the cache's own without a filter. */
  deleteWhere(filter: CacheFilter | undefined): void {
    const prefix = `${this.#options.namespace}:`;
    if (filter === undefined) this.#filters = [{ prefix }];
    else if ("prefix" in filter) this.#filters.push({ prefix: `${prefix}${filter.prefix}` });
    else if ("tag" in filter) this.#filters.push({ tag: this.#word("tag", filter.tag) });
    else if ("owner" in filter) this.#filters.push({ tag: this.#word("owner", filter.owner) });
    else this.#filters.push({ tag: this.#word("key", filter.key) });
    this.#unqueue(this.#filters.at(-1)!);
    if (this.#filters.length > mostWaiting) this.#filters = [{ prefix }];
    this.#start();
  }

  /**
   * Waits until everything so far is in the store.
   *
   * @throws store_failed when it cannot be written; it stays waiting.
   */
  async flush(): Promise<void> {
    await this.#pump;
    if (this.#filters.length === 0 && this.#pending.size === 0) return;
    this.#restUntil = Number.NEGATIVE_INFINITY;
    this.#start();
    await this.#pump;
    if (this.#filters.length === 0 && this.#pending.size === 0) return;
    if (isFlockError(this.#failure, "store_failed")) throw this.#failure;
    const { name } = this.#options.store;
    const reason = this.#failure instanceof Error ? this.#failure.message : String(this.#failure);
    throw new FlockError("store_failed", `the store ${name} could not be written: ${reason}`, {
      details: { store: name, operation: "flush", reason },
      cause: this.#failure,
    });
  }

  #mayRead(key: string): boolean {
    this.#start();
    if (this.#filters.length > 0 || this.#pending.has(key) || this.#sending.has(key)) return false;
    return this.#options.runtime.monotonic() >= this.#restUntil;
  }

  /** The wall clock, but for steps back since the cache was made: with them a value would look younger than it is. */
  #now(): number {
    const { runtime } = this.#options;
    return Math.max(runtime.now(), this.#startWall + runtime.monotonic() - this.#startMonotonic);
  }

  /** A value from the future says nothing about its age: it counts as long past. */
  #freshMs(
    kept: { readonly ttlMs: number | null; readonly writtenAt: number },
    remainingMs: number | undefined,
  ): number {
    const byStore = remainingMs === undefined ? Number.POSITIVE_INFINITY : remainingMs - this.#options.staleMs;
    if (kept.ttlMs === null) return byStore;
    const age = this.#now() - kept.writtenAt;
    return age < 0 ? Number.NEGATIVE_INFINITY : Math.min(byStore, kept.ttlMs - age);
  }

  #withinLimit<T>(ask: () => Promise<T>): Promise<T> {
    const { runtime, timeoutMs, store } = this.#options;
    return new Promise<T>((resolve, reject) => {
      const timer = runtime.setTimer(() => {
        const reason = `no answer within ${timeoutMs} ms`;
        const details = { store: store.name, operation: "get", reason };
        reject(new FlockError("store_failed", `the store ${store.name} gave ${reason}`, { details }));
      }, timeoutMs);
      // A store that throws at once is no different from one that rejects.
      const asked = (async () => ask())();
      void asked.then(resolve, reject).then(() => timer.cancel());
    });
  }

  #rest(error: unknown): void {
    this.errors += 1;
    this.#failure = error;
    this.#restUntil = this.#options.runtime.monotonic() + restMs;
  }

  /** What a store deletes by: hashed, since tags may hold anything. */
  #word(kind: "key" | "tag" | "owner", text: string): string {
    return digestOf(this.#options.namespace, kind, text);
  }

  #forget(key: string): void {
    if (this.#pending.size < mostDeletions) this.#enqueue(key, { text: undefined, options: {} });
    else this.deleteWhere(undefined);
  }

  /** What waits and is meant by a deletion is not written. Its key is deleted too: an older value may lie there without the tag. */
  #unqueue(filter: StoreFilter): void {
    for (const [key, { options }] of this.#pending) {
      if ("prefix" in filter) {
        if (key.startsWith(filter.prefix)) this.#pending.delete(key);
      } else if (options.tags?.includes(filter.tag)) {
        this.#pending.set(key, { text: undefined, options });
      }
    }
  }

  #enqueue(key: string, pending: Pending): void {
    this.#pending.delete(key);
    this.#pending.set(key, pending);
    this.#start();
  }

  #start(): void {
    if (this.#pump !== undefined || (this.#filters.length === 0 && this.#pending.size === 0)) return;
    if (this.#options.runtime.monotonic() < this.#restUntil) return;
    this.#pump = this.#send().finally(() => {
      this.#pump = undefined;
    });
  }

  /** Sends what waits, deletions of many first: what waits for writing came after them or is not meant by them. */
  async #send(): Promise<void> {
    // Whoever wrote goes on first.
    await undefined;
    while (this.#filters.length > 0 || this.#pending.size > 0) {
      const sent = this.#filters.length > 0 ? await this.#sendFilter(this.#filters[0]!) : await this.#sendBatch();
      if (!sent) return;
    }
  }

  async #sendFilter(filter: StoreFilter): Promise<boolean> {
    try {
      await this.#options.store.deleteWhere(filter);
      const place = this.#filters.indexOf(filter);
      if (place !== -1) this.#filters.splice(place, 1);
      return true;
    } catch (error) {
      this.#rest(error);
      return false;
    }
  }

  async #sendBatch(): Promise<boolean> {
    const batch = new Map([...this.#pending].slice(0, batchSize));
    for (const key of batch.keys()) this.#pending.delete(key);
    this.#sending = batch;
    const sent = await Promise.all([...batch].map(([key, pending]) => this.#sendOne(key, pending)));
    this.#sending = new Map();
    return sent.every((each) => each);
  }

  async #sendOne(key: string, { text, options, isRetry }: Pending): Promise<boolean> {
    const { store } = this.#options;
    try {
      if (text === undefined) await store.delete(key);
      else await store.set(key, text, options);
      return true;
    } catch (error) {
      this.#rest(error);
      // What fails twice is given up, but an older value may be there still: until it is deleted, the key is not read.
      const again = { text: isRetry ? undefined : text, options, isRetry: true };
      if (!this.#pending.has(key)) this.#pending.set(key, again);
      return false;
    }
  }
}
