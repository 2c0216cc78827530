import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { SqliteStore, type SqliteStoreOptions } from "../../src/store/sqlite/sqlite-store.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { describeKeyValueStore } from "./key-value-conformance.ts";

const scratch = mkdtempSync(join(tmpdir(), "flock-sqlite-"));
afterAll(() => rmSync(scratch, { recursive: true }));

let lastFolder = 0;
/** A path in a folder of its own, so that what lies beside the file can be seen. */
function newPath(): string {
  const folder = join(scratch, `folder-${lastFolder++}`);
  mkdirSync(folder);
  return join(folder, "cache.db");
}
const besides = (path: string) => readdirSync(join(path, "..")).sort();
const failure = (error: unknown) => isFlockError(error, "store_failed");

describeKeyValueStore(
  "SqliteStore",
  async (runtime, name) => new SqliteStore({ path: join(scratch, `${name}.db`), runtime }),
);

describe("SqliteStore", () => {
  it("checks its options when it is made, and takes plain paths of files alone", () => {
    const paths = ["", " ", ":memory:", "file:a.db", "FILE:a?mode=memory", "a\0b", 7, undefined];
    const wrong = [...paths.map((path) => ({ path })), { path: "a", maxBytes: 1 }, { path: "a", pth: "b" }, null];
    for (const options of wrong) {
      expect(() => new SqliteStore(options as never)).toThrow(
        expect.toSatisfy((error: unknown) => isFlockError(error, "option_invalid")),
      );
    }
  });

  it("makes its files for their owner alone, whatever the umask", async () => {
    const path = newPath();
    const umask = process.umask(0);
    try {
      await using store = new SqliteStore({ path });
      await store.set("a", "one");
      expect(besides(path)).toEqual(["cache.db", "cache.db-shm", "cache.db-wal"]);
      for (const ending of ["", "-wal", "-shm"]) expect(statSync(path + ending).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(umask);
    }
    expect(besides(path)).toEqual(["cache.db"]);
  });

  it("is there again after it was closed, and is shared by stores on one path", async () => {
    const path = newPath();
    {
      await using store = new SqliteStore({ path });
      await store.set("a", "one", { tags: ["t"] });
    }
    await using store = new SqliteStore({ path });
    await using other = new SqliteStore({ path });
    expect((await store.get("a"))?.value).toBe("one");
    await other.set("b", "two", { tags: ["t"] });
    expect(await store.deleteWhere({ tag: "t" })).toBe(2);
    expect(await other.get("a")).toBeUndefined();
  });

  it("opens once for all who ask first, and closes also while it opens", async () => {
    const path = newPath();
    const store = new SqliteStore({ path });
    const asked = [store.set("a", "one"), store.set("b", "two"), store.get("a")];
    await Promise.all(asked);
    await store[Symbol.asyncDispose]();
    const closing = new SqliteStore({ path });
    const late = expect(closing.get("a")).rejects.toThrow("it is closed");
    await closing[Symbol.asyncDispose]();
    await late;
  });

  it("refuses what is no file of its own, and does not touch it", async () => {
    const path = newPath();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE mine (a); INSERT INTO mine VALUES (1)");
    database.close();
    const text = newPath();
    writeFileSync(text, "these are notes, and longer than a header is, ".repeat(10));
    const short = newPath();
    writeFileSync(short, "x");
    for (const each of [path, text, short]) {
      const before = readFileSync(each);
      await using store = new SqliteStore({ path: each });
      await expect(store.get("a")).rejects.toThrow("was not written by such a store; choose another path");
      await expect(store.clear()).rejects.toSatisfy(failure);
      expect(readFileSync(each).equals(before)).toBe(true);
      expect(besides(each)).toEqual(["cache.db"]);
    }
  });

  it("refuses a file of another format", async () => {
    const path = newPath();
    await using store = new SqliteStore({ path });
    await store.set("a", "one");
    await store[Symbol.asyncDispose]();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 2");
    database.close();
    await using again = new SqliteStore({ path });
    await expect(again.get("a")).rejects.toThrow(
      "the file is of format 2, this version reads format 1; delete the file",
    );
    expect(besides(path)).toEqual(["cache.db"]);
  });

  it("says what is wrong with a place where no file can be", async () => {
    const path = newPath();
    await using nowhere = new SqliteStore({ path: join(path, "..", "no", "cache.db") });
    await expect(nowhere.set("a", "b")).rejects.toThrow("its folder does not exist; make it first");
    mkdirSync(path);
    await using folder = new SqliteStore({ path });
    await expect(folder.get("a")).rejects.toThrow("it is no plain file");
    await using below = new SqliteStore({ path: join("/dev/null", "a.db") });
    await expect(below.get("a")).rejects.toSatisfy(failure);
    const dangling = join(path, "link");
    symlinkSync(join(path, "nothing"), dangling);
    await using link = new SqliteStore({ path: dangling });
    await expect(link.get("a")).rejects.toSatisfy(failure);
    rmSync(path, { recursive: true });
    expect(await folder.get("a")).toBeUndefined();
  });

  it("sets a damaged file aside, three at most, and begins a new one", async () => {
    const path = newPath();
    const warnings: string[] = [];
    const runtime = createTestRuntime();
    const damages: ((bytes: Buffer) => void)[] = [
      (bytes) => bytes.fill(0, 0, 16),
      (bytes) => bytes.fill(0xff, 100),
      (bytes) => bytes.write("CREATE TABLE entrees", bytes.indexOf("CREATE TABLE entries")),
      (bytes) => bytes.writeUInt32BE(0, 60),
    ];
    for (const [index, damage] of damages.entries()) {
      const told: Pick<SqliteStoreOptions, "onWarning"> =
        index === 0 ? {} : { onWarning: (text) => warnings.push(text) };
      {
        await using store = new SqliteStore({ path, runtime });
        await store.set("a", "one");
      }
      const bytes = readFileSync(path);
      damage(bytes);
      writeFileSync(path, bytes);
      await using store = new SqliteStore({ path, runtime, ...told });
      expect(await store.get("a")).toBeUndefined();
      await store.set("b", "two");
      expect((await store.get("b"))?.value).toBe("two");
    }
    expect(runtime.warnings).toHaveLength(1);
    expect(runtime.warnings[0]!.message).toMatch(/was damaged \(file is not a database\): it is now .*damaged-1, and/);
    expect(warnings).toHaveLength(3);
    expect(besides(path)).toEqual(["cache.db", "cache.db.damaged-1", "cache.db.damaged-2", "cache.db.damaged-3"]);
  });

  it("begins anew when the file is damaged under its feet, and lets others find the new one", async () => {
    const path = newPath();
    const runtime = createTestRuntime();
    await using store = new SqliteStore({ path, runtime });
    for (let index = 0; index < 50; index++) await store.set(`key ${index}`, "x".repeat(2_000));
    // Pages of an open file come from SQLite's memory: the damage must be in what a fresh connection reads.
    await store[Symbol.asyncDispose]();
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4_096);
    writeFileSync(path, bytes);
    const warnings: string[] = [];
    await using first = new SqliteStore({ path, runtime, onWarning: (text) => warnings.push(text) });
    await using second = new SqliteStore({ path, runtime, onWarning: (text) => warnings.push(text) });
    await Promise.all([first.get("key 1"), second.get("key 1")]);
    await first.set("new", "value");
    await runtime.clock.advance(1_000);
    expect((await second.get("new"))?.value).toBe("value");
    expect(warnings).toHaveLength(1);
  });

  it("makes its file again when somebody deletes or replaces it", async () => {
    const path = newPath();
    const runtime = createTestRuntime();
    await using store = new SqliteStore({ path, runtime });
    await store.set("a", "one");
    for (const ending of ["", "-wal", "-shm"]) rmSync(path + ending);
    await runtime.clock.advance(1_000);
    expect(await store.get("a")).toBeUndefined();
    await store.set("a", "two");
    expect(existsSync(path)).toBe(true);
    const other = newPath();
    {
      await using filler = new SqliteStore({ path: other, runtime });
      await filler.set("a", "three");
    }
    for (const ending of ["-wal", "-shm"]) rmSync(path + ending);
    renameSync(other, path);
    await runtime.clock.advance(1_000);
    expect((await store.get("a"))?.value).toBe("three");
  });

  it("stays within its bytes: what has expired leaves first, then the oldest", async () => {
    const path = newPath();
    const runtime = createTestRuntime();
    await using store = new SqliteStore({ path, runtime, maxBytes: 500_000 });
    await store.set("old", "x".repeat(10_000));
    for (let index = 0; index < 20; index++) await store.set(`short ${index}`, "x".repeat(10_000), { ttlMs: 1_000 });
    await runtime.clock.advance(1_000);
    await store.set("large", "x".repeat(400_000));
    expect(await store.get("old")).toBeDefined();
    await store.set("large", "x".repeat(450_000));
    for (let index = 0; index < 100; index++) await store.set(`key ${index}`, "x".repeat(10_000), { tags: ["t"] });
    expect(await store.get("old")).toBeUndefined();
    expect(await store.get("key 50")).toBeUndefined();
    expect(await store.get("key 99")).toBeDefined();
    expect(await store.get("key 65")).toBeDefined();
    await store[Symbol.asyncDispose]();
    expect(statSync(path).size).toBeLessThan(1_000_000);
  });

  it("does not keep what is larger than all it may keep, nor the older value then", async () => {
    await using store = new SqliteStore({ path: newPath(), maxBytes: 100_000 });
    await store.set("b", "two");
    await store.set("a", "one");
    await store.set("a", "x".repeat(100_000));
    expect(await store.get("a")).toBeUndefined();
    expect(await store.get("b")).toBeDefined();
  });

  it("takes along what has expired when it writes", async () => {
    const path = newPath();
    const runtime = createTestRuntime();
    await using store = new SqliteStore({ path, runtime });
    for (let index = 0; index < 20; index++) await store.set(`key ${index}`, "x", { ttlMs: 1_000, tags: ["t"] });
    await runtime.clock.advance(1_000);
    for (let index = 0; index < 5; index++) await store.set("other", "x");
    const database = new DatabaseSync(path);
    expect(database.prepare("SELECT count(*) AS n FROM entries").get()).toEqual({ n: 1 });
    expect(database.prepare("SELECT count(*) AS n FROM tags").get()).toEqual({ n: 0 });
    database.close();
  });

  it("does not find a damaged row and deletes it, nor a row from the future", async () => {
    const path = newPath();
    const runtime = createTestRuntime();
    await using store = new SqliteStore({ path, runtime });
    await store.set("a", "one");
    await store.set("b", "two");
    const database = new DatabaseSync(path);
    const { row } = database.prepare("SELECT row FROM entries WHERE key = ?").get(Buffer.from("a")) as {
      row: Uint8Array;
    };
    const update = database.prepare("UPDATE entries SET row = ? WHERE key = ?");
    update.run(row, Buffer.from("b"));
    expect(await store.get("b")).toBeUndefined();
    expect(database.prepare("SELECT count(*) AS n FROM entries").get()).toEqual({ n: 1 });
    update.run("text", Buffer.from("a"));
    expect(await store.get("a")).toBeUndefined();
    database.close();
    for (const [aheadMs, isFound] of [
      [1_000, true],
      [1_001, false],
    ] as const) {
      const ahead = createTestRuntime({ now: runtime.now() + aheadMs });
      await using writer = new SqliteStore({ path, runtime: ahead });
      await writer.set("c", "three", { ttlMs: 5_000 });
      expect((await store.get("c"))?.remainingMs).toBe(isFound ? 5_000 : undefined);
    }
  });

  it("waits for another writer without blocking, and not for ever", async () => {
    const path = newPath();
    await using store = new SqliteStore({ path, busyTimeoutMs: 100 });
    await store.set("a", "one");
    const database = new DatabaseSync(path);
    database.exec("BEGIN IMMEDIATE");
    expect((await store.get("a"))?.value).toBe("one");
    await expect(store.set("a", "two")).rejects.toThrow("database is locked");
    await using patient = new SqliteStore({ path });
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    const writing = patient.set("a", "three");
    await new Promise((resolve) => setImmediate(resolve));
    database.exec("COMMIT");
    await writing;
    expect(hasTurned).toBe(true);
    expect((await store.get("a"))?.value).toBe("three");
    database.close();
  });

  it("writes in the order it was asked, also while another writer holds it up", async () => {
    const path = newPath();
    await using store = new SqliteStore({ path });
    await store.set("a", "one");
    const database = new DatabaseSync(path);
    database.exec("BEGIN IMMEDIATE");
    const values = Array.from({ length: 30 }, (_, index) => `value ${index}`);
    const writing = values.map((value) => store.set("a", value, { tags: ["t"] }));
    const deleting = store.deleteWhere({ tag: "t" });
    const last = store.set("b", "two", { tags: ["t"] });
    await new Promise((resolve) => setImmediate(resolve));
    database.exec("COMMIT");
    await Promise.all([...writing, last]);
    expect(await deleting).toBe(1);
    expect(await store.get("a")).toBeUndefined();
    expect((await store.get("b"))?.value).toBe("two");
    database.close();
  });

  it("opens anew after its tables went away, and goes on", async () => {
    const path = newPath();
    await using store = new SqliteStore({ path, onWarning: () => {} });
    await store.set("a", "one");
    const database = new DatabaseSync(path);
    database.exec("DROP TABLE tags; DROP TABLE entries");
    database.close();
    await expect(store.get("a")).rejects.toThrow("no such table");
    expect(await store.get("a")).toBeUndefined();
    await store.set("a", "two");
    expect((await store.get("a"))?.value).toBe("two");
  });

  it("does not go round for ever where an index leads nowhere", async () => {
    const path = newPath();
    const warnings: string[] = [];
    await using store = new SqliteStore({ path, onWarning: (text) => warnings.push(text) });
    await store.set("a", "one", { tags: ["t"] });
    await store.set("b", "two");
    const database = new DatabaseSync(path);
    database.exec("PRAGMA foreign_keys = OFF; DELETE FROM entries WHERE id = 1");
    database.close();
    expect(await store.deleteWhere({ tag: "t" })).toBe(0);
    expect(warnings).toEqual([expect.stringContaining("an index names a row that is not there")]);
    await store.set("a", "two");
    expect((await store.get("a"))?.value).toBe("two");
  });

  it("fails when a damaged file cannot be renamed", async () => {
    const path = newPath();
    {
      await using store = new SqliteStore({ path });
      await store.set("a", "one");
    }
    writeFileSync(path, readFileSync(path).fill(0, 0, 16));
    for (const number of [1, 2, 3]) mkdirSync(join(`${path}.damaged-${number}`, "full"), { recursive: true });
    await using store = new SqliteStore({ path });
    await expect(store.get("a")).rejects.toThrow("its file is damaged and cannot be renamed");
  });
});
