/** Keeps the prepared statements of one database, and reads the small answers that every kind of rows asks for. */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** The statements of one database, each prepared once. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  /** Gives the column `id` of all rows. */
  ids(sql: string, ...values: readonly SQLInputValue[]): readonly number[] {
    return this.prepare(sql)
      .all(...values)
      .map(({ id }) => id as number);
  }

  /** Gives the first column of the first row; 0 where there is none. */
  number(sql: string): number {
    const [value] = Object.values(this.prepare(sql).get() ?? {});
    return (value as number | null | undefined) ?? 0;
  }
}
