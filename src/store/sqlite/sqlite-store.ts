/** The store in a file: Node's own SQLite, shared by processes, there after a restart. */

import { resolve } from "node:path";
import { isFlockError } from "../../core/errors/errors.ts";
import {
  checkOptions,
  functionOption,
  type OptionCheck,
  objectOption,
  optionError,
  wholeNumber,
} from "../../core/errors/options.ts";
import type { KeepOptions, KeyValueStore, StoredValue, StoreFilter } from "../../core/key-value-store.ts";
import { Pacer } from "../../core/runtime/pacer.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import { afterPrefix, keyBytes, tagWord } from "../rows/key-bytes.ts";
import { openRow, remainingMs, sealRow } from "../rows/row-envelope.ts";
import { SteadyClock } from "../rows/steady-clock.ts";
import { checkFilter, checkKey, checkSet, reasonOf, storeFailed } from "../rows/store-request.ts";
import { RefusedFile, SqliteFile } from "./sqlite-file.ts";
import type { RowFilter, SqliteRows } from "./sqlite-rows.ts";

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
/** How often it looks whether its file is still where it was. */
const lookMs = 1_000;
const longestPauseMs = 50;

const pathOption: OptionCheck = (value) =>
  typeof value !== "string" || value.trim() === "" || value.includes("\0") || /^(?:file:|:)/i.test(value)
    ? "the path of a file"
    : undefined;

/**
 * Keeps texts in one file. A value that was acknowledged survives the end of the process, kill -9 included; a power cut may
 * take the last ones, never tear one. Every value has a checksum, so that a damaged one is not found; a file SQLite can no
 * longer read is renamed to `<path>.damaged-<n>` and a new one begun. Several stores and processes may share a file.
 *
 * SQLite works synchronously: a value of a few kilobytes takes some dozen microseconds, one of megabytes some milliseconds.
 * It is loaded by the first operation; Node 22 prints its warning about an experimental module then.
 */
export class SqliteStore implements KeyValueStore {
  readonly name = "sqlite";
  readonly #file: SqliteFile;
  readonly #maxBytes: number;
  readonly #busyTimeoutMs: number;
  readonly #warn: (message: string) => void;
  readonly #runtime: Runtime;
  readonly #clock: SteadyClock;
  #opening: Promise<SqliteRows> | undefined = undefined;
  #rows: SqliteRows | undefined = undefined;
  #lookAt = 0;
  #isClosed = false;

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
    this.#file = new SqliteFile(resolve(path));
    this.#maxBytes = maxBytes;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#warn = onWarning ?? ((message) => runtime.warn(message, "store_failed"));
    this.#runtime = runtime;
    this.#clock = new SteadyClock(runtime);
  }

  async get(key: string): Promise<StoredValue | undefined> {
    checkKey("SqliteStore.get", key);
    const bytes = keyBytes(key);
    return this.#do("get", (rows) => {
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
      await this.#do("set", (rows) => rows.delete(bytes, now));
      return;
    }
    await this.#do("set", (rows) => rows.write({ key: bytes, sealed, expiresAt, tags }, now));
    await this.#makeRoom();
  }

  async delete(key: string): Promise<boolean> {
    checkKey("SqliteStore.delete", key);
    return this.#do("delete", (rows) => rows.delete(keyBytes(key), this.#clock.now()));
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
    this.#isClosed = true;
    await this.#opening?.catch(() => undefined);
    this.#close();
  }

  async #deleteWhere(operation: string, filter: StoreFilter): Promise<number> {
    const meant: RowFilter = "tag" in filter ? { tag: tagWord(filter.tag) } : range(filter.prefix);
    const lastId = await this.#do(operation, (rows) => rows.lastId());
    const pacer = new Pacer(this.#runtime);
    let deleted = 0;
    for (;;) {
      const { live, isDone } = await this.#do(operation, (rows) => rows.deleteSome(meant, lastId, this.#clock.now()));
      deleted += live;
      if (isDone) return deleted;
      await pacer.pause();
    }
  }

  /** Deletes in slices until the file is small enough. */
  async #makeRoom(): Promise<void> {
    const pacer = new Pacer(this.#runtime);
    const isDone = (rows: SqliteRows) => rows.usedBytes() <= this.#maxBytes || !rows.makeRoom(this.#clock.now());
    while (!(await this.#do("set", isDone))) await pacer.pause();
  }

  /** Does one piece of work; waits for other writers without blocking, and begins a new file once where it is damaged. */
  async #do<T>(operation: string, work: (rows: SqliteRows) => T): Promise<T> {
    const waitUntil = this.#runtime.monotonic() + this.#busyTimeoutMs;
    let hasHealed = false;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const rows = await this.#ready(operation);
        // Closed meanwhile, because the file was damaged or gone.
        if (rows !== this.#rows) continue;
        return work(rows);
      } catch (error) {
        if (isFlockError(error)) throw error;
        const fault = faultOf(error);
        if (fault === "busy" && this.#runtime.monotonic() < waitUntil) {
          await this.#runtime.sleep(pauseMs * (0.5 + this.#runtime.random()));
        } else if (fault === "damaged" && !hasHealed && !this.#isClosed) {
          hasHealed = true;
          this.#startAnew(operation, error);
        } else {
          if (fault === "broken") this.#close();
          throw storeFailed(this.#names, operation, reasonOf(error), error);
        }
      }
    }
  }

  async #ready(operation: string): Promise<SqliteRows> {
    if (this.#isClosed) throw this.#closed(operation);
    if (this.#rows !== undefined && this.#runtime.monotonic() >= this.#lookAt) {
      this.#lookAt = this.#runtime.monotonic() + lookMs;
      // Somebody deleted or replaced it: what would be written now, nobody would find.
      if (!this.#file.isThere()) this.#close();
    }
    if (this.#rows !== undefined) return this.#rows;
    this.#opening ??= this.#open();
    const rows = await this.#opening;
    if (this.#isClosed) throw this.#closed(operation);
    return rows;
  }

  async #open(): Promise<SqliteRows> {
    try {
      this.#rows = await this.#file.open();
      return this.#rows;
    } finally {
      this.#opening = undefined;
    }
  }

  #close(): void {
    this.#rows?.close();
    this.#rows = undefined;
  }

  #startAnew(operation: string, error: unknown): void {
    try {
      this.#close();
      const name = this.#file.setAside();
      if (name === undefined) return;
      this.#warn(
        `the file of the sqlite store was damaged (${reasonOf(error)}): it is now ${name}, and a new one was begun`,
      );
    } catch (fault) {
      throw storeFailed(this.#names, operation, `its file is damaged and cannot be renamed: ${reasonOf(fault)}`, error);
    }
  }

  get #names() {
    return { name: this.name, place: ` at ${this.#file.path}` };
  }

  #closed(operation: string) {
    return storeFailed(this.#names, operation, "it is closed; make a new one");
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

/** Sorts what SQLite throws by its primary result code (sqlite.org/rescode.html). */
function faultOf(error: unknown): "busy" | "damaged" | "broken" | "other" {
  if (error instanceof RefusedFile) return "other";
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown };
  // A number SQLite never wrote, too large to be read.
  if (code === "ERR_OUT_OF_RANGE") return "damaged";
  switch (typeof errcode === "number" ? errcode & 0xff : 0) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
    case 15: // SQLITE_PROTOCOL: others were faster at a lock
      return "busy";
    case 1: // SQLITE_ERROR: statements that were good are no longer
      return "broken";
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return "damaged";
    default:
      return "other";
  }
}
