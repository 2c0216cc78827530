/** On a real server; where the machine has none, the tests that need it are skipped by name. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { inspect } from "node:util";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { CacheManager } from "../../src/layers/cache/cache-manager.ts";
import { RedisStore } from "../../src/store/redis/redis-store.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { describeKeyValueStore } from "./key-value-conformance.ts";
import { hasRedis, RedisServer } from "./redis-server.ts";

const failure = (error: unknown) => isFlockError(error, "store_failed");

describe("RedisStore", () => {
  it("checks its options when it is made, and never repeats an address", () => {
    const client = { callBuffer: async () => null };
    const wrong = [
      {},
      null,
      { url: "http://localhost" },
      { url: "redis://[" },
      { url: "redis://localhost", client },
      { client: {} },
      { client: { ...client, isCluster: true } },
      { client: { ...client, options: { keyPrefix: "x" } } },
      { url: "redis://localhost", prefix: "a:b" },
      { url: "redis://localhost", timeoutMs: 0 },
      { url: "redis://me:hunter2@localhost", prefx: "a" },
      { url: "rediss:/me:hunter2@localhost" },
    ];
    for (const options of wrong) {
      expect(() => new RedisStore(options as never)).toThrow(
        expect.toSatisfy(
          (error: unknown) => isFlockError(error, "option_invalid") && !inspect(error).includes("hunter2"),
        ),
      );
    }
  });

  it("fails when nobody answers at the address, without its password", async () => {
    await using store = new RedisStore({ url: "redis://me:hunter%2F2@127.0.0.1:1" });
    const error = await store.set("a", "one").catch((reason) => reason);
    expect(error).toSatisfy(failure);
    expect(error.message).toContain("the redis store failed to set: connect ECONNREFUSED");
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter/);
  });

  it("tells no password either when the address cannot be read", async () => {
    await using store = new RedisStore({ url: "redis://:hunter%zz@127.0.0.1:1" });
    const error = await store.get("a").catch((reason) => reason);
    expect(error).toSatisfy(failure);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter/);
  });

  it("says what to install when its package is missing", () => {
    const code = `import { registerHooks } from "node:module";
      registerHooks({
        resolve(name, context, next) {
          if (name === "ioredis") throw Object.assign(new Error("not found"), { code: "ERR_MODULE_NOT_FOUND" });
          return next(name, context);
        },
      });
      const { RedisStore } = await import("flock-ts/store");
      const error = await new RedisStore({ url: "redis://127.0.0.1:1" }).get("a").catch((reason) => reason);
      console.log(error.code, error.details.install);`;
    const args = ["--conditions=flock-source", "--input-type=module", "-e", code];
    const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stdout).toBe("package_missing npm install ioredis\n");
  });

  it("waits no longer than it may for a client that says nothing", async () => {
    const runtime = createTestRuntime();
    await using store = new RedisStore({
      client: { callBuffer: () => new Promise(() => {}) },
      timeoutMs: 300,
      runtime,
    });
    const asked = expect(store.get("a")).rejects.toThrow("no answer within 300 ms");
    await runtime.clock.advance(300);
    await asked;
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("repeats neither secrets nor the arguments of what a server refuses", async () => {
    const replies = [
      "ERR unknown command 'EVAL', with args beginning with: 'secret value'",
      "ERR AUTH hunter2 refused\nmore",
      7,
    ];
    const client = {
      options: { password: "hunter2" },
      callBuffer: () =>
        Promise.reject(typeof replies[0] === "string" ? new Error(replies.shift() as string) : replies[0]),
    };
    await using store = new RedisStore({ client });
    await expect(store.set("a", "b")).rejects.toThrow(/failed to set: ERR unknown command 'EVAL'$/);
    await expect(store.set("a", "b")).rejects.toThrow(/failed to set: ERR AUTH \*\*\* refused$/);
    await expect(store.get("a")).rejects.toThrow("failed to get: 7");
  });

  it("takes an answer that is no row for a miss", async () => {
    const client = { callBuffer: async () => "text" };
    await using store = new RedisStore({ client });
    expect(await store.get("a")).toBeUndefined();
  });
});

describe.skipIf(!hasRedis)("RedisStore on a real server (skipped without redis-server)", () => {
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

  describeKeyValueStore(
    "RedisStore",
    async (runtime, name) => new RedisStore({ url: server.url, prefix: name, runtime, timeoutMs: 60_000 }),
  );

  it("uses a client that is handed in, and leaves it open", async () => {
    const store = new RedisStore({ client: plain, prefix: "mine" });
    await store.set("a", "one", { tags: ["t"], ttlMs: 60_000 });
    expect((await store.get("a"))?.value).toBe("one");
    await plain.set("mine", "not the store's");
    await store.clear();
    await store[Symbol.asyncDispose]();
    expect(await plain.keys("*")).toEqual(["mine"]);
  });

  it("lets the server forget values and tags with their time", async () => {
    await using store = new RedisStore({ client: plain });
    await store.set("a", "one", { ttlMs: 20_000, tags: ["t"] });
    await store.set("b", "two", { ttlMs: 10_000.5, tags: ["t"] });
    const [tag] = await plain.keysBuffer("flock:t:*");
    const left = async (key: string | Buffer) => plain.pttl(key);
    expect(await left("flock:v:b")).toBeGreaterThan(9_000);
    expect(await left("flock:v:b")).toBeLessThanOrEqual(10_001);
    expect(await left(tag!)).toBeGreaterThan(19_000);
    await store.set("a", "three", { tags: ["t"] });
    expect([await left("flock:v:a"), await left(tag!)]).toEqual([-1, -1]);
    await store.set("a", "four", { ttlMs: 1e300 });
    expect(await left("flock:v:a")).toBeGreaterThan(1e12);
    expect(await left(tag!)).toBeLessThanOrEqual(10_002);
    expect(await store.deleteWhere({ tag: "t" })).toBe(1);
    expect(await plain.keys("*")).toEqual(["flock:v:a"]);
  });

  it("does not let a tag grow with keys that have expired", async () => {
    await using store = new RedisStore({ client: plain });
    await store.set("keeps the tag", "one", { tags: ["t"] });
    for (let index = 0; index < 50; index++) await store.set(`key ${index}`, "two", { tags: ["t"], ttlMs: 1 });
    const [tag] = await plain.keysBuffer("flock:t:*");
    await expect.poll(() => plain.exists("flock:v:key 49")).toBe(0);
    await expect
      .poll(async () => {
        await store.set("last", "three", { tags: ["t"] });
        return plain.zcard(tag!);
      })
      .toBe(2);
  });

  it("does not find a damaged or exchanged row, and drops it", async () => {
    await using store = new RedisStore({ client: plain });
    await store.set("a", "one");
    await store.set("b", "two");
    const row = (await plain.hgetBuffer("flock:v:a", "b"))!;
    for (let index = 0; index < row.length; index++) {
      const flipped = Buffer.from(row);
      flipped[index]! ^= 1 << (index % 8);
      await plain.hset("flock:v:a", "b", flipped);
      expect(await store.get("a")).toBeUndefined();
      expect(await plain.exists("flock:v:a")).toBe(0);
    }
    await plain.hset("flock:v:b", "b", row);
    expect(await store.get("b")).toBeUndefined();
    for (const text of ["", "short", "x".repeat(100)]) {
      await plain.hset("flock:v:a", "b", text);
      expect(await store.get("a")).toBeUndefined();
    }
  });

  it("says so when something else lies at its key", async () => {
    await using store = new RedisStore({ client: plain });
    await plain.set("flock:v:a", "text");
    await expect(store.get("a")).rejects.toThrow("WRONGTYPE");
    await expect(store.set("a", "b")).rejects.toSatisfy(failure);
  });

  it("keeps the older value when the server's memory is full, and goes on reading", async () => {
    await using store = new RedisStore({ client: plain });
    await store.set("a", "one");
    const memory = Number(/used_memory:(\d+)/.exec(await plain.info("memory"))![1]);
    await plain.config("SET", "maxmemory", `${memory - 100_000}`);
    try {
      await expect(store.set("a", "two")).rejects.toThrow("OOM");
      expect((await store.get("a"))?.value).toBe("one");
    } finally {
      await plain.config("SET", "maxmemory", "0");
    }
    await store.set("a", "three");
    expect((await store.get("a"))?.value).toBe("three");
  });

  it("fails in time while the server stands still, and works again when it goes on", { timeout: 30_000 }, async () => {
    await using store = new RedisStore({ url: server.url, timeoutMs: 500 });
    await store.set("a", "one");
    server.freeze();
    try {
      await expect(store.get("a")).rejects.toThrow("no answer within 500 ms");
      await expect(store.set("b", "two")).rejects.toSatisfy(failure);
    } finally {
      server.thaw();
    }
    expect((await store.get("a"))?.value).toBe("one");
  });

  it("connects again after the server was away", { timeout: 30_000 }, async () => {
    await using first = await RedisServer.start();
    await using store = new RedisStore({ url: first.url, timeoutMs: 5_000 });
    await store.set("a", "one");
    await first.down();
    await expect(store.get("a")).rejects.toSatisfy(failure);
    await expect(store.get("a")).rejects.toThrow("ECONNREFUSED");
    await first.up();
    expect(await store.get("a")).toBeUndefined();
    await store.set("a", "two");
    expect((await store.get("a"))?.value).toBe("two");
  });

  it("takes its password from the address and never tells it", { timeout: 30_000 }, async () => {
    await using locked = await RedisServer.start({ password: "p/ss wörd" });
    await using right = new RedisStore({ url: locked.urlWith(`:${encodeURIComponent("p/ss wörd")}@`) });
    await right.set("a", "one");
    expect((await right.get("a"))?.value).toBe("one");
    for (const credentials of [":hunter2@", "hunter2:hunter2@", ""]) {
      await using wrong = new RedisStore({ url: locked.urlWith(credentials) });
      const error = await wrong.get("a").catch((reason) => reason);
      expect(error).toSatisfy(failure);
      expect(error.message).toMatch(/WRONGPASS|NOAUTH/);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter|p\/ss/);
    }
  });

  it("lets a process end that forgot to close it", { timeout: 30_000 }, async () => {
    const code = `import { RedisStore } from "flock-ts/store";
      const store = new RedisStore({ url: ${JSON.stringify(server.url)} });
      await store.set("a", "one");
      console.log((await store.get("a")).value);`;
    const args = ["--conditions=flock-source", "--input-type=module", "-e", code];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (data) => {
      said += data;
    });
    expect((await once(child, "close"))[0]).toBe(0);
    expect(said).toBe("one\n");
  });

  it("is a second level of two caches", async () => {
    await using store = new RedisStore({ url: server.url });
    const caches = [new CacheManager({ store }), new CacheManager({ store })];
    let computed = 0;
    const ask = (cache: CacheManager) =>
      cache.getOrCompute("bees", async () => ++computed, undefined, { tags: ["insects"] });
    expect(await ask(caches[0]!)).toBe(1);
    await caches[0]!.flush();
    expect(await ask(caches[1]!)).toBe(1);
    caches[1]!.invalidate({ tag: "insects" });
    await caches[1]!.flush();
    expect(await ask(new CacheManager({ store }))).toBe(2);
  });
});
