/** The store of runs in a SQLite file, on a real disk and in real processes. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { sealRow } from "../../src/store/rows/row-envelope.ts";
import { SqliteRunStore } from "../../src/store/runs/sqlite-run-store.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { describeRunStore, readAll, storedRun } from "./run-store-conformance.ts";

const root = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "flock-runs-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describeRunStore(
  "SqliteRunStore",
  (runtime, name, retention) => new SqliteRunStore({ path: join(scratch, `${name}.db`), runtime, ...retention }),
);

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

describe("SqliteRunStore", () => {
  it("makes a file for its owner alone, and leaves another kind of file as it is", async () => {
    const path = join(scratch, "mine.db");
    const runtime = createTestRuntime();
    {
      await using store = new SqliteRunStore({ path, runtime });
      await store.append([storedRun(runtime, 1)]);
      for (const name of readdirSync(scratch).filter((name) => name.startsWith("mine.db"))) {
        expect(statSync(join(scratch, name)).mode & 0o777, name).toBe(0o600);
      }
    }
    const before = readFileSync(path);
    await using cache = new SqliteStore({ path });
    await expect(cache.get("a")).rejects.toThrow("not written by such a store");
    expect(readFileSync(path).equals(before)).toBe(true);
    for (const options of [{}, { path: ":memory:" }, { path, maxRuns: 0 }, { path, maxEntries: 1 }]) {
      expect(() => new SqliteRunStore(options as never)).toThrow(
        expect.toSatisfy((error) => isFlockError(error, "option_invalid")),
      );
    }
  });

  it("has every acknowledged run, whole, after each of five kills", { timeout: 60_000 }, async () => {
    const path = join(scratch, "killed.db");
    let acknowledged: string[] = [];
    for (let round = 0; round < 5; round++) {
      const { child, lines, ended } = start(path, "loop", `round-${round}`);
      await expect.poll(() => lines().length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(50);
      child.kill("SIGKILL");
      await ended;
      acknowledged = [...acknowledged, ...lines()];
      await using store = new SqliteRunStore({ path });
      const kept = new Map((await readAll(store)).map((run) => [run.runId, run.text]));
      for (const id of acknowledged) expect(kept.get(id) === `${id} `.repeat(50), id).toBe(true);
      // At most the batch of each round that was written and not yet told.
      expect(kept.size - acknowledged.length).toBeLessThanOrEqual(5 * (round + 1));
    }
  });

  it("has every run of a Flock that ended more than a second before the kill", { timeout: 60_000 }, async () => {
    const path = join(scratch, "killed-flock.db");
    const { child, lines, ended } = start(path, "flock");
    await expect.poll(() => lines().length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(300);
    child.kill("SIGKILL");
    await ended;
    const told = lines().map((line) => line.split(" ") as [string, string]);
    const killedMs = Number(told.at(-1)![0]);
    const before = told.filter(([time]) => Number(time) < killedMs - 1_000);
    expect(before.length).toBeGreaterThan(20);
    await using store = new SqliteRunStore({ path });
    const kept = new Set((await readAll(store)).map(({ runId }) => runId));
    for (const [, runId] of before) expect(kept.has(runId), runId).toBe(true);
  });

  it("has all of two processes that write 1,000 runs each at the same time", { timeout: 60_000 }, async () => {
    const path = join(scratch, "shared.db");
    const children = [start(path, "many", "one"), start(path, "many", "two")];
    for (const { ended } of children) expect((await ended)[0]).toBe(0);
    await using store = new SqliteRunStore({ path });
    const ids = new Set((await readAll(store)).map(({ runId }) => runId));
    for (const name of ["one", "two"]) {
      for (let index = 0; index < 1_000; index++) expect(ids.has(`${name} ${index}`)).toBe(true);
    }
    expect(ids.size).toBe(2_000);
  });

  it("gives right runs, none or a typed error after any of 300 flipped bits", { timeout: 120_000 }, async () => {
    const runtime = createTestRuntime({ seed: 11 });
    const good = join(scratch, "good.db");
    const runs = Array.from({ length: 150 }, (_, index) =>
      storedRun(runtime, index, `text ${index} `.repeat(30 + (index % 7) * 90)),
    );
    {
      await using store = new SqliteRunStore({ path: good, runtime });
      await store.append(runs);
    }
    const texts = new Map(runs.map(({ runId, text }) => [runId, text]));
    const bytes = readFileSync(good);
    const outcomes = { whole: 0, lost: 0, failed: 0, warned: 0 };
    for (let round = 0; round < 300; round++) {
      const path = join(scratch, `flipped-${round}.db`);
      const flipped = Buffer.from(bytes);
      const offset = Math.floor(runtime.random() * (round < 50 ? 512 : bytes.length));
      flipped[offset]! ^= 1 << Math.floor(runtime.random() * 8);
      writeFileSync(path, flipped);
      const onWarning = () => {
        outcomes.warned += 1;
      };
      await using store = new SqliteRunStore({ path, onWarning, runtime });
      try {
        const read = await readAll(store);
        expect(new Set(read.map(({ runId }) => runId)).size, `offset ${offset}`).toBe(read.length);
        for (const { runId, text } of read) expect(texts.get(runId) === text, `offset ${offset}`).toBe(true);
        expect(read.length).toBeLessThanOrEqual(150);
        outcomes[read.length === 150 ? "whole" : "lost"] += 1;
        expect((await readAll(store, { last: 5 })).length).toBeLessThanOrEqual(5);
        await store.append([storedRun(runtime, 1_000)]);
        expect((await readAll(store)).at(-1)?.runId).toBe("run-1000");
      } catch (error) {
        if (!isFlockError(error, "store_failed")) throw error;
        outcomes.failed += 1;
      }
    }
    expect(outcomes.whole + outcomes.lost).toBeGreaterThan(200);
    expect(outcomes.lost).toBeGreaterThan(20);
    expect(outcomes.warned).toBeGreaterThan(0);
  });

  it("leaves out a row whose checksum is right and whose content was never written by a store", async () => {
    const path = join(scratch, "forged.db");
    const runtime = createTestRuntime();
    {
      await using store = new SqliteRunStore({ path, runtime });
      await store.append([storedRun(runtime, 1)]);
    }
    const database = new DatabaseSync(path);
    const endMs = runtime.now();
    for (const [index, value] of ["{", "{}\n", "[1,2,3]\n", '["a","b"]\n', "null\n"].entries()) {
      const key = Buffer.from(`forged ${index}`);
      const row = sealRow(key, { value, writtenAt: endMs, expiresAt: Number.POSITIVE_INFINITY }, []);
      database.prepare("INSERT INTO runs (key, end_ms, run) VALUES (?, ?, ?)").run(key, endMs, row);
    }
    database.prepare("INSERT INTO runs (key, end_ms, run) VALUES ('text', ?, 'text')").run(endMs);
    database.close();
    await using store = new SqliteRunStore({ path, runtime });
    expect((await readAll(store)).map(({ runId }) => runId)).toEqual(["run-1"]);
  });

  it("mends an index that names a run that is gone, instead of asking for it for ever", async () => {
    const path = join(scratch, "index.db");
    const runtime = createTestRuntime();
    {
      await using store = new SqliteRunStore({ path, runtime });
      await store.append(Array.from({ length: 10 }, (_, index) => storedRun(runtime, index)));
    }
    const database = new DatabaseSync(path);
    // The table without its index, so that deleting leaves the index as it was.
    database.enableDefensive?.(false);
    database.exec(
      "PRAGMA writable_schema = ON; CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'runs_by_end'",
    );
    database.exec("DELETE FROM sqlite_schema WHERE name = 'runs_by_end'");
    database.close();
    const cut = new DatabaseSync(path);
    cut.enableDefensive?.(false);
    cut.exec(
      "DELETE FROM runs WHERE id <= 5; PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM kept",
    );
    cut.close();
    await using store = new SqliteRunStore({ path, runtime, maxRuns: 2 });
    for (let index = 10; index < 13; index++) await store.append([storedRun(runtime, index)]);
    expect((await readAll(store)).map(({ runId }) => runId)).toEqual(["run-11", "run-12"]);
  });

  it("sets a destroyed file aside, says so, and begins a new one", async () => {
    const path = join(scratch, "destroyed.db");
    const runtime = createTestRuntime();
    {
      await using store = new SqliteRunStore({ path, runtime });
      await store.append([storedRun(runtime, 1)]);
    }
    copyFileSync(path, join(scratch, "kept.db"));
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xff, 100));
    await using store = new SqliteRunStore({ path, runtime });
    expect(await readAll(store)).toEqual([]);
    await store.append([storedRun(runtime, 2)]);
    expect(await readAll(store)).toHaveLength(1);
    expect(runtime.warnings.map(({ code }) => code)).toEqual(["store_failed"]);
    expect(readdirSync(scratch)).toContain("destroyed.db.damaged-1");
  });

  const disk = join(scratch, "disk");
  mkdirSync(disk);
  const mount = `mount -t tmpfs -o size=3m tmpfs ${disk}`;
  const ownMounts = ["--mount", "--", "bash", "-c"];
  const mayMount = spawnSync("unshare", [...ownMounts, mount], { stdio: "ignore" }).status === 0;

  it("fails when it may write no more, and goes on reading", { timeout: 60_000 }, async () => {
    const path = join(scratch, "limited.db");
    // Blocks of 1,024 bytes: no file of the process may grow beyond 2 MB.
    const command = `ulimit -f 2048; exec "$0" "$@"`;
    const { status, stdout } = spawnSync("bash", ["-c", command, process.execPath, ...childArgs, path, "full"], {
      cwd: root,
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([0, "store_failed\nreads\n"]);
    await using store = new SqliteRunStore({ path });
    expect((await readAll(store, { last: 1 })).length).toBe(1);
  });

  it.skipIf(!mayMount)(
    "fails on a full disk, goes on reading, and writes when there is room again (skipped where no disk may be mounted)",
    { timeout: 60_000 },
    () => {
      const job = [process.execPath, ...childArgs, join(disk, "a.db"), "full", join(disk, "ballast")];
      const command = `${mount} && exec "$0" "$@"`;
      const { status, stdout } = spawnSync("unshare", [...ownMounts, command, ...job], { cwd: root, encoding: "utf8" });
      expect([status, stdout]).toEqual([0, "store_failed\nreads\nwrites\n"]);
    },
  );
});
