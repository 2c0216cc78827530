import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json/json.ts";
import { Knobs } from "../../../src/core/knob.ts";
import { rankSuggestions } from "../../../src/introspection/advise/rank-suggestions.ts";
import type { Suggestion, WhatIf } from "../../../src/introspection/advise/suggestion.ts";
import { hedges } from "../../../src/introspection/advise/what-if/hedges.ts";
import { raisedLimits } from "../../../src/introspection/advise/what-if/limits.ts";
import { retries } from "../../../src/introspection/advise/what-if/retries.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

function knobsWith(values: Readonly<Record<string, Json>>): Knobs {
  const knobs = new Knobs();
  for (const [id, value] of Object.entries(values)) {
    knobs.register({ id, read: () => value, check: () => undefined, change: () => () => {} });
  }
  return knobs;
}

function advise(whatIf: WhatIf, runs: readonly DescribedCall[], values: Readonly<Record<string, Json>>): Suggestion[] {
  const input = { name: "a", episodes: episodesFrom(runs), knobs: knobsWith(values) };
  return whatIf(input).map(({ suggestion }) => suggestion);
}

describe("retries", () => {
  const failed = { outcome: "error", code: "overloaded" } as const;
  /** Attempts of 100 ms, with the waits that are expected. */
  const waits = (attempts: number): number =>
    repeat(attempts - 1, (wait) => (100 * 2 ** wait) / 2).reduce((a, b) => a + b, 0);
  const called = (attempts: number, ok: boolean): DescribedCall => {
    const end = ok ? {} : failed;
    return {
      name: "a",
      ...end,
      calls: [{ name: "m", kind: "tool", attempts, ms: attempts * 100 + waits(attempts), ...end }],
    };
  };

  it("advises fewer attempts where the later ones never healed, and keeps those that did", () => {
    const runs = repeat(120, (index) => (index % 3 === 0 ? called(6, false) : called(index % 3, true)));
    const [advice, ...more] = advise(retries, runs, { "retry:m": 6 });
    expect(more).toEqual([]);
    expect(advice).toMatchObject({
      id: "retry:m",
      evidence: { calls: 120, retried: 40, healed: 0, maxAttempts: 6 },
      action: { knob: "retry:m", value: 2 },
      risk: "medium",
    });
    // Of each third run (6 × 100 + 1,550) the first two attempts and their wait are left.
    expect(advice!.predicted!.change).toBeCloseTo(-(2_150 - 250) / 3, 0);
    expect(advice!.forecasts).toMatchObject([{ metric: "avgExecutionTimeMs" }, { metric: "successRate" }]);
    expect(advice!.sentence).toContain(
      "Attempts of m after the 2 first healed none of 40 calls. With 2 at most a run of a would take",
    );
  });

  it("advises more attempts where the last one heals and calls still fail", () => {
    const runs = repeat(200, (index) => (index % 4 === 0 ? called(2, false) : called(index % 4 === 1 ? 2 : 1, true)));
    const [advice] = advise(retries, runs, { "retry:m": 2 });
    // Half of the second attempts heal: four more leave a sixteenth of what failed.
    expect(advice).toMatchObject({ id: "retry:m", action: { value: 6 }, predicted: { metric: "successRate" } });
    expect(advice!.predicted!.change).toBeCloseTo(0.25 * (15 / 16), 9);
    expect(advice!.forecasts![0]).toMatchObject({ metric: "successRate", before: 0.75, runs: 200 });
    expect(advice!.sentence).toContain("50 calls of m failed after 2 attempts, of which the last healed 50 %.");
  });

  it("is silent where all is well, where little is known, and where no knob is", () => {
    expect(
      advise(
        retries,
        repeat(100, () => called(1, true)),
        { "retry:m": 6 },
      ),
    ).toEqual([]);
    expect(
      advise(
        retries,
        repeat(30, (index) => called(index % 3 === 0 ? 6 : 1, index % 3 !== 0)),
        { "retry:m": 6 },
      ),
    ).toEqual([]);
    const broken = repeat(120, (index) => called(index % 3 === 0 ? 6 : 1, index % 3 !== 0));
    expect(advise(retries, broken, {})).toEqual([]);
    expect(advise(retries, broken, { "retry:m": null })).toEqual([]);
    expect(
      advise(
        retries,
        repeat(120, () => called(1, false)),
        { "retry:m": 1 },
      ),
    ).toEqual([]);
  });
});

describe("hedges", () => {
  const { random } = createTestRuntime({ seed: 3 });
  const asks = (ms: number): DescribedCall => ({ name: "a", calls: [{ name: "m", kind: "model", ms }] });
  const slowTail = repeat(300, (index) => asks(index % 20 === 0 ? 5_000 : 200 + 100 * random()));

  it("predicts what the faster of two draws takes, and what it costs", () => {
    // With two attempts at most nothing is raced beside the second request.
    const [advice] = advise(hedges, slowTail, { "retry:m": 2 });
    expect(advice).toMatchObject({ id: "hedge:m", risk: "medium", predicted: { metric: "avgExecutionTimeMs" } });
    expect(advice!.action).toBeUndefined();
    const { afterMs, moreCalls } = advice!.evidence as Record<string, number>;
    expect(afterMs).toBeLessThanOrEqual(300);
    expect(moreCalls).toBeLessThan(0.11);
    // Drawn by hand: a slow call begins again after `afterMs`, with the latency of any call.
    const draws = slowTail.map(({ calls }) => calls![0]!.ms!);
    const naive = draws.map((ms) =>
      ms <= afterMs! ? ms : draws.reduce((sum, again) => sum + Math.min(ms, afterMs! + again), 0) / draws.length,
    );
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(advice!.predicted!.change).toBeCloseTo(mean(naive) - mean(draws), 2);
  });

  it("can be applied where there is a knob, and is silent without a tail or with few calls", () => {
    expect(advise(hedges, slowTail, { "hedge:m": null })[0]?.action?.knob).toBe("hedge:m");
    expect(
      advise(
        hedges,
        repeat(300, () => asks(200 + 100 * random())),
        {},
      ),
    ).toEqual([]);
    expect(advise(hedges, slowTail.slice(0, 60), {})).toEqual([]);
  });
});

describe("raisedLimits", () => {
  /** Runs a minute apart, each with ten calls at once of which two may work: they wait 0, 0, 10, 10, 20 … seconds. */
  const burst = (limit: number): DescribedCall => ({
    name: "a",
    calls: repeat(10, (index) => {
      const queueMs = Math.floor(index / limit) * 5_000;
      return { name: "m", kind: "model" as const, at: 0, ms: queueMs + 5_000, queueMs };
    }),
  });

  it("advises the smallest limit under which hardly anything waits, with what a run then takes", () => {
    const [advice] = advise(
      raisedLimits,
      repeat(30, () => burst(2)),
      { "concurrency:m": 2 },
    );
    expect(advice).toMatchObject({
      id: "concurrency:m",
      action: { knob: "concurrency:m", value: 8 },
      evidence: { meanWaitMs: 10_000, replayedWaitMs: 10_000, waitAfterMs: 1_000 },
      predicted: { change: -15_000, low: -15_000, high: -15_000 },
    });
    expect(advice!.sentence).toContain("With 8 at once in the place of 2 they would wait 1 s");
  });

  it("advises a higher rate", () => {
    const hurried = repeat(30, (): DescribedCall => burst(1));
    const [advice] = advise(raisedLimits, hurried, { "requests:m": { perSecond: 1 }, "concurrency:m": 1 });
    expect(advice).toBeUndefined();
    const second = 1_000 * (65 / 64);
    const rated = repeat(
      30,
      (): DescribedCall => ({
        name: "a",
        calls: repeat(4, (index) => ({
          name: "m",
          kind: "model",
          at: 0,
          ms: index * second + 5,
          queueMs: index * second,
        })),
      }),
    );
    expect(advise(raisedLimits, rated, { "requests:m": { perSecond: 1, total: 9_000 } })).toMatchObject([
      { id: "requests:m", action: { value: { perSecond: 4 } } },
    ]);
  });

  it("raises the one of two limits that lets calls wait less, and forecasts from the record what hangs together for long", () => {
    const runs = repeat(30, () => burst(2));
    const knobs = { "concurrency:m": 2, "requests:m": { perSecond: 500 } };
    expect(advise(raisedLimits, runs, knobs)).toMatchObject([{ id: "concurrency:m" }]);
    // Three hundred quiet runs, and then, for a long while, one after the other more at once than the limit lets through.
    const crowd = (size: number): DescribedCall => ({
      name: "a",
      calls: repeat(size, (index) => {
        const queueMs = Math.floor(index / 2) * 5_000;
        return { name: "m", kind: "model" as const, at: 0, ms: queueMs + 5_000, queueMs };
      }),
    });
    const late = [...repeat(300, () => crowd(1)), ...repeat(9, () => crowd(24))];
    const [advice] = advise(raisedLimits, late, { "concurrency:m": 2 });
    const { after, low, high } = advice!.forecasts![0]!;
    expect(low).toBeLessThan(after);
    expect(high).toBeGreaterThan(after);
  });

  it("is silent where something else made calls wait, where nothing waits, and without limits", () => {
    const runs = repeat(30, () => burst(2));
    expect(advise(raisedLimits, runs, { "concurrency:m": 5 })).toEqual([]);
    expect(
      advise(
        raisedLimits,
        repeat(30, () => burst(10)),
        { "concurrency:m": 10 },
      ),
    ).toEqual([]);
    expect(advise(raisedLimits, runs, {})).toEqual([]);
    expect(raisedLimits({ name: "a", episodes: episodesFrom(runs), knobs: undefined })).toEqual([]);
  });
});

describe("rankSuggestions", () => {
  const suggestion = (id: string, extra: Partial<Suggestion> = {}): Suggestion => {
    const predicted = { metric: "x", change: -10, low: -12, high: -8, unit: "ms" };
    return { id, sentence: id, evidence: {}, predicted, risk: "low", ...extra };
  };
  const ids = (found: readonly Suggestion[]): string[] => found.map(({ id }) => id);

  it("orders by gain for the risk, and says how sure each is", () => {
    const ranked = rankSuggestions([
      { value: 0.2, suggestion: suggestion("risky", { risk: "high" }) },
      { value: 0.15, suggestion: suggestion("safe") },
      {
        value: 0.1,
        suggestion: suggestion("vague", { predicted: { metric: "x", change: 10, low: 1, high: 19, unit: "ms" } }),
      },
      {
        value: 0.05,
        suggestion: suggestion("between", { predicted: { metric: "x", change: 10, low: 3, high: 17, unit: "ms" } }),
      },
      { value: 0.01, suggestion: suggestion("unknown", { predicted: undefined }) },
      {
        value: 0.005,
        suggestion: suggestion("certain", { predicted: { metric: "x", change: 1, low: 1, high: 1, unit: "" } }),
      },
    ]);
    expect(ranked.map(({ id, confidence }) => `${id} ${confidence}`)).toEqual([
      "safe high",
      "risky high",
      "vague low",
      "between medium",
      "unknown low",
      "certain high",
    ]);
  });

  it("never turns one setting two ways, and raises no limit where calls are refused for their number", () => {
    const action = (value: number) => ({ action: { knob: "concurrency:m", value } });
    const both = [
      { value: 0.1, suggestion: suggestion("lower", action(1)) },
      { value: 0.2, suggestion: suggestion("concurrency:m", action(9)) },
    ];
    expect(ids(rankSuggestions(both))).toEqual(["concurrency:m"]);
    const hurried = {
      value: 0.05,
      suggestion: suggestion("failures:rate_limited", { evidence: { code: "rate_limited" } }),
    };
    expect(ids(rankSuggestions([...both, hurried]))).toEqual(["lower", "failures:rate_limited"]);
  });
});
