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
import { checkRuns, isMeant, retentionChecks, retentionOf, type WholeQuery, wholeQuery } from "./run-request.ts";
import { sealRun } from "./sealed-run.ts";
import { type ReadPlace, runsFile, type SqliteRunRows } from "./sqlite-run-rows.ts";

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

  /** Reads in slices, so that other work goes on in between; what is written meanwhile is not read. */
  async *read(query: RunQuery = {}): AsyncGenerator<StoredRun> {
    const whole = wholeQuery("SqliteRunStore.read", query);
    if (whole.last === 0) return;
    const lastId = await this.#session.read("read", (file) => file.lastId());
    const pacer = new Pacer(this.#runtime);
    let place: ReadPlace | undefined = await this.#begin(whole, lastId, pacer);
    while (place !== undefined) {
      const from: ReadPlace = place;
      const { found, next } = await this.#session.read("read", (file) => file.readSome(from, lastId, whole.toMs));
      for (const { run } of found) if (isMeant(whole, run)) yield run;
      place = next;
      await pacer.pause();
    }
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

  /** Finds the place before the first run to read, going back from the last one where only the last ones are meant. */
  async #begin(whole: WholeQuery, lastId: number, pacer: Pacer): Promise<ReadPlace> {
    const oldestMs = this.#oldestMs;
    const isKept = whole.fromMs > oldestMs;
    const first: ReadPlace = isKept ? { endMs: whole.fromMs, id: 0 } : { endMs: oldestMs, id: Number.MAX_SAFE_INTEGER };
    if (!Number.isFinite(whole.last)) return first;
    let wanted = whole.last;
    let place: ReadPlace | undefined = { endMs: whole.toMs, id: 0 };
    while (place !== undefined) {
      const from: ReadPlace = place;
      const { found, next } = await this.#session.read("read", (file) => file.readBack(from, lastId, first.endMs));
      for (const each of found) {
        if (!isMeant(whole, each.run) || each.run.endMs === oldestMs) continue;
        wanted -= 1;
        if (wanted === 0) return { endMs: each.place.endMs, id: each.place.id - 1 };
      }
      place = next;
      await pacer.pause();
    }
    return first;
  }
}
