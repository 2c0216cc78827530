/**
 * What a store of runs costs a run beside memory alone, and how long many runs take to write and to read. Ratios count, not
 * microseconds. Run with `npm run bench:history`; the number of runs to write and read may follow, 100,000 unless it does.
 */

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turnOfEventLoop } from "node:timers/promises";
import { DeclarativeAgent, Flock } from "../src/entries/index.ts";
import { exportRuns, importRuns, RunLog, type RunRecord } from "../src/entries/introspection.ts";
import { SqliteRunStore } from "../src/entries/store.ts";
import { instantModel } from "./instant-model.ts";

const folder = mkdtempSync(join(tmpdir(), "flock-history-"));
const many = Number(process.argv[2] ?? 100_000);
const writer = new DeclarativeAgent({
  name: "writer",
  model: instantModel(),
  input: "topic: str",
  output: "summary: str, keywords: list[str]",
});

async function microsecondsARun(flock: Flock, runs: number): Promise<number> {
  const start = process.hrtime.bigint();
  for (let index = 0; index < runs; index++) {
    await flock.run(writer, { topic: `topic ${index}` });
    // As a real model would: without it no timer ever fires.
    await turnOfEventLoop();
  }
  return Number(process.hrtime.bigint() - start) / 1_000 / runs;
}

/** The median of rounds that take turns, so that a busy machine is busy for both. */
async function costOfStore(): Promise<void> {
  await using store = new SqliteRunStore({ path: join(folder, "cost.db") });
  await using log = new RunLog({ store });
  await using memory = new Flock({});
  await using kept = new Flock({ record: log });
  const times: { memory: number[]; kept: number[] } = { memory: [], kept: [] };
  for (const flock of [memory, kept]) await microsecondsARun(flock, 3_000);
  for (let round = 0; round < 15; round++) {
    times.memory.push(await microsecondsARun(memory, 2_000));
    times.kept.push(await microsecondsARun(kept, 2_000));
  }
  await log.flush();
  const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1]!;
  const [alone, beside] = [median(times.memory), median(times.kept)];
  console.log(`a run, memory alone: ${alone.toFixed(1)} µs; with a SQLite store beside it: ${beside.toFixed(1)} µs`);
  console.log(`the store costs ${(beside - alone).toFixed(1)} µs a run back to back;`, log.stats);
}

function* copies(run: RunRecord): Generator<RunRecord> {
  const now = Date.now();
  for (let index = 0; index < many; index++) {
    const runId = `run-${index}`;
    const startMs = now - many + index;
    yield { ...run, runId, startMs, calls: run.calls.map((call) => ({ ...call, runId, startMs })) };
  }
}

async function seconds(what: string, work: () => Promise<number>): Promise<void> {
  const start = performance.now();
  const count = await work();
  const took = (performance.now() - start) / 1_000;
  console.log(`${what}: ${count} runs in ${took.toFixed(2)} s, ${((took * 1e6) / count).toFixed(1)} µs each`);
}

async function manyRuns(): Promise<void> {
  const flock = new Flock();
  await flock.run(writer, { topic: "a" });
  const run = flock.history!.runs()[0]!;
  const path = join(folder, "many.db");
  await using store = new SqliteRunStore({ path, maxRuns: 2 * many });
  await using log = new RunLog({ store });
  const countOf = async (runs: AsyncIterable<unknown>) => {
    let count = 0;
    for await (const _ of runs) count += 1;
    return count;
  };
  await seconds("written", () => log.addAll(copies(run)));
  await seconds("read one by one", () => countOf(log.runs()));
  await seconds("read, the last 1,000", async () => (await log.read({ last: 1_000 })).size);
  await seconds("carried out and in as JSON lines", () => countOf(importRuns(exportRuns(log.runs()))));
  const { heapUsed } = process.memoryUsage();
  console.log(`file ${(statSync(path).size / 2 ** 20).toFixed(1)} MB, heap ${(heapUsed / 2 ** 20).toFixed(1)} MB`);
}

await costOfStore();
await manyRuns();
rmSync(folder, { recursive: true, force: true });
