/** Does several statements as one: all of them stay, or none. */

import type { DatabaseSync } from "node:sqlite";

/** Gives what the work gives once it is written; throws what SQLite throws, with nothing written. */
export function atomically<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // A full disk has rolled it back already.
    }
    throw error;
  }
}
