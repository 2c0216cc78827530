/** The store in a file: Node's own SQLite, shared by processes, there after a restart. */

import { resolve } from "node:path";
import { checkOptions, functionOption, objectOption, optionError, wholeNumber } from "../../core/errors/options.ts";
import type { KeepOptions, KeyValueStore, StoredValue, StoreFilter } from "../../core/key-value-store.ts";
import { Pacer } from "../../core/runtime/pacer.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import { afterPrefix, keyBytes, tagWord } from "../rows/key-bytes.ts";
import { openRow, remainingMs, sealRow } from "../rows/row-envelope.ts";
import { SteadyClock } from "../rows/steady-clock.ts";
import { checkFilter, checkKey, checkSet } from "../rows/store-request.ts";
import { pathOption } from "./sqlite-file.ts";
import { entriesFile, type RowFilter, type SqliteRows } from "./sqlite-rows.ts";
import { SqliteSession } from "./sqlite-session.ts";

/** Where a SQLite store keeps its values, and how many. */
export interface SqliteStoreOptions {
  /** The file. It is made, readable for its owner alone; its folder must exist. */
  readonly path: string;
  /** Bytes of the file at most, its log of some megabytes aside; then expired values leave, and the oldest. @default 268,435,456 */
  readonly maxBytes?: number;
  /** Milliseconds to wait for another process that writes. @default 5,000 */
  readonly busyTimeoutMs?: number;
  /** Told when a damaged file was set aside and a new one begun. @default the runtime's `warn` */
  readonly onWarning?: (message: string) => void;
  /** Clock and timers. @default the system's */
  readonly runtime?: Runtime;
}

const noOptions: KeepOptions = {};

/**
 * Keeps texts in one file. A value that was acknowledged survives the end of the process, kill -9 included; a power cut may
 * take the last ones, never tear one. Every value has a checksum, so that a damaged one is not found; a file SQLite can no
 * longer read is renamed to `<path>.damaged-<n>` and a new one begun. Several stores and processes may share a file.
 *
 * SQLite works synchronously: for a value of some kilobytes it takes half a millisecond to write and a tenth of that to read, for
 * eight megabytes a tenth of a second. It is loaded by the first operation; Node 22 prints its warning about an experimental module then.
 */
export class SqliteStore implements KeyValueStore {
  readonly name = "sqlite";
  readonly #session: SqliteSession<SqliteRows>;
  readonly #maxBytes: number;
  readonly #runtime: Runtime;
  readonly #clock: SteadyClock;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(options: SqliteStoreOptions) {
    checkOptions("SqliteStore", options, {
      path: pathOption,
      maxBytes: wholeNumber(100_000),
      busyTimeoutMs: wholeNumber(0),
      onWarning: functionOption,
      runtime: objectOption,
    });
    if (options.path === undefined) throw optionError("SqliteStore", "path", "the path of a file", undefined);
    const { path, maxBytes = 2 ** 28, busyTimeoutMs = 5_000, runtime = systemRuntime, onWarning } = options;
    const warn = onWarning ?? ((message: string) => runtime.warn(message, "store_failed"));
    this.#session = new SqliteSession({ path: resolve(path), kind: entriesFile, busyTimeoutMs, warn, runtime });
    this.#maxBytes = maxBytes;
    this.#runtime = runtime;
    this.#clock = new SteadyClock(runtime);
  }

  async get(key: string): Promise<StoredValue | undefined> {
    checkKey("SqliteStore.get", key);
    const bytes = keyBytes(key);
    return this.#session.read("get", (rows) => {
      const sealed = rows.read(bytes);
      if (sealed === undefined) return undefined;
      const row = openRow(bytes, sealed);
      if (row === undefined) {
        dropDamaged(rows, bytes, sealed);
        return undefined;
      }
      const remaining = remainingMs(row, this.#clock.now());
      if (remaining <= 0) return undefined;
      return { value: row.value, remainingMs: Number.isFinite(remaining) ? remaining : undefined };
    });
  }

  /** A value that is larger than the whole store may be leaves at once, and the older one with it. */
  async set(key: string, value: string, options: KeepOptions = noOptions): Promise<void> {
    checkSet("SqliteStore.set", key, value, options);
    const { ttlMs = Number.POSITIVE_INFINITY } = options;
    const bytes = keyBytes(key);
    const tags = (options.tags ?? []).map(tagWord);
    const now = this.#clock.now();
    const expiresAt = now + ttlMs;
    const sealed = sealRow(bytes, { value, writtenAt: now, expiresAt }, tags);
    if (sealed.length > this.#maxBytes) {
      await this.#session.write("set", (rows) => rows.delete(bytes, now));
      return;
    }
    await this.#session.write("set", (rows) => rows.write({ key: bytes, sealed, expiresAt, tags }, now));
    await this.#makeRoom();
  }

  async delete(key: string): Promise<boolean> {
    checkKey("SqliteStore.delete", key);
    return this.#session.write("delete", (rows) => rows.delete(keyBytes(key), this.#clock.now()));
  }

  /** Deletes what was there when it was called, in slices, so that other work goes on in between. */
  async deleteWhere(filter: StoreFilter): Promise<number> {
    checkFilter("SqliteStore.deleteWhere", filter);
    return this.#deleteWhere("deleteWhere", filter);
  }

  async clear(): Promise<void> {
    await this.#deleteWhere("clear", { prefix: "" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
  }

  async #deleteWhere(operation: string, filter: StoreFilter): Promise<number> {
    const meant: RowFilter = "tag" in filter ? { tag: tagWord(filter.tag) } : range(filter.prefix);
    const lastId = await this.#session.write(operation, (rows) => rows.lastId());
    const pacer = new Pacer(this.#runtime);
    let deleted = 0;
    for (;;) {
      const { live, isDone } = await this.#session.write(operation, (rows) =>
        rows.deleteSome(meant, lastId, this.#clock.now()),
      );
      deleted += live;
      if (isDone) return deleted;
      await pacer.pause();
    }
  }

  /** Deletes in slices until the file is small enough. */
  async #makeRoom(): Promise<void> {
    const pacer = new Pacer(this.#runtime);
    const isDone = (rows: SqliteRows) => rows.usedBytes() <= this.#maxBytes || !rows.makeRoom(this.#clock.now());
    while (!(await this.#session.write("set", isDone))) await pacer.pause();
  }
}

function range(prefix: string): RowFilter {
  const from = keyBytes(prefix);
  return { from, to: afterPrefix(from) };
}

/** A miss must not become an error because there is no room to clean up. */
function dropDamaged(rows: SqliteRows, key: Buffer, sealed: Uint8Array): void {
  try {
    rows.deleteDamaged(key, sealed);
  } catch {
    // It is found damaged again next time.
  }
}
