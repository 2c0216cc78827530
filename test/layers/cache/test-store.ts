/** A store in a Map for tests of what stands on it: can be slow, broken or damaged when told. */

import type { KeepOptions, KeyValueStore, StoredValue, StoreFilter } from "../../../src/core/key-value-store.ts";
import type { TestRuntime } from "../../../src/testing/test-runtime.ts";

interface Row {
  value: string;
  readonly expiresAt: number;
  readonly tags: readonly string[];
}

export class TestStore implements KeyValueStore {
  readonly name = "test";
  readonly rows = new Map<string, Row>();
  /** Operations in the order they were asked for. */
  readonly log: string[] = [];
  /** Rejects operations of these names. */
  readonly broken = new Set<string>();
  /** Throws synchronously instead of rejecting. */
  throwsAtOnce = false;
  delayMs = 0;
  readonly #runtime: TestRuntime;

  constructor(runtime: TestRuntime) {
    this.#runtime = runtime;
  }

  get(key: string): Promise<StoredValue | undefined> {
    if (this.throwsAtOnce) throw new Error("thrown at once");
    return this.#do("get", key, () => {
      const row = this.rows.get(key);
      if (row === undefined) return undefined;
      const left = row.expiresAt - this.#runtime.monotonic();
      if (left <= 0) return undefined;
      return { value: row.value, remainingMs: Number.isFinite(left) ? left : undefined };
    });
  }

  set(key: string, value: string, { ttlMs, tags = [] }: KeepOptions = {}): Promise<void> {
    return this.#do("set", key, () => {
      this.rows.set(key, { value, expiresAt: this.#runtime.monotonic() + (ttlMs ?? Number.POSITIVE_INFINITY), tags });
    });
  }

  delete(key: string): Promise<boolean> {
    return this.#do("delete", key, () => this.rows.delete(key));
  }

  deleteWhere(filter: StoreFilter): Promise<number> {
    return this.#do("deleteWhere", JSON.stringify(filter), () => {
      let deleted = 0;
      for (const [key, { tags }] of this.rows) {
        const isMeant = "tag" in filter ? tags.includes(filter.tag) : key.startsWith(filter.prefix);
        if (isMeant && this.rows.delete(key)) deleted += 1;
      }
      return deleted;
    });
  }

  async clear(): Promise<void> {
    this.rows.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #do<T>(operation: string, what: string, work: () => T): Promise<T> {
    this.log.push(`${operation} ${what}`);
    if (this.delayMs > 0) await this.#runtime.sleep(this.delayMs);
    if (this.broken.has(operation)) throw new Error(`${operation} is broken`);
    return work();
  }
}
