/** The table of a file of runs and the statements on it: everything synchronous, each call one short transaction. */

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { StoredRun } from "../../core/run-store.ts";
import type { SqliteKind } from "../sqlite/sqlite-file.ts";
import { atomically } from "../sqlite/sqlite-transaction.ts";
import { Statements } from "../sqlite/statements.ts";
import { isBeyond, type ReadPlace, type ReadSlice } from "./run-walk.ts";
import { openRun, type SealedRun } from "./sealed-run.ts";

/** What to keep. */
export interface KeptRows {
  readonly oldestMs: number;
  readonly maxRuns: number;
  readonly maxBytes: number;
}

/** Runs read and deleted between two turns of the event loop. */
const sliceRows = 64;
/** Deleted at once where bytes are short: few, since a run may have many. */
const sliceOfFull = 16;

/** Columns find rows; what is read is the sealed run alone. */
const schema = `
  CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, end_ms REAL NOT NULL, run BLOB NOT NULL);
  CREATE INDEX runs_by_end ON runs (end_ms);
`;

const statements = {
  insert: "INSERT OR IGNORE INTO runs (key, end_ms, run) VALUES (?, ?, ?)",
  after:
    "SELECT id, key, end_ms, run FROM runs WHERE (end_ms, id) > (?, ?) AND id <= ? AND end_ms < ? ORDER BY end_ms, id LIMIT ?",
  before:
    "SELECT id, key, end_ms, run FROM runs WHERE (end_ms, id) < (?, ?) AND id <= ? AND end_ms >= ? ORDER BY end_ms DESC, id DESC LIMIT ?",
  lastId: "SELECT max(id) FROM runs",
  count: "SELECT count(*) FROM runs",
  expired: "SELECT id FROM runs WHERE end_ms <= ? ORDER BY end_ms, id LIMIT ?",
  oldest: "SELECT id FROM runs ORDER BY end_ms, id LIMIT ?",
  delete: "DELETE FROM runs WHERE id = ?",
  deleteAll: "DELETE FROM runs",
} as const;

/** The runs of an open database. Its methods throw what SQLite throws. */
export class SqliteRunRows {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  /** Prepares what every file must allow. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = new Statements(database);
    for (const sql of Object.values(statements)) this.#statements.prepare(sql);
  }

  /** Writes runs that are not there yet. */
  write(runs: readonly SealedRun[]): void {
    atomically(this.#database, () => {
      for (const { key, endMs, sealed } of runs) this.#statements.prepare(statements.insert).run(key, endMs, sealed);
    });
  }

  /** Gives the id of the run written last. */
  lastId(): number {
    return this.#statements.number(statements.lastId);
  }

  /** Gives some runs after a place that ended before a time, in the order of their end. */
  readSome(place: ReadPlace, lastId: number, toMs: number): ReadSlice {
    return this.#slice(statements.after, [place.endMs, place.id, lastId, toMs], place, 1);
  }

  /** Gives some runs before a place that ended at a time or later, the last one first. */
  readBack(place: ReadPlace, lastId: number, fromMs: number): ReadSlice {
    return this.#slice(statements.before, [place.endMs, place.id, lastId, fromMs], place, -1);
  }

  /** Deletes some of what is too old or too much. Tells whether to go on. */
  forgetSome({ oldestMs, maxRuns, maxBytes }: KeptRows): boolean {
    return atomically(this.#database, () => {
      const surplus = this.#statements.number(statements.count) - maxRuns;
      const isFull = this.#usedBytes() > maxBytes;
      const ids = new Set(this.#statements.ids(statements.expired, oldestMs, sliceRows));
      const tooMany = Math.min(sliceRows, Math.max(surplus, isFull ? sliceOfFull : 0));
      if (tooMany > 0) for (const id of this.#statements.ids(statements.oldest, tooMany)) ids.add(id);
      let gone = 0;
      for (const id of ids) gone += Number(this.#statements.prepare(statements.delete).run(id).changes);
      // An index that leads nowhere would be asked for ever.
      if (gone < ids.size) this.#database.exec("REINDEX runs_by_end");
      return ids.size >= sliceOfFull;
    });
  }

  clear(): void {
    this.#statements.prepare(statements.deleteAll).run();
  }

  close(): void {
    this.#database.close();
  }

  #slice(sql: string, values: readonly SQLInputValue[], place: ReadPlace, direction: 1 | -1): ReadSlice {
    const rows = this.#statements.prepare(sql).all(...values, sliceRows);
    const found: { run: StoredRun; place: ReadPlace }[] = [];
    let at = place;
    for (const { id, key, end_ms, run } of rows) {
      const here = { endMs: end_ms as number, id: id as number };
      // What a damaged index tells twice or in a wrong order is not told at all, so that reading comes to an end.
      if (!isBeyond(here, at, direction)) continue;
      at = here;
      const stored = openRun(key, run);
      if (stored !== undefined && stored.endMs === end_ms) found.push({ run: stored, place: here });
    }
    return { found, next: rows.length < sliceRows || at === place ? undefined : at };
  }

  #usedBytes(): number {
    return (
      (this.#statements.number("PRAGMA page_count") - this.#statements.number("PRAGMA freelist_count")) *
      this.#statements.number("PRAGMA page_size")
    );
  }
}

/** A file of runs: "Flor" in its header. */
export const runsFile: SqliteKind<SqliteRunRows> = {
  applicationId: 0x466c_6f72,
  format: 1,
  schema,
  rows: (database) => new SqliteRunRows(database),
};
