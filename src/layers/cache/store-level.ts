/** The second level of a cache: what it does with a store, such that a store can neither fail, nor delay, nor falsify an answer. */

import { FlockError, isFlockError } from "../../core/errors/errors.ts";
import { digestOf } from "../../core/json/canonical-key.ts";
import type { KeyValueStore } from "../../core/key-value-store.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { storeKeyOf, userKeyOf } from "./cache-key.ts";
import type { CacheFilter } from "./cache-request.ts";
import { copyIn, NotPlainJson, type PrivateCopy } from "./memory/private-copy.ts";
import { type Envelope, openEnvelope, sealEnvelope } from "./store-envelope.ts";
import { StoreWrites } from "./store-writes.ts";

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
  readonly copy: PrivateCopy;
  /** Milliseconds for which it is still fresh; 0 or less when it is stale but may still be given. */
  readonly freshMs: number;
}

/** What a value is kept with. */
export interface StoredFacts {
  readonly ttlMs: number | null;
  readonly tags: readonly string[] | undefined;
  readonly owner: string | undefined;
}

/** Reads within a time limit, writes in the background. What is damaged, late or out of reach is a miss. */
export class StoreLevel {
  readonly #options: StoreLevelOptions;
  readonly #writes: StoreWrites;
  readonly #startWall: number;
  readonly #startMonotonic: number;

  constructor(options: StoreLevelOptions) {
    const { store, namespace, runtime } = options;
    this.#options = options;
    this.#writes = new StoreWrites(store, `${namespace}:`, runtime);
    this.#startWall = runtime.now();
    this.#startMonotonic = runtime.monotonic();
  }

  /** Reads, writes and deletions that failed, and values given up. */
  get errors(): number {
    return this.#writes.errors;
  }

  /** Gives what the store has for an entry. Never rejects, and takes no longer than the time limit. */
  async read(id: string): Promise<StoredAnswer | undefined> {
    const { namespace, store, staleMs } = this.#options;
    const key = storeKeyOf(namespace, id);
    if (key === undefined || !this.#writes.mayRead(key)) return undefined;
    try {
      const found = await this.#withinLimit(() => store.get(key));
      if (found === undefined) return undefined;
      const opened = openEnvelope(key, found.value);
      const copy = opened === undefined ? undefined : plainCopyOf(opened.value);
      if (opened === undefined || copy === undefined) {
        this.#writes.errors += 1;
        return undefined;
      }
      const freshMs = this.#freshMs(opened, found.remainingMs);
      return freshMs + staleMs > 0 ? { copy, freshMs } : undefined;
    } catch (error) {
      this.#writes.rest(error);
      return undefined;
    }
  }

  /** Keeps a value in the background. */
  write(id: string, value: unknown, { ttlMs, tags = [], owner }: StoredFacts): void {
    const { namespace, staleMs } = this.#options;
    const key = storeKeyOf(namespace, id);
    if (key === undefined) return;
    const words = [this.#word("key", userKeyOf(id)), ...tags.map((tag) => this.#word("tag", tag))];
    if (owner !== undefined) words.push(this.#word("owner", owner));
    const text = sealEnvelope(key, { value, ttlMs, writtenAt: this.#now() });
    this.#writes.write(key, text, { ttlMs: ttlMs === null ? undefined : ttlMs + staleMs, tags: words });
  }

  /** Deletes an entry in the background. */
  delete(id: string): void {
    const key = storeKeyOf(this.#options.namespace, id);
    if (key !== undefined) this.#writes.delete(key);
  }

  /** Deletes many in the background; all of the cache's own without a filter. */
  deleteWhere(filter: CacheFilter | undefined): void {
    if (filter === undefined) this.#writes.deleteAll();
    else if ("prefix" in filter) this.#writes.deleteWhere({ prefix: `${this.#options.namespace}:${filter.prefix}` });
    else if ("tag" in filter) this.#writes.deleteWhere({ tag: this.#word("tag", filter.tag) });
    else if ("owner" in filter) this.#writes.deleteWhere({ tag: this.#word("owner", filter.owner) });
    else this.#writes.deleteWhere({ tag: this.#word("key", filter.key) });
  }

  /**
   * Waits until everything so far is in the store.
   *
   * @throws store_failed when it cannot be written.
   */
  async flush(): Promise<void> {
    if (await this.#writes.flush()) return;
    const { failure } = this.#writes;
    if (isFlockError(failure, "store_failed")) throw failure;
    const { name } = this.#options.store;
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new FlockError("store_failed", `the store ${name} could not be written: ${reason}`, {
      details: { store: name, operation: "flush", reason },
      cause: failure,
    });
  }

  /** The wall clock, but for steps back since the cache was made: with them a value would look younger than it is. */
  #now(): number {
    const { runtime } = this.#options;
    return Math.max(runtime.now(), this.#startWall + runtime.monotonic() - this.#startMonotonic);
  }

  /** A value from the future says nothing about its age: it counts as long past. */
  #freshMs(kept: Envelope, remainingMs: number | undefined): number {
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

  /** What a store deletes by: hashed, since tags may hold anything. */
  #word(kind: "key" | "tag" | "owner", text: string): string {
    return digestOf(this.#options.namespace, kind, text);
  }
}

/** Copies what another process kept; undefined for what no cache would have written: more levels than are kept. */
function plainCopyOf(value: unknown): PrivateCopy | undefined {
  try {
    return copyIn(value);
  } catch (error) {
    if (error instanceof NotPlainJson) return undefined;
    throw error;
  }
}
