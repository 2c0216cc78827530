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
const roundRuns = 2_000;
const writer = new DeclarativeAgent({
  name: "writer",
  model: instantModel(),
  input: "topic: str",
  output: "summary: str, keywords: list[str]",
});

async function microsecondsARun(flock: Flock, log?: RunLog): Promise<number> {
  const start = process.hrtime.bigint();
  for (let index = 0; index < roundRuns; index++) {
    await flock.run(writer, { topic: `topic ${index}` });
    // As a real model would: without it no timer ever fires.
    await turnOfEventLoop();
  }
  await log?.flush();
  return Number(process.hrtime.bigint() - start) / 1_000 / roundRuns;
}

/** The median of rounds that take turns, so that a busy machine is busy for all. */
async function costOfStore(): Promise<void> {
  await using store = new SqliteRunStore({ path: join(folder, "cost.db") });
  await using log = new RunLog({ store });
  await using memory = new Flock();
  await using kept = new Flock({ record: log });
  const times = { memory: [] as number[], kept: [] as number[], written: [] as number[] };
  for (const flock of [memory, kept]) await microsecondsARun(flock, log);
  for (let round = 0; round < 15; round++) {
    times.memory.push(await microsecondsARun(memory));
    times.kept.push(await microsecondsARun(kept));
    await log.flush();
    times.written.push(await microsecondsARun(kept, log));
  }
  const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1]!.toFixed(1);
  console.log(`a run back to back, memory alone: ${median(times.memory)} µs`);
  console.log(`until its result, with a SQLite store beside it: ${median(times.kept)} µs`);
  console.log(`with sealing and writing it, in batches later on: ${median(times.written)} µs`);
  const { written, dropped } = log.stats;
  console.log(`${written} runs written, ${dropped} dropped`);
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
