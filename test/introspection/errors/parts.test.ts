import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallFactors, type CallTraits, stepFloor } from "../../../src/introspection/errors/call-factors.ts";
import { DistinctCount } from "../../../src/introspection/errors/distinct-count.ts";
import { adviceFor } from "../../../src/introspection/errors/error-advice.ts";
import type { ErrorGroup, LikelyCause } from "../../../src/introspection/errors/error-report.ts";
import { binomialTail, fisherTail, relativeRisk } from "../../../src/introspection/errors/exact-tests.ts";
import { likelyCause } from "../../../src/introspection/errors/likely-cause.ts";
import { RateWindow } from "../../../src/introspection/errors/rate-window.ts";
import { randomOf } from "./seeded-random.ts";

/** By exact fractions of whole numbers. */
function choose(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n;
  let result = 1n;
  for (let i = 1; i <= k; i++) result = (result * BigInt(n - k + i)) / BigInt(i);
  return result;
}

const share = (part: bigint, whole: bigint): number => Number((part * 10n ** 15n) / whole) / 1e15;

describe("the exact tests", () => {
  it("agree with counting all ways", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(60), fc.nat(60), fc.nat(60), (count, a, b, c) => {
        const [exposed, failed, hits] = [a % (count + 1), b % (count + 1), c % (count + 1)];
        let ways = 0n;
        for (let k = hits; k <= Math.min(exposed, failed); k++)
          ways += choose(exposed, k) * choose(count - exposed, failed - k);
        expect(fisherTail(hits, exposed, failed, count)).toBeCloseTo(share(ways, choose(count, failed)), 8);
        let even = 0n;
        for (let k = hits; k <= count; k++) even += choose(count, k);
        expect(binomialTail(hits, count, 0.5)).toBeCloseTo(share(even, 2n ** BigInt(count)), 8);
      }),
    );
  });

  it("are quick and sane for millions", () => {
    expect(binomialTail(501_500, 1_000_000, 0.5)).toBeCloseTo(0.00135, 4);
    expect(fisherTail(60_000, 500_000, 100_000, 1_000_000)).toBeLessThan(1e-200);
    expect(fisherTail(50_000, 500_000, 100_000, 1_000_000)).toBeCloseTo(0.5, 2);
  });

  it("give the relative risk of the textbook: 15 of 100 against 75 of 1000", () => {
    const { ratio, low, high } = relativeRisk(15, 100, 75, 1_000);
    expect(ratio).toBeCloseTo(2, 12);
    // ln 2 ± 1.96 √(1/15 − 1/100 + 1/75 − 1/1000)
    expect(low).toBeCloseTo(2 * Math.exp(-1.959964 * Math.sqrt(1 / 15 - 0.01 + 1 / 75 - 0.001)), 9);
    expect(high).toBeCloseTo(2 * Math.exp(1.959964 * Math.sqrt(1 / 15 - 0.01 + 1 / 75 - 0.001)), 9);
  });

  it("give a finite interval where one side never failed", () => {
    const { ratio, low, high } = relativeRisk(10, 20, 0, 100);
    expect(ratio).toBeUndefined();
    expect(low).toBeGreaterThan(1);
    expect(high).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});

describe("DistinctCount", () => {
  it("is exact up to 127 and within 30 % beyond, whatever comes twice", () => {
    for (const different of [0, 1, 5, 127, 128, 1_000, 50_000]) {
      const random = randomOf(different + 1);
      const hashes = Array.from({ length: different }, () => Math.floor(random() * 2 ** 32) * 2 ** 21 + 1);
      const count = new DistinctCount();
      for (const hash of [...hashes, ...hashes]) count.add(hash);
      const exact = new Set(hashes).size;
      expect(count.isExact).toBe(exact < 128);
      if (count.isExact) expect(count.count).toBe(exact);
      else expect(Math.abs(count.count / exact - 1)).toBeLessThan(0.3);
    }
  });

  it("agrees with a set while it is exact, in any order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(90), { maxLength: 300 }), (hashes) => {
        const count = new DistinctCount();
        for (const hash of hashes) count.add(hash);
        expect(count.count).toBe(new Set(hashes).size);
      }),
    );
  });
});

describe("RateWindow", () => {
  const minute = 60_000;

  it("counts what falls into each half of the window, whatever order it comes in", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200 * minute), { minLength: 1, maxLength: 200 }), (times) => {
        const window = new RateWindow(60 * minute);
        for (const time of times) window.record(time);
        const now = Math.max(...times);
        const minuteOf = (time: number): number => Math.floor(time / minute);
        const within = (from: number, to: number): number =>
          times.filter((time) => minuteOf(time) > minuteOf(now) - to && minuteOf(time) <= minuteOf(now) - from).length;
        const { recent, previous } = window.trend(now, 0);
        const half = Math.floor(Math.min(60, minuteOf(now) + 1) / 2);
        expect(recent).toEqual({ count: within(0, half), minutes: half });
        expect(previous).toEqual({ count: within(half, 2 * half), minutes: half });
      }),
    );
  });

  it("calls a rate rising or falling only when chance does not explain it", () => {
    const trendOf = (previous: number, recent: number) => {
      const window = new RateWindow(60 * minute);
      for (let index = 0; index < previous; index++) window.record(index % (30 * minute));
      for (let index = 0; index < recent; index++) window.record(30 * minute + (index % (30 * minute)));
      return window.trend(60 * minute - 1, 0);
    };
    expect(trendOf(0, 0)).toMatchObject({ direction: "steady", p: 1 });
    expect(trendOf(10, 18).direction).toBe("steady");
    expect(trendOf(10, 30).direction).toBe("rising");
    expect(trendOf(30, 10).direction).toBe("falling");
    expect(trendOf(100_000, 102_000).direction).toBe("rising");
  });

  it("forgets what is older than the window and passes over times that are none", () => {
    const window = new RateWindow(60 * minute);
    for (const time of [0, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) window.record(time);
    window.record(100 * minute);
    window.record(0);
    expect(window.ratePerMinute(100 * minute, 0)).toBeCloseTo(1 / 60, 9);
    expect(window.ratePerMinute(1_000 * minute, 0)).toBe(0);
  });
});

describe("likelyCause", () => {
  const traits: CallTraits = { caller: "a", model: undefined, tool: undefined, inputSize: 100, concurrency: 1 };
  const find = (calls: readonly { readonly traits: CallTraits; readonly failed: boolean; readonly time: number }[]) => {
    const [failing, all] = [new CallFactors(), new CallFactors()];
    for (const call of calls) {
      all.add(call.traits, call.time, 300_000);
      if (call.failed) failing.add(call.traits, call.time, 300_000);
    }
    return likelyCause({ runnable: "x", failing, all, spellMs: 300_000, runnables: 1 });
  };

  it("names the time of day only when it came on more than one day", () => {
    const hour = 3_600_000;
    const of = (days: number) =>
      find(
        Array.from({ length: days * 240 }, (_, index) => ({
          traits,
          time: index * (hour / 10),
          failed: Math.floor(index / 10) % 24 === 9,
        })),
      );
    expect(of(1)?.factor).not.toBe("time-of-day");
    expect(of(4)).toMatchObject({
      factor: "time-of-day",
      value: "09:00 to 10:00 UTC",
      from: 9,
      to: 10,
      others: { failed: 0 },
    });
  });

  it("names the caller, the tool and small inputs", () => {
    const of = (change: (index: number) => Partial<CallTraits>) =>
      find(
        Array.from({ length: 200 }, (_, index) => ({
          traits: { ...traits, ...change(index) },
          time: index,
          failed: index % 4 === 0,
        })),
      );
    expect(of((index) => ({ caller: index % 4 === 0 ? "b" : "c" }))).toMatchObject({ factor: "caller", value: "b" });
    expect(of((index) => ({ tool: index % 4 === 0 ? "t" : "u" }))).toMatchObject({ factor: "tool", value: "t" });
    const small = of((index) => ({ inputSize: index % 4 === 0 ? 3 : 5_000 }));
    expect(small).toMatchObject({ factor: "input-size", value: "fewer than 4096 characters", to: 4096 });
    expect(small!.relativeRisk).toBeUndefined();
    expect(of(() => ({}))).toBeUndefined();
    expect(of((index) => ({ inputSize: undefined, caller: undefined, model: `m${index}` }))).toBeUndefined();
  });

  it("joins spells of time in a row and says nothing where too few calls are to compare", () => {
    const outage = find(
      Array.from({ length: 400 }, (_, index) => ({ traits, time: index * 20_000, failed: index >= 60 && index < 120 })),
    );
    expect(outage).toMatchObject({
      factor: "time",
      from: 1_200_000,
      to: 2_400_000,
      exposed: { calls: 60, failed: 60 },
      others: { failed: 0 },
    });
    expect(outage!.value).toBe("1970-01-01T00:20 to 1970-01-01T00:40 UTC");
    expect(find([{ traits, time: 0, failed: true }])).toBeUndefined();
  });

  it("keeps at most sixteen names of each sort", () => {
    const factors = new CallFactors();
    for (let index = 0; index < 100; index++) factors.add({ ...traits, caller: `c${index}` }, index, 1_000);
    expect(factors.callers.size).toBe(17);
    expect(factors.callers.get("other")).toBe(84);
    expect(stepFloor(0)).toBe(1);
    factors.add({ ...traits, inputSize: Number.NaN, concurrency: 1e9 }, Number.NaN, 1_000);
    expect(factors.total).toBe(101);
  });
});

describe("advice on a cause", () => {
  const cause = (factor: LikelyCause["factor"], range: Partial<LikelyCause>): LikelyCause => ({
    ...{ runnable: "gpt", factor, value: "it", exposed: { calls: 10, failed: 9 }, others: { calls: 90, failed: 1 } },
    ...{ relativeRisk: 81, low: 20, high: 300, p: 1e-9, ...range },
  });
  const sentence = (likely: LikelyCause, now = 1_000_000): string =>
    adviceFor(
      { likelyCause: likely, recoveries: [], healed: { calls: 0, meanMs: undefined } } as unknown as ErrorGroup,
      now,
    )[0]!.sentence;

  it("says for each factor what to do, with the counts", () => {
    const counts = ": 9 of 10 calls of gpt failed so, 1 of 90 others";
    expect(sentence(cause("model", {}))).toBe(`with model it it fails more often; fall back to another one${counts}`);
    expect(sentence(cause("tool", {}))).toContain("after tool it it fails more often");
    expect(sentence(cause("caller", {}))).toContain("called by it it fails more often");
    expect(sentence(cause("input-size", { from: 9 }))).toContain("split or shorten them");
    expect(sentence(cause("input-size", { to: 9 }))).toContain("check what is missing in them");
    expect(sentence(cause("concurrency", { from: 9 }))).toContain("allow at most 8 at once");
    expect(sentence(cause("concurrency", { to: 9 }))).toContain("something not ready");
    expect(sentence(cause("time", { from: 9, to: 900 }))).toContain("is over");
    expect(sentence(cause("time", { from: 9, to: 2_000_000 }))).toContain("it comes from it");
    expect(sentence(cause("time-of-day", { from: 9, to: 10 }))).toContain("move calls out of that time");
  });

  it("advises against what hardly heals", () => {
    const group = { likelyCause: undefined, recoveries: [{ strategy: "retry", tried: 500, healed: 10, share: 0.02 }] };
    const rest = { healed: { calls: 10, meanMs: undefined }, code: "timeout", retries: 700 };
    expect(adviceFor({ ...group, ...rest } as unknown as ErrorGroup, 0)).toEqual([
      {
        action: "stop-retrying",
        sentence: "retry heals only 2 % of these (10 of 500): stop it for timeout",
        counts: { tried: 500, healed: 10, retries: 700 },
      },
    ]);
  });
});
