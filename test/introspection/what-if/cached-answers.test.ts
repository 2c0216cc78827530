import { describe, expect, it } from "vitest";
import { Knobs } from "../../../src/core/knob.ts";
import { cachedAnswers } from "../../../src/introspection/advise/what-if/cached-answers.ts";
import { chooseCache } from "../../../src/introspection/advise/what-if/choose-cache.ts";
import { missRatioCurve } from "../../../src/introspection/advise/what-if/reuse-distances.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

describe("cachedAnswers", () => {
  const search = (question: unknown, extra: Partial<DescribedCall> = {}): DescribedCall => ({
    ...{ name: "search", kind: "tool", ms: 80, input: { question } },
    ...extra,
  });
  const runsOf = (count: number, make: (index: number) => DescribedCall): DescribedCall[] =>
    repeat(count, (index) => ({
      name: "a",
      input: { index },
      calls: [make(index), { name: "model", ms: 20, tokens: 40 }],
    }));
  const advise = (runs: readonly DescribedCall[], knobs?: Knobs, tenantOf?: (index: number) => string) =>
    cachedAnswers({ name: "a", episodes: episodesFrom(runs, tenantOf), knobs }).map(({ suggestion }) => suggestion);

  it("predicts the hit rate and the time saved that a cache would have brought, exactly for this sequence", () => {
    const [advice, ...more] = advise(runsOf(50, (index) => search(index % 5)));
    expect(more).toEqual([]);
    expect(advice).toMatchObject({
      id: "cache:search",
      evidence: { calls: 50, repeats: 45, distinct: 5, entries: 16, hitRateAt16Entries: 0.9, savedTokens: 0 },
      predicted: { metric: "cacheHitRate", change: 0.9 },
      risk: "medium",
    });
    expect(advice!.evidence.savedMsPerRun).toBeCloseTo(72, 3);
    expect(advice!.evidence.samples).toHaveLength(5);
    expect(advice!.action).toBeUndefined();
    expect(advice!.sentence).toBe(
      "Cache search: 45 of 50 calls repeated within an hour; with 16 entries the hit rate of the next 50 runs is " +
        "90 % (84–96), saving 72 ms a run of a (72 %). Keep its answers: say `idempotent: true` in the " +
        "tool, and it can be applied, if they stay true for a while.",
    );
  });

  it("tells the size of the cache apart where it matters", () => {
    const twenty = (run: number) => repeat(20, (index) => search((run * 20 + index) % 400));
    const [advice] = advise(repeat(60, (index) => ({ name: "a", input: { index }, calls: twenty(index) })));
    expect(advice?.evidence).toMatchObject({ entries: 512, hitRateAt128Entries: 0, hitRateAt512Entries: 800 / 1_200 });
  });

  it("expects nothing of answers that would have been forgotten by then", () => {
    expect(advise(runsOf(300, (index) => search(index % 61)))).toEqual([]);
    expect(advise(runsOf(300, (index) => search(index % 59)))).toHaveLength(1);
  });

  it("foretells with the time to keep that the cache will have, and tells what other times would give", () => {
    const knobs = (ttlMs: number | null) => {
      const found = new Knobs();
      const read = () => ({ enabled: false, maxEntries: 1_000, ttlMs, strategy: "lru" });
      found.register({ id: "cache:search", read, check: () => undefined, change: () => () => {} });
      return found;
    };
    // Fifteen questions, each every fifteen minutes.
    const runs = runsOf(300, (index) => search(index % 15));
    const [hour] = advise(runs);
    expect(hour!.evidence).toMatchObject({
      ...{ ttlMs: 3_600_000, hitRateAtTtl1m: 0, hitRateAtTtl10m: 0, hitRateAtTtl1h: 0.8, repeats: 240 },
    });
    expect(hour!.evidence).not.toHaveProperty("hitRateAtTtl1d");
    expect(advise(runs, knobs(600_000))).toEqual([]);
    const [half] = advise(runs, knobs(1_700_000));
    expect(half).toMatchObject({ evidence: { ttlMs: 1_700_000, repeats: 150 } });
    expect(half!.sentence).toContain("150 of 300 calls repeated within 1700 s; ");
    expect(half!.action!.value).toMatchObject({ enabled: true, ttlMs: 1_700_000, maxEntries: 16 });
    const [forever] = advise(runs, knobs(null));
    expect(forever).toMatchObject({ evidence: { ttlMs: "ever", repeats: 285 } });
    expect(forever!.sentence).toContain("285 of 300 calls repeated; with 16 entries");
    expect(forever!.assumptions).toContain("an answer stays true for ever");
    expect(forever!.sideEffects).toContain("an answer may be of any age");
  });

  it("tries each way to evict where not all that repeats finds room", () => {
    const asked = (keys: readonly string[]) =>
      keys.map((key, index) => {
        return {
          key,
          startMs: index,
          durationMs: 0.5,
          ok: true,
          node: undefined as never,
          run: 0,
          looseKey: undefined,
        };
      });
    const choose = (keys: readonly string[]) => chooseCache(asked(keys), missRatioCurve(keys), 3_600_000);
    // A loop longer than the largest cache defeats recency.
    const loop = repeat(60_000, (index) => `${index % 20_000}`);
    expect(choose(loop)).toMatchObject({ maxEntries: 16_384, strategy: "tinylfu" });
    // Where each comes soon again it does as well as any.
    const soon = repeat(70_000, (index) => `${index % 35_000}`);
    const twice = repeat(40_000, (index) => `${index >> 1}`);
    expect(choose([...soon, ...twice]).strategy).toBe("tinylfu");
    expect(choose(twice)).toEqual({ maxEntries: 16, ttlMs: 3_600_000, strategy: "lru" });
    const often = repeat(40_000, (index) => `often ${index % 10}`);
    expect(choose([...soon, ...often])).toMatchObject({ strategy: "lru" });
  });

  it("advises the outermost runnable once, and counts nothing twice that it would save already", () => {
    const inner = (index: number): DescribedCall => ({
      name: "b",
      input: { of: index % 2 },
      calls: [search(index % 2), { name: "model", ms: 20, tokens: 40 }],
    });
    const advice = advise(repeat(40, (index) => ({ name: "a", input: { index }, calls: [inner(index)] })));
    expect(advice.map(({ id }) => id)).toEqual(["cache:b"]);
    expect(advice[0]?.sentence).toMatch(/, 1520 tokens over 40 runs\. A wrapper layer can keep its answers\.$/);
    expect(advice[0]).toMatchObject({ risk: "low", evidence: { savedTokens: 38 * 40, savedMicroUsd: 0 } });
  });

  it("keeps tenants apart, and is silent where a cache is on already, where calls fail, and where nothing is gained", () => {
    const same = runsOf(30, () => search("same"));
    expect(advise(same, undefined, (index) => `tenant ${index}`)).toEqual([]);
    expect(advise(runsOf(30, () => search("same", { cacheState: "miss" })))).toEqual([]);
    expect(advise(runsOf(30, () => search("same", { outcome: "error", code: "tool_failed" })))).toEqual([]);
    expect(advise(runsOf(30, () => search("same", { ms: 0.1 })))).toEqual([]);
    expect(advise(runsOf(30, (index) => search(index < 2 ? "same" : index)))).toEqual([]);
    expect(advise(same)).toHaveLength(1);
    expect(advise(runsOf(30, () => search("same", { cacheState: "bypass" })))).toHaveLength(1);
  });

  it.each([
    [false, { maxEntries: 16 }],
    [0, undefined],
    [
      { enabled: false, ttlMs: 86_400_000 },
      { enabled: true, ttlMs: 86_400_000, maxEntries: 16 },
    ],
    ["off", undefined],
    [null, undefined],
  ])("turns the cache's knob on in the form it has: %j", (now, value) => {
    const knobs = new Knobs();
    knobs.register({ id: "cache:search", read: () => now as never, check: () => undefined, change: () => () => {} });
    const [advice] = advise(
      runsOf(30, () => search("same")),
      knobs,
    );
    expect(advice?.action).toEqual(value === undefined ? undefined : { knob: "cache:search", value });
    expect(advice?.sentence.includes("introspection.apply")).toBe(value !== undefined);
  });

  it("says how much less a day costs", () => {
    const costly = (index: number): DescribedCall => ({
      name: "b",
      input: { of: index % 4 },
      calls: [{ name: "model", ms: 20, tokens: 40, costMicroUsd: 50_000 }],
    });
    const [advice] = advise(repeat(40, (index) => ({ name: "a", input: { index }, calls: [costly(index)] })));
    expect(advice?.sentence).toContain(" tokens over 40 runs and $66.46 a day.");
    expect(advice?.forecasts?.map(({ metric }) => metric)).toContain("costMicroUsd");
    expect(advice?.evidence.savedMicroUsd).toBeCloseTo(36 * 50_000, 6);
  });
});
