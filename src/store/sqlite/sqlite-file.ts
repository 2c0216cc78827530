/** The file of a SQLite store: made for its owner alone, never another program's, set aside when it is damaged. */

import { closeSync, existsSync, openSync, readSync, renameSync, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { OptionCheck } from "../../core/errors/options.ts";

const applicationIdOffset = 68;
const mostSetAside = 3;
/** SQLite's numbers for a statement that cannot be, and for a damaged file. */
const sqliteError = 1;
const corrupt = 11;
/** SQLite blocks the process while it waits for a lock; beyond this the store waits without blocking. */
const blockingWaitMs = 10;
/** The log that the file had grown is cut to this size. */
const keptLogBytes = 4 * 2 ** 20;

/** Accepts the path of a file: no place SQLite would make up, such as one in memory. */
export const pathOption: OptionCheck = (value) =>
  typeof value !== "string" || value.trim() === "" || value.includes("\0") || /^(?:file:|:)/i.test(value)
    ? "the path of a file"
    : undefined;

/** Why a file cannot be used, though nothing is wrong with the disk. */
export class RefusedFile extends Error {}

/** What lies in a file: whose it is, in which format, and the rows it is read and written by. */
export interface SqliteKind<Rows> {
  /** Four bytes of SQLite's header that say whose file it is. */
  readonly applicationId: number;
  readonly format: number;
  /** The statements that make its tables. */
  readonly schema: string;
  /** Prepares the rows of an open database; throws what SQLite throws. */
  rows(database: DatabaseSync): Rows;
}

/** One path, and which file is open there. */
export class SqliteFile<Rows> {
  readonly path: string;
  readonly #kind: SqliteKind<Rows>;
  #inode = 0;

  constructor(path: string, kind: SqliteKind<Rows>) {
    this.path = path;
    this.#kind = kind;
  }

  /**
   * Opens the file, and makes it where there is none. Throws RefusedFile for what is no store's file, which is left as it
   * is, and what SQLite or the disk throw.
   */
  async open(): Promise<Rows> {
    const { DatabaseSync } = await import("node:sqlite");
    this.#create();
    const found = statSync(this.path);
    if (!found.isFile()) throw new RefusedFile("it is no plain file; choose another path");
    this.#inode = found.ino;
    if (found.size > 0 && !isOurs(DatabaseSync, this.path, this.#kind.applicationId)) {
      throw new RefusedFile("the file was not written by such a store; choose another path");
    }
    const database = new DatabaseSync(this.path);
    try {
      setUp(database, this.#kind);
      return this.#kind.rows(database);
    } catch (error) {
      database.close();
      // The tables of a file of this format are not those it was made with.
      if ((error as { errcode?: unknown }).errcode === sqliteError)
        Object.assign(error as object, { errcode: corrupt });
      throw error;
    }
  }

  /** Tells whether the open file still lies at its path. */
  isThere(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode;
  }

  /** Renames a damaged file that is closed, with its log; gives the new name, or undefined when another process has. */
  setAside(): string | undefined {
    if (!this.isThere()) return undefined;
    const names = Array.from({ length: mostSetAside }, (_, index) => `${this.path}.damaged-${index + 1}`);
    const name = names.find((each) => !existsSync(each)) ?? names[mostSetAside - 1]!;
    renameSync(this.path, name);
    for (const ending of ["-wal", "-shm"]) {
      if (existsSync(this.path + ending)) renameSync(this.path + ending, name + ending);
    }
    return name;
  }

  /** SQLite gives its log the rights of the file; so the file must have them before SQLite sees it. */
  #create(): void {
    try {
      closeSync(openSync(this.path, "wx", 0o600));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") throw new RefusedFile("its folder does not exist; make it first");
      if (code !== "EEXIST") throw error;
    }
  }
}

/** Only looks, since opening another program's database as usual could change files beside it. */
function isOurs(Database: typeof DatabaseSync, path: string, applicationId: number): boolean {
  const url = pathToFileURL(path);
  url.search = "immutable=1";
  const database = new Database(url, { readOnly: true });
  try {
    return database.prepare("PRAGMA application_id").get()?.application_id === applicationId;
  } catch {
    return markOf(path) === applicationId;
  } finally {
    database.close();
  }
}

/** For what SQLite cannot read at all. Else SQLite looks: closing a file it has open would take its locks away (sqlite.org/howtocorrupt.html). */
function markOf(path: string): number {
  const mark = Buffer.alloc(4);
  const descriptor = openSync(path, "r");
  try {
    readSync(descriptor, mark, 0, 4, applicationIdOffset);
  } finally {
    closeSync(descriptor);
  }
  return mark.readUInt32BE();
}

function setUp(database: DatabaseSync, kind: SqliteKind<unknown>): void {
  database.exec(`
    PRAGMA busy_timeout = ${blockingWaitMs};
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
  `);
  if (formatOf(database) === 0) createTables(database, kind);
  const format = formatOf(database);
  if (format !== kind.format) {
    const way = "delete the file or choose another path";
    throw new RefusedFile(`the file is of format ${format}, this version reads format ${kind.format}; ${way}`);
  }
  // Reads and one write go on side by side, and what was written survives the process, not a power cut of the last moment.
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA journal_size_limit = ${keptLogBytes};
  `);
}

/** Two processes may find the file empty; the second finds the tables of the first. */
function createTables(database: DatabaseSync, { applicationId, format, schema }: SqliteKind<unknown>): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    if (formatOf(database) === 0) {
      database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${format}; ${schema}`);
    }
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function formatOf(database: DatabaseSync): unknown {
  return database.prepare("PRAGMA user_version").get()?.user_version;
}
