/** Every fault in every dialect, asked in every way, as data: the tests, the soak and the report read this one table. */

import { dialects } from "./dialects/all-dialects.ts";
import type { Dialect } from "./dialects/dialect.ts";
import type { Expectation, FaultRow, Way } from "./fault-row.ts";
import { answerRows } from "./rows/answer-rows.ts";
import { connectionRows } from "./rows/connection-rows.ts";
import { responseRows } from "./rows/response-rows.ts";
import { statusRows } from "./rows/status-rows.ts";
import { streamRows } from "./rows/stream-rows.ts";
import { vendorRows } from "./rows/vendor-rows.ts";

/** One fault in one dialect, asked in one way. */
export interface Cell {
  readonly group: string;
  readonly row: FaultRow;
  readonly dialect: Dialect;
  readonly way: Way;
}

const groups: Readonly<Record<string, readonly FaultRow[]>> = {
  "a refused request": statusRows,
  "a connection": connectionRows,
  "a response": responseRows,
  "a stream": streamRows,
  "an answer": answerRows,
  "one vendor": vendorRows,
};

/** Gives every cell, row by row. */
export function allCells(): readonly Cell[] {
  return Object.entries(groups).flatMap(([group, rows]) => rows.flatMap((row) => cellsOf(row, group)));
}

function cellsOf(row: FaultRow, group: string): readonly Cell[] {
  const { vendors, ways = ["execute", "stream"] } = row;
  const spoken = dialects.filter(({ vendor }) => vendors === undefined || vendors.includes(vendor));
  return spoken.flatMap((dialect) => ways.map((way): Cell => ({ group, row, dialect, way })));
}

export function expectationOf({ row, dialect, way }: Cell): Expectation {
  return typeof row.expected === "function" ? row.expected(dialect, way) : row.expected;
}
