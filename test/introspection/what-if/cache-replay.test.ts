import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AskedCall, replayCache } from "../../../src/introspection/advise/what-if/cache-replay.ts";
import { missRatioCurve } from "../../../src/introspection/advise/what-if/reuse-distances.ts";

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
