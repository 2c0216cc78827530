import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareQuantiles,
  compareRatios,
  compareShares,
  fewestForQuantile,
  holm,
  type Part,
} from "../../src/introspection/measure/two-samples.ts";
import { randomOf } from "./errors/seeded-random.ts";

const partOf = (above: number): Part => ({ above, below: 1 });
const parts = (values: readonly number[]) => values.map(partOf);

function draws(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}

/** Times with a long tail, as of models: the logarithm is normal. */
function tailed(random: () => number, scale = 1): number {
  return 300 * scale * Math.exp(Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}

/** Gives how often a comparison is significant at 5 %, by its own p-value. */
function shareBelow(rounds: number, p: (random: () => number) => number): number {
  const random = randomOf(42);
  let below = 0;
  for (let round = 0; round < rounds; round++) if (p(random) < 0.05) below += 1;
  return below / rounds;
}

describe("two samples", () => {
  it("of one kind seem to differ about once in twenty, with heavy tails and unequal numbers", () => {
    const means = shareBelow(600, (random) => {
      return compareRatios(parts(draws(15, () => tailed(random))), parts(draws(90, () => tailed(random)))).p;
    });
    expect(means).toBeGreaterThan(0.025);
    expect(means).toBeLessThan(0.075);
    const ratios = shareBelow(600, (random) => {
      const run = () => {
        const below = 1 + Math.floor(random() * 6);
        // The calls of a run are alike: they are answered together, or not at all.
        return { above: random() < 0.4 ? below : 0, below };
      };
      return compareRatios(Array.from({ length: 40 }, run), Array.from({ length: 60 }, run)).p;
    });
    expect(ratios).toBeGreaterThan(0.025);
    expect(ratios).toBeLessThan(0.075);
    // Exact tests of counts err on the safe side.
    const quantiles = shareBelow(600, (random) => {
      const sample = () => draws(400, () => tailed(random));
      return compareQuantiles(sample(), sample(), 0.95).p;
    });
    expect(quantiles).toBeGreaterThan(0.005);
    expect(quantiles).toBeLessThan(0.06);
  });

  it("beyond 2,000 runs are compared by the normal distribution, as often wrong", () => {
    const means = shareBelow(300, (random) => {
      return compareRatios(parts(draws(900, () => tailed(random))), parts(draws(1_200, () => tailed(random)))).p;
    });
    expect(means).toBeGreaterThan(0.02);
    expect(means).toBeLessThan(0.085);
  });

  it("show a planted difference", () => {
    const slower = shareBelow(100, (random) => {
      return compareRatios(parts(draws(100, () => tailed(random))), parts(draws(100, () => tailed(random, 2)))).p;
    });
    expect(slower).toBeGreaterThan(0.9);
    const tails = shareBelow(100, (random) => {
      const spiky = () => (random() < 0.1 ? 9_000 : tailed(random));
      return compareQuantiles(
        draws(300, () => tailed(random)),
        draws(300, spiky),
        0.95,
      ).p;
    });
    expect(tails).toBeGreaterThan(0.9);
    const failures = shareBelow(100, (random) => {
      const hits = (share: number) => draws(200, random).filter((value) => value < share).length;
      return compareShares(hits(0.98), 200, hits(0.88), 200).p;
    });
    expect(failures).toBeGreaterThan(0.9);
  });

  it("have intervals that hold the true difference about 95 times of 100", () => {
    const random = randomOf(9);
    const held = { mean: 0, quantile: 0, share: 0, ratio: 0 };
    const holds = ({ low, high }: { low: number; high: number }, truth: number) =>
      low <= truth && truth <= high ? 1 : 0;
    const uniform = (to: number) => () => random() * to;
    for (let round = 0; round < 300; round++) {
      const [a, b] = [draws(40, uniform(1)), draws(150, uniform(3))];
      held.mean += holds(compareRatios(parts(a), parts(b)).interval, 1);
      const [c, d] = [draws(200, uniform(1)), draws(300, uniform(3))];
      held.quantile += holds(compareQuantiles(c, d, 0.95).interval, 1.9);
      const hits = (share: number) => draws(150, random).filter((value) => value < share).length;
      held.share += holds(compareShares(hits(0.8), 150, hits(0.6), 150).interval, -0.2);
      const run = (share: number) => () => {
        const below = 1 + Math.floor(random() * 6);
        return { above: random() < share ? below : 0, below };
      };
      const [e, f] = [Array.from({ length: 80 }, run(0.5)), Array.from({ length: 80 }, run(0.3))];
      held.ratio += holds(compareRatios(e, f).interval, -0.2);
    }
    for (const count of Object.values(held)) expect(count / 300).toBeGreaterThan(0.915);
    for (const count of [held.mean, held.share, held.ratio]) expect(count / 300).toBeLessThan(0.99);
  });

  it("have an interval of some width even where all or none hit", () => {
    const { low, high } = compareShares(20, 20, 20, 20).interval;
    expect(low).toBeCloseTo(-0.161, 3);
    expect(high).toBeCloseTo(0.161, 3);
    // The example of Newcombe's paper: 56 of 70 and 48 of 80, method 10.
    const example = compareShares(48, 80, 56, 70).interval;
    expect([example.low, example.high].map((end) => end.toFixed(4))).toEqual(["0.0524", "0.3339"]);
  });

  it("are compared the same both ways round", () => {
    const part = fc.record({ above: fc.nat({ max: 1_000 }), below: fc.integer({ min: 1, max: 9 }) });
    const sample = fc.array(part, { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const values = (from: readonly Part[]) => from.map(({ above }) => above);
        const hits = (from: readonly Part[]) => from.filter(({ above }) => above > 500).length;
        for (const [there, back] of [
          [compareRatios(a, b), compareRatios(b, a)],
          [compareQuantiles(values(a), values(b), 0.8), compareQuantiles(values(b), values(a), 0.8)],
          [compareShares(hits(a), a.length, hits(b), b.length), compareShares(hits(b), b.length, hits(a), a.length)],
        ] as const) {
          expect(back.p).toBeCloseTo(there.p, 10);
          expect([back.a, back.b]).toEqual([there.b, there.a]);
          expect(back.interval.low).toBeCloseTo(-there.interval.high, 6);
          expect(back.interval.high).toBeCloseTo(-there.interval.low, 6);
          expect(there.p > 0 && there.p <= 1).toBe(true);
          expect(there.interval.low <= there.b - there.a + 1e-9).toBe(true);
          expect(there.interval.high >= there.b - there.a - 1e-9).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("that never vary are equal or differ for certain, and what rounding leaves is no difference", () => {
    const same = (value: number, count = 20) => parts(Array.from({ length: count }, () => value));
    expect(compareRatios(same(0.1), same(0.1, 33))).toMatchObject({ p: 1 });
    expect(compareRatios(same(0.1), same(0.1 + 1e-16, 33))).toMatchObject({ p: 1 });
    expect(compareRatios(same(0.1 + 0.2), same(0.3))).toMatchObject({ p: 1 });
    expect(compareRatios(same(5), same(7))).toEqual({ a: 5, b: 7, interval: { low: 2, high: 2 }, p: 0.0005 });
    expect(compareRatios(same(0), same(0)).p).toBe(1);
    expect(compareRatios(same(5, 1_500), same(7, 1_500)).p).toBe(0);
  });

  it("tell a tail apart where many values are equal", () => {
    const calm = Array.from({ length: 300 }, (_, index) => index);
    const cut = calm.map((value, index) => (index % 10 === 0 ? 9_000 : value));
    expect(compareQuantiles(calm, cut, 0.95).p).toBeLessThan(1e-6);
    expect(compareQuantiles(cut, cut, 0.95).p).toBe(1);
  });

  it("need 72 values for a 95th percentile", () => {
    expect([fewestForQuantile(0.95), fewestForQuantile(0.5)]).toEqual([72, 6]);
    const first = Array.from({ length: 72 }, (_, index) => index);
    const { a, interval } = compareQuantiles(first, first, 0.95);
    expect(a).toBe(68);
    expect(interval.low).toBeCloseTo(-interval.high);
  });
});

describe("holm", () => {
  it("raises each p-value by how many are left, never above 1 and never out of order", () => {
    expect(holm([])).toEqual([]);
    expect(holm([0.03])).toEqual([0.03]);
    const corrected = holm([0.04, 0.01, 0.03, 0.9]);
    for (const [index, p] of [0.09, 0.04, 0.09, 0.9].entries()) expect(corrected[index]).toBeCloseTo(p, 10);
  });

  it("keeps the order, and lies between the p-value and Bonferroni's", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 9 }), (chances) => {
        const corrected = holm(chances);
        for (const [index, p] of chances.entries()) {
          expect(corrected[index]!).toBeGreaterThanOrEqual(p);
          expect(corrected[index]!).toBeLessThanOrEqual(Math.min(1, p * chances.length));
          for (const [other, q] of chances.entries())
            if (p < q) expect(corrected[index]! <= corrected[other]!).toBe(true);
        }
      }),
    );
  });
});
