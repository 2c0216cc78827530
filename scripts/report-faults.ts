/** Runs the matrix of faults and prints what came of each: fault x vendor x way, and how many cells are right. */

import { dialects } from "../test/fault-server/dialects/all-dialects.ts";
import { allCells, type Cell } from "../test/fault-server/fault-matrix.ts";
import { type CellResult, runCells } from "../test/fault-server/run-cell.ts";

/** How an ending is printed in a cell. */
const marks: Readonly<Record<CellResult["ending"], string>> = {
  value: "value",
  "value after asking again": "again",
  "retryable error": "retry",
  "final error": "final",
  "signal's reason": "abort",
  either: "either",
  hang: "HANG",
};

let strayErrors = 0;
process.on("unhandledRejection", () => {
  strayErrors += 1;
});

const startedAt = performance.now();
const cells = allCells();
const results = await Promise.all(runCells(cells, 12));
// What nobody caught shows a turn later.
await new Promise(setImmediate);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);

const rows = Map.groupBy(
  cells.map((cell, index) => ({ cell, result: results[index]! })),
  ({ cell }) => cell.row,
);
const width = Math.max(...[...rows.keys()].map(({ fault }) => fault.length));
print(`${"".padEnd(width)}  ${dialects.map(({ vendor }) => vendor.padEnd(17)).join("  ")}`);
let group: string | undefined;
for (const [{ fault }, ofRow] of rows) {
  const [{ cell } = { cell: undefined }] = ofRow;
  if (cell !== undefined && cell.group !== group) {
    group = cell.group;
    print(`\n${group}`);
  }
  print(`${fault.padEnd(width)}  ${dialects.map((dialect) => column(ofRow, dialect.vendor)).join("  ")}`.trimEnd());
}

const wrong = cells.flatMap((cell, index) => results[index]!.wrong.map((what) => `${nameOf(cell)}: ${what}`));
const right = results.filter((result) => result.wrong.length === 0).length;
print("\nEach cell: execute / stream. value: the right one; again: right after asking again; retry, final: one typed");
print("error, retryable or not; abort: the signal's own reason; !: not as it must be.\n");
for (const [ending, all] of Map.groupBy(results, (result) => result.ending)) {
  print(`${String(all.length).padStart(6)}  ${ending}`);
}
for (const sentence of wrong) print(`WRONG ${sentence}`);
if (strayErrors > 0) print(`WRONG ${strayErrors} errors that nobody caught`);
print(`\nright: ${right} of ${cells.length}, in ${seconds} s`);
process.exitCode = right === cells.length && strayErrors === 0 ? 0 : 1;

function column(ofRow: readonly { readonly cell: Cell; readonly result: CellResult }[], vendor: string): string {
  const words = (["execute", "stream"] as const).map((way) => {
    const found = ofRow.find(({ cell }) => cell.dialect.vendor === vendor && cell.way === way);
    if (found === undefined) return "–";
    return `${marks[found.result.ending]}${found.result.wrong.length === 0 ? "" : "!"}`;
  });
  return words.join(" / ").padEnd(17);
}

function nameOf({ row, dialect, way }: Cell): string {
  return `${row.fault} (${dialect.vendor}, ${way})`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
