import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CacheConfig } from "../../../src/core/cache-settings.ts";
import { Flock, tool } from "../../../src/entries/index.ts";
import { CacheManager } from "../../../src/layers/cache/cache-manager.ts";
import { openEnvelope, sealEnvelope } from "../../../src/layers/cache/store-envelope.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { TestStore } from "./test-store.ts";

function make(config: CacheConfig = {}) {
  const runtime = createTestRuntime();
  const store = new TestStore(runtime);
  /** A cache on the same store, as another process would have it. */
  const open = (more: CacheConfig = {}) => new CacheManager({ store, ...config, ...more }, { runtime });
  return { runtime, store, open, cache: open() };
}

const rowsOf = (store: TestStore) => [...store.rows.keys()];

describe("a cache with a store", () => {
  it("gives from the store what memory does not know, and computes nothing then", async () => {
    const { cache, open } = make();
    await cache.getOrCompute("k", () => ({ a: [1] }), { q: 1 });
    cache.set("plain", "x", { ttlMs: null });
    await cache.flush();
    const other = open();
    expect(other.get("plain")).toBeUndefined();
    const value = await other.getOrCompute("k", () => "computed", { q: 1 });
    expect(value).toEqual({ a: [1] });
    expect(await other.getOrCompute("plain", () => "computed")).toBe("x");
    expect(other.get("plain")).toBe("x");
    expect(other.stats()).toMatchObject({ hits: 3, storeHits: 2, misses: 1, storeErrors: 0, entries: 2 });
  });

  it("reads once for all who ask, and lets each leave", async () => {
    const { cache, open, store, runtime } = make();
    cache.set("k", 1);
    await cache.flush();
    store.delayMs = 10;
    const other = open();
    const controller = new AbortController();
    const left = other.getOrCompute("k", () => 2, undefined, { signal: controller.signal });
    const asked = Promise.all([1, 2, 3].map(() => other.getOrCompute("k", () => 2)));
    controller.abort("left");
    await expect(left).rejects.toBe("left");
    await runtime.clock.advance(10);
    expect(await asked).toEqual([1, 1, 1]);
    expect(store.log.filter((line) => line.startsWith("get"))).toHaveLength(1);
    const alone = new AbortController();
    const gone = other.getOrCompute("other", () => 2, undefined, { signal: alone.signal });
    alone.abort("gone");
    await expect(gone).rejects.toBe("gone");
    await runtime.clock.advance(10);
    expect(other.stats().misses).toBe(0);
  });

  it("keeps a value no longer than it was fresh for, wherever it lay", async () => {
    const { cache, open, runtime } = make({ ttlMs: 100 });
    cache.set("k", 1);
    await cache.flush();
    await runtime.clock.advance(60);
    const other = open();
    expect(await other.getOrCompute("k", () => 2)).toBe(1);
    await runtime.clock.advance(39);
    expect(other.get("k")).toBe(1);
    await runtime.clock.advance(1);
    expect(other.get("k")).toBeUndefined();
    expect(await open().getOrCompute("k", () => 3)).toBe(3);
  });

  it("is not fooled by a wall clock that steps back, in the same process or another, nor by a store that forgets the time", async () => {
    const { cache, open, runtime, store } = make({ ttlMs: 3_600_000 });
    cache.set("k", "old");
    await cache.flush();
    for (const [key, row] of store.rows) store.rows.set(key, { ...row, expiresAt: Number.POSITIVE_INFINITY });
    const same = open();
    await runtime.clock.advance(3_000_000);
    runtime.clock.stepWallClock(-3_000_000);
    await runtime.clock.advance(700_000);
    expect(await same.getOrCompute("k", () => "new")).toBe("new");
    await same.flush();
    runtime.clock.stepWallClock(-10_000_000);
    expect(await open().getOrCompute("k", () => "newer")).toBe("newer");
  });

  it("gives a stale value from the store at once, and computes it anew in the background", async () => {
    const { cache, open, runtime } = make({ ttlMs: 100, staleWhileRevalidateMs: 50 });
    cache.set("k", "old");
    await cache.flush();
    await runtime.clock.advance(120);
    const other = open();
    expect(await other.getOrCompute("k", () => "new")).toBe("old");
    await runtime.clock.settle();
    expect(other.get("k")).toBe("new");
    expect(other.stats()).toMatchObject({ stale: 1, storeHits: 0, misses: 0 });
    const failing = open();
    await other.flush();
    await runtime.clock.advance(149);
    expect(await failing.getOrCompute("k", () => Promise.reject(new Error("no")))).toBe("new");
    await runtime.clock.advance(1);
    await expect(failing.getOrCompute("k", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("keeps caches of different namespaces apart", async () => {
    const { cache, open, store } = make();
    cache.set("k", 1, { tags: ["t"] });
    const other = open({ namespace: "other" });
    other.set("k", 2, { tags: ["t"] });
    await Promise.all([cache.flush(), other.flush()]);
    other.invalidate({ tag: "t" });
    await other.flush();
    expect(rowsOf(store)).toEqual(["cache:k~1"]);
    other.set("k", 3);
    cache.clear();
    await Promise.all([cache.flush(), other.flush()]);
    expect(rowsOf(store)).toEqual(["other:k~1"]);
  });

  it("keeps what a store would mix up in memory alone", async () => {
    const { cache, store } = make();
    for (const key of ["\ud800", "\ud801", "a\0b"])
      expect(await cache.getOrCompute(key, () => key.length)).toBe(key.length);
    cache.delete("\ud800");
    await cache.flush();
    expect(rowsOf(store)).toEqual([]);
  });

  it("keeps no error and nothing too large there", async () => {
    const { cache, store } = make({ negativeTtlMs: 1_000, maxBytes: 100 });
    await cache.getOrCompute("e", () => Promise.reject(new Error("no"))).catch(() => 0);
    cache.set("big", 1);
    await cache.flush();
    cache.set("big", "x".repeat(1_000));
    await cache.flush();
    expect(rowsOf(store)).toEqual([]);
  });
});

describe("deleting from a store", () => {
  it.each([
    ["delete", (cache: CacheManager) => cache.delete("a:1"), ["cache:a:11~4", "cache:b:1~3"]],
    ["key", (cache: CacheManager) => cache.invalidate({ key: "a:1" }), ["cache:a:11~4", "cache:b:1~3"]],
    ["prefix", (cache: CacheManager) => cache.invalidate({ prefix: "a:" }), ["cache:b:1~3"]],
    ["tag", (cache: CacheManager) => cache.invalidate({ tag: "t" }), ["cache:a:11~4"]],
    ["owner", (cache: CacheManager) => cache.invalidate({ owner: "o" }), ["cache:a:1~3", "cache:a:11~4"]],
    ["clear", (cache: CacheManager) => cache.clear(), []],
    ["turning off and setting", setWhileOff, ["cache:a:11~4", "cache:b:1~3"]],
  ])("reaches it, also from a memory that knows nothing: %s", async (_, remove, left) => {
    const { cache, open, store } = make();
    cache.set("a:1", 1, { tags: ["t"] });
    cache.set("a:11", 2);
    cache.set("b:1", 3, { tags: ["t", "u"], owner: "o" });
    await cache.flush();
    const other = open();
    remove(other);
    // Nothing deleted is read from the store, though it lies there still.
    if (!left.includes("cache:a:1~3"))
      expect(await other.getOrCompute("a:1", () => "anew", undefined, { ttlMs: 5 })).toBe("anew");
    await other.flush();
    expect(
      rowsOf(store)
        .filter((key) => key !== "cache:a:1~3" || left.includes(key))
        .sort(),
    ).toEqual([...left].sort());
  });

  it("does not bring back an older value whose successor still waited to be written", async () => {
    const { cache, open, store } = make();
    cache.set("k", "first", { tags: ["a"] });
    await cache.flush();
    cache.set("k", "second", { tags: ["b"] });
    cache.invalidate({ tag: "b" });
    await cache.flush();
    expect(rowsOf(store)).toEqual([]);
    expect(await open().getOrCompute("k", () => "third")).toBe("third");
  });

  it("counts from when it is asked for, though the store takes its time", async () => {
    const { cache, store, runtime } = make();
    cache.set("k", "old");
    await cache.flush();
    store.delayMs = 50;
    cache.delete("k");
    await runtime.clock.settle();
    // The next question would overtake the deletion.
    store.delayMs = 0;
    expect(await cache.getOrCompute("k", () => "new")).toBe("new");
    await runtime.clock.advance(50);
    await cache.flush();
    expect(rowsOf(store)).toEqual(["cache:k~1"]);
  });

  it("is tried again while the store fails, and nothing is read meanwhile", async () => {
    const { cache, store, runtime } = make();
    cache.set("k", "old", { tags: ["t"] });
    await cache.flush();
    store.broken.add("deleteWhere");
    cache.invalidate({ tag: "t" });
    await expect(cache.flush()).rejects.toMatchObject({
      code: "store_failed",
      details: { store: "test", operation: "flush", reason: "deleteWhere is broken" },
    });
    for (let second = 0; second < 3; second++) {
      expect(await cache.getOrCompute("k", () => `anew ${second}`, undefined, { ttlMs: 500 })).toBe(`anew ${second}`);
      await runtime.clock.advance(1_000);
    }
    store.broken.clear();
    expect(await cache.getOrCompute("other", () => 1)).toBe(1);
    await cache.flush();
    expect(rowsOf(store).sort()).toEqual(["cache:k~1", "cache:other~5"]);
    expect(cache.stats().storeErrors).toBeGreaterThanOrEqual(4);
  });
});

function setWhileOff(cache: CacheManager): void {
  cache.configure({ enabled: false });
  cache.set("a:1", "new");
  cache.configure({ enabled: true });
}

describe("a store that fails", () => {
  it("is a miss: broken, throwing at once or damaged, and its errors are counted", async () => {
    const { cache, open, store, runtime } = make();
    cache.set("k", "stored");
    await cache.flush();
    const other = open();
    store.broken.add("get");
    expect(await other.getOrCompute("k", () => "computed", undefined, { ttlMs: 1 })).toBe("computed");
    store.broken.clear();
    await other.flush();
    store.throwsAtOnce = true;
    await runtime.clock.advance(2_000);
    expect(await other.getOrCompute("k", () => "again", undefined, { ttlMs: 1 })).toBe("again");
    store.throwsAtOnce = false;
    await other.flush();
    await runtime.clock.advance(2_000);
    store.rows.set("cache:k~1", { value: "damaged", expiresAt: Number.POSITIVE_INFINITY, tags: [] });
    expect(await other.getOrCompute("k", () => "mended")).toBe("mended");
    expect(other.stats().storeErrors).toBe(3);
    await other.flush();
    expect(await open().getOrCompute("k", () => "no")).toBe("mended");
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("delays nobody for longer than the limit, and is left alone for a second then", async () => {
    const { cache, store, runtime } = make({ storeTimeoutMs: 40 });
    store.delayMs = 10_000;
    const asked = cache.getOrCompute("k", () => "computed");
    await runtime.clock.advance(39);
    let value: unknown;
    void asked.then((given) => {
      value = given;
    });
    await runtime.clock.settle();
    expect(value).toBeUndefined();
    await runtime.clock.advance(1);
    expect(value).toBe("computed");
    const reads = () => store.log.filter((line) => line.startsWith("get")).length;
    expect(await cache.getOrCompute("other", () => 1)).toBe(1);
    expect(reads()).toBe(1);
    await runtime.clock.advance(1_000);
    void cache.getOrCompute("third", () => 1);
    expect(reads()).toBe(2);
    await runtime.clock.advance(60_000);
  });

  it("is written again, and keeps no older value in the place of one it refused", async () => {
    const { cache, open, store, runtime } = make();
    cache.set("k", "first");
    await cache.flush();
    store.broken.add("set");
    cache.set("k", "second");
    await expect(cache.flush()).rejects.toThrow("the store test could not be written: set is broken");
    store.broken.clear();
    await cache.flush();
    expect(rowsOf(store)).toEqual([]);
    store.broken.add("set");
    cache.set("other", 1);
    await runtime.clock.settle();
    store.broken.clear();
    await runtime.clock.advance(1_000);
    await cache.flush();
    expect(rowsOf(store)).toEqual(["cache:other~5"]);
    expect(await open().getOrCompute("k", () => "third")).toBe("third");
    expect(cache.get("k")).toBe("second");
  });

  it.each([
    ["clear", (cache: CacheManager) => cache.clear()],
    ["tag", (cache: CacheManager) => cache.invalidate({ tag: "t" })],
  ])("does not write again what was deleted while a first try was under way: %s", async (_, remove) => {
    const { cache, store, runtime } = make();
    store.delayMs = 10;
    store.broken.add("set");
    cache.set("k", 1, { tags: ["t"] });
    await runtime.clock.settle();
    remove(cache);
    await runtime.clock.advance(10);
    store.broken.clear();
    const flushed = cache.flush();
    await runtime.clock.advance(1_000);
    await flushed;
    expect(rowsOf(store)).toEqual([]);
  });

  it("makes neither memory nor time of those who write grow without bound", async () => {
    const { cache, store, runtime } = make({ maxEntries: 30_000 });
    store.broken.add("set").add("delete").add("deleteWhere");
    cache.set("first", 1);
    await runtime.clock.settle();
    for (let index = 0; index < 20_000; index++) cache.set(`k${index}`, index);
    expect(cache.stats().storeErrors).toBeGreaterThan(15_000);
    store.broken.clear();
    await cache.flush();
    expect(store.rows.size).toBeLessThanOrEqual(1_001);
    for (const key of rowsOf(store)) expect(key).toMatch(/^cache:k\d+~/);
    for (let index = 0; index < 1_200; index++) cache.invalidate({ tag: `t${index}` });
    await cache.flush();
    expect(store.rows.size).toBe(0);
  });

  it("holds disposal up for a second at most", async () => {
    const { cache, store, runtime } = make();
    store.delayMs = 60_000;
    cache.set("k", 1);
    const closed = cache[Symbol.asyncDispose]();
    await runtime.clock.advance(1_000);
    await closed;
    const signal = AbortSignal.abort("no time");
    await expect(cache.flush({ signal })).rejects.toBe("no time");
    await runtime.clock.advance(60_000);
  });
});

describe("what lies in a store", () => {
  it("is a miss when it is nested deeper than anything that is kept", async () => {
    const { cache, open, store, runtime } = make();
    const text = `${"[".repeat(1_500)}${"]".repeat(1_500)}`;
    const look = () =>
      tool({
        name: "look",
        description: "L.",
        input: "x: int",
        cache: { store, version: "1" },
        execute: () => ({ a: 1 }),
      });
    const ask = async () => {
      const answer = Promise.all([
        new Flock({ runtime }).run(look(), { x: 1 }),
        open().getOrCompute("k", () => "computed"),
      ]);
      await runtime.clock.advance(10);
      return answer;
    };
    cache.set("k", 1);
    await cache.flush();
    await ask();
    await runtime.clock.advance(10);
    for (const [key, row] of store.rows) {
      row.value = sealEnvelope(key, { value: JSON.parse(text), ttlMs: null, writtenAt: runtime.now() });
    }
    expect(store.rows.size).toBe(2);
    expect(await ask()).toEqual([{ a: 1 }, "computed"]);
  });

  it("is found damaged after any change of a character, and under any other key", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), fc.nat(65_535), fc.option(fc.nat(1e9)), (value, place, unit, ttlMs) => {
        const text = sealEnvelope("cache:k~1", { value, ttlMs, writtenAt: 17 });
        expect(openEnvelope("cache:k~1", text)).toEqual({
          value: JSON.parse(JSON.stringify(value)),
          ttlMs,
          writtenAt: 17,
        });
        expect(openEnvelope("cache:j~1", text)).toBeUndefined();
        const at = place % text.length;
        const changed = text.slice(0, at) + String.fromCharCode(unit) + text.slice(at + 1);
        if (changed !== text) expect(openEnvelope("cache:k~1", changed)).toBeUndefined();
        expect(openEnvelope("cache:k~1", text.slice(0, at))).toBeUndefined();
      }),
    );
    expect(openEnvelope("k", "")).toBeUndefined();
    expect(openEnvelope("k", 5 as never)).toBeUndefined();
  });
});
