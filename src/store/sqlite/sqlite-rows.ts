/** The tables of a store's file and the statements on them: everything synchronous, each call one short transaction. */

import type { DatabaseSync } from "node:sqlite";
import { rowFormat } from "../rows/row-envelope.ts";
import type { SqliteKind } from "./sqlite-file.ts";
import { atomically } from "./sqlite-transaction.ts";
import { Statements } from "./statements.ts";

/** A row that was deleted. */
interface DeletedRow {
  readonly expires_at: number | null;
}

/** Which rows to delete: those of a tag, or those whose key lies between two. */
export type RowFilter = { readonly tag: Buffer } | { readonly from: Buffer; readonly to: Buffer };

/** What is written for a key. */
export interface RowToWrite {
  readonly key: Buffer;
  readonly sealed: Buffer;
  readonly expiresAt: number;
  readonly tags: readonly Buffer[];
}

/** Ids only grow, so that order of writing is order of id. Times in columns find rows to delete; reading trusts the sealed row alone. */
const schema = `
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, expires_at REAL, row BLOB NOT NULL
  );
  CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE tags (
    tag BLOB NOT NULL, id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE, PRIMARY KEY (tag, id)
  ) WITHOUT ROWID;
  CREATE INDEX tags_by_id ON tags (id);
`;

/** Rows deleted between two turns of the event loop: few, since each may have megabytes. */
const sliceRows = 32;
/** Expired rows that each write takes along, so that they leave faster than they come. */
const sweptRows = 4;
/** SQLite's number for a damaged file. */
const corrupt = 11;

/** The rows of an open database. Its methods throw what SQLite throws. */
export class SqliteRows {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #pageBytes: number;

  /** Prepares what every file must allow. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = new Statements(database);
    this.#pageBytes = this.#statements.number("PRAGMA page_size");
    for (const sql of Object.values(statements)) this.#statements.prepare(sql);
  }

  /** Gives the sealed row of a key. */
  read(key: Buffer): Uint8Array | undefined {
    return this.#statements.prepare(statements.read).get(key)?.row as Uint8Array | undefined;
  }

  /** Writes a row in the place of an older one, and takes along a few that have expired. */
  write({ key, sealed, expiresAt, tags }: RowToWrite, now: number): void {
    atomically(this.#database, () => {
      this.#statements.prepare(statements.deleteKey).get(key);
      const { id } = this.#statements.prepare(statements.insert).get(key, finite(expiresAt), sealed)!;
      for (const tag of tags) this.#statements.prepare(statements.insertTag).run(tag, id as number);
      this.#deleteIds(this.#statements.ids(statements.expired, now, sweptRows), now);
    });
  }

  /** Deletes the row of a key; tells whether there was one that had not expired. */
  delete(key: Buffer, now: number): boolean {
    return isLive(this.#statements.prepare(statements.deleteKey).get(key), now);
  }

  /** Deletes the row of a key if it still is the one that was read. */
  deleteDamaged(key: Buffer, sealed: Uint8Array): void {
    this.#statements.prepare(statements.deleteDamaged).run(key, sealed);
  }

  /** Gives the id of the row written last. */
  lastId(): number {
    return this.#statements.number(statements.lastId);
  }

  /** Deletes some of the rows a filter means, up to an id. Gives how many had not expired, and whether to go on. */
  deleteSome(filter: RowFilter, lastId: number, now: number): { readonly live: number; readonly isDone: boolean } {
    return atomically(this.#database, () => {
      const ids =
        "tag" in filter
          ? this.#statements.ids(statements.tagged, filter.tag, lastId, sliceRows)
          : this.#statements.ids(statements.between, filter.from, filter.to, lastId, sliceRows);
      const live = this.#deleteIds(ids, now);
      // Where the row of a tag is gone already, nothing takes the tag along.
      if ("tag" in filter) for (const id of ids) this.#statements.prepare(statements.deleteTag).run(filter.tag, id);
      return { live, isDone: ids.length < sliceRows };
    });
  }

  /** Bytes of the file that are in use. */
  usedBytes(): number {
    return (
      (this.#statements.number("PRAGMA page_count") - this.#statements.number("PRAGMA freelist_count")) *
      this.#pageBytes
    );
  }

  /** Deletes some rows to make room: expired ones, else the oldest. Tells whether there were any. */
  makeRoom(now: number): boolean {
    return atomically(this.#database, () => {
      const expired = this.#statements.ids(statements.expired, now, sliceRows);
      const ids = expired.length > 0 ? expired : this.#statements.ids(statements.oldest, sweptRows);
      this.#deleteIds(ids, now);
      return ids.length > 0;
    });
  }

  close(): void {
    this.#database.close();
  }

  #deleteIds(ids: readonly number[], now: number): number {
    let live = 0;
    for (const id of ids) {
      const deleted = this.#statements.prepare(statements.deleteId).get(id);
      // An index that leads nowhere would be asked for ever.
      if (deleted === undefined)
        throw Object.assign(new Error("an index names a row that is not there"), { errcode: corrupt });
      if (isLive(deleted, now)) live += 1;
    }
    return live;
  }
}

/** A file of such rows: "Flok" in its header. */
export const entriesFile: SqliteKind<SqliteRows> = {
  applicationId: 0x466c_6f6b,
  format: rowFormat,
  schema,
  rows: (database) => new SqliteRows(database),
};

const statements = {
  read: "SELECT row FROM entries WHERE key = ? AND typeof(row) = 'blob'",
  insert: "INSERT INTO entries (key, expires_at, row) VALUES (?, ?, ?) RETURNING id",
  insertTag: "INSERT OR IGNORE INTO tags (tag, id) VALUES (?, ?)",
  deleteKey: "DELETE FROM entries WHERE key = ? RETURNING expires_at",
  deleteId: "DELETE FROM entries WHERE id = ? RETURNING expires_at",
  deleteTag: "DELETE FROM tags WHERE tag = ? AND id = ?",
  deleteDamaged: "DELETE FROM entries WHERE key = ? AND row = ?",
  expired: "SELECT id FROM entries WHERE expires_at <= ? LIMIT ?",
  oldest: "SELECT id FROM entries ORDER BY id LIMIT ?",
  tagged: "SELECT id FROM tags WHERE tag = ? AND id <= ? LIMIT ?",
  between: "SELECT id FROM entries WHERE key >= ? AND key < ? AND id <= ? LIMIT ?",
  lastId: "SELECT max(id) FROM entries",
} as const;

function finite(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}

function isLive(deleted: unknown, now: number): boolean {
  if (deleted === undefined) return false;
  const { expires_at } = deleted as DeletedRow;
  return expires_at === null || expires_at > now;
}
