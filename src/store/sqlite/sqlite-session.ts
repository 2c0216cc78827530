/** Keeps a SQLite file open for a store: opens it late, waits for other writers, and begins a new one where it is damaged. */

import { type FlockError, isFlockError } from "../../core/errors/errors.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { reasonOf, storeFailed } from "../rows/store-request.ts";
import { RefusedFile, SqliteFile, type SqliteKind } from "./sqlite-file.ts";

/** Which file, what lies in it, how long to wait for others, and who is told of damage. */
export interface SqliteSessionOptions<Rows> {
  readonly path: string;
  readonly kind: SqliteKind<Rows>;
  readonly busyTimeoutMs: number;
  readonly warn: (message: string) => void;
  readonly runtime: Runtime;
}

/** How often it looks whether its file is still where it was. */
const lookMs = 1_000;
const longestPauseMs = 50;

/** One open file, or none. */
export class SqliteSession<Rows extends { close(): void }> {
  readonly #file: SqliteFile<Rows>;
  readonly #options: SqliteSessionOptions<Rows>;
  #opening: Promise<Rows> | undefined = undefined;
  #rows: Rows | undefined = undefined;
  #lastWrite: Promise<unknown> = Promise.resolve();
  #lookAt = 0;
  #isClosed = false;

  constructor(options: SqliteSessionOptions<Rows>) {
    this.#file = new SqliteFile(options.path, options.kind);
    this.#options = options;
  }

  /** Does work that only reads. @throws store_failed */
  read<T>(operation: string, work: (rows: Rows) => T): Promise<T> {
    return this.#do(operation, work, this.#waitUntil());
  }

  /** Does work that writes, after all that was asked before. @throws store_failed */
  write<T>(operation: string, work: (rows: Rows) => T): Promise<T> {
    const waitUntil = this.#waitUntil();
    const written = this.#lastWrite.then(() => this.#do(operation, work, waitUntil));
    this.#lastWrite = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening?.catch(() => undefined);
    this.#closeFile();
  }

  #waitUntil(): number {
    return this.#options.runtime.monotonic() + this.#options.busyTimeoutMs;
  }

  async #do<T>(operation: string, work: (rows: Rows) => T, waitUntil: number): Promise<T> {
    const { runtime } = this.#options;
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
        if (fault === "busy" && runtime.monotonic() < waitUntil) {
          await runtime.sleep(pauseMs * (0.5 + runtime.random()));
        } else if (fault === "damaged" && !hasHealed && !this.#isClosed) {
          hasHealed = true;
          this.#startAnew(operation, error);
        } else {
          if (fault === "broken") this.#closeFile();
          throw this.#failed(operation, reasonOf(error), error);
        }
      }
    }
  }

  async #ready(operation: string): Promise<Rows> {
    this.#checkOpen(operation);
    const { runtime } = this.#options;
    if (this.#rows !== undefined && runtime.monotonic() >= this.#lookAt) {
      this.#lookAt = runtime.monotonic() + lookMs;
      // Somebody deleted or replaced it: what would be written now, nobody would find.
      if (!this.#file.isThere()) this.#closeFile();
    }
    if (this.#rows !== undefined) return this.#rows;
    this.#opening ??= this.#open();
    const rows = await this.#opening;
    this.#checkOpen(operation);
    return rows;
  }

  async #open(): Promise<Rows> {
    try {
      this.#rows = await this.#file.open();
      return this.#rows;
    } finally {
      this.#opening = undefined;
    }
  }

  #closeFile(): void {
    this.#rows?.close();
    this.#rows = undefined;
  }

  #startAnew(operation: string, error: unknown): void {
    try {
      this.#closeFile();
      const name = this.#file.setAside();
      if (name === undefined) return;
      const was = `the file of the sqlite store was damaged (${reasonOf(error)})`;
      this.#options.warn(`${was}: it is now ${name}, and a new one was begun`);
    } catch (fault) {
      throw this.#failed(operation, `its file is damaged and cannot be renamed: ${reasonOf(fault)}`, error);
    }
  }

  #checkOpen(operation: string): void {
    if (this.#isClosed) throw this.#failed(operation, "it is closed; make a new one");
  }

  #failed(operation: string, reason: string, cause?: unknown): FlockError<"store_failed"> {
    return storeFailed({ name: "sqlite", place: ` at ${this.#options.path}` }, operation, reason, cause);
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
