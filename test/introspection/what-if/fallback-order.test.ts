import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttemptRecord } from "../../../src/core/events/event.ts";
import { rankSuggestions } from "../../../src/introspection/advise/rank-suggestions.ts";
import type { Suggestion, WeighedSuggestion } from "../../../src/introspection/advise/suggestion.ts";
import { type FallbackLeg, inOrder } from "../../../src/introspection/advise/what-if/fallback-legs.ts";
import { fallbackOrder } from "../../../src/introspection/advise/what-if/fallback-order.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

interface Leg {
  readonly name: string;
  readonly ms: number;
  readonly fails?: boolean;
  readonly cost?: number;
}

/** A run whose model call asks these in turn. */
function asks(...legs: readonly Leg[]): DescribedCall {
  let since = 0;
  const tried = legs.map(({ name, ms, fails = false, cost }): AttemptRecord => {
    const times = { beganMs: since, endedMs: since + ms };
    since += ms;
    const end = fails
      ? { outcome: "error" as const, code: "model_failed" }
      : { outcome: "ok" as const, code: undefined };
    return { name, ...times, ...end, costMicroUsd: fails ? undefined : cost };
  });
  const last = tried.at(-1)!;
  const end = last.outcome === "ok" ? {} : { outcome: "error" as const, code: "model_failed" };
  const cost = last.costMicroUsd === undefined ? {} : { costMicroUsd: last.costMicroUsd };
  const told = tried.length === 1 ? {} : { tried };
  return {
    ...{ name: "a", ...end },
    calls: [{ name: legs[0]!.name, kind: "model", attempts: tried.length, ms: since, ...told, ...cost, ...end }],
  };
}

function advise(runs: readonly DescribedCall[]): readonly Suggestion[] {
  return fallbackOrder({ name: "a", episodes: episodesFrom(runs), knobs: undefined }).map(
    ({ suggestion }) => suggestion,
  );
}

const slow = { name: "large", ms: 2_000, cost: 900 };
const quick = { name: "small", ms: 400, cost: 100 };

describe("fallbackOrder", () => {
  it("asks first what answers as well, sooner and for less, in exact words", () => {
    const runs = repeat(100, (index) => (index % 2 === 0 ? asks({ ...slow, fails: true }, quick) : asks(slow)));
    const [advice, ...more] = advise(runs);
    expect(more).toEqual([]);
    expect(advice).toMatchObject({
      id: "fallback-order:large",
      evidence: { calls: 100, answered: 50, insteadCalls: 50, insteadAnswered: 50, order: ["small", "large"] },
      forecasts: [{ metric: "avgExecutionTimeMs", after: 400 }, { metric: "costMicroUsd" }, { metric: "successRate" }],
    });
    expect(advice!.predicted!.change).toBeCloseTo(400 - 2_200, 2);
    expect(advice!.forecasts![1]!.after).toBeCloseTo(100, 6);
    expect(advice!.action).toBeUndefined();
    expect(advice!.sentence).toBe(
      "large answers 50 % of 100 calls in 2 s; small, asked when it failed, 100 % of 50 calls in 400 ms. Asked first, small " +
        "would make a run of a 1.8 s shorter (82 %), at $0.10 for 1,000 runs in the place of $0.50. " +
        'Say `model: "small", recovery: fallback("large")` in the agent.',
    );
  });

  it("puts several in the order of their time for an answer", () => {
    const third = { name: "other", ms: 100, cost: 10 };
    const runs = repeat(120, (index) => {
      if (index % 2 === 1) return asks(slow);
      if (index % 4 === 0) return asks({ ...slow, fails: true }, quick);
      return asks({ ...slow, fails: true }, { ...quick, fails: true }, third);
    });
    const [advice] = advise(runs);
    expect(advice!.evidence.order).toEqual(["other", "small", "large"]);
    expect(advice!.sentence).toContain('Say `model: "other", recovery: fallback(["small", "large"])` in the agent.');
  });

  it("speaks of cost where nothing is won but money, and not where time is lost for it", () => {
    const cheap = (ms: number) =>
      repeat(100, (index) => {
        const there = { name: "small", ms, cost: 100 };
        return index % 2 === 0 ? asks({ ...slow, ms: 390, fails: true }, there) : asks({ ...slow, ms: 390 });
      });
    // Half of the calls of the first fail, so the second is the quicker way to an answer up to twice its time.
    expect(advise(cheap(1_000))).toEqual([]);
    expect(advise(cheap(780))).toMatchObject([{ predicted: { metric: "costMicroUsd" } }]);
    const [won] = advise(
      repeat(100, (index) =>
        index % 4 === 0 ? asks({ ...slow, ms: 300, fails: true }, { ...quick, ms: 375 }) : asks({ ...slow, ms: 300 }),
      ),
    );
    expect(won).toMatchObject({
      predicted: { metric: "costMicroUsd" },
      forecasts: [{ metric: "costMicroUsd" }, { metric: "avgExecutionTimeMs" }, { metric: "successRate" }],
    });
    expect(won!.predicted!.high).toBeLessThan(0);
  });

  it("forecasts the same whether or not caches answered more calls, which ask no model", () => {
    const runs = repeat(100, (index) => (index % 2 === 0 ? asks({ ...slow, fails: true }, quick) : asks(slow)));
    const hit = { name: "large", kind: "model", attempts: 0, ms: 0, cacheState: "hit" } as const;
    const cached = runs.map((run) => ({ ...run, calls: [...run.calls!, hit, hit, hit] }));
    const [advice] = advise(runs);
    expect(advise(cached)[0]!.forecasts).toEqual(advice!.forecasts);
  });

  it("works without a price, and through retries of each", () => {
    const failing = { name: "large", ms: 500, fails: true };
    const runs = repeat(100, (index) =>
      index % 2 === 0 ? asks(failing, failing, { name: "small", ms: 200 }) : asks({ name: "large", ms: 500 }),
    );
    const [advice] = advise(runs);
    // Two attempts of the first are one way of failing, of a second.
    expect(advice).toMatchObject({ evidence: { meanMs: 750, insteadMeanMs: 200 } });
    expect(advice!.forecasts!.map(({ metric }) => metric)).toEqual(["avgExecutionTimeMs", "successRate"]);
  });

  it("is silent where the order is right, where too little is known, where nobody stands in, and of what is no model", () => {
    const right = repeat(100, (index) => (index % 3 === 0 ? asks({ ...quick, fails: true }, slow) : asks(quick)));
    expect(advise(right)).toEqual([]);
    expect(advise(repeat(100, (index) => (index < 12 ? asks({ ...slow, fails: true }, quick) : asks(slow))))).toEqual(
      [],
    );
    expect(advise(repeat(100, () => asks(slow)))).toEqual([]);
    expect(advise(repeat(100, (index) => asks({ ...slow, fails: true }, { ...slow, fails: index % 2 === 0 })))).toEqual(
      [],
    );
    const never = repeat(100, () => asks({ ...slow, fails: true }, { ...quick, fails: true }));
    expect(advise(never)).toEqual([]);
    const tools = repeat(100, () => {
      const run = asks({ ...slow, fails: true }, quick);
      return { ...run, calls: run.calls!.map((call) => ({ ...call, kind: "tool" as const })) };
    });
    expect(advise(tools)).toEqual([]);
    const unknown = repeat(100, () => ({
      name: "a",
      calls: [{ name: "large", kind: "model" as const, attempts: 3, ms: 9 }],
    }));
    expect(advise(unknown)).toEqual([]);
    const cancelled = repeat(100, () => {
      const run = asks({ ...slow, fails: true }, quick);
      return { ...run, calls: run.calls!.map((call) => ({ ...call, outcome: "cancelled" as const })) };
    });
    expect(advise(cancelled)).toEqual([]);
  });
});

describe("inOrder", () => {
  const leg = fc.record({
    calls: fc.constant(20),
    answered: fc.integer({ min: 1, max: 20 }),
    meanMs: fc.integer({ min: 1, max: 1_000 }),
  });

  it("takes least time with the least time for an answer first, of all orders", () => {
    fc.assert(
      fc.property(fc.array(leg, { minLength: 2, maxLength: 4 }), (given) => {
        const legs = given.map((one, index): FallbackLeg => {
          return { ...one, name: `m${index}`, varianceMs: 0, meanCostMicroUsd: one.meanMs };
        });
        const ratio = ({ meanMs, answered }: FallbackLeg) => meanMs / answered;
        const best = inOrder([...legs].sort((a, b) => ratio(a) - ratio(b)));
        for (const order of permutations(legs)) {
          const other = inOrder(order);
          expect(best.ms).toBeLessThanOrEqual(other.ms + 1e-6);
          expect(best.costMicroUsd).toBeLessThanOrEqual(other.costMicroUsd + 1e-6);
          expect(best.answers).toBeCloseTo(other.answers, 9);
        }
      }),
    );
  });

  it("knows how much one call differs from the next", () => {
    const legs = [
      { name: "a", calls: 4, answered: 2, meanMs: 100, varianceMs: 9, meanCostMicroUsd: 0 },
      { name: "b", calls: 4, answered: 4, meanMs: 50, varianceMs: 1, meanCostMicroUsd: 0 },
    ];
    // Half of them take 100, half 150, each with its own spread.
    expect(inOrder(legs)).toMatchObject({ ms: 125, answers: 1 });
    expect(inOrder(legs).varianceMs).toBeCloseTo(625 + (9 + 10) / 2, 9);
    // The first one's mean, how often the second is come to, and half of the second one's mean.
    expect(inOrder(legs).errorMs ** 2).toBeCloseTo(9 / 4 + (0.25 * 50 ** 2) / 4 + (0.25 * 1) / 4, 9);
  });
});

function permutations<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

describe("rankSuggestions", () => {
  it("never gives advice beside what excludes it, whichever is better", () => {
    const of = (id: string, value: number, excludes: readonly string[] = []): WeighedSuggestion => {
      return { value, excludes, suggestion: { id, sentence: id, evidence: {}, predicted: undefined, risk: "low" } };
    };
    const ids = (found: readonly WeighedSuggestion[]) => rankSuggestions(found).map(({ id }) => id);
    const order = (value: number) => of("fallback-order:m", value, ["retry:m"]);
    expect(ids([order(0.3), of("retry:m", 0.2), of("retry:n", 0.1)])).toEqual(["fallback-order:m", "retry:n"]);
    expect(ids([order(0.1), of("retry:m", 0.2)])).toEqual(["retry:m"]);
  });
});
