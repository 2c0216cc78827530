/** The store of runs on a real Redis server, in real processes; skipped by name where the machine has none. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { RunLog } from "../../src/introspection/history/run-log.ts";
import { sealRow } from "../../src/store/rows/row-envelope.ts";
import { RedisRunStore } from "../../src/store/runs/redis-run-store.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { plainRun } from "../introspection/history/recorded-runs.ts";
import { hasRedis, RedisServer } from "./redis-server.ts";
import { describeRunStore, readAll, storedRun } from "./run-store-conformance.ts";

const root = join(import.meta.dirname, "../..");
const failure = (error: unknown) => isFlockError(error, "store_failed");
const childArgs = [
  "--conditions=flock-source",
  "--disable-warning=ExperimentalWarning",
  "test/store/run-store-child.ts",
];

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [...childArgs, ...args], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (data) => {
    said += data;
  });
  return { child, lines: () => said.split("\n").filter((line) => line !== ""), ended: once(child, "close") };
}

describe("RedisRunStore", () => {
  it("checks its options when it is made, and never repeats an address", () => {
    for (const options of [
      ...[{}, null, { url: "http://localhost" }, { url: "redis://me:hunter2@localhost", maxRuns: 0 }],
      ...[{ url: "redis://me:hunter2@localhost", maxEntries: 5 }, { client: {} }, { client: { isCluster: true } }],
    ]) {
      expect(() => new RedisRunStore(options as never)).toThrow(
        expect.toSatisfy((error) => isFlockError(error, "option_invalid") && !inspect(error).includes("hunter2")),
      );
    }
    expect(new RedisRunStore({ url: "redis://localhost" }).name).toBe("redis");
  });

  it("fails when nobody answers at the address, without its password", async () => {
    await using store = new RedisRunStore({ url: "redis://me:hunter2@127.0.0.1:1" });
    for (const asked of [store.append([storedRun(createTestRuntime(), 1)]), readAll(store), store.clear()]) {
      const error = await asked.catch((reason) => reason);
      expect(error).toSatisfy(failure);
      expect(error.message).toMatch(/the redis store failed to (append|read|clear): connect ECONNREFUSED/);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter/);
    }
  });

  it("refuses more runs than fit into one step", async () => {
    await using store = new RedisRunStore({ client: { callBuffer: async () => 0 } });
    const runtime = createTestRuntime();
    const many = Array.from({ length: 10_001 }, (_, index) => storedRun(runtime, index, ""));
    await store.append(many.slice(1));
    await expect(store.append(many)).rejects.toSatisfy((error) => isFlockError(error, "option_invalid"));
  });

  it("fails, or finds nothing, where a server answers what no such server does", async () => {
    const answers: readonly unknown[] = ["text", null, [], [null], [["1", "2"]], [["x", {}, Buffer.from("a"), 5]]];
    for (const answer of answers) {
      await using store = new RedisRunStore({ client: { callBuffer: async () => answer } });
      await store.append([storedRun(createTestRuntime(), 1)]);
      const read = await readAll(store).catch((reason) => reason);
      if (Array.isArray(answer)) expect(read).toEqual([]);
      else expect(read).toSatisfy(failure);
    }
  });
});

describe.skipIf(!hasRedis)("RedisRunStore on a real server (skipped without redis-server)", () => {
  let server: RedisServer;
  let plain: Redis;
  beforeAll(async () => {
    server = await RedisServer.start();
    plain = server.client();
  });
  beforeEach(() => plain.flushall());
  afterAll(async () => {
    plain.disconnect();
    await server[Symbol.asyncDispose]();
  });

  describeRunStore(
    "RedisRunStore",
    (runtime, name, retention) =>
      new RedisRunStore({ url: server.url, prefix: name, runtime, timeoutMs: 60_000, ...retention }),
  );

  it("keeps runs that ended together in the order they came, however many", async () => {
    const runtime = createTestRuntime();
    await using store = new RedisRunStore({ client: plain, runtime });
    const together = Array.from({ length: 300 }, (_, index) => ({
      ...storedRun(runtime, 5),
      runId: `run ${(index * 7919) % 1_000}`,
    }));
    await store.append([storedRun(runtime, 9), ...together, storedRun(runtime, 1)]);
    expect((await readAll(store)).map(({ runId }) => runId)).toEqual([
      ...["run-1", ...together.map(({ runId }) => runId), "run-9"],
    ]);
    expect((await readAll(store, { last: 200 })).map(({ runId }) => runId)).toEqual([
      ...[...together.slice(-199).map(({ runId }) => runId), "run-9"],
    ]);
  });

  it("takes endless bounds, lets go of more runs than fit into one step, and keeps none that is too large", async () => {
    const runtime = createTestRuntime();
    await using store = new RedisRunStore({ client: plain, runtime });
    const runs = Array.from({ length: 200 }, (_, index) => storedRun(runtime, index));
    await store.append(runs);
    const all = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };
    expect(await readAll(store, all)).toEqual(runs);
    expect(await readAll(store, { ...all, last: 70 })).toEqual(runs.slice(-70));
    for (const last of [undefined, 5]) {
      expect(await readAll(store, { last, toMs: Number.NEGATIVE_INFINITY })).toEqual([]);
      expect(await readAll(store, { last, fromMs: Number.POSITIVE_INFINITY })).toEqual([]);
    }
    await using small = new RedisRunStore({ client: plain, runtime, maxRuns: 3, maxBytes: 100_000 });
    await small.append([storedRun(runtime, 500, "x".repeat(100_000))]);
    expect(await readAll(store)).toEqual(runs.slice(-3));
  });

  it("counts bytes as it lets go of runs, and shares a server with others", async () => {
    const runtime = createTestRuntime();
    await plain.set("flock:r", "another's");
    await using store = new RedisRunStore({ client: plain, runtime, maxRuns: 70 });
    for (let index = 0; index < 40; index++) {
      await store.append(Array.from({ length: 10 }, (_, offset) => storedRun(runtime, index * 10 + offset)));
    }
    const rows = await plain.hgetallBuffer("flock:r:rows");
    const sizes = Object.entries(rows).filter(([key]) => key !== "id" && key !== "bytes");
    expect(sizes).toHaveLength(70);
    const bytes = sizes.reduce((sum, [key, row]) => sum + row.length + 2 * Buffer.byteLength(key), 0);
    expect(`${await plain.hget("flock:r:rows", "bytes")}`).toBe(`${bytes}`);
    await store.clear();
    expect(await plain.hgetall("flock:r:rows")).toEqual({ id: "400", bytes: "0" });
    expect((await plain.keys("*")).sort()).toEqual(["flock:r", "flock:r:rows"]);
  });

  it("goes on after a server short of memory threw away either key, or someone some of a key", async () => {
    const runtime = createTestRuntime();
    await using store = new RedisRunStore({ client: plain, runtime, maxRuns: 20 });
    const runs = Array.from({ length: 12 }, (_, index) => storedRun(runtime, index));
    const ids = async () => (await readAll(store)).map(({ runId }) => runId);
    await store.append(runs);
    await plain.hdel("flock:r:rows", `${runs[3]!.startMs} run-3`, `${runs[8]!.startMs} run-8`);
    await plain.zremrangebyrank("flock:r:ends", 5, 5);
    expect(await ids()).toHaveLength(9);
    await store.append([storedRun(runtime, 12)]);
    expect(await ids()).toEqual([0, 1, 2, 4, 6, 7, 9, 10, 11, 12].map((index) => `run-${index}`));
    expect(Number(await plain.hlen("flock:r:rows"))).toBe(12);
    await plain.del("flock:r:ends");
    expect(await ids()).toEqual([]);
    await store.append(runs.slice(0, 2));
    expect(await ids()).toEqual(["run-0", "run-1"]);
    await plain.del("flock:r:rows");
    await store.append(runs.slice(0, 5));
    expect(await ids()).toEqual(["run-0", "run-1", "run-2", "run-3", "run-4"]);
    expect(await plain.zcard("flock:r:ends")).toBe(5);
    await plain.hdel("flock:r:rows", "id", "bytes");
    await store.append(Array.from({ length: 30 }, (_, index) => storedRun(runtime, 50 + index)));
    expect(await ids()).toHaveLength(20);
  });

  it("comes to an end, whatever lies between its runs", async () => {
    const runtime = createTestRuntime();
    await using store = new RedisRunStore({ client: plain, runtime });
    const runs = Array.from({ length: 63 }, (_, index) => ({ ...storedRun(runtime, 1), runId: `run ${index}` }));
    await store.append(runs);
    for (const member of ["no number", "              x", "           nan", "           inf", "0x00000000000f", "-1"]) {
      await plain.zadd("flock:r:ends", runtime.now() + 1, member);
      expect(await readAll(store)).toEqual(runs);
      expect(await readAll(store, { last: 100 })).toEqual(runs);
    }
  });

  it("makes its sums anew when they are no numbers any more, and goes on with the highest number there was", async () => {
    const runtime = createTestRuntime();
    await using store = new RedisRunStore({ client: plain, runtime, maxRuns: 20 });
    const some = (from: number) => Array.from({ length: 15 }, (_, index) => storedRun(runtime, from + index));
    let from = 0;
    for (const field of ["bytes", "id"]) {
      for (const value of ["garbage", "", "-5", "1.5", "nan", "inf", "1e300", "007", "9".repeat(19), undefined]) {
        await store.append(some(from));
        if (value === undefined) await plain.hdel("flock:r:rows", field);
        else await plain.hset("flock:r:rows", field, value);
        from += 15;
        await store.append(some(from));
        const ids = (await readAll(store)).map(({ runId }) => runId);
        expect(ids, `${field} ${value}`).toEqual(
          some(from - 5)
            .concat(some(from).slice(10))
            .map(({ runId }) => runId),
        );
        from += 15;
        expect(await plain.hget("flock:r:rows", "id")).toBe(`${from}`);
      }
    }
    await plain.del("flock:r:rows");
    await store.append(some(from));
    expect(await plain.hget("flock:r:rows", "id")).toBe(`${from + 15}`);
  });

  it("does not find a damaged, exchanged or forged run", async () => {
    const runtime = createTestRuntime();
    await using store = new RedisRunStore({ client: plain, runtime });
    const [one, two] = [storedRun(runtime, 1), storedRun(runtime, 2)];
    await store.append([one, two]);
    const key = `${one.startMs} run-1`;
    const row = (await plain.hgetBuffer("flock:r:rows", key))!;
    for (let index = 0; index < row.length; index++) {
      const flipped = Buffer.from(row);
      flipped[index]! ^= 1 << (index % 8);
      await plain.hset("flock:r:rows", key, flipped);
      expect(await readAll(store)).toEqual([two]);
    }
    await plain.hset("flock:r:rows", `${two.startMs} run-2`, row);
    expect(await readAll(store)).toEqual([]);
    const value = "{}\n";
    const forged = sealRow(Buffer.from("x"), { value, writtenAt: 5, expiresAt: Number.POSITIVE_INFINITY }, []);
    await plain.hset("flock:r:rows", "x", forged);
    await plain.zadd("flock:r:ends", runtime.now(), "00000000000009x", runtime.now(), "no number");
    expect(await readAll(store)).toEqual([]);
  });

  it("says so when something else lies at its key, or memory is full, and keeps none of the runs", async () => {
    const runtime = createTestRuntime();
    await using store = new RedisRunStore({ client: plain, runtime });
    const runs = Array.from({ length: 5 }, (_, index) => storedRun(runtime, index));
    await plain.set("flock:r:ends", "text");
    await expect(store.append(runs)).rejects.toThrow("WRONGTYPE");
    await expect(readAll(store)).rejects.toSatisfy(failure);
    await plain.del("flock:r:ends");
    expect(await plain.exists("flock:r:rows")).toBe(0);
    await store.append(runs.slice(0, 1));
    const memory = Number(/used_memory:(\d+)/.exec(await plain.info("memory"))![1]);
    await plain.config("SET", "maxmemory", `${memory - 100_000}`);
    try {
      await expect(store.append(runs)).rejects.toThrow("OOM");
      expect(await readAll(store)).toEqual(runs.slice(0, 1));
    } finally {
      await plain.config("SET", "maxmemory", "0");
    }
    await store.append(runs);
    expect(await readAll(store)).toEqual(runs);
  });

  it("fails in time while the server stands still, and works again when it goes on", { timeout: 30_000 }, async () => {
    const runtime = createTestRuntime();
    await using store = new RedisRunStore({ url: server.url, timeoutMs: 500 });
    const run = { ...storedRun(runtime, 1), endMs: Date.now() };
    server.freeze();
    try {
      await expect(store.append([run])).rejects.toThrow("no answer within 500 ms");
      await expect(readAll(store)).rejects.toSatisfy(failure);
    } finally {
      server.thaw();
    }
    // It may have been kept all the same.
    await store.append([run]);
    expect(await readAll(store)).toHaveLength(1);
  });

  it("has every acknowledged run after the server was killed and started anew", { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "flock-redis-"));
    await using durable = await RedisServer.start({ folder });
    await using store = new RedisRunStore({ url: durable.url, timeoutMs: 20_000 });
    try {
      const acknowledged: string[] = [];
      for (let round = 0; round < 3; round++) {
        const { child, lines, ended } = start(durable.url, "loop", `round-${round}`);
        await expect.poll(() => lines().length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(50);
        if (round === 1) child.kill("SIGKILL");
        await durable.down();
        child.kill("SIGKILL");
        await ended;
        acknowledged.push(...lines());
        await durable.up();
        const kept = new Map((await readAll(store)).map((run) => [run.runId, run.text]));
        for (const id of acknowledged) expect(kept.get(id) === `${id} `.repeat(50), id).toBe(true);
        expect(kept.size - acknowledged.length).toBeLessThanOrEqual(5 * (round + 1));
      }
    } finally {
      await durable.down();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("has all of two processes that write 1,000 runs each at the same time", { timeout: 60_000 }, async () => {
    const children = [start(server.url, "many", "one"), start(server.url, "many", "two")];
    for (const { ended } of children) expect((await ended)[0]).toBe(0);
    await using store = new RedisRunStore({ client: plain });
    const ids = new Set((await readAll(store)).map(({ runId }) => runId));
    for (const name of ["one", "two"]) {
      for (let index = 0; index < 1_000; index++) expect(ids.has(`${name} ${index}`)).toBe(true);
    }
    expect(ids.size).toBe(2_000);
  });

  it("has every run of a Flock that ended more than a second before the kill", { timeout: 60_000 }, async () => {
    const { child, lines, ended } = start(server.url, "flock");
    await expect.poll(() => lines().length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(300);
    child.kill("SIGKILL");
    await ended;
    const told = lines().map((line) => line.split(" ") as [string, string]);
    const killedMs = Number(told.at(-1)![0]);
    const before = told.filter(([time]) => Number(time) < killedMs - 1_000);
    expect(before.length).toBeGreaterThan(20);
    await using store = new RedisRunStore({ client: plain });
    const kept = new Set((await readAll(store)).map(({ runId }) => runId));
    for (const [, runId] of before) expect(kept.has(runId), runId).toBe(true);
  });

  it("lets a log wait in memory while it is down, drop and count what is too much, and write the rest after", {
    timeout: 30_000,
  }, async () => {
    await using away = await RedisServer.start();
    await away.down();
    const runtime = createTestRuntime();
    await using store = new RedisRunStore({ url: away.url, runtime });
    await using log = new RunLog({ store, runtime, maxWaiting: 20 });
    const startMs = runtime.now();
    for (let index = 0; index < 15; index++) log.add(plainRun({ runId: `run-${index}`, startMs }, { startMs }));
    await log.flush();
    expect(log.stats).toMatchObject({ written: 0, waiting: 10, dropped: 5, failedWrites: 1 });
    expect(runtime.warnings.map(({ message }) => message)).toEqual([expect.stringContaining("ECONNREFUSED")]);
    await away.up();
    await log.flush();
    expect(log.stats).toMatchObject({ written: 10, waiting: 0, dropped: 5 });
    expect((await log.read()).size).toBe(10);
  });
});
