/** What a SQLite store goes through in real processes on a real disk. */

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
import { afterAll, describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { CacheManager } from "../../src/layers/cache/cache-manager.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";

const root = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "flock-rough-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const childArgs = ["--conditions=flock-source", "--disable-warning=ExperimentalWarning", "test/store/sqlite-child.ts"];

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [...childArgs, ...args], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (data) => {
    said += data;
  });
  return { child, lines: () => said.split("\n").filter((line) => line !== ""), ended: once(child, "close") };
}

describe("SqliteStore", () => {
  it("has every acknowledged value, whole, after each of five kills", { timeout: 60_000 }, async () => {
    const path = join(scratch, "killed.db");
    let acknowledged: string[] = [];
    for (let round = 0; round < 5; round++) {
      const { child, lines, ended } = start(path, "loop", `round ${round}`);
      await expect.poll(() => lines().length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(150);
      child.kill("SIGKILL");
      await ended;
      expect(lines().filter((line) => line.startsWith("warning"))).toEqual([]);
      acknowledged = [...acknowledged, ...lines()];
      await using store = new SqliteStore({ path });
      for (const key of acknowledged) {
        const index = Number(key.split(" ")[2]);
        expect((await store.get(key))?.value === `${key} `.repeat(1 + (index % 200)), key).toBe(true);
      }
    }
    await using store = new SqliteStore({ path });
    let deleted = 0;
    for (const tag of ["tag 0", "tag 1", "tag 2"]) deleted += await store.deleteWhere({ tag });
    // At most the one written but not yet told in each round.
    expect(deleted - acknowledged.length).toBeGreaterThanOrEqual(0);
    expect(deleted - acknowledged.length).toBeLessThanOrEqual(5);
  });

  it("has all of two processes that write 4,000 each at the same time", { timeout: 60_000 }, async () => {
    const path = join(scratch, "shared.db");
    const children = [start(path, "many", "one"), start(path, "many", "two")];
    for (const { ended } of children) expect((await ended)[0]).toBe(0);
    expect(children.map(({ lines }) => lines())).toEqual([["done"], ["done"]]);
    await using store = new SqliteStore({ path });
    for (const name of ["one", "two"])
      for (let index = 0; index < 4_000; index++)
        expect((await store.get(`${name} ${index}`))?.value).toBe(`value ${index}`);
    expect(await store.deleteWhere({ tag: "t" })).toBe(8_000);
  });

  it("gives the right value, nothing or a typed error after any of 200 flipped bits", { timeout: 60_000 }, async () => {
    const good = join(scratch, "good.db");
    const textOf = (index: number) => `value ${index} `.repeat(20 + (index % 7) * 60);
    {
      await using store = new SqliteStore({ path: good });
      for (let index = 0; index < 100; index++)
        await store.set(`key ${index}`, textOf(index), { tags: ["t"], ttlMs: 1e9 });
    }
    const bytes = readFileSync(good);
    const runtime = createTestRuntime({ seed: 7 });
    const outcomes = { right: 0, missing: 0, failed: 0, warned: 0 };
    const countWarning = () => {
      outcomes.warned += 1;
    };
    for (let round = 0; round < 200; round++) {
      const path = join(scratch, `flipped-${round}.db`);
      const flipped = Buffer.from(bytes);
      // The first page, where every table begins, is hit more often than by chance.
      const offset = Math.floor(runtime.random() * (round < 50 ? 512 : bytes.length));
      flipped[offset]! ^= 1 << Math.floor(runtime.random() * 8);
      writeFileSync(path, flipped);
      await using store = new SqliteStore({ path, onWarning: countWarning });
      for (let index = 0; index < 100; index += 9) {
        try {
          const found = await store.get(`key ${index}`);
          if (found !== undefined) expect(found.value === textOf(index), `offset ${offset}`).toBe(true);
          outcomes[found === undefined ? "missing" : "right"] += 1;
        } catch (error) {
          if (!isFlockError(error, "store_failed")) throw error;
          outcomes.failed += 1;
        }
      }
      const wrote = await store.set("new", "value").then(
        () => true,
        (error) => !isFlockError(error, "store_failed"),
      );
      if (wrote) expect((await store.get("new"))?.value).toBe("value");
      await store
        .deleteWhere({ tag: "t" })
        .catch((error) => expect(error).toSatisfy((each) => isFlockError(each, "store_failed")));
    }
    expect(outcomes.right).toBeGreaterThan(1_000);
    expect(outcomes.missing).toBeGreaterThan(10);
    expect(outcomes.warned).toBeGreaterThan(0);
  });

  it("fails when it may write no more, goes on reading, and writes when there is room", {
    timeout: 60_000,
  }, async () => {
    const path = join(scratch, "limited.db");
    // Blocks of 1,024 bytes: no file of the process may grow beyond 2 MB.
    const command = `ulimit -f 2048; exec "$0" "$@"`;
    const { status, stdout } = spawnSync("bash", ["-c", command, process.execPath, ...childArgs, path, "full"], {
      cwd: root,
      encoding: "utf8",
    });
    expect(status).toBe(0);
    expect(stdout).toBe("store_failed\nreads\n");
    await using store = new SqliteStore({ path });
    expect((await store.get("key 0"))?.value).toBe("x".repeat(10_000));
    await store.set("later", "value");
    expect((await store.get("later"))?.value).toBe("value");
  });

  const ownMounts = ["--mount", "--", "bash", "-c"];
  const disk = join(scratch, "disk");
  mkdirSync(disk);
  const mount = `mount -t tmpfs -o size=3m tmpfs ${disk}`;
  const mayMount = spawnSync("unshare", [...ownMounts, mount], { stdio: "ignore" }).status === 0;

  it.skipIf(!mayMount)(
    "fails on a full disk, goes on reading, and writes when there is room again (skipped where no disk may be mounted)",
    { timeout: 60_000 },
    () => {
      const command = `${mount} && exec "$0" "$@"`;
      const job = [process.execPath, ...childArgs, join(disk, "a.db"), "full", join(disk, "ballast")];
      const { status, stdout } = spawnSync("unshare", [...ownMounts, command, ...job], { cwd: root, encoding: "utf8" });
      expect([status, stdout]).toEqual([0, "store_failed\nreads\nwrites\n"]);
    },
  );

  it("lets a process end that forgot to close it, and is not loaded by the import of its front door", () => {
    const path = join(scratch, "forgotten.db");
    const { status, stdout } = spawnSync(process.execPath, [...childArgs, path, "forget"], {
      cwd: root,
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([0, "one\n"]);
    const code = `await import("flock-ts/store"); console.log(process.moduleLoadList.filter((name) => /sqlite/.test(name)))`;
    const imported = spawnSync(process.execPath, ["--conditions=flock-source", "--input-type=module", "-e", code], {
      cwd: root,
      encoding: "utf8",
    });
    expect([imported.stdout, imported.stderr]).toEqual(["[]\n", ""]);
  });

  it("is a second level that outlives the cache, the process and a damaged file", async () => {
    const path = join(scratch, "cache.db");
    let computed = 0;
    const ask = (cache: CacheManager) => cache.getOrCompute("bees", async () => ({ computed: ++computed }));
    const session = async () => {
      const warnings: string[] = [];
      await using store = new SqliteStore({ path, onWarning: (message) => warnings.push(message) });
      await using cache = new CacheManager({ store });
      const answer = await ask(cache);
      await cache.flush();
      expect(cache.stats().storeErrors).toBe(0);
      return [answer.computed, warnings.length];
    };
    expect([await session(), await session()]).toEqual([
      [1, 0],
      [1, 0],
    ]);
    copyFileSync(path, join(scratch, "kept.db"));
    const bytes = readFileSync(path);
    bytes.fill(0xff, 100, statSync(path).size);
    writeFileSync(path, bytes);
    expect([await session(), await session()]).toEqual([
      [2, 1],
      [2, 0],
    ]);
    expect(readdirSync(scratch)).toContain("cache.db.damaged-1");
  });
});
