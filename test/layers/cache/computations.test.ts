import { describe, expect, it } from "vitest";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import { CacheManager } from "../../../src/layers/cache/cache-manager.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

const make = (config: ConstructorParameters<typeof CacheManager>[0] = {}) => {
  const runtime = createTestRuntime();
  return { runtime, cache: new CacheManager(config, { runtime }) };
};

/** A computation that ends when told. */
function held<T>() {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const signals: AbortSignal[] = [];
  const compute = (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
    signals.push(signal);
    return promise;
  };
  return { compute, resolve, reject, signals };
}

describe("getOrCompute", () => {
  it("computes once for 10,000 who ask at once, and gives each a value of its own", async () => {
    const { cache } = make();
    const work = held<{ list: number[] }>();
    const asked = Array.from({ length: 10_000 }, () => cache.getOrCompute("k", work.compute, { q: 1 }));
    work.resolve({ list: [1] });
    const values = await Promise.all(asked);
    expect(work.signals).toHaveLength(1);
    expect(new Set(values).size).toBe(10_000);
    expect(new Set(values.map((value) => value.list)).size).toBe(10_000);
    values[0]!.list.push(2);
    expect(await cache.getOrCompute("k", work.compute, { q: 1 })).toEqual({ list: [1] });
    expect(cache.stats()).toMatchObject({ misses: 1, joined: 9_999, hits: 1, entries: 1 });
    expect([cache.hits, cache.misses]).toEqual([1, 1]);
  });

  it("keeps what was computed for key and arguments together", async () => {
    const { cache } = make();
    let calls = 0;
    const ask = (key: string, args?: unknown) => cache.getOrCompute(key, () => ++calls, args);
    expect(await ask("a")).toBe(1);
    expect(await ask("a", { x: 1, y: 2 })).toBe(2);
    expect(await ask("a", { y: 2, x: 1 })).toBe(2);
    expect(await ask("a", "b")).toBe(3);
    expect(await ask("ab")).toBe(4);
    expect(await ask("a", null)).toBe(5);
    expect(await ask("a")).toBe(1);
    expect(cache.get("a")).toBe(1);
    cache.set("set", "by hand");
    expect(await ask("set")).toBe("by hand");
  });

  it("gives the computation its arguments as they came", async () => {
    const { cache } = make();
    const args = { q: "x" };
    expect(await cache.getOrCompute("k", (given, { signal }) => [given === args, signal.aborted], args)).toEqual([
      true,
      false,
    ]);
  });

  it("gives undefined and does not keep it", async () => {
    const { cache } = make();
    let calls = 0;
    const find = () =>
      cache.getOrCompute("k", async (): Promise<number | undefined> => (++calls > 1 ? calls : undefined));
    expect(await Promise.all([find(), find()])).toEqual([undefined, undefined]);
    expect(await find()).toBe(2);
    expect(await find()).toBe(2);
  });

  it("refuses arguments and values that are not plain JSON, with the place", async () => {
    const { cache } = make();
    for (const args of [new Map(), { f: () => 1 }, [1n], new Date(0)]) {
      const error = await cache.getOrCompute("k", () => 1, args).catch((caught) => caught);
      expect(isFlockError(error, "input_invalid")).toBe(true);
    }
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const error = await cache.getOrCompute("k", () => 1, cycle).catch((caught) => caught);
    expect(error).toMatchObject({ code: "input_invalid", details: { pointer: "/self" } });
    const value = await cache.getOrCompute("k", () => ({ made: [new Set()] })).catch((caught) => caught);
    expect(value).toMatchObject({ code: "output_invalid", details: { pointer: "/made/0" } });
    expect(cache.stats().entries).toBe(0);
  });

  it("refuses arguments with a field that a copy would leave out, and asks for no other's value by them", async () => {
    const cache = new CacheManager();
    const count = (args: object) => Object.keys(args).length;
    expect(await cache.getOrCompute("k", count, {})).toBe(0);
    const odd = JSON.parse('{"a": [{"__proto__": 1}]}') as object;
    for (const [args, pointer] of [
      [odd, "/a/0/__proto__"],
      [JSON.parse('{"__proto__": 1}') as object, "/__proto__"],
    ] as const) {
      await expect(cache.getOrCompute("k", count, args)).rejects.toMatchObject({
        code: "input_invalid",
        details: { pointer },
      });
    }
    cache.set("value", odd);
    expect(cache.get("value")).toEqual({ a: [{}] });
  });

  it("refuses what it cannot work with, as a rejection", async () => {
    const { cache } = make();
    const wrong = [
      cache.getOrCompute(5 as never, () => 1),
      cache.getOrCompute("k", "value" as never),
      cache.getOrCompute("k", () => 1, undefined, { mode: "use it" } as never),
      cache.getOrCompute("k", () => 1, undefined, { signal: {} } as never),
      cache.getOrCompute("k", () => 1, undefined, { ttlMS: 5 } as never),
      cache.getOrCompute("k", () => 1, undefined, { ttlMs: 0 }),
    ];
    for (const asked of wrong) await expect(asked).rejects.toMatchObject({ code: "option_invalid" });
  });

  it("passes what a getter of the value throws to all who wait", async () => {
    const { cache } = make();
    const own = new Error("mine");
    const bad = async () => ({
      get broken(): number {
        throw own;
      },
    });
    await expect(cache.getOrCompute("k", bad)).rejects.toBe(own);
    expect(await cache.getOrCompute("k", () => 1)).toBe(1);
  });
});

describe("errors of computations", () => {
  it("go to all who wait and are not kept", async () => {
    const { cache } = make();
    const own = new Error("mine");
    const work = held<number>();
    const asked = [1, 2, 3].map(() => cache.getOrCompute("k", work.compute));
    work.reject(own);
    for (const each of asked) await expect(each).rejects.toBe(own);
    await expect(
      cache.getOrCompute("k", () => {
        throw own;
      }),
    ).rejects.toBe(own);
    expect(await cache.getOrCompute("k", () => 1)).toBe(1);
  });

  it("are kept for a while when told so, but for aborts", async () => {
    const { cache, runtime } = make({ negativeTtlMs: 100, staleWhileRevalidateMs: 1_000 });
    const own = new Error("mine");
    let calls = 0;
    const fail = () =>
      cache.getOrCompute("k", () => {
        calls++;
        return Promise.reject(own);
      });
    await expect(fail()).rejects.toBe(own);
    await expect(fail()).rejects.toBe(own);
    expect(calls).toBe(1);
    expect([cache.get("k"), cache.has("k")]).toEqual([undefined, false]);
    await runtime.clock.advance(100);
    await expect(fail()).rejects.toBe(own);
    expect(calls).toBe(2);
    cache.set("k", 5);
    expect(await cache.getOrCompute("k", () => 6)).toBe(5);
    const abort = () => cache.getOrCompute("a", () => Promise.reject(new DOMException("stop", "AbortError")));
    await expect(abort()).rejects.toThrow("stop");
    expect(await cache.getOrCompute("a", () => 1)).toBe(1);
  });

  it("of a refresh leave a value that is there", async () => {
    const { cache } = make({ negativeTtlMs: 100 });
    cache.set("k", 1);
    const failed = cache.getOrCompute("k", () => Promise.reject(new Error("no")), undefined, { mode: "refresh" });
    await expect(failed).rejects.toThrow("no");
    expect(cache.get("k")).toBe(1);
  });
});

describe("signals of those who wait", () => {
  it("let each leave at once, by its own reason, without harm to the others", async () => {
    const { cache } = make();
    const work = held<number>();
    const controllers = Array.from({ length: 5 }, () => new AbortController());
    const asked = controllers.map(({ signal }) => cache.getOrCompute("k", work.compute, undefined, { signal }));
    const reason = new Error("first leaves");
    controllers[0]!.abort(reason);
    controllers[3]!.abort("and another");
    await expect(asked[0]).rejects.toBe(reason);
    await expect(asked[3]).rejects.toBe("and another");
    expect(work.signals[0]?.aborted).toBe(false);
    work.resolve(7);
    expect(await Promise.all([asked[1], asked[2], asked[4]])).toEqual([7, 7, 7]);
    expect(cache.get("k")).toBe(7);
    controllers[1]!.abort();
  });

  it("abort the computation when the last one leaves, whose result is then not kept, and who asks next begins anew", async () => {
    const { cache } = make({ negativeTtlMs: 1_000 });
    const work = held<number>();
    const controllers = [new AbortController(), new AbortController()];
    const asked = controllers.map(({ signal }) => cache.getOrCompute("k", work.compute, undefined, { signal }));
    controllers[1]!.abort("b");
    expect(work.signals[0]?.aborted).toBe(false);
    controllers[0]!.abort("a");
    expect(work.signals[0]?.reason).toBe("a");
    for (const each of asked) await expect(each).rejects.toBeDefined();
    const next = cache.getOrCompute("k", () => 2);
    work.resolve(1);
    expect(await next).toBe(2);
    expect(cache.get("k")).toBe(2);
  });

  it("are aborted for a computation that looks at its signal only afterwards", async () => {
    const { cache } = make();
    const controller = new AbortController();
    const seen = Promise.withResolvers<boolean>();
    const go = Promise.withResolvers<void>();
    const asked = cache.getOrCompute(
      "k",
      async (_, context) => {
        await go.promise;
        seen.resolve(context.signal.aborted);
        return 1;
      },
      undefined,
      { signal: controller.signal },
    );
    controller.abort("enough");
    go.resolve();
    await expect(asked).rejects.toBe("enough");
    expect(await seen.promise).toBe(true);
    expect(cache.stats().entries).toBe(0);
  });

  it("that have aborted before start nothing, and leave no listener behind in any case", async () => {
    const { cache } = make();
    let listeners = 0;
    const controller = new AbortController();
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    await cache.getOrCompute("k", async () => 1, undefined, { signal });
    await cache.getOrCompute("k", async () => 1, undefined, { signal });
    await cache.getOrCompute("k", async () => 1, undefined, { signal, mode: "bypass" });
    await cache.getOrCompute("e", () => Promise.reject(1), undefined, { signal }).catch(() => 0);
    expect(listeners).toBe(0);
    controller.abort("over");
    let calls = 0;
    for (const mode of ["use", "bypass", "refresh"] as const) {
      await expect(cache.getOrCompute("k", () => ++calls, undefined, { signal, mode })).rejects.toBe("over");
    }
    expect(calls).toBe(0);
  });

  it("let 10,000 leave in any order", async () => {
    const { cache } = make();
    const work = held<number>();
    const controllers = Array.from({ length: 10_000 }, () => new AbortController());
    const asked = controllers.map(({ signal }) => cache.getOrCompute("k", work.compute, undefined, { signal }));
    const ended = Promise.allSettled(asked);
    for (let index = 0; index < 9_999; index++) controllers[(index * 7_919) % 10_000]!.abort(index);
    expect(work.signals[0]?.aborted).toBe(false);
    work.resolve(1);
    expect((await ended).filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

describe("modes", () => {
  it("bypass neither looks nor keeps, and leaves at once by the signal", async () => {
    const { cache } = make();
    cache.set("k", 1);
    expect(await cache.getOrCompute("k", () => 2, undefined, { mode: "bypass" })).toBe(2);
    expect(cache.get("k")).toBe(1);
    const controller = new AbortController();
    const work = held<number>();
    const asked = cache.getOrCompute("k", work.compute, undefined, { mode: "bypass", signal: controller.signal });
    controller.abort("stop");
    await expect(asked).rejects.toBe("stop");
    expect(work.signals[0]).toBe(controller.signal);
  });

  it("refresh computes anew and keeps the result; refreshes at the same time share one", async () => {
    const { cache } = make();
    cache.set("k", 1);
    const work = held<number>();
    const refresh = () => cache.getOrCompute("k", work.compute, undefined, { mode: "refresh" });
    const asked = [refresh(), refresh()];
    expect(await cache.getOrCompute("k", () => 3)).toBe(1);
    work.resolve(2);
    expect(await Promise.all(asked)).toEqual([2, 2]);
    expect(work.signals).toHaveLength(1);
    expect(cache.get("k")).toBe(2);
  });

  it("refresh does not take the result of a computation that began before it", async () => {
    const { cache } = make();
    const older = held<string>();
    const first = cache.getOrCompute("k", older.compute);
    const second = cache.getOrCompute("k", () => "newer", undefined, { mode: "refresh" });
    expect(await second).toBe("newer");
    older.resolve("older");
    expect(await first).toBe("older");
    expect(cache.get("k")).toBe("newer");
  });
});

describe("what happens during a computation", () => {
  it.each([
    ["set", (cache: CacheManager) => cache.set("k", "newer"), "newer"],
    ["delete", (cache: CacheManager) => cache.delete("k"), undefined],
    ["clear", (cache: CacheManager) => cache.clear(), undefined],
    ["invalidate by tag", (cache: CacheManager) => cache.invalidate({ tag: "t" }), undefined],
    ["invalidate by owner", (cache: CacheManager) => cache.invalidate({ owner: "o" }), undefined],
    ["invalidate by key", (cache: CacheManager) => cache.invalidate({ key: "k" }), undefined],
    ["invalidate by prefix", (cache: CacheManager) => cache.invalidate({ prefix: "" }), undefined],
    ["turn off", (cache: CacheManager) => cache.configure({ enabled: false }), undefined],
    ["invalidate something else", (cache: CacheManager) => cache.invalidate({ tag: "x" }), "older"],
  ])("is newer than its result: %s", async (_, change, after) => {
    const { cache } = make();
    const work = held<string>();
    const asked = cache.getOrCompute("k", work.compute, undefined, { tags: ["t"], owner: "o" });
    change(cache);
    work.resolve("older");
    expect(await asked).toBe("older");
    expect(cache.get("k")).toBe(after);
    cache.configure({ enabled: true });
    expect(cache.get("k")).toBe(after);
  });

  it("makes who asks afterwards begin anew", async () => {
    const { cache } = make();
    const older = held<string>();
    const first = cache.getOrCompute("k", older.compute);
    cache.invalidate({ key: "k" });
    const second = cache.getOrCompute("k", () => "newer");
    older.resolve("older");
    expect(await Promise.all([first, second])).toEqual(["older", "newer"]);
    expect(cache.get("k")).toBe("newer");
  });
});

describe("a computation that waits for itself", () => {
  it("ends with a typed error, at once or after waiting", async () => {
    const { cache, runtime } = make();
    const direct = cache.getOrCompute("k", (): Promise<number> => cache.getOrCompute("k", () => 1));
    await expect(direct).rejects.toMatchObject({ code: "cache_cycle", details: { key: "k", through: "k" } });
    const later = cache.getOrCompute("k", async (): Promise<number> => {
      await undefined;
      await runtime.clock.settle();
      return cache.getOrCompute("k", () => 1);
    });
    await expect(later).rejects.toMatchObject({ code: "cache_cycle" });
  });

  it("may recover from it", async () => {
    const { cache } = make();
    const value = await cache.getOrCompute("k", () => cache.getOrCompute("k", () => 1).catch(() => 2));
    expect(value).toBe(2);
  });

  it("is found through others, whoever asked first", async () => {
    const { cache } = make();
    const ring = (name: string, next: string): Promise<number> =>
      cache.getOrCompute(name, async () => {
        await undefined;
        return ring(next, name);
      });
    const both = await Promise.allSettled([ring("a", "b"), ring("b", "a")]);
    expect(both.map((each) => each.status)).toEqual(["rejected", "rejected"]);
    expect(both[0]).toMatchObject({ reason: { code: "cache_cycle" } });
  });

  it("is not seen where there is none: others may be asked, also twice, and after the end", async () => {
    const { cache } = make();
    let after: (() => Promise<number>) | undefined;
    const value = await cache.getOrCompute("a", async () => {
      const [one, two] = await Promise.all([cache.getOrCompute("b", async () => 1), cache.getOrCompute("b", () => 2)]);
      after = () => cache.getOrCompute("a", () => 9);
      return one + two + (await cache.getOrCompute("c", () => cache.getOrCompute("b", () => 3)));
    });
    expect(value).toBe(3);
    cache.clear();
    expect(await after!()).toBe(9);
  });
});

describe("stale while revalidate", () => {
  it("gives the old value at once and computes once in the background", async () => {
    const { cache, runtime } = make({ ttlMs: 100, staleWhileRevalidateMs: 50 });
    await cache.getOrCompute("k", () => "old");
    await runtime.clock.advance(100);
    expect([cache.get("k"), cache.has("k")]).toEqual([undefined, false]);
    const work = held<string>();
    const asked = await Promise.all([1, 2, 3].map(() => cache.getOrCompute("k", work.compute)));
    expect(asked).toEqual(["old", "old", "old"]);
    expect(work.signals).toHaveLength(1);
    work.resolve("new");
    await runtime.clock.settle();
    expect(await cache.getOrCompute("k", () => "newer")).toBe("new");
    expect(cache.stats()).toMatchObject({ stale: 3, hits: 1, misses: 2, joined: 0 });
  });

  it("keeps the old value until its window ends when the refresh fails, and then waits like everybody", async () => {
    const { cache, runtime } = make({ ttlMs: 100, staleWhileRevalidateMs: 50, negativeTtlMs: 1_000 });
    await cache.getOrCompute("k", () => "old");
    await runtime.clock.advance(120);
    let calls = 0;
    const fail = () =>
      cache.getOrCompute("k", (): string => {
        calls += 1;
        throw new Error("no");
      });
    expect(await fail()).toBe("old");
    expect(await fail()).toBe("old");
    expect(calls).toBe(2);
    await runtime.clock.advance(30);
    await expect(fail()).rejects.toThrow("no");
    expect(cache.stats().entries).toBe(1);
  });

  it("lets those who come after the window join the refresh", async () => {
    const { cache, runtime } = make({ ttlMs: 100, staleWhileRevalidateMs: 50 });
    await cache.getOrCompute("k", () => "old");
    await runtime.clock.advance(140);
    const work = held<string>();
    expect(await cache.getOrCompute("k", work.compute)).toBe("old");
    await runtime.clock.advance(20);
    const controller = new AbortController();
    const gone = cache.getOrCompute("k", work.compute, undefined, { signal: controller.signal });
    controller.abort("gone");
    await expect(gone).rejects.toBe("gone");
    expect(work.signals[0]?.aborted).toBe(false);
    const joined = cache.getOrCompute("k", work.compute);
    work.resolve("new");
    expect(await joined).toBe("new");
    expect(work.signals).toHaveLength(1);
  });
});

describe("counts", () => {
  it("are kept by owner, for a hundred of them", async () => {
    const { cache } = make();
    for (let index = 0; index < 150; index++)
      await cache.getOrCompute("k", () => 1, undefined, { owner: `agent ${index}` });
    const { owners } = cache.stats();
    expect(owners["agent 0"]).toEqual({ hits: 0, misses: 1, joined: 0, stale: 0 });
    expect(owners["agent 7"]).toEqual({ hits: 1, misses: 0, joined: 0, stale: 0 });
    expect(Object.keys(owners)).toHaveLength(101);
    expect(owners["…"]).toEqual({ hits: 50, misses: 0, joined: 0, stale: 0 });
  });
});
