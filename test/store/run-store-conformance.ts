/** What every store of runs promises. A store's own test calls this in a few lines. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import type { RunQuery, RunRetention, RunStore, StoredRun } from "../../src/core/run-store.ts";
import type { Runtime } from "../../src/core/runtime/runtime.ts";
import { createTestRuntime, type TestRuntime } from "../../src/testing/test-runtime.ts";

/** Makes an empty store; stores of different names share what they stand on, such as a folder. */
export type MakeRunStore = (runtime: Runtime, name: string, retention: RunRetention) => RunStore;

const isRefusal = (error: unknown) => isFlockError(error, "option_invalid");
const isFailure = (error: unknown) => isFlockError(error, "store_failed");
let lastName = 0;

/** Makes a run that ended so many milliseconds after the test's clock began. */
export function storedRun(runtime: TestRuntime, number: number, text = `text ${number}`): StoredRun {
  const endMs = runtime.now() + number;
  return { runId: `run-${number}`, name: `agent ${number % 3}`, startMs: endMs - 5, endMs, text };
}

export async function readAll(store: RunStore, query?: RunQuery): Promise<readonly StoredRun[]> {
  const runs: StoredRun[] = [];
  for await (const run of store.read(query)) runs.push(run);
  return runs;
}

const idsOf = async (store: RunStore, query?: RunQuery) => (await readAll(store, query)).map(({ runId }) => runId);

export function describeRunStore(name: string, make: MakeRunStore): void {
  const open = (retention: RunRetention = {}) => {
    const runtime = createTestRuntime();
    return { runtime, store: make(runtime, `s${lastName++}`, retention) };
  };

  describe(`${name} as a store of runs`, () => {
    it("gives what was kept, in the order of ends, whatever order it came in", async () => {
      const { runtime, store } = open();
      await using _ = store;
      expect(await readAll(store)).toEqual([]);
      const runs = Array.from({ length: 300 }, (_, index) => storedRun(runtime, index));
      await store.append(runs.filter((_, index) => index % 2 === 1));
      await store.append([]);
      await store.append(runs.filter((_, index) => index % 2 === 0));
      expect(await readAll(store)).toEqual(runs);
    });

    it("passes over a run that it has, and keeps apart runs of one id that began at different times", async () => {
      const { runtime, store } = open();
      await using _ = store;
      const run = storedRun(runtime, 1);
      const other = { ...run, startMs: run.startMs - 1, text: "other" };
      await store.append([run, { ...run, text: "again" }]);
      await store.append([other, run]);
      expect(new Set((await readAll(store)).map(({ text }) => text))).toEqual(new Set(["text 1", "other"]));
    });

    it("finds runs by name, by time and by how many", async () => {
      const { runtime, store } = open();
      await using _ = store;
      const now = runtime.now();
      await store.append(Array.from({ length: 200 }, (_, index) => storedRun(runtime, index)));
      expect(await idsOf(store, { fromMs: now + 10, toMs: now + 13 })).toEqual(["run-10", "run-11", "run-12"]);
      expect(await idsOf(store, { last: 2 })).toEqual(["run-198", "run-199"]);
      expect(await idsOf(store, { last: 2, name: "agent 0" })).toEqual(["run-195", "run-198"]);
      expect(await idsOf(store, { last: 2, toMs: now + 100 })).toEqual(["run-98", "run-99"]);
      expect(await idsOf(store, { last: 500, name: "agent 1", fromMs: now + 190 })).toEqual([
        ...["run-190", "run-193", "run-196", "run-199"],
      ]);
      expect(await idsOf(store, { last: 150 })).toHaveLength(150);
      expect(await idsOf(store, { last: 0 })).toEqual([]);
      expect(await idsOf(store, { name: "agent" })).toEqual([]);
    });

    it("gives back any text, name and id as they were", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              runId: fc.string({ unit: "binary", minLength: 1 }).filter((id) => id.trim() !== ""),
              name: fc.string({ unit: "binary" }),
              text: fc.oneof(fc.string({ unit: "binary" }), fc.constant("a\nb\ud800")),
              age: fc.double({ min: 1, max: 1e9, noNaN: true }),
              durationMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
            }),
            { maxLength: 20 },
          ),
          async (rows) => {
            const { runtime, store } = open();
            await using _ = store;
            const runs = rows.map(({ age, durationMs, ...rest }) => {
              const endMs = runtime.now() - age;
              return { ...rest, startMs: endMs - durationMs, endMs };
            });
            await store.append(runs);
            const kept = new Map(runs.toReversed().map((run) => [`${run.startMs} ${run.runId}`, run]));
            const read = await readAll(store);
            expect(new Set(read)).toEqual(new Set(kept.values()));
            expect(read.map(({ endMs }) => endMs)).toEqual([...read.map(({ endMs }) => endMs)].sort((a, b) => a - b));
          },
        ),
        { numRuns: 25 },
      );
    });

    it("keeps no run longer than its age, written late or not", async () => {
      const { runtime, store } = open({ maxAgeMs: 1_000 });
      await using _ = store;
      await store.append([storedRun(runtime, 0), storedRun(runtime, 600), storedRun(runtime, -2_000)]);
      expect(await idsOf(store)).toEqual(["run-0", "run-600"]);
      await runtime.clock.advance(1_000);
      expect(await idsOf(store)).toEqual(["run-600"]);
      expect(await idsOf(store, { last: 5 })).toEqual(["run-600"]);
      expect(await idsOf(store, { fromMs: runtime.now() - 9_999 })).toEqual(["run-600"]);
    });

    it("keeps no more runs than it may, those that ended last", async () => {
      const { runtime, store } = open({ maxRuns: 3 });
      await using _ = store;
      for (let index = 0; index < 200; index += 50) {
        await store.append(Array.from({ length: 50 }, (_, offset) => storedRun(runtime, index + offset)));
      }
      expect(await idsOf(store)).toEqual(["run-197", "run-198", "run-199"]);
      await store.append([storedRun(runtime, -1)]);
      expect(await idsOf(store)).toEqual(["run-197", "run-198", "run-199"]);
    });

    it("keeps no more bytes than it may, those that ended last", async () => {
      const { runtime, store } = open({ maxBytes: 200_000 });
      await using _ = store;
      for (let index = 0; index < 100; index++) await store.append([storedRun(runtime, index, "x".repeat(5_000))]);
      const kept = await readAll(store);
      expect(kept.length * 5_000).toBeLessThan(200_000);
      expect(kept.length).toBeGreaterThan(5);
      expect(kept.at(-1)!.runId).toBe("run-99");
    });

    it("goes on reading what it had when more is written or everything is forgotten", async () => {
      const { runtime, store } = open();
      await using _ = store;
      const runs = Array.from({ length: 200 }, (_, index) => storedRun(runtime, index));
      await store.append(runs);
      const seen: StoredRun[] = [];
      for await (const run of store.read()) {
        if (seen.push(run) === 10) await store.append([storedRun(runtime, 500)]);
      }
      expect(seen).toEqual(runs);
      for await (const _ of store.read()) await store.clear();
      expect(await readAll(store)).toEqual([]);
    });

    it("refuses what is no list of runs and no query, and keeps none of a list with a wrong one", async () => {
      const { runtime, store } = open();
      await using _ = store;
      const good = storedRun(runtime, 1);
      const { text: _text, ...incomplete } = good;
      for (const runs of [
        "x",
        null,
        [null],
        [good, { ...good, runId: "" }],
        [good, { ...good, startMs: Number.NaN }],
        [good, { ...good, endMs: Number.POSITIVE_INFINITY }],
        [good, { ...good, text: 1 }],
        [good, incomplete],
      ]) {
        await expect(store.append(runs as never)).rejects.toSatisfy(isRefusal);
      }
      for (const query of [null, { name: 1 }, { last: -1 }, { last: 1.5 }, { fromMs: Number.NaN }, { lats: 1 }]) {
        await expect(readAll(store, query as never)).rejects.toSatisfy(isRefusal);
      }
      expect(await readAll(store)).toEqual([]);
    });

    it("fails with store_failed once it is disposed", async () => {
      const { runtime, store } = open();
      await store.append([storedRun(runtime, 1)]);
      await store[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await expect(store.append([storedRun(runtime, 2)])).rejects.toSatisfy(isFailure);
      await expect(readAll(store)).rejects.toSatisfy(isFailure);
      await expect(store.clear()).rejects.toSatisfy(isFailure);
    });
  });
}
