/** What waits to be written to a store: in order, in the background, bounded, and tried again when the store fails. */

import type { KeepOptions, KeyValueStore, StoreFilter } from "../../core/key-value-store.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";

/** A write that waits; without a text it is a deletion. */
export interface StoreWrite {
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
const deletion: StoreWrite = { text: undefined, options: {} };

/**
 * Writes and deletions for one cache. A key that waits must not be read, and nothing while a deletion of many waits: so
 * what was deleted here never comes back from there. Nothing of it throws or rejects, `flush` excepted.
 */
export class StoreWrites {
  readonly #store: KeyValueStore;
  /** What all keys of this cache begin with. */
  readonly #prefix: string;
  readonly #runtime: Runtime;
  readonly #pending = new Map<string, StoreWrite>();
  #sending: ReadonlyMap<string, StoreWrite> = new Map();
  #filters: StoreFilter[] = [];
  #pump: Promise<void> | undefined = undefined;
  #restUntil = Number.NEGATIVE_INFINITY;
  /** What the store said last when it failed. */
  failure: unknown = undefined;
  errors = 0;

  constructor(store: KeyValueStore, prefix: string, runtime: Runtime) {
    this.#store = store;
    this.#prefix = prefix;
    this.#runtime = runtime;
  }

  get isEmpty(): boolean {
    return this.#filters.length === 0 && this.#pending.size === 0;
  }

  /** Tells whether the store may be asked for a key now. */
  mayRead(key: string): boolean {
    this.#start();
    if (this.#filters.length > 0 || this.#pending.has(key) || this.#sending.has(key)) return false;
    return this.#runtime.monotonic() >= this.#restUntil;
  }

  /** Says that the store failed: it is left alone for a while. */
  rest(error: unknown): void {
    this.errors += 1;
    this.failure = error;
    this.#restUntil = this.#runtime.monotonic() + restMs;
  }

  write(key: string, text: string, options: KeepOptions): void {
    if (this.#pending.size < mostWaiting || this.#pending.has(key)) {
      this.#enqueue(key, { text, options });
      return;
    }
    this.errors += 1;
    this.delete(key);
  }

  delete(key: string): void {
    if (this.#pending.size < mostDeletions) this.#enqueue(key, deletion);
    else this.deleteAll();
  }

  deleteAll(): void {
    this.#filters = [];
    this.deleteWhere({ prefix: this.#prefix });
  }

  deleteWhere(filter: StoreFilter): void {
    if (this.#filters.length >= mostWaiting) {
      this.deleteAll();
      return;
    }
    this.#filters.push(filter);
    this.#unqueue(filter);
    this.#start();
  }

  /** Sends what waits now, whether or not the store is to be left alone; tells whether all is there. */
  async flush(): Promise<boolean> {
    await this.#pump;
    this.#restUntil = Number.NEGATIVE_INFINITY;
    this.#start();
    await this.#pump;
    return this.isEmpty;
  }

  #enqueue(key: string, write: StoreWrite): void {
    // The last write of a key goes to the end, since it came last.
    this.#pending.delete(key);
    this.#pending.set(key, write);
    this.#start();
  }

  /** What waits and is meant by a deletion is not written. Its key is deleted too: an older value may lie there without the tag. */
  #unqueue(filter: StoreFilter): void {
    for (const [key, { options }] of this.#pending) {
      if ("prefix" in filter) {
        if (key.startsWith(filter.prefix)) this.#pending.delete(key);
      } else if (options.tags?.includes(filter.tag)) {
        this.#pending.set(key, deletion);
      }
    }
  }

  /** Tells whether a deletion of many that waits is about a key, which must not be written after it then. */
  #isMeant(key: string, { tags }: KeepOptions): boolean {
    return this.#filters.some((filter) =>
      "prefix" in filter ? key.startsWith(filter.prefix) : tags?.includes(filter.tag) === true,
    );
  }

  #start(): void {
    if (this.#pump !== undefined || this.isEmpty || this.#runtime.monotonic() < this.#restUntil) return;
    this.#pump = this.#send().finally(() => {
      this.#pump = undefined;
    });
  }

  /** Sends what waits, deletions of many first: what waits for writing came after them or is not meant by them. */
  async #send(): Promise<void> {
    // Whoever wrote goes on first.
    await undefined;
    while (!this.isEmpty) {
      const filter = this.#filters[0];
      if (!(await (filter === undefined ? this.#sendBatch() : this.#sendFilter(filter)))) return;
    }
  }

  async #sendFilter(filter: StoreFilter): Promise<boolean> {
    try {
      await this.#store.deleteWhere(filter);
      this.#filters = this.#filters.filter((each) => each !== filter);
      return true;
    } catch (error) {
      this.rest(error);
      return false;
    }
  }

  async #sendBatch(): Promise<boolean> {
    const batch = new Map<string, StoreWrite>();
    for (const [key, write] of this.#pending) {
      batch.set(key, write);
      this.#pending.delete(key);
      if (batch.size === batchSize) break;
    }
    this.#sending = batch;
    const sent = await Promise.all([...batch].map(([key, write]) => this.#sendOne(key, write)));
    this.#sending = new Map();
    return sent.every((each) => each);
  }

  async #sendOne(key: string, { text, options, isRetry }: StoreWrite): Promise<boolean> {
    try {
      if (text === undefined) await this.#store.delete(key);
      else await this.#store.set(key, text, options);
      return true;
    } catch (error) {
      this.rest(error);
      // What fails twice is given up, but an older value may be there still: until it is deleted, the key is not read.
      const again: StoreWrite = isRetry ? deletion : { text, options, isRetry: true };
      if (!this.#pending.has(key)) this.#pending.set(key, this.#isMeant(key, options) ? deletion : again);
      return false;
    }
  }
}
