import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duration, percent } from "../../src/introspection/advise/suggestion.ts";
import {
  meanInterval,
  meanOf,
  quantileOf,
  seededDraws,
  shareInterval,
  studentQuantile,
} from "../../src/introspection/measure/statistics.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";

describe("statistics of advice", () => {
  it("are 0 of nothing", () => {
    expect([meanOf([]), quantileOf([], 0.5), meanInterval([])]).toEqual([0, 0, { low: 0, high: 0 }]);
    expect(shareInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });

  it("give intervals that hold their own figure and lie within what is possible", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 }),
        fc.nat({ max: 60 }),
        (values, hits) => {
          const interval = meanInterval(values);
          expect(interval.low).toBeGreaterThanOrEqual(Math.min(...values));
          expect(interval.high).toBeLessThanOrEqual(Math.max(...values));
          expect(interval).toEqual(meanInterval(values));
          const share = shareInterval(hits, 60);
          expect(share.low).toBeLessThanOrEqual(hits / 60);
          expect(share.high).toBeGreaterThanOrEqual(hits / 60);
          expect(share.low >= 0 && share.high <= 1).toBe(true);
        },
      ),
    );
  });

  it("give intervals that hold the truth about 95 times of 100", () => {
    const { random } = createTestRuntime({ seed: 7 });
    let shares = 0;
    let means = 0;
    for (let round = 0; round < 400; round++) {
      const draws = Array.from({ length: 80 }, () => (random() < 0.3 ? 1 : 0));
      const share = shareInterval(draws.filter(Boolean).length, 80);
      if (share.low <= 0.3 && 0.3 <= share.high) shares++;
      const mean = meanInterval(Array.from({ length: 80 }, () => random() * 10));
      if (mean.low <= 5 && 5 <= mean.high) means++;
    }
    expect(shares / 400).toBeGreaterThan(0.92);
    expect(means / 400).toBeGreaterThan(0.91);
  });

  it("agree where many values change the method", () => {
    const { random } = createTestRuntime({ seed: 3 });
    const values = Array.from({ length: 2_001 }, () => random() ** 3 * 100);
    const many = meanInterval(values);
    const few = meanInterval(values.slice(0, 2_000));
    expect(Math.abs(many.low - few.low)).toBeLessThan(0.3);
    expect(Math.abs(many.high - few.high)).toBeLessThan(0.3);
    expect(many.high - many.low).toBeGreaterThan(1);
  });

  it("take quantiles by nearest rank", () => {
    expect([0, 0.5, 0.95, 1].map((p) => quantileOf([40, 10, 30, 20], p))).toEqual([10, 20, 40, 40]);
  });

  it("know Student's quantiles to a hundredth", () => {
    const table: readonly [freedom: number, quantile: number][] = [
      [3, 3.1824],
      [4, 2.7764],
      [9, 2.2622],
      [30, 2.0423],
      [399, 1.9659],
    ];
    for (const [freedom, quantile] of table)
      expect(Math.abs(studentQuantile(freedom) / quantile - 1)).toBeLessThan(0.01);
    expect(studentQuantile(0)).toBe(studentQuantile(3));
    expect(studentQuantile(Number.POSITIVE_INFINITY)).toBeCloseTo(1.959964, 6);
  });

  it("draw the same of the same seed, evenly below the limit", () => {
    const [one, other] = [seededDraws(9), seededDraws(9)];
    const draws = Array.from({ length: 6_000 }, () => one(6));
    expect(draws).toEqual(draws.map(() => other(6)));
    for (let value = 0; value < 6; value++) {
      const count = draws.filter((draw) => draw === value).length;
      expect(count).toBeGreaterThan(880);
      expect(count).toBeLessThan(1_120);
    }
  });

  it("are written for people", () => {
    expect([0, 0.004, 0.0825, 0.12, 0.999].map(percent)).toEqual(["0 %", "0.4 %", "8.3 %", "12 %", "100 %"]);
    expect([0.1234, 5.678, 250, 1_234, 45_678].map(duration)).toEqual(["0.12 ms", "5.7 ms", "250 ms", "1.2 s", "46 s"]);
  });
});
