import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EvictionStrategy } from "../../../src/core/cache-settings.ts";
import {
  type AskedCall,
  type CacheChange,
  type ReplayedCache,
  replayCache,
} from "../../../src/introspection/advise/what-if/cache-replay.ts";
import { missRatioCurve } from "../../../src/introspection/advise/what-if/reuse-distances.ts";
import { entryKey } from "../../../src/layers/cache/cache-key.ts";
import { CacheManager } from "../../../src/layers/cache/cache-manager.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

/** LRU as one would explain it: a list, the last used at its end. */
function naiveHits(keys: readonly string[], capacity: number): number {
  let hits = 0;
  let list: string[] = [];
  for (const key of keys) {
    if (list.includes(key)) hits++;
    list = [...list.filter((other) => other !== key), key].slice(-capacity);
  }
  return hits;
}

/** What each call finds, as one would explain it: everything is looked up in the history each time. Endless cache. */
function naiveReplay(calls: readonly AskedCall[], ttlMs: number): number[] {
  const made: AskedCall[] = [];
  return calls.map((call) => {
    const before = made.filter(({ key }) => key === call.key);
    const end = (one: AskedCall): number => one.startMs + one.durationMs;
    const isKept = before.some((one) => one.ok && end(one) <= call.startMs && end(one) > call.startMs - ttlMs);
    if (isKept) return 0;
    const leader = before.find((one) => end(one) > call.startMs);
    if (leader !== undefined) return end(leader) - call.startMs;
    made.push(call);
    return -1;
  });
}

/** What a cache in use does with the calls: 0 for a hit, 1 for one that waits, -1 for one that is made. */
async function realCache(
  asked: readonly AskedCall[],
  { maxEntries = 1e9, ttlMs = 3_600_000, strategy = "lru" }: ReplayedCache,
  change: CacheChange | undefined,
  seed: number,
): Promise<{ readonly found: readonly number[]; readonly seed: number; readonly entries: number }> {
  const runtime = createTestRuntime({ seed });
  const cache = new CacheManager({ maxEntries, ttlMs, strategy }, { runtime });
  const found: number[] = [];
  const running: Promise<unknown>[] = [];
  const began = runtime.monotonic();
  for (const [index, { key, startMs, durationMs, ok, isRefresh }] of asked.entries()) {
    await runtime.clock.advance(began + startMs - runtime.monotonic());
    if (index === change?.at) cache.configure({ maxEntries: 1e9, strategy, ...change.to });
    const before = cache.stats();
    const compute = async (): Promise<number> => {
      await runtime.sleep(durationMs);
      if (!ok) throw new Error("no");
      return index;
    };
    const mode = isRefresh ? { mode: "refresh" as const } : {};
    running.push(cache.getOrCompute(`${key}`, compute, undefined, mode).catch(() => undefined));
    const { hits, joined } = cache.stats();
    found.push(hits > before.hits ? 0 : joined > before.joined ? 1 : -1);
  }
  await runtime.clock.advance(1_000);
  await Promise.all(running);
  return { found, seed: Math.floor(createTestRuntime({ seed }).random() * 2 ** 32), entries: cache.stats().entries };
}

const strategies: readonly EvictionStrategy[] = ["lru", "lfu", "tinylfu"];

const keys = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f"), { maxLength: 80 });
const apart = (asked: readonly string[]): AskedCall[] =>
  asked.map((key, index) => ({ key, startMs: index * 10, durationMs: 1, ok: true }));
const calls = fc
  .array(
    fc.record({
      key: fc.constantFrom("a", "b", "c"),
      startMs: fc.integer({ min: 0, max: 300 }),
      durationMs: fc.integer({ min: 1, max: 40 }),
      ok: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((list) => list.sort((a, b) => a.startMs - b.startMs));

describe("missRatioCurve", () => {
  it("counts, for every size at once, what a list kept in order of use hits", () => {
    fc.assert(
      fc.property(keys, (asked) => {
        const curve = missRatioCurve(asked);
        for (let size = 1; size <= 8; size++) expect(curve.hitsAt(size)).toBe(naiveHits(asked, size));
        expect([curve.calls, curve.distinct, curve.hitsAt(0)]).toEqual([asked.length, new Set(asked).size, 0]);
        expect(curve.hitsAt(1e9)).toBe(asked.length - curve.distinct);
      }),
    );
  });

  it("names the smallest size that comes near the most there is to have", () => {
    fc.assert(
      fc.property(keys, fc.double({ min: 0.1, max: 1, noNaN: true }), (asked, share) => {
        const curve = missRatioCurve(asked);
        const size = curve.smallestFor(share);
        const most = curve.hitsAt(asked.length);
        if (most === 0) expect(size).toBe(0);
        else {
          expect(curve.hitsAt(size)).toBeGreaterThanOrEqual(most * share);
          expect(curve.hitsAt(size - 1)).toBeLessThan(most * share);
        }
      }),
    );
  });
});

describe("replayCache", () => {
  it("hits as a list kept in order of use does, where calls do not overlap", () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 7 }), (asked, maxEntries) => {
        const { hits, joined, durationsMs } = replayCache(apart(asked), { maxEntries });
        expect([hits, joined]).toEqual([naiveHits(asked, maxEntries), 0]);
        expect([...durationsMs].filter((ms) => ms === 0)).toHaveLength(hits);
      }),
    );
  });

  it("answers, joins and forgets as one would explain it", () => {
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 200 }), (asked, ttlMs) => {
        const { durationsMs, hits, joined } = replayCache(asked, { ttlMs });
        expect([...durationsMs]).toEqual(naiveReplay(asked, ttlMs));
        expect(hits).toBe([...durationsMs].filter((ms) => ms >= 0).length);
        expect(joined).toBe([...durationsMs].filter((ms) => ms > 0).length);
      }),
    );
  });

  it.each(strategies)(
    "does to the call what a cache in use does, also when that is changed meanwhile: %s",
    async (strategy) => {
      const many = fc.array(
        fc.record({
          key: fc.integer({ min: 0, max: 40 }).map((rank) => `${Math.floor(rank ** 2 / 20)}`),
          startMs: fc.integer({ min: 0, max: 2_000 }),
          durationMs: fc.integer({ min: 1, max: 30 }),
          ok: fc.integer({ min: 0, max: 9 }).map((die) => die > 0),
        }),
        { minLength: 1, maxLength: 200 },
      );
      const cache = fc.record({
        maxEntries: fc.integer({ min: 1, max: 40 }),
        ttlMs: fc.integer({ min: 20, max: 1_500 }),
      });
      const to = fc.record({
        ...{ maxEntries: fc.integer({ min: 1, max: 60 }), ttlMs: fc.integer({ min: 20, max: 1_500 }) },
        strategy: fc.constantFrom(...strategies),
      });
      await fc.assert(
        fc.asyncProperty(
          many,
          cache,
          fc.option(fc.tuple(to, fc.nat(200))),
          fc.nat(1_000),
          async (list, before, turn, seed) => {
            const asked = list.sort((a, b) => a.startMs - b.startMs);
            const change = turn === null ? undefined : { to: turn[0], at: turn[1] };
            const real = await realCache(asked, { ...before, strategy }, change, seed);
            const told = replayCache(
              asked.map((call) => ({ ...call, key: entryKey(call.key) })),
              { ...before, strategy, seed: real.seed },
              change && { ...change, to: { ...change.to, seed: real.seed } },
            );
            expect([...told.durationsMs].map(Math.sign)).toEqual(real.found);
            expect(told.hits).toBe(real.found.filter((one) => one >= 0).length);
          },
        ),
        { numRuns: 60 },
      );
    },
  );

  it.each(strategies)(
    "goes on exactly over thousands of calls, when counts age and samples are compared: %s",
    async (strategy) => {
      const { random } = createTestRuntime({ seed: 9 });
      const asked = Array.from({ length: 4_000 }, (_, index) => {
        const key = `${Math.floor(random() ** 3 * 400) + (index > 2_000 ? 200 : 0)}`;
        return { key, startMs: index * 3, durationMs: 1, ok: true };
      });
      const cache = { maxEntries: 40, ttlMs: 5_000, strategy };
      const change = { at: 3_000, to: { maxEntries: 90, ttlMs: 400, strategy } };
      const { found, seed } = await realCache(asked, cache, change, 5);
      const named = asked.map((call) => ({ ...call, key: entryKey(call.key) }));
      const told = replayCache(named, { ...cache, seed }, { ...change, to: { ...change.to, seed } });
      expect([...told.durationsMs].map(Math.sign)).toEqual(found);
    },
  );

  it("asks anew where that was asked for, keeps what comes, and begins empty where a change leaves all behind", async () => {
    const asked = apart(["a", "a", "a", "b", "b", "a"]).map((call, index) => ({ ...call, isRefresh: index === 1 }));
    expect([...replayCache(asked).durationsMs]).toEqual([-1, -1, 0, -1, 0, 0]);
    expect((await realCache(asked, {}, undefined, 1)).found).toEqual([-1, -1, 0, -1, 0, 0]);
    const emptied = replayCache(asked, {}, { at: 4, to: { maxEntries: 1 }, isEmptied: true });
    expect([...emptied.durationsMs]).toEqual([-1, -1, 0, -1, -1, -1]);
    expect([emptied.entries, emptied.firstLeft]).toEqual([1, 6]);
    // One who asks anew takes the place of a call under way, whose answer is not kept then.
    const overlapping = ["a", "a", "a"].map((key, index) => {
      return { key, startMs: index * 10, durationMs: [15, 25, 5][index]!, ok: true, isRefresh: index === 1 };
    });
    expect([...replayCache(overlapping).durationsMs].map(Math.sign)).toEqual([-1, -1, 1]);
    expect((await realCache(overlapping, {}, undefined, 1)).found).toEqual([-1, -1, 1]);
  });

  it("tells when the first entry had left, and how many are there at the end", () => {
    const asked = apart(["a", "b", "c", "d", "a"]);
    expect(replayCache(asked, { maxEntries: 2 })).toMatchObject({ firstLeft: 3, entries: 2 });
    expect(replayCache(asked, { ttlMs: 20 })).toMatchObject({ firstLeft: 4 });
    expect(replayCache(asked)).toMatchObject({ firstLeft: 5, entries: 4 });
    expect(replayCache([])).toMatchObject({ hits: 0, firstLeft: 0, entries: 0 });
  });

  it("lets what is used least leave first when told so, which the other way keeps", () => {
    const asked = apart(["a", "a", "a", "b", "c", "a", "d", "e", "a"]);
    expect(replayCache(asked, { maxEntries: 2, strategy: "lfu" }).hits).toBe(4);
    expect(replayCache(asked, { maxEntries: 2, strategy: "lru" }).hits).toBe(2);
    expect(replayCache(asked, { strategy: "lfu" }).hits).toBe(4);
    const later = apart(["a", "b", "a"]);
    expect(replayCache(later, { strategy: "lfu", ttlMs: 5 }).hits).toBe(0);
  });

  it("agrees between the strategies where there is room for everything", () => {
    fc.assert(
      fc.property(calls, (asked) => {
        const [lru, lfu] = (["lru", "lfu"] as const).map((strategy) => replayCache(asked, { strategy }));
        expect(lfu).toEqual(lru);
      }),
    );
  });
});
