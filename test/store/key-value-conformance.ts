/** What every store of texts promises. A store's own test calls this in a few lines. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import type { KeepOptions, KeyValueStore, StoreFilter } from "../../src/core/key-value-store.ts";
import type { Runtime } from "../../src/core/runtime/runtime.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";

/** Makes an empty store; stores of different names share what they stand on, such as a folder or a server. */
export type MakeStore = (runtime: Runtime, name: string) => Promise<KeyValueStore>;

const isRefusal = (error: unknown) => isFlockError(error, "option_invalid");
const isFailure = (error: unknown) => isFlockError(error, "store_failed");
let lastName = 0;

/** Keys that something between here and the disk could take for others, or for more than one. */
const awkwardKeys = [
  "",
  " ",
  "a",
  "A",
  "a%",
  "a_",
  "a*",
  "a?",
  "a[b]",
  "a\\",
  "a'b\"c",
  "a\nb\r",
  "a\0",
  "a\0b",
  "\0",
  "é",
  "e\u0301",
  "日本語",
  "😀",
  "\ud83d",
  "\ude00",
  "\ud83d\ud83d",
  "\ufffd",
  "\uffff",
  "\ufeff",
  "x".repeat(5_000),
  `${"x".repeat(5_000)}y`,
];

export function describeKeyValueStore(name: string, make: MakeStore): void {
  const open = async () => {
    const runtime = createTestRuntime();
    return { runtime, store: await make(runtime, `s${lastName++}`) };
  };

  describe(`${name} as a store of texts`, () => {
    it("gives what was kept, the last one under a key, and nothing for others", async () => {
      const { store } = await open();
      await using _ = store;
      expect(await store.get("a")).toBeUndefined();
      await store.set("a", "one");
      await store.set("b", "two");
      expect(await store.get("a")).toEqual({ value: "one", remainingMs: undefined });
      await store.set("a", "three");
      expect(await store.get("a")).toEqual({ value: "three", remainingMs: undefined });
      expect(await store.get("b")).toEqual({ value: "two", remainingMs: undefined });
      expect(store.name).toMatch(/^[a-z]+$/);
    });

    it("deletes one, and tells whether there was one", async () => {
      const { store, runtime } = await open();
      await using _ = store;
      await store.set("a", "one");
      await store.set("b", "two", { ttlMs: 60_000 });
      expect(await store.delete("a")).toBe(true);
      expect(await store.delete("a")).toBe(false);
      expect(await store.get("a")).toBeUndefined();
      await runtime.clock.advance(60_000);
      expect(await store.delete("b")).toBe(false);
    });

    it("keeps a value to the millisecond", async () => {
      const { store, runtime } = await open();
      await using _ = store;
      await store.set("a", "one", { ttlMs: 60_000 });
      await store.set("b", "two", { ttlMs: 60_001 });
      expect(await store.get("a")).toEqual({ value: "one", remainingMs: 60_000 });
      await runtime.clock.advance(59_999);
      expect(await store.get("a")).toEqual({ value: "one", remainingMs: 1 });
      await runtime.clock.advance(1);
      expect(await store.get("a")).toBeUndefined();
      expect(await store.get("b")).toEqual({ value: "two", remainingMs: 1 });
      await store.set("b", "three");
      await runtime.clock.advance(1e9);
      expect(await store.get("b")).toEqual({ value: "three", remainingMs: undefined });
    });

    it("never gives a value past its time, whatever the wall clock does", async () => {
      for (const stepMs of [-3_600_000, -999, 999, 3_600_000]) {
        const { store, runtime } = await open();
        await using _ = store;
        await store.set("a", "one", { ttlMs: 60_000 });
        runtime.clock.stepWallClock(stepMs);
        await store.set("b", "two", { ttlMs: 60_000 });
        expect(await store.get("b")).toEqual({ value: "two", remainingMs: 60_000 });
        if (stepMs < 0) expect(await store.get("a")).toEqual({ value: "one", remainingMs: 60_000 });
        runtime.clock.stepWallClock(-stepMs);
        await runtime.clock.advance(60_000);
        expect(await store.get("a")).toBeUndefined();
        expect(await store.get("b")).toBeUndefined();
      }
    });

    it("tells apart keys that look alike, and finds by exactly the prefix that is meant", async () => {
      const { store } = await open();
      await using _ = store;
      const keep = async () => {
        for (const [index, key] of awkwardKeys.entries()) await store.set(key, `value ${index}`);
      };
      await keep();
      for (const [index, key] of awkwardKeys.entries()) expect((await store.get(key))?.value).toBe(`value ${index}`);
      for (const prefix of [
        "a%",
        "a_",
        "a*",
        "a?",
        "a[",
        "a\\",
        "a\0",
        "\ud83d",
        "e",
        "\uffff",
        "x".repeat(5_000),
        "b",
        "",
      ]) {
        await keep();
        const meant = awkwardKeys.filter((key) => key.startsWith(prefix));
        expect(await store.deleteWhere({ prefix })).toBe(meant.length);
        for (const key of awkwardKeys) expect((await store.get(key)) === undefined).toBe(meant.includes(key));
      }
    });

    it("gives any text back as it was, from nothing to eight megabytes", async () => {
      const { store } = await open();
      await using _ = store;
      const texts = [
        "",
        "\0",
        "\ufeffa",
        "😀\ud83d",
        "\ude00\ud83d",
        "a\r\n",
        "é".repeat(70_000),
        "x".repeat(8 * 2 ** 20),
      ];
      for (const [index, text] of texts.entries()) await store.set(`text ${index}`, text, { tags: ["text"] });
      for (const [index, text] of texts.entries()) {
        const found = await store.get(`text ${index}`);
        expect(found?.value === text).toBe(true);
      }
      expect(await store.deleteWhere({ tag: "text" })).toBe(texts.length);
    });

    it("deletes what has a tag now, not what once had it", async () => {
      const { store, runtime } = await open();
      await using _ = store;
      await store.set("a", "one", { tags: ["red", "round", "red"] });
      await store.set("b", "two", { tags: ["red"] });
      await store.set("c", "three", { tags: ["red", "short"], ttlMs: 60_000 });
      await store.set("d", "four");
      await store.set("b", "five", { tags: ["Red", "", "\ud83d", "r%"] });
      await runtime.clock.advance(60_000);
      expect(await store.deleteWhere({ tag: "red" })).toBe(1);
      expect(await store.get("a")).toBeUndefined();
      expect(await store.deleteWhere({ tag: "round" })).toBe(0);
      expect(await store.deleteWhere({ tag: "\ude00" })).toBe(0);
      expect((await store.get("b"))?.value).toBe("five");
      expect(await store.deleteWhere({ tag: "\ud83d" })).toBe(1);
      expect((await store.get("d"))?.value).toBe("four");
    });

    it("deletes more than fits into a slice", async () => {
      const { store } = await open();
      await using _ = store;
      const keys = Array.from({ length: 1_100 }, (_, index) => `key ${index}`);
      await Promise.all(keys.map((key, index) => store.set(key, "x", { tags: index % 2 === 0 ? ["even"] : [] })));
      expect(await store.deleteWhere({ tag: "even" })).toBe(550);
      expect(await store.get("key 0")).toBeUndefined();
      expect(await store.deleteWhere({ prefix: "key 1" })).toBe(1 + 5 + 50 + 50);
      expect(await store.deleteWhere({ prefix: "key" })).toBe(550 - 106);
    });

    it("serves many at once", async () => {
      const { store } = await open();
      await using _ = store;
      await Promise.all(Array.from({ length: 200 }, (_, index) => store.set(`key ${index % 20}`, `value ${index}`)));
      const found = await Promise.all(Array.from({ length: 20 }, (_, index) => store.get(`key ${index}`)));
      expect(found.map((each) => each?.value)).toEqual(
        Array.from({ length: 20 }, (_, index) => `value ${180 + index}`),
      );
    });

    it("clears its own and nothing else", async () => {
      const runtime = createTestRuntime();
      const names = ["n", "n1", "n_", "N"].map((each) => `${each}${lastName++}`);
      const stores = await Promise.all([...names, `${names[0]}.x`].map((each) => make(runtime, each)));
      for (const [index, store] of stores.entries()) await store.set("a", `${index}`, { tags: ["t"] });
      await stores[0]!.clear();
      expect(await stores[0]!.get("a")).toBeUndefined();
      expect(await stores[1]!.deleteWhere({ tag: "t" })).toBe(1);
      expect(await stores[2]!.deleteWhere({ prefix: "" })).toBe(1);
      expect((await stores[3]!.get("a"))?.value).toBe("3");
      expect((await stores[4]!.get("a"))?.value).toBe("4");
      for (const store of stores) await store[Symbol.asyncDispose]();
    });

    it("refuses what is no key, text, option or filter, by rejecting", async () => {
      const { store } = await open();
      await using _ = store;
      const wrong: (() => Promise<unknown>)[] = [
        () => store.get(1 as never),
        () => store.delete(undefined as never),
        () => store.set(null as never, ""),
        () => store.set("a", { a: 1 } as never),
        () => store.set("a", "b", { ttlMs: 0 }),
        () => store.set("a", "b", { ttlMs: Number.NaN }),
        () => store.set("a", "b", { tags: "red" as never }),
        () => store.set("a", "b", { tags: [1 as never] }),
        () => store.set("a", "b", { tag: "red" } as KeepOptions),
        () => store.deleteWhere({} as StoreFilter),
        () => store.deleteWhere({ tag: "a", prefix: "b" }),
        () => store.deleteWhere(undefined as never),
      ];
      for (const ask of wrong) await expect(ask()).rejects.toSatisfy(isRefusal);
      await store.set("a", "b", { ttlMs: undefined, tags: undefined });
      expect(await store.get("a")).toEqual({ value: "b", remainingMs: undefined });
    });

    it("says that it is closed, and closes twice", async () => {
      const { store } = await open();
      await store.set("a", "one");
      await store[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      const late = [
        () => store.get("a"),
        () => store.set("a", "b"),
        () => store.delete("a"),
        () => store.deleteWhere({ prefix: "" }),
        () => store.clear(),
      ];
      for (const ask of late) await expect(ask()).rejects.toSatisfy(isFailure);
      await expect(store.get("a")).rejects.toThrow("it is closed");
    });

    it("does over 10,000 steps what a Map does", async () => {
      const key = fc.constantFrom("a", "b", "ab", "a%", "b_", "😀", "\ud83d", "c\0");
      const tag = fc.constantFrom("red", "blue", "");
      // A server forgets by its own clock, which no test moves: the times must be long beside the test itself.
      const minutes = fc.integer({ min: 1, max: 50 }).map((count) => count * 60_000);
      const step = fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({
            do: fc.constant("set" as const),
            key,
            value: fc.string({ maxLength: 5 }),
            ttlMs: fc.option(minutes, { nil: undefined }),
            tags: fc.array(tag, { maxLength: 2 }),
          }),
        },
        { weight: 6, arbitrary: fc.record({ do: fc.constant("get" as const), key }) },
        { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: minutes }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), key }) },
        {
          weight: 1,
          arbitrary: fc.record({
            do: fc.constant("where" as const),
            filter: fc.oneof(fc.record({ tag }), fc.record({ prefix: fc.constantFrom("a", "b", "\ud83d", "%") })),
          }),
        },
        { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
      );
      const play = async (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) => {
        const { store, runtime } = await open();
        await using _ = store;
        const model = new Model(runtime);
        for (const each of steps) {
          if (each.do === "set") {
            await store.set(each.key, each.value, { ttlMs: each.ttlMs, tags: each.tags });
            model.set(each.key, each.value, each);
          } else if (each.do === "get") expect(await store.get(each.key)).toEqual(model.get(each.key));
          else if (each.do === "wait") await runtime.clock.advance(each.ms);
          else if (each.do === "delete") expect(await store.delete(each.key)).toBe(model.delete(each.key));
          else if (each.do === "where")
            expect(await store.deleteWhere(each.filter)).toBe(model.deleteWhere(each.filter));
          else {
            await store.clear();
            model.rows.clear();
          }
        }
      };
      const steps = fc.array(step, { minLength: 500, maxLength: 500, size: "max" });
      await fc.assert(fc.asyncProperty(steps, play), { numRuns: 20 });
    }, 60_000);
  });
}

/** The same in a Map, in the plainest words. */
class Model {
  readonly rows = new Map<string, { value: string; expiresAt: number; tags: readonly string[] }>();
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  set(key: string, value: string, { ttlMs = Number.POSITIVE_INFINITY, tags = [] }: KeepOptions): void {
    this.rows.set(key, { value, expiresAt: this.#runtime.monotonic() + ttlMs, tags });
  }

  get(key: string) {
    const row = this.rows.get(key);
    const left = (row?.expiresAt ?? 0) - this.#runtime.monotonic();
    if (row === undefined || left <= 0) return undefined;
    return { value: row.value, remainingMs: Number.isFinite(left) ? left : undefined };
  }

  delete(key: string): boolean {
    const found = this.get(key) !== undefined;
    this.rows.delete(key);
    return found;
  }

  deleteWhere(filter: StoreFilter): number {
    const meant = [...this.rows].filter(([key, { tags }]) =>
      "tag" in filter ? tags.includes(filter.tag) : key.startsWith(filter.prefix),
    );
    return meant.filter(([key]) => this.delete(key)).length;
  }
}
