/** Holds every cell of the fault matrix to its row: whole agents, real servers, every dialect. */

import { describe, expect, it } from "vitest";
import { allCells } from "./fault-matrix.ts";
import { runCells } from "./run-cell.ts";

const cells = allCells();
const results = runCells(cells, 12);
const groups = Map.groupBy(
  cells.map((cell, index) => ({
    ...cell,
    fault: cell.row.fault,
    vendor: cell.dialect.vendor,
    result: results[index]!,
  })),
  ({ group }) => group,
);

describe.each([...groups])("what goes wrong in %s", (_, rows) => {
  it.each(rows)("ends as it must: $fault ($vendor, $way)", async ({ result }) => {
    expect((await result).wrong).toEqual([]);
  });
});
