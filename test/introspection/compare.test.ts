import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CallRecord, RunRecord } from "../../src/core/events/run-history.ts";
import { AgentIntrospection } from "../../src/introspection/advise/agent-introspection.ts";
import type { ComparedMeasure } from "../../src/introspection/advise/compare/compared-measures.ts";
import type { ComparedPeriod } from "../../src/introspection/advise/compare/compared-period.ts";
import { RunSnapshot } from "../../src/introspection/history/run-snapshot.ts";
import { randomOf } from "./errors/seeded-random.ts";
import { plainRun } from "./history/recorded-runs.ts";
import { startOfTime, usageOf } from "./run-events.ts";

const minuteMs = 60_000;
/** When the second hundred of runs begins. */
const deployed = startOfTime + 100 * minuteMs;

/** What a run of the test's agent took: a search, then a model. */
interface Work {
  readonly searchMs?: number;
  readonly modelMs?: number;
  readonly tokens?: number;
  readonly hit?: boolean;
  readonly attempts?: number;
  readonly outcome?: RunRecord["outcome"];
}

function runOf(index: number, work: Work): RunRecord {
  const { searchMs = 100, modelMs = 400, tokens = 40, hit = false, attempts = 1, outcome = "ok" } = work;
  const startMs = startOfTime + index * minuteMs;
  const durationMs = searchMs + modelMs;
  const base = { code: undefined, failure: undefined, outcome, costMicroUsd: undefined };
  const call = (path: string, change: Partial<CallRecord>) =>
    plainRun({}, { ...base, path: `run/agent#0${path}`, runId: `r${index}`, startMs, ...change }).calls[0]!;
  const usage = usageOf(tokens);
  const spent = { usage, costMicroUsd: tokens * 2, attempts };
  return plainRun({
    ...{ ...base, runId: `r${index}`, name: "agent", startMs, durationMs, usage, costMicroUsd: tokens * 2 },
    calls: [
      call("", { name: "agent", kind: "agent", durationMs }),
      call("/search#0", { name: "search", kind: "tool", durationMs: searchMs, cacheState: hit ? "hit" : "miss" }),
      call("/model#0", { name: "model", kind: "model", startMs: startMs + searchMs, durationMs: modelMs, ...spent }),
    ],
  });
}

/** Runs a minute apart, the second hundred from the deployment on. */
function introspect(before: (index: number) => Work, after: (index: number) => Work, count = 100) {
  const runs = Array.from({ length: 2 * count }, (_, index) => {
    const at = index < count ? 100 - count + index : 100 + index - count;
    return runOf(at, (index < count ? before : after)(index));
  });
  return introspectRuns(runs);
}

function introspectRuns(runs: readonly RunRecord[]) {
  return new AgentIntrospection({ name: "agent" }, { history: new RunSnapshot(runs) });
}

const verdicts = (comparison: ReturnType<AgentIntrospection["compare"]>) =>
  Object.fromEntries(Object.entries(comparison.measures).map(([name, { verdict }]) => [name, verdict]));

/** Any work, the same law for every run. */
function usual(random: () => number, change: Work = {}): Work {
  const modelMs = (change.modelMs ?? 400) * -Math.log(1 - random());
  return {
    ...{ searchMs: 50 + 100 * random(), tokens: 20 + Math.floor(random() * 200), hit: random() < 0.3 },
    ...{ attempts: random() < 0.1 ? 2 : 1, outcome: random() < 0.1 ? "error" : "ok" },
    ...change,
    modelMs,
  };
}

describe("AgentIntrospection.compare", () => {
  it("says of each measure whether it became better or worse, and which call moved most", () => {
    const random = randomOf(5);
    const introspection = introspect(
      () => usual(random),
      () => usual(random, { modelMs: 2_000, tokens: 20, hit: random() < 0.9, attempts: random() < 0.6 ? 3 : 1 }),
    );
    const comparison = introspection.compare({ to: deployed }, { from: deployed });
    expect([comparison.runsA, comparison.runsB]).toEqual([100, 100]);
    expect(verdicts(comparison)).toEqual({
      ...{ meanMs: "worse", p95Ms: "worse", successRate: "no difference shown", costMicroUsd: "better" },
      ...{ tokens: "better", cacheHitRate: "better", attempts: "worse" },
    });
    const { meanMs, costMicroUsd, cacheHitRate } = comparison.measures;
    expect(meanMs.difference).toBeCloseTo(meanMs.b! - meanMs.a!, 9);
    expect(meanMs.interval!.low).toBeGreaterThan(0);
    expect(meanMs.correctedP!).toBeGreaterThan(meanMs.p!);
    expect(costMicroUsd.b).toBe(40);
    expect(cacheHitRate.b! - cacheHitRate.a!).toBeGreaterThan(0.4);
    expect(comparison.movedMost).toMatchObject({ name: "model", kind: "model" });
    expect(comparison.movedMost!.interval.low).toBeGreaterThan(0);
    expect(comparison.movedMost!.correctedP).toBeLessThan(0.05);
    expect(comparison.sentence).toMatch(/^100 runs and 100 runs\. Mean time: worse, \d+ ms then .* \(p = 0\.00\d\)\. /);
    expect(comparison.sentence).toMatch(
      /No difference shown: success rate\. Model model moved most: \+\d\.\d s a run\.$/,
    );
  });

  it("measures success by failures, and the call that became faster", () => {
    const random = randomOf(6);
    const comparison = introspect(
      () => ({ ...usual(random), outcome: random() < 0.4 ? "error" : "ok", searchMs: 900 + 100 * random() }),
      () => ({ ...usual(random), outcome: "ok" }),
    ).compare({ to: new Date(deployed) }, { from: new Date(deployed) });
    expect(verdicts(comparison)).toMatchObject({ meanMs: "better", successRate: "better" });
    expect(comparison.measures.successRate.b).toBe(1);
    expect(comparison.sentence).toMatch(/Tool search moved most: −8\d\d ms a run/);
  });

  it("says that nothing is shown where nothing changed, about 95 times of 100 for all measures together", {
    timeout: 60_000,
  }, () => {
    const random = randomOf(77);
    let wrong = 0;
    const rounds = 100;
    for (let round = 0; round < rounds; round++) {
      const runs = Array.from({ length: 110 }, (_, index) => runOf(index, usual(random)));
      const { measures } = introspectRuns(runs).compare({ to: startOfTime + 30 * minuteMs }, { lastRuns: 75 });
      if (Object.values(measures).some(({ verdict }) => verdict === "better" || verdict === "worse")) wrong += 1;
    }
    expect(wrong / rounds).toBeLessThan(0.12);
  });

  it("calls every measure in which A is worse than B one in which B is better than A", () => {
    const opposite: Record<string, string> = { better: "worse", worse: "better" };
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 100 }), (seed, count) => {
        const random = randomOf(seed);
        const introspection = introspect(
          () => usual(random),
          () => usual(random, { modelMs: 1_500, hit: true }),
          count,
        );
        const there = introspection.compare({ to: deployed }, { from: deployed });
        const back = introspection.compare({ from: deployed }, { to: deployed });
        for (const [name, one] of Object.entries(there.measures)) {
          const other = back.measures[name as ComparedMeasure];
          expect([other.a, other.b, other.runs.a]).toEqual([one.b, one.a, one.runs.b]);
          expect(other.verdict).toBe(opposite[one.verdict] ?? one.verdict);
          if (one.p !== undefined) expect(other.p).toBeCloseTo(one.p, 10);
          expect(Object.values(one).some(Number.isNaN)).toBe(false);
        }
        expect(back.movedMost?.name).toBe(there.movedMost?.name);
      }),
      { numRuns: 10 },
    );
  });

  it("says what is missing where there is too little", () => {
    const same = (): Work => ({});
    const few = introspect(same, same, 9).compare({ to: deployed }, { from: deployed });
    expect(new Set(Object.values(verdicts(few)))).toEqual(new Set(["too little data"]));
    expect(few.movedMost).toBeUndefined();
    expect(few.measures.meanMs).toEqual({
      ...{ runs: { a: 9, b: 9 }, a: 500, b: 500, difference: 0, interval: undefined, p: undefined },
      ...{ correctedP: undefined, verdict: "too little data" },
      sentence: "mean time: too little data, it needs 10 runs in both periods, there are 9 and 9",
    });
    const some = introspect(same, same, 71).compare({ to: deployed }, { from: deployed });
    expect(some.measures.p95Ms.verdict).toBe("too little data");
    expect(some.measures.meanMs.verdict).toBe("no difference shown");
    const none = introspect(same, same).compare({ to: startOfTime }, { from: startOfTime });
    expect([none.runsA, none.runsB]).toEqual([0, 200]);
    expect(none.measures.tokens).toMatchObject({ a: undefined, b: 40, difference: undefined });
  });

  it("leaves out what is not known: prices, caches that were not asked, calls that were not kept, broken figures", () => {
    const bare = (run: RunRecord): RunRecord => ({
      ...run,
      costMicroUsd: undefined,
      droppedCalls: 3,
      usage: undefined,
    });
    const runs = Array.from({ length: 200 }, (_, index) => runOf(index, {}));
    const thin = introspectRuns(runs.map(bare)).compare({ to: deployed }, { from: deployed });
    expect(verdicts(thin)).toEqual({
      ...{ meanMs: "no difference shown", p95Ms: "no difference shown", successRate: "no difference shown" },
      ...{ costMicroUsd: "too little data", tokens: "no difference shown" },
      ...{ cacheHitRate: "too little data", attempts: "too little data" },
    });
    expect([thin.movedMost, thin.measures.costMicroUsd.a]).toEqual([undefined, undefined]);
    const broken = introspectRuns(
      runs.map((run) => ({ ...run, durationMs: Number.NaN, costMicroUsd: Number.POSITIVE_INFINITY, calls: [] })),
    );
    const spoilt = broken.compare({ lastRuns: 50 }, { lastRuns: 50, to: 0 });
    expect(spoilt.measures.meanMs).toMatchObject({ a: undefined, verdict: "too little data" });
    const alone = introspectRuns(runs.map((run) => ({ ...run, calls: run.calls.slice(0, 1) })));
    expect(alone.compare({ to: deployed }, { from: deployed }).movedMost).toBeUndefined();
  });

  it("takes joined and stale answers of a cache for hits, and a call without any attempt for none", () => {
    const states = ["hit", "joined", "stale", "miss", "bypass"] as const;
    const runs = Array.from({ length: 200 }, (_, index) => {
      const run = runOf(index, { tokens: 2_000 });
      const state = states[index % 5]!;
      const calls = run.calls.map((call) => ({ ...call, cacheState: state, attempts: state === "miss" ? 3 : 0 }));
      return { ...run, calls };
    });
    const { measures, movedMost } = introspectRuns(runs).compare({ to: deployed }, { from: deployed });
    expect(measures.cacheHitRate).toMatchObject({ a: 0.75, b: 0.75, runs: { a: 80, b: 80 } });
    expect(measures.attempts).toMatchObject({ a: 3, b: 3, runs: { a: 20, b: 20 } });
    expect(measures.costMicroUsd.sentence).toContain("4000 micro-dollars then 4000");
    expect(movedMost).toMatchObject({ difference: 0, correctedP: 1 });
  });

  it("adds up a call that a run made several times, and takes a run without it for no time", () => {
    const runs = Array.from({ length: 200 }, (_, index) => {
      const run = runOf(index, { searchMs: 100 + (index % 7) });
      const [root, search, model] = run.calls as [CallRecord, CallRecord, CallRecord];
      const second = { ...search, path: "run/agent#0/search#1", startMs: run.startMs + 300, durationMs: 50 };
      return { ...run, calls: index < 100 ? [root, search, second] : [root, model] };
    });
    const { movedMost } = introspectRuns(runs).compare({ to: deployed }, { from: deployed });
    expect(movedMost).toMatchObject({ name: "model", kind: "model", a: 0, b: 400 });
    const searches = runs.map((run) => ({ ...run, calls: run.calls.filter(({ kind }) => kind !== "model") }));
    const moved = introspectRuns(searches).compare({ to: deployed }, { from: deployed }).movedMost;
    expect(moved).toMatchObject({ name: "search", kind: "tool", b: 0 });
    expect(moved!.a).toBeGreaterThan(150);
    expect(moved!.sentence).toMatch(/^tool search moved most: −15\d ms a run$/);
  });

  it("counts cancelled runs in cost and tokens alone", () => {
    const comparison = introspect(
      () => ({ outcome: "cancelled" }),
      () => ({}),
    ).compare({ to: deployed }, { from: deployed });
    expect(comparison.measures.meanMs.runs).toEqual({ a: 0, b: 100 });
    expect(comparison.measures.successRate.runs).toEqual({ a: 0, b: 100 });
    expect(comparison.measures.tokens).toMatchObject({ runs: { a: 100, b: 100 }, verdict: "no difference shown" });
    expect(comparison.movedMost).toBeUndefined();
  });

  it("counts a run by when it ended, from the first instant and before the last", () => {
    const ends = startOfTime + 500;
    const one = introspectRuns([runOf(0, {}), runOf(1, {})]);
    const counts = (a: ComparedPeriod, b: ComparedPeriod) => {
      const { runsA, runsB } = one.compare(a, b);
      return [runsA, runsB];
    };
    expect(counts({ to: ends }, { from: ends })).toEqual([0, 2]);
    expect(counts({ to: ends + 1 }, { from: ends + 1 })).toEqual([1, 1]);
    expect(counts({ to: ends + 1, lastRuns: 5 }, { lastRuns: 1 })).toEqual([1, 1]);
    expect(counts({ from: ends, to: ends + 1 }, { from: ends + 1, to: ends + 2, lastRuns: 1 })).toEqual([1, 0]);
  });

  it("refuses periods that are none, and two that share a run", () => {
    const introspection = introspect(
      () => ({}),
      () => ({}),
    );
    const good = { to: deployed };
    for (const [bad, option] of [
      [null, "options"],
      [{}, "periodB"],
      [{ from: undefined }, "periodB"],
      [{ from: Number.NaN }, "from"],
      [{ to: new Date(Number.NaN) }, "to"],
      [{ from: "2026-01-01" }, "from"],
      [{ from: deployed + 1, to: deployed }, "from"],
      [{ from: deployed, to: deployed }, "from"],
      [{ lastRuns: 0 }, "lastRuns"],
      [{ lastRuns: 1.5 }, "lastRuns"],
      [{ lastrun: 5 }, "lastrun"],
      [{ lastRuns: 101 }, "periodB"],
    ] as const) {
      expect(() => introspection.compare(good, bad as never)).toThrow(
        expect.objectContaining({ code: "option_invalid", details: expect.objectContaining({ option }) }),
      );
    }
    expect(() => introspection.compare({ lastRuns: 150 }, { from: deployed })).toThrow(/they share 100/);
    expect(() => introspection.compare(undefined as never, good)).toThrow(/periodA/);
    expect(introspection.compare({ lastRuns: 100 }, good).runsA).toBe(100);
  });
});
