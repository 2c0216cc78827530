import { describe, expect, it } from "vitest";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import { CacheManager } from "../../../src/layers/cache/cache-manager.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

const make = (config: ConstructorParameters<typeof CacheManager>[0] = {}) => {
  const runtime = createTestRuntime();
  return { runtime, cache: new CacheManager(config, { runtime }) };
};
const caught = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

describe("a cache's configuration", () => {
  it("has defaults that suit answers of models", () => {
    expect(new CacheManager().config).toMatchObject({
      enabled: true,
      maxEntries: 1_000,
      maxBytes: Number.POSITIVE_INFINITY,
      ttlMs: 3_600_000,
      strategy: "lru",
      staleWhileRevalidateMs: 0,
      negativeTtlMs: 0,
    });
  });

  it.each([
    [{ maxEntires: 5 }, { option: "maxEntires", suggestion: "maxEntries" }],
    [{ maxEntries: 0 }, { option: "maxEntries" }],
    [{ maxEntries: Number.NaN }, { option: "maxEntries", received: "NaN" }],
    [{ maxEntries: 1.5 }, { option: "maxEntries" }],
    [{ maxBytes: -1 }, { option: "maxBytes" }],
    [{ ttlMs: -5 }, { option: "ttlMs", expected: "a number of milliseconds above 0, or null for ever" }],
    [{ ttlMs: Number.POSITIVE_INFINITY }, { option: "ttlMs" }],
    [{ ttlMs: "1h" }, { option: "ttlMs" }],
    [{ strategy: "mru" }, { option: "strategy", expected: 'one of "lru", "lfu", "tinylfu"' }],
    [{ staleWhileRevalidateMs: -1 }, { option: "staleWhileRevalidateMs" }],
    [{ negativeTtlMs: Number.NaN }, { option: "negativeTtlMs" }],
    [{ store: {} }, { option: "store" }],
    [{ store: "sqlite" }, { option: "store" }],
    [{ storeTimeoutMs: 0 }, { option: "storeTimeoutMs" }],
    [{ namespace: "a:b" }, { option: "namespace" }],
    [{ enabled: "yes" }, { option: "enabled" }],
    [null, { option: "options" }],
  ])("is refused when it is wrong: %j", (config, details) => {
    const error = caught(() => new CacheManager(config as never));
    expect(isFlockError(error, "option_invalid") && error.details).toMatchObject(details);
  });

  it("checks the second argument too", () => {
    expect(() => new CacheManager({}, { clock: 1 } as never)).toThrow('no option "clock"');
  });

  it("can be changed in use: fewer entries leave at once, other times hold for what comes then", async () => {
    const { cache, runtime } = make({ maxEntries: 10 });
    for (let index = 0; index < 10; index++) cache.set(`k${index}`, index);
    cache.configure({ maxEntries: 3 });
    expect(cache.stats()).toMatchObject({ entries: 3, evictions: 7 });
    expect(["k7", "k8", "k9"].map((key) => cache.get(key))).toEqual([7, 8, 9]);
    cache.configure({ ttlMs: 50 });
    cache.set("short", 1);
    await runtime.clock.advance(50);
    expect([cache.has("short"), cache.has("k9")]).toEqual([false, true]);
    cache.configure({ maxEntries: 5 });
    for (let index = 0; index < 9; index++) cache.set(`n${index}`, index);
    expect(cache.stats().entries).toBe(5);
    expect(cache.config).toMatchObject({ maxEntries: 5, ttlMs: 50, strategy: "lru" });
  });

  it("changes nothing when a change is wrong or cannot be made in use", () => {
    const { cache } = make();
    expect(() => cache.configure({ maxEntries: 3, strategy: "mru" } as never)).toThrow('"strategy"');
    expect(() => cache.configure({ maxBytes: 5 } as never)).toThrow('no option "maxBytes"');
    expect(cache.config.maxEntries).toBe(1_000);
  });

  it.each(["lru", "lfu", "tinylfu"] as const)("keeps what it holds when the strategy becomes %s", (strategy) => {
    for (const first of ["lru", "lfu", "tinylfu"] as const) {
      const { cache } = make({ strategy: first, maxEntries: 100 });
      for (let index = 0; index < 100; index++) cache.set(`k${index}`, index);
      cache.configure({ strategy });
      expect(Array.from({ length: 100 }, (_, index) => cache.get(`k${index}`))).toEqual(
        Array.from({ length: 100 }, (_, index) => index),
      );
      for (let index = 0; index < 300; index++) cache.set(`n${index}`, index);
      expect(cache.stats().entries).toBe(100);
      expect(cache.stats().evicting).toBe(strategy === "tinylfu" ? "balanced" : strategy);
    }
  });
});

describe("values in a cache", () => {
  it("are private: what went in or came out can be changed without harm", () => {
    const { cache } = make();
    const value = { list: [1, 2], inner: { a: 1 } };
    cache.set("k", value);
    value.list.push(3);
    const first = cache.get<typeof value>("k")!;
    expect(first).toEqual({ list: [1, 2], inner: { a: 1 } });
    first.inner.a = 99;
    expect(cache.get("k")).toEqual({ list: [1, 2], inner: { a: 1 } });
  });

  it("may be any JSON, null and falsy ones included", () => {
    const { cache } = make();
    for (const value of [null, 0, "", false, [], {}]) {
      cache.set("k", value);
      expect(cache.has("k")).toBe(true);
      expect(cache.get("k")).toEqual(value);
    }
    expect(cache.stats()).toMatchObject({ hits: 6, misses: 0, entries: 1 });
  });

  it("may have any key, those that look like the cache's own included", () => {
    const { cache } = make();
    const keys = ["", "\0", "\0=", "\0=a", "a", "\x003:abc", "__proto__", "constructor", "\ud800", "\ud801"];
    for (const [index, key] of keys.entries()) cache.set(key, index);
    expect(keys.map((key) => cache.get(key))).toEqual(keys.map((_, index) => index));
  });

  it("are refused when they are not plain JSON, with the place, and the older one stays", () => {
    const { cache } = make();
    cache.set("k", 1);
    const error = caught(() => cache.set("k", { when: new Date(0) }));
    expect(isFlockError(error, "input_invalid") && error.details.pointer).toBe("/when");
    expect(error).toMatchObject({ message: expect.stringContaining("an instance of Date at /when") });
    expect(() => cache.set("k", undefined)).toThrow("undefined at the root");
    expect(cache.get("k")).toBe(1);
  });

  it("are asked for by strings alone", () => {
    const { cache } = make();
    for (const method of ["get", "has", "delete"] as const) {
      expect(() => cache[method](5 as never)).toThrow(`CacheManager.${method}: "key" must be a string, not 5`);
    }
    expect(() => cache.set(undefined as never, 1)).toThrow('"key" must be a string');
    expect(() => cache.set("k", 1, { ttlMS: 5 } as never)).toThrow('no option "ttlMS"; did you mean "ttlMs"?');
    expect(() => cache.set("k", 1, { tags: [5] } as never)).toThrow('"tags" must be a list of strings');
    expect(() => cache.set("k", 1, { size: 0 })).toThrow('"size" must be a whole number, 1 or more');
  });
});

describe("time in a cache", () => {
  it("ends a value exactly when its time is over, also when the wall clock steps back", async () => {
    const { cache, runtime } = make({ ttlMs: 1_000 });
    cache.set("k", 1);
    cache.set("own", 2, { ttlMs: 10 });
    cache.set("ever", 3, { ttlMs: null });
    await runtime.clock.advance(9);
    expect(cache.get("own")).toBe(2);
    runtime.clock.stepWallClock(-3_600_000);
    await runtime.clock.advance(1);
    expect(cache.get("own")).toBeUndefined();
    await runtime.clock.advance(989);
    expect(cache.get("k")).toBe(1);
    await runtime.clock.advance(1);
    expect(cache.has("k")).toBe(false);
    expect(cache.get("k")).toBeUndefined();
    await runtime.clock.advance(1e12);
    expect(cache.get("ever")).toBe(3);
    expect(cache.stats()).toMatchObject({ expirations: 2, evictions: 0, entries: 1 });
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it.each(["lru", "lfu", "tinylfu"] as const)(
    "makes room by what has expired before anything else leaves: %s",
    async (strategy) => {
      const { cache, runtime } = make({ strategy, maxEntries: 100, ttlMs: null });
      for (let index = 0; index < 100; index++)
        cache.set(`k${index}`, index, index % 2 === 0 ? {} : { ttlMs: 1 + index * 7 });
      for (let index = 1; index < 100; index += 2) for (let use = 0; use < 5; use++) cache.get(`k${index}`);
      await runtime.clock.advance(10_000);
      for (let index = 0; index < 50; index++) cache.set(`n${index}`, index);
      expect(cache.stats()).toMatchObject({ evictions: 0, expirations: 50, entries: 100 });
      for (let index = 0; index < 100; index += 2) expect(cache.get(`k${index}`)).toBe(index);
      cache.set("one more", 1);
      expect(cache.stats().evictions).toBe(1);
    },
  );

  it("of a value set anew begins anew", async () => {
    const { cache, runtime } = make({ ttlMs: 100 });
    cache.set("k", 1);
    await runtime.clock.advance(60);
    cache.set("k", 2);
    await runtime.clock.advance(60);
    expect(cache.get("k")).toBe(2);
    await runtime.clock.advance(40);
    expect(cache.get("k")).toBeUndefined();
  });
});

describe("room in a cache", () => {
  it("is bounded in bytes, exactly by the sizes given", () => {
    const { cache } = make({ maxBytes: 100 });
    cache.set("a", 1, { size: 40 });
    cache.set("b", 2, { size: 40 });
    cache.set("c", 3, { size: 30 });
    expect([cache.has("a"), cache.has("b"), cache.has("c")]).toEqual([false, true, true]);
    expect(cache.stats()).toMatchObject({ bytes: 70, entries: 2, evictions: 1 });
    cache.set("b", 2, { size: 70 });
    expect(cache.stats()).toMatchObject({ bytes: 100, entries: 2 });
    cache.set("b", 2, { size: 71 });
    expect(cache.stats()).toMatchObject({ bytes: 71, entries: 1 });
    cache.delete("b");
    expect(cache.stats()).toMatchObject({ bytes: 0, entries: 0 });
  });

  it("is not given to a value larger than all of it, nor left to the older one", () => {
    const { cache } = make({ maxBytes: 200 });
    cache.set("big", "short");
    cache.set("other", 1);
    cache.set("big", "x".repeat(500));
    expect([cache.has("big"), cache.has("other")]).toEqual([false, true]);
    cache.set("new", "x".repeat(500));
    expect(cache.has("new")).toBe(false);
    cache.set("huge", 1, { size: 2 ** 40 });
    expect(cache.stats()).toMatchObject({ entries: 1, evictions: 0 });
  });

  it("is made for a larger value of a key by letting others go, and its uses still count", () => {
    const { cache } = make({ maxBytes: 10, strategy: "lfu" });
    for (const key of ["often", "seldom"]) cache.set(key, 1, { size: 5 });
    for (let uses = 0; uses < 50; uses++) cache.get("often");
    for (let uses = 0; uses < 20; uses++) cache.get("seldom");
    cache.set("seldom", 2, { size: 6 });
    expect([cache.get("often"), cache.get("seldom"), cache.stats().evictions]).toEqual([undefined, 2, 1]);
    for (const key of ["new", "newer"]) {
      cache.set(key, 1, { size: 4 });
      cache.get(key);
    }
    expect([cache.has("seldom"), cache.has("new"), cache.has("newer")]).toEqual([true, false, true]);
  });

  it("counts an entry that makes room for itself as one that stayed", () => {
    for (const strategy of ["lru", "lfu", "tinylfu"] as const) {
      const { cache } = make({ maxBytes: 10, strategy });
      for (const key of ["a", "b"]) cache.set(key, 1, { size: 5 });
      for (let uses = 0; uses < 9; uses++) cache.get("a");
      cache.set("b", 2, { size: 6 });
      expect([cache.get("b"), cache.stats().entries, cache.stats().evictions]).toEqual([2, 1, 1]);
    }
  });

  it("is one entry when told so", () => {
    for (const strategy of ["lru", "lfu", "tinylfu"] as const) {
      const { cache } = make({ maxEntries: 1, strategy });
      for (let index = 0; index < 50; index++) {
        cache.set(`k${index % 7}`, index);
        expect(cache.get(`k${index % 7}`)).toBe(index);
        expect(cache.stats().entries).toBe(1);
      }
    }
  });

  it("lets the least recently used leave; asking whether it is there is no use of it", () => {
    const { cache } = make({ maxEntries: 3 });
    for (const key of ["a", "b", "c"]) cache.set(key, key);
    cache.get("a");
    cache.has("b");
    cache.set("d", "d");
    expect(["a", "b", "c", "d"].map((key) => cache.has(key))).toEqual([true, false, true, true]);
  });

  it("lets the least often used leave under lfu", () => {
    const { cache } = make({ maxEntries: 3, strategy: "lfu" });
    for (const key of ["a", "b", "c"]) cache.set(key, key);
    for (const key of ["a", "a", "b", "c", "c"]) cache.get(key);
    cache.set("d", "d");
    expect(["a", "b", "c", "d"].map((key) => cache.has(key))).toEqual([true, false, true, true]);
    cache.set("e", "e");
    expect(cache.has("d")).toBe(false);
  });
});

describe("deleting from a cache", () => {
  it("works by key, by prefix, by tag and by owner, and says how many left", async () => {
    const { cache } = make();
    const fill = async () => {
      cache.set("user:1", 1, { tags: ["people", "eu"] });
      cache.set("user:2", 2, { tags: ["people"], owner: "crm" });
      cache.set("order:1", 3, { tags: ["eu"] });
      await cache.getOrCompute("user:1", () => 4, { page: 2 }, { owner: "crm" });
    };
    await fill();
    expect(cache.invalidate({ tag: "eu" })).toBe(2);
    expect(cache.has("user:2")).toBe(true);
    cache.clear();
    await fill();
    expect(cache.invalidate({ prefix: "user:" })).toBe(3);
    expect(cache.has("order:1")).toBe(true);
    await fill();
    expect(cache.invalidate({ key: "user:1" })).toBe(2);
    await fill();
    expect(cache.invalidate({ owner: "crm" })).toBe(2);
    expect(cache.invalidate({ tag: "nobody has it" })).toBe(0);
    expect(cache.delete("user:1")).toBe(true);
    expect(cache.delete("user:1")).toBe(false);
    cache.clear();
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
  });

  it("goes by the tags as they were given, whatever becomes of the list", async () => {
    const cache = new CacheManager();
    const tags = ["a"];
    cache.set("set", 1, { tags });
    const wait = Promise.withResolvers<number>();
    const computed = cache.getOrCompute("computed", () => wait.promise, undefined, { tags });
    tags[0] = "b";
    wait.resolve(1);
    await computed;
    expect([cache.invalidate({ tag: "b" }), cache.invalidate({ tag: "a" })]).toEqual([0, 2]);
  });

  it("tells nothing of what was past its time", async () => {
    const { cache, runtime } = make({ ttlMs: 5 });
    cache.set("k", 1);
    await runtime.clock.advance(5);
    expect(cache.delete("k")).toBe(false);
    expect(cache.stats().entries).toBe(0);
  });

  it("forgets tags with the value they were given for", () => {
    const { cache } = make();
    cache.set("k", 1, { tags: ["old"], owner: "one" });
    cache.set("k", 2);
    expect(cache.invalidate({ tag: "old" })).toBe(0);
    expect(cache.invalidate({ owner: "one" })).toBe(0);
    expect(cache.get("k")).toBe(2);
  });

  it.each([{}, { tag: "a", key: "b" }, { tag: 5 }, { tags: ["a"] }, "all", null])("refuses %j", (filter) => {
    const { cache } = make();
    cache.set("k", 1);
    const error = caught(() => cache.invalidate(filter as never));
    expect(isFlockError(error, "option_invalid")).toBe(true);
    expect(cache.has("k")).toBe(true);
  });
});

describe("a cache that is off", () => {
  it("only computes: no key is made, nothing is kept, nothing is counted", async () => {
    const { cache } = make({ enabled: false });
    let calls = 0;
    const notJson = { self: () => 1 };
    for (let ask = 0; ask < 3; ask++) {
      await cache.getOrCompute("k", (args) => ({ args, calls: ++calls }), notJson);
    }
    expect(calls).toBe(3);
    cache.set("k", 1);
    expect([cache.get("k"), cache.has("k")]).toEqual([undefined, false]);
    expect(cache.stats()).toMatchObject({ entries: 0, hits: 0, misses: 0 });
    await expect(cache.getOrCompute("k", () => Promise.reject(new Error("own")))).rejects.toThrow("own");
    await expect(
      cache.getOrCompute("k", () => {
        throw new Error("at once");
      }),
    ).rejects.toThrow("at once");
  });

  it("gives nothing that was changed while it was off, once it is on again", async () => {
    const { cache } = make();
    for (const key of ["set", "deleted", "tagged", "left"]) cache.set(key, "old", { tags: [key] });
    cache.configure({ enabled: false });
    cache.set("set", "new");
    cache.delete("deleted");
    cache.invalidate({ tag: "tagged" });
    cache.configure({ enabled: true });
    expect(["set", "deleted", "tagged", "left"].map((key) => cache.get(key))).toEqual([
      undefined,
      undefined,
      undefined,
      "old",
    ]);
  });

  it("is what is left after disposal", async () => {
    const { cache } = make();
    cache.set("k", 1);
    await cache[Symbol.asyncDispose]();
    await cache[Symbol.asyncDispose]();
    expect(await cache.getOrCompute("k", () => 2)).toBe(2);
    cache.configure({ enabled: true });
    expect(cache.get("k")).toBeUndefined();
    expect(cache.stats().entries).toBe(0);
    await cache.flush();
  });
});
