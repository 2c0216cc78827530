import { describe, expect, it } from "vitest";
import type { CacheState } from "../../../src/core/events/event.ts";
import type { Json } from "../../../src/core/json/json.ts";
import { Knobs } from "../../../src/core/knob.ts";
import { rankSuggestions } from "../../../src/introspection/advise/rank-suggestions.ts";
import type { Suggestion } from "../../../src/introspection/advise/suggestion.ts";
import { type ReplayedCache, replayCache } from "../../../src/introspection/advise/what-if/cache-replay.ts";
import { tunedCaches } from "../../../src/introspection/advise/what-if/cache-tuning.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

const minuteMs = 60_000;
type StateOf = (isHit: boolean, index: number) => CacheState | undefined;
const asItWas: StateOf = (isHit) => (isHit ? "hit" : "miss");

/** Runs, a minute apart, that ask one question after the other of a cache, as it would have been recorded. */
function recorded(
  runs: readonly (readonly (number | string)[])[],
  cache: ReplayedCache,
  stateOf = asItWas,
  inside: (isHit: boolean) => Partial<DescribedCall> = () => ({}),
): DescribedCall[] {
  const asked = runs.flatMap((questions, run) =>
    questions.map((key, place) => ({ key, startMs: run * minuteMs + place * 100, durationMs: 80, ok: true })),
  );
  const { durationsMs } = replayCache(asked, cache);
  let index = 0;
  return runs.map((questions, run) => ({
    name: "a",
    input: { run },
    ms: questions.length * 100,
    calls: questions.map((question, place) => {
      const isHit = durationsMs[index]! >= 0;
      const cacheState = stateOf(isHit, index++);
      const state = cacheState === undefined ? {} : { cacheState };
      return {
        ...{ name: "search", kind: "tool", at: place * 100, ms: isHit ? 0 : 80, input: { question }, ...state },
        ...inside(isHit),
      } as DescribedCall;
    }),
  }));
}

/** Runs take as long as what they ask: a hundred milliseconds are only where calls begin. */
function tight(runs: readonly DescribedCall[]): DescribedCall[] {
  return runs.map((run) => ({
    ...run,
    calls: run.calls!.map(({ at, ...call }) => call),
    ms: run.calls!.reduce((sum, call) => sum + call.ms!, 20),
  }));
}

function knobWith(value: Json, leavesBehind = false): Knobs {
  const knobs = new Knobs();
  const knob = { id: "cache:search", read: () => value, check: () => undefined, change: () => () => {} };
  knobs.register({ ...knob, leavesBehind: () => leavesBehind });
  return knobs;
}

function advise(runs: readonly DescribedCall[], knobs: Knobs | undefined): readonly Suggestion[] {
  return rankSuggestions(tunedCaches({ name: "a", episodes: episodesFrom(runs), knobs }));
}

const { random } = createTestRuntime({ seed: 11 });
const popular = (count: number): number => Math.floor(random() ** 3 * count);
const manyKeys = repeat(300, () => repeat(4, () => popular(200)));
const small = { maxEntries: 16, ttlMs: 86_400_000, strategy: "lru" } as const;
let once = 1_000;
const scans = repeat(300, () => repeat(8, () => (random() < 0.5 ? Math.floor(random() * 24) : once++)));

describe("tunedCaches", () => {
  it("advises a size that is large enough, with what it brings, from the cache as it is", () => {
    const [advice, ...more] = advise(tight(recorded(manyKeys, small)), knobWith(small));
    expect(more).toEqual([]);
    expect(advice).toMatchObject({
      id: "cache-size:search",
      risk: "low",
      action: { knob: "cache:search", value: { ...small, maxEntries: 256 } },
      evidence: { entries: 256, entriesNow: 16, strategy: "lru", ttlMs: 86_400_000, missMs: 80 },
      predicted: { metric: "avgExecutionTimeMs", unit: "ms per run of a" },
    });
    expect(advice!.evidence.replayAgreement).toBeGreaterThan(0.99);
    const [time, hits] = advice!.forecasts!;
    expect([time?.metric, hits?.metric]).toEqual(["avgExecutionTimeMs", "cacheHitRate"]);
    // What a cache of that size answers from then on, by hand.
    const asked = manyKeys.flat().map((key, index) => ({ key, startMs: index * 1_000, durationMs: 1, ok: true }));
    const at = asked.length - 800;
    const { durationsMs } = replayCache(asked, small, { at, to: { ...small, maxEntries: 256 } });
    const share = durationsMs.slice(at).filter((ms) => ms >= 0).length / 800;
    expect(Math.abs(hits!.after - share)).toBeLessThan(0.03);
    expect(hits!.low).toBeLessThan(share);
    expect(hits!.high).toBeGreaterThan(share);
    expect(advice!.sentence).toMatch(
      /^Keep 256 answers of search in the place of 16: \d+ % of 1200 calls were answered, of the next 200 runs \d+ % \(\d+–\d+\) would be, saving .* a run of a \(\d+ %\)\. Apply with `introspection\.apply\("cache-size:search"\)`\.$/,
    );
    expect(advice!.sideEffects).toEqual([
      "up to 256 answers are held in memory, in the place of 16",
      "what is kept stays",
    ]);
  });

  it("advises another way to evict where scans push out what is asked for again, which needs no more room", () => {
    const cache = { ...small, maxEntries: 32 };
    const [advice, ...more] = advise(tight(recorded(scans, cache)), knobWith(cache));
    expect(more).toEqual([]);
    expect(advice).toMatchObject({ id: "cache-policy:search", evidence: { strategyNow: "lru" } });
    expect(advice!.action!.value).toEqual({ ...cache, strategy: "tinylfu" });
    expect(advice!.sentence).toContain("Let answers of search leave their cache by tinylfu in the place of lru: ");
    expect(advice!.assumptions).toContainEqual(
      expect.stringContaining("its replay says what was recorded of 100 % of the calls"),
    );
  });

  it("leaves a cache alone that evicts in the best way already, and is as large as it need be", () => {
    const cache = { ...small, maxEntries: 32, strategy: "tinylfu" } as const;
    const found = advise(tight(recorded(scans, cache)), knobWith(cache));
    expect(found.filter(({ id }) => id.startsWith("cache-policy"))).toEqual([]);
    const enough = { ...small, maxEntries: 190 };
    expect(advise(tight(recorded(manyKeys, enough)), knobWith(enough))).toEqual([]);
    const unlike = repeat(100, (run) => repeat(2, (place) => run * 2 + place));
    expect(advise(tight(recorded([[0, 0], ...unlike], small)), knobWith(small))).toEqual([]);
  });

  it("advises to keep answers longer only as far as the record tells, and as a person's decision", () => {
    const runs = repeat(300, () => [Math.floor(random() * 30)]);
    const cache = { maxEntries: 100, ttlMs: 5 * minuteMs, strategy: "lru" } as const;
    const [advice, ...more] = advise(tight(recorded(runs, cache)), knobWith(cache));
    expect(more).toEqual([]);
    expect(advice).toMatchObject({
      ...{ id: "cache-ttl:search", risk: "high", action: { value: { ...cache, ttlMs: 3_600_000 } } },
      evidence: { ttlMs: 3_600_000, ttlMsNow: 300_000 },
    });
    const { hitRateAtTtl1m, hitRateAtTtl10m, hitRateAtTtl1h, hitRateAtTtl1d } = advice!.evidence as Record<
      string,
      number
    >;
    expect(hitRateAtTtl1m).toBeLessThan(hitRateAtTtl10m!);
    expect(hitRateAtTtl10m).toBeLessThan(hitRateAtTtl1h!);
    expect(hitRateAtTtl1d).toBeUndefined();
    expect(advice!.sentence).toContain("Keep answers of search for an hour, not for 300 s: ");
    expect(advice!.sentence).toMatch(/if they stay true for an hour\.$/);
    expect(advice!.assumptions).toContain("an answer stays true for an hour");
    expect(advice!.sideEffects).toEqual(["an answer is given for an hour, not for 300 s", "what is kept stays"]);
  });

  it("advises a far smaller size where it answers as much", () => {
    const runs = repeat(400, () => repeat(10, () => (random() < 0.5 ? Math.floor(random() * 10) : once++)));
    const cache = { maxEntries: 1_024, ttlMs: 86_400_000, strategy: "lru" } as const;
    const [advice, ...more] = advise(tight(recorded(runs, cache)), knobWith(cache));
    expect(more).toEqual([]);
    expect(advice).toMatchObject({ id: "cache-size:search", risk: "low", predicted: { metric: "cacheHitRate" } });
    const { maxEntries } = advice!.action!.value as { readonly maxEntries: number };
    expect(maxEntries).toBeLessThanOrEqual(128);
    expect(advice!.evidence).toMatchObject({ held: maxEntries, heldNow: 1_024 });
    expect(advice!.forecasts![0]!.metric).toBe("cacheHitRate");
    expect(advice!.sentence).toMatch(/as many calls would be answered, 5\d % of the next 1\d\d runs \(/);
    expect(advice!.sentence).toContain(`), with ${1_024 - maxEntries} fewer of 1024 held in memory.`);
    expect(advice!.sideEffects).toContain("what is kept stays, as far as there is room");
    // In a cache of its own it would begin empty, and save nothing by it.
    expect(advise(tight(recorded(runs, cache)), knobWith(cache, true))).toEqual([]);
  });

  it("advises fresher answers where old ones are hardly ever asked for", () => {
    const runs = repeat(400, (run) => [
      `fresh ${run}`,
      `fresh ${run}`,
      `fresh ${run}`,
      ...(run % 130 === 0 ? ["old"] : []),
    ]);
    const cache = { maxEntries: 200, ttlMs: 7_200_000, strategy: "lru" } as const;
    const [advice, ...more] = advise(tight(recorded(runs, cache)), knobWith(cache));
    expect(more).toEqual([]);
    expect(advice).toMatchObject({
      id: "cache-ttl:search",
      risk: "low",
      action: { value: { ...cache, ttlMs: 60_000 } },
    });
    expect(advice!.sentence).toContain("with answers that are at most a minute old. Apply with");
    const forever = { ...cache, ttlMs: null };
    const endless = recorded(runs, { ...forever, ttlMs: Number.POSITIVE_INFINITY });
    expect(advise(tight(endless), knobWith(forever))).toEqual([]);
  });

  it("counts what answers save of tokens, where that is more than of time", () => {
    const inside = (isHit: boolean): Partial<DescribedCall> =>
      isHit ? {} : { kind: "agent", calls: [{ name: "model", ms: 1, tokens: 400, costMicroUsd: 900 }] };
    const runs = tight(recorded(manyKeys, small, asItWas, inside)).map((run) => ({ ...run, ms: 60_000 }));
    const [advice] = advise(runs, knobWith(small));
    expect(advice?.id).toBe("cache-size:search");
    expect(advice!.forecasts![0]!.metric).toBe("costMicroUsd");
    expect(advice!.sentence).toMatch(/ % of its tokens\. Apply/);
    const [cost] = advice!.forecasts!;
    expect(cost!.after).toBeLessThan(cost!.before * 0.8);
  });

  it("begins empty where the answers are kept with those of others, and says so", () => {
    const runs = tight(recorded(manyKeys, small));
    const [[own], [common]] = [knobWith(small), knobWith(small, true)].map((knobs) => advise(runs, knobs)) as [
      Suggestion[],
      Suggestion[],
    ];
    expect(common!.sideEffects!.at(-1)).toContain("it begins empty, in a cache of its own");
    expect(common!.forecasts!.at(-1)!.after).toBeLessThan(own!.forecasts!.at(-1)!.after);
  });

  it("takes answers past their time, which are made anew beside the runs, for answers", () => {
    const cache = { ...small, ttlMs: 5 * minuteMs };
    const endless = { ...small, ttlMs: Number.POSITIVE_INFINITY };
    const stale: StateOf = (isHit, index) => (isHit ? (index % 3 === 0 ? "stale" : "hit") : "miss");
    const [advice] = advise(tight(recorded(manyKeys, endless, stale)), knobWith(cache));
    expect(advice).toMatchObject({ id: "cache-size:search", evidence: { ttlMs: "ever" } });
    expect(advice!.action!.value).toEqual({ ...cache, maxEntries: 256 });
  });

  it("is silent where a replay of the cache does not give what was recorded, or little is known", () => {
    const other: StateOf = (isHit, index) => (index % 4 === 0 ? "miss" : isHit ? "hit" : "miss");
    const all: StateOf = () => "hit";
    for (const stateOf of [other, all]) {
      expect(advise(tight(recorded(manyKeys, small, stateOf)), knobWith(small))).toEqual([]);
    }
    expect(advise(tight(recorded(manyKeys.slice(0, 8), small)), knobWith(small))).toEqual([]);
    expect(advise(tight(recorded(manyKeys.slice(0, 22), small)), knobWith(small))).toEqual([]);
    expect(
      advise(tight(recorded(manyKeys, { ...small, maxEntries: 1_000 })), knobWith({ ...small, maxEntries: 1_000 })),
    ).toEqual([]);
  });

  it.each([
    [undefined],
    [false],
    [{ ...small, enabled: false }],
    [{ ...small, strategy: "fifo" }],
    [{ ...small, maxEntries: "many" }],
    ["on"],
  ])("is silent where no cache can be read off the knob: %j", (value) => {
    const knobs = value === undefined ? undefined : knobWith(value as Json);
    expect(advise(tight(recorded(manyKeys, small)), knobs)).toEqual([]);
  });
});
