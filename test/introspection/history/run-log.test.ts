/** Runs on their way to a store and back, with stores that fail, hang and lie. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import type { RunStore, StoredRun } from "../../../src/core/run-store.ts";
import { DeclarativeAgent, Flock } from "../../../src/entries/index.ts";
import { AgentIntrospection, ErrorAnalysis, RunLog, type RunRecord } from "../../../src/entries/introspection.ts";
import { MemoryRunStore, SqliteRunStore } from "../../../src/entries/store.ts";
import { createTestRuntime, scriptedModel, type TestRuntime } from "../../../src/entries/testing.ts";
import { listOf, plainRun } from "./recorded-runs.ts";

const scratch = mkdtempSync(join(tmpdir(), "flock-log-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A store that does as a test says before it keeps anything. */
class RoughStore implements RunStore {
  readonly name = "rough";
  readonly kept: StoredRun[] = [];
  calls = 0;
  mood: () => Promise<void> = async () => {};

  async append(runs: readonly StoredRun[]): Promise<void> {
    this.calls += 1;
    await this.mood();
    this.kept.push(...runs);
  }

  async *read(): AsyncGenerator<StoredRun> {
    yield* this.kept;
  }

  async clear(): Promise<void> {
    this.kept.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const runs = (count: number) => Array.from({ length: count }, (_, index) => plainRun({ runId: `run-${index}` }));
const failing = async () => {
  throw new Error("secret place");
};

describe("RunLog", () => {
  it("writes half a second after the first run, in one piece, and nothing while there is nothing", async () => {
    const runtime = createTestRuntime();
    const store = new RoughStore();
    await using log = new RunLog({ store, runtime });
    for (const run of runs(3)) log.add(run);
    expect(log.stats).toMatchObject({ written: 0, waiting: 3 });
    await runtime.clock.advance(499);
    expect(store.calls).toBe(0);
    await runtime.clock.advance(1);
    await log.flush();
    expect([store.calls, log.stats]).toEqual([
      1,
      { written: 3, waiting: 0, dropped: 0, withheld: 0, failedWrites: 0, unreadable: 0 },
    ]);
    await runtime.clock.advance(60_000);
    expect([store.calls, runtime.clock.pendingTimers]).toEqual([1, 0]);
  });

  it("keeps a run as it was when it ended, though the recorder thins it out before it is written", async () => {
    const store = new RoughStore();
    await using log = new RunLog({ store, runtime: createTestRuntime() });
    const run = { ...plainRun() };
    log.add(run);
    Object.assign(run, { calls: [], droppedCalls: 1 });
    const [read] = (await log.read()).runs();
    expect([read?.calls.length, read?.droppedCalls]).toEqual([1, 0]);
  });

  it("tries again what a store failed to take, ever more rarely, warns once, and holds up no process", async () => {
    const runtime = createTestRuntime();
    const store = new RoughStore();
    store.mood = failing;
    await using log = new RunLog({ store, runtime });
    for (const run of runs(200)) log.add(run);
    await runtime.clock.advance(500);
    await log.flush();
    expect(runtime.clock.pendingTimers).toBe(0);
    await runtime.clock.advance(600_000);
    expect(store.calls).toBeGreaterThan(10);
    expect(store.calls).toBeLessThan(40);
    expect(log.stats).toMatchObject({ written: 0, waiting: 200, dropped: 0, failedWrites: store.calls });
    expect(runtime.warnings.map(({ code }) => code)).toEqual(["store_failed"]);
    expect(runtime.warnings[0]!.message).not.toContain("secret");
    store.mood = async () => {};
    log.add(plainRun({ runId: "later" }));
    await runtime.clock.advance(30_000);
    await log.flush();
    expect(log.stats).toMatchObject({ written: 201, waiting: 0 });
    expect(store.kept.map(({ runId }) => runId)).toEqual([...runs(200).map(({ runId }) => runId), "later"]);
  });

  it("drops and counts what is beyond its bound, and gives up on a store that hangs after ten seconds", async () => {
    const runtime = createTestRuntime();
    const store = new RoughStore();
    store.mood = () => new Promise(() => {});
    const log = new RunLog({ store, runtime, maxWaiting: 20 });
    // A run and its call count as two; half of the bound is written at once.
    for (const run of runs(30)) log.add(run);
    expect(log.stats).toMatchObject({ waiting: 10, dropped: 20 });
    await runtime.clock.advance(0);
    await expect.poll(() => store.calls).toBe(1);
    const disposed = log[Symbol.asyncDispose]();
    await runtime.clock.advance(10_000);
    await disposed;
    log.add(plainRun());
    expect(log.stats).toMatchObject({ written: 0, waiting: 0, dropped: 31, failedWrites: 1 });
  });

  it("writes what waits on disposal, once, and is harmless afterwards", async () => {
    const store = new RoughStore();
    const runtime = createTestRuntime();
    const log = new RunLog({ store, runtime });
    for (const run of runs(300)) log.add(run);
    await log[Symbol.asyncDispose]();
    await log[Symbol.asyncDispose]();
    expect([store.kept.length, log.stats.written, runtime.clock.pendingTimers]).toEqual([300, 300, 0]);
  });

  it("redacts once, withholds what a redaction keeps or breaks on, and a run no store could take", async () => {
    const store = new RoughStore();
    let asked = 0;
    const redact = (run: RunRecord) => {
      asked += 1;
      if (run.runId === "run-1") return undefined;
      if (run.runId === "run-2") throw new Error("secret");
      if (run.runId === "run-3") return { ...run, runId: 7 } as never;
      if (run.runId === "run-4") return { ...run, runId: " " };
      return { ...run, name: "hidden", tenant: undefined };
    };
    await using log = new RunLog({ store, redact, runtime: createTestRuntime() });
    for (const run of runs(6)) log.add(run);
    const read = await log.read();
    expect([asked, log.stats.withheld, read.size]).toEqual([6, 4, 2]);
    expect(store.kept.map(({ name }) => name)).toEqual(["hidden", "hidden"]);
    expect(JSON.stringify(store.kept)).not.toMatch(/writer"|acme/);
    expect(read.runs()[0]?.calls[0]?.failure?.title).toBe("no answer for … ms");
  });

  it("leaves out and counts what a store gives that is no run, or another one", async () => {
    const store = new RoughStore();
    await using log = new RunLog({ store, runtime: createTestRuntime() });
    for (const run of runs(3)) log.add(run);
    await log.flush();
    const [first] = store.kept;
    store.kept.push(null as never, {} as never, { ...first!, text: "{}" }, { ...first!, runId: "other" });
    const read = await log.read();
    expect([read.size, log.stats.unreadable]).toEqual([3, 4]);
    expect([read.calls().length, read.calls("writer").length, read.runs("nobody")]).toEqual([3, 3, []]);
    read.clear();
    expect(read.size).toBe(0);
    await log.clear();
    expect((await log.read()).size).toBe(0);
  });

  it("adds a long sequence as fast as the store takes it, and passes its failure on", async () => {
    const runtime = createTestRuntime();
    await using store = new MemoryRunStore({ runtime });
    await using log = new RunLog({ store, runtime, redact: (run) => (run.runId === "run-7" ? undefined : run) });
    expect(await log.addAll(runs(300))).toBe(299);
    expect(await log.addAll(runs(300))).toBe(299);
    expect((await log.read({ last: 1_000 })).size).toBe(299);
    expect(await listOf(log.runs({ last: 2 }))).toHaveLength(2);
    await store[Symbol.asyncDispose]();
    await expect(log.addAll(runs(1))).rejects.toSatisfy((error) => isFlockError(error, "store_failed"));
    await expect(log.read()).rejects.toSatisfy((error) => isFlockError(error, "store_failed"));
  });

  it("refuses options without meaning", () => {
    const store = new RoughStore();
    for (const options of [{}, { store: {} }, { store, redact: 1 }, { store, maxWaiting: 0 }, { store, path: "x" }]) {
      expect(() => new RunLog(options as never)).toThrow(
        expect.toSatisfy((error) => isFlockError(error, "option_invalid")),
      );
    }
  });
});

/** Runs an agent thirty times, every fifth time without success, as one life of a program. */
async function live(runtime: TestRuntime, log: RunLog): Promise<readonly RunRecord[]> {
  const model = scriptedModel(
    Array.from({ length: 30 }, (_, index) =>
      index % 5 === 4 ? { error: new Error("the desk of 4711 is closed") } : { json: { line: "…" }, delayMs: 800 },
    ),
    { runtime },
  );
  const writer = new DeclarativeAgent({ name: "writer", model, input: "topic: str", output: "line: str" });
  await using flock = new Flock({ runtime, record: log, recovery: false });
  for (let index = 0; index < 30; index++) {
    const running = flock.run(writer, { topic: `secret topic ${index % 3}` }).catch(() => undefined);
    await runtime.clock.advance(2_000);
    await running;
  }
  return flock.history!.runs();
}

describe("a Flock with a RunLog", () => {
  it("has its records, advice and analysis of failures back after a restart", async () => {
    const path = join(scratch, "lives.db");
    const redact = (run: RunRecord) => run;
    const recorded: RunRecord[] = [];
    for (const seed of [1, 2]) {
      const runtime = createTestRuntime({ seed, now: Date.UTC(2026, 0, seed) });
      await using store = new SqliteRunStore({ path, runtime });
      await using log = new RunLog({ store, redact, runtime });
      recorded.push(...(await live(runtime, log)));
    }
    const runtime = createTestRuntime({ now: Date.UTC(2026, 0, 3) });
    await using store = new SqliteRunStore({ path, runtime });
    await using log = new RunLog({ store, runtime });
    const history = await log.read();
    expect(history.runs()).toEqual(recorded.map((run) => ({ ...run, calls: run.calls.map((call) => ({ ...call })) })));
    expect(history.size).toBe(60);

    const writer = { name: "writer" };
    const before = new AgentIntrospection(writer, {
      flock: { history: { ...history, runs: () => recorded } as never },
    });
    const after = new AgentIntrospection(writer, { history });
    expect(after.analyzePerformance()).toEqual(before.analyzePerformance());
    expect(after.analyzePerformance()).toMatchObject({ runs: 60, successRate: 0.8 });
    expect(after.suggestImprovements()).toEqual(before.suggestImprovements());
    expect(after.suggestImprovements().length).toBeGreaterThan(0);
    const analyses = [new ErrorAnalysis(), new ErrorAnalysis()];
    analyses[0]!.addRuns(recorded);
    analyses[1]!.addRuns(history.runs());
    expect(analyses[1]!.snapshot()).toEqual(analyses[0]!.snapshot());
    expect(analyses[1]!.snapshot().groups[0]?.count).toBeGreaterThan(0);
  });

  it("lets no input, output or message out by default", async () => {
    const runtime = createTestRuntime();
    const store = new RoughStore();
    await using log = new RunLog({ store, runtime });
    await live(runtime, log);
    const text = JSON.stringify(store.kept);
    expect(store.kept).toHaveLength(30);
    expect(text).not.toMatch(/secret|desk|…/);
    expect(store.kept[4]!.text).toContain('"fingerprint":"');
  });

  it("never waits for a store or fails by it", async () => {
    const runtime = createTestRuntime();
    const store = new RoughStore();
    store.mood = () => new Promise(() => {});
    const log = new RunLog({ store, runtime });
    const model = scriptedModel([{ json: { line: "…" } }], { runtime, repeat: true });
    const writer = new DeclarativeAgent({ name: "writer", model, input: "topic: str", output: "line: str" });
    const flock = new Flock({ runtime, record: log });
    expect(await flock.run(writer, { topic: "a" })).toEqual({ line: "…" });
    const disposed = flock[Symbol.asyncDispose]();
    await runtime.clock.advance(10_000);
    await disposed;
    expect(log.stats).toMatchObject({ waiting: 1, failedWrites: 1 });
  });

  it("takes true, false or a log as its record", async () => {
    expect(new Flock({ record: false }).history).toBeUndefined();
    expect(new Flock({ record: true }).history).toBeDefined();
    for (const record of [null, {}, "yes"]) {
      expect(() => new Flock({ record } as never)).toThrow('"record" must be true, false or a RunLog');
    }
    expect(() => new AgentIntrospection({ name: "a" }, { history: {} } as never)).toThrow("a history of runs");
  });
});
