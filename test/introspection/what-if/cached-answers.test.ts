import { describe, expect, it } from "vitest";
import { Knobs } from "../../../src/core/knob.ts";
import { cachedAnswers } from "../../../src/introspection/advise/what-if/cached-answers.ts";
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
      { enabled: false, ttlMs: 5 },
      { enabled: true, ttlMs: 5, maxEntries: 16 },
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
