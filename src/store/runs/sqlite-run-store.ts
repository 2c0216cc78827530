/** The store of runs in a file: Node's own SQLite, shared by processes, there after a restart. */

import { resolve } from "node:path";
import { checkOptions, functionOption, objectOption, optionError, wholeNumber } from "../../core/errors/options.ts";
import type { RunQuery, RunRetention, RunStore, StoredRun } from "../../core/run-store.ts";
import { Pacer } from "../../core/runtime/pacer.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import { SteadyClock } from "../rows/steady-clock.ts";
import { pathOption } from "../sqlite/sqlite-file.ts";
import { SqliteSession } from "../sqlite/sqlite-session.ts";
import { checkRuns, retentionChecks, retentionOf, wholeQuery } from "./run-request.ts";
import { type RunRows, walkRuns } from "./run-walk.ts";
import { sealRun } from "./sealed-run.ts";
import { runsFile, type SqliteRunRows } from "./sqlite-run-rows.ts";

/** Where a SQLite store keeps runs, and how many; bytes are those of the file, its log of some megabytes aside. */
export interface SqliteRunStoreOptions extends RunRetention {
  /** The file. It is made, readable for its owner alone; its folder must exist. */
  readonly path: string;
  /** Milliseconds to wait for another process that writes. @default 5,000 */
  readonly busyTimeoutMs?: number | undefined;
  /** Told when a damaged file was set aside and a new one begun. @default the runtime's `warn` */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Clock and timers. @default the system's */
  readonly runtime?: Runtime | undefined;
}

/**
 * Keeps runs in one file. What was acknowledged survives the end of the process, kill -9 included; a power cut may take the
 * last ones, never tear one. Every run has a checksum, so that a damaged one is not found; a file SQLite can no longer
 * read is renamed to `<path>.damaged-<n>` and a new one begun. Several stores and processes may share a file.
 */
export class SqliteRunStore implements RunStore {
  readonly name = "sqlite";
  readonly #session: SqliteSession<SqliteRunRows>;
  readonly #retention: ReturnType<typeof retentionOf>;
  readonly #runtime: Runtime;
  readonly #clock: SteadyClock;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(options: SqliteRunStoreOptions) {
    checkOptions("SqliteRunStore", options, {
      ...retentionChecks,
      path: pathOption,
      busyTimeoutMs: wholeNumber(0),
      onWarning: functionOption,
      runtime: objectOption,
    });
    if (options.path === undefined) throw optionError("SqliteRunStore", "path", "the path of a file", undefined);
    const { path, busyTimeoutMs = 5_000, runtime = systemRuntime, onWarning } = options;
    const warn = onWarning ?? ((message: string) => runtime.warn(message, "store_failed"));
    this.#session = new SqliteSession({ path: resolve(path), kind: runsFile, busyTimeoutMs, warn, runtime });
    this.#retention = retentionOf(options);
    this.#runtime = runtime;
    this.#clock = new SteadyClock(runtime);
  }

  async append(runs: readonly StoredRun[]): Promise<void> {
    checkRuns("SqliteRunStore.append", runs);
    const { maxBytes, maxRuns } = this.#retention;
    const rows = runs.map(sealRun).filter(({ sealed }) => sealed.length <= maxBytes);
    await this.#session.write("append", (file) => file.write(rows));
    const pacer = new Pacer(this.#runtime);
    const forget = (file: SqliteRunRows) => file.forgetSome({ oldestMs: this.#oldestMs, maxRuns, maxBytes });
    while (await this.#session.write("append", forget)) await pacer.pause();
  }

  async *read(query: RunQuery = {}): AsyncGenerator<StoredRun> {
    const whole = wholeQuery("SqliteRunStore.read", query);
    const session = this.#session;
    const rows: RunRows = {
      lastId: () => session.read("read", (file) => file.lastId()),
      readSome: (place, lastId, toMs) => session.read("read", (file) => file.readSome(place, lastId, toMs)),
      readBack: (place, lastId, fromMs) => session.read("read", (file) => file.readBack(place, lastId, fromMs)),
    };
    yield* walkRuns(rows, { query: whole, oldestMs: this.#oldestMs, runtime: this.#runtime });
  }

  async clear(): Promise<void> {
    await this.#session.write("clear", (file) => file.clear());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
  }

  get #oldestMs(): number {
    return this.#clock.now() - this.#retention.maxAgeMs;
  }
}
