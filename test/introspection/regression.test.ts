import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { doubtOf, ratioOfMeans } from "../../src/introspection/measure/bootstrap.ts";
import { medianSlope, slopeBeside } from "../../src/introspection/measure/regression.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";

const { random } = createTestRuntime({ seed: 5 });
const noise = (spread: number): number => spread * (random() + random() + random() - 1.5);
const finite = fc.double({ min: -1e3, max: 1e3, noNaN: true });

describe("medianSlope", () => {
  it("is exact on a line, whatever the order of its points", () => {
    fc.assert(
      fc.property(finite, finite, fc.uniqueArray(fc.integer({ min: -500, max: 500 }), { minLength: 3 }), (a, b, xs) => {
        const line = medianSlope(xs.map((x) => ({ x, y: a + b * x })))!;
        expect(line.slope).toBeCloseTo(b, 6);
        expect(line.intercept).toBeCloseTo(a, 4);
        expect(line.low).toBeLessThanOrEqual(line.slope + 1e-9);
        expect(line.high).toBeGreaterThanOrEqual(line.slope - 1e-9);
      }),
    );
  });

  it("hardly notices a fifth of wild points", () => {
    const points = Array.from({ length: 100 }, (_, x) => ({ x, y: x % 5 === 0 ? 1e6 * random() : 3 * x + noise(4) }));
    expect(Math.abs(medianSlope(points)!.slope - 3)).toBeLessThan(0.2);
  });

  it("has an interval that holds the truth about 95 times of 100", () => {
    let held = 0;
    for (let round = 0; round < 300; round++) {
      const points = Array.from({ length: 40 }, () => 1_000 * random()).map((x) => ({
        x,
        y: 50 + 0.2 * x + noise(60),
      }));
      const { low, high } = medianSlope(points)!;
      if (low <= 0.2 && high >= 0.2) held++;
    }
    expect(held).toBeGreaterThan(273);
  });

  it("is undefined for fewer than three points or a single x, and thins many", () => {
    expect(medianSlope([])).toBeUndefined();
    expect(medianSlope([1, 2].map((x) => ({ x, y: x })))).toBeUndefined();
    expect(medianSlope(Array.from({ length: 50 }, (_, y) => ({ x: 7, y })))).toBeUndefined();
    expect(medianSlope(Array.from({ length: 5_000 }, (_, x) => ({ x, y: 2 * x })))!.slope).toBe(2);
  });
});

describe("slopeBeside", () => {
  it("is exact on a plane, and on a line where the other figure never changes", () => {
    fc.assert(
      fc.property(finite, finite, finite, fc.boolean(), (a, b, c, isFlat) => {
        const points = Array.from({ length: 12 }, (_, x) => {
          const beside = isFlat ? 4 : (x * 7) % 5;
          return { x, beside, y: a + b * x + c * beside };
        });
        const { slope, intercept } = slopeBeside(points)!;
        expect(slope).toBeCloseTo(b, 5);
        expect(intercept).toBeCloseTo(isFlat ? a + 4 * c : a, 3);
      }),
    );
  });

  it("tells the two apart under noise, with an interval that mostly holds the truth", () => {
    let held = 0;
    for (let round = 0; round < 40; round++) {
      const points = Array.from({ length: 60 }, () => {
        const [x, beside] = [4_000 * random(), 100 * random()];
        return { x, beside, y: 100 + 0.05 * x + 8 * beside + noise(100) };
      });
      const { low, high } = slopeBeside(points)!;
      if (low <= 0.05 && high >= 0.05) held++;
    }
    expect(held).toBeGreaterThan(33);
  });

  it("leaves out draws that tell nothing", () => {
    const points = [0, 0, 0, 0, 1].map((x) => ({ x, y: 3 * x }));
    const { slope, low, high } = slopeBeside(points)!;
    for (const one of [slope, low, high]) expect(one).toBeCloseTo(3, 9);
  });

  it("is undefined for few points, a single x, and figures that always go together", () => {
    const points = Array.from({ length: 20 }, (_, x) => ({ x, beside: 2 * x, y: x }));
    expect(slopeBeside(points)).toBeUndefined();
    expect(slopeBeside(points.slice(0, 4))).toBeUndefined();
    expect(slopeBeside(points.map(({ y }) => ({ x: 3, y })))).toBeUndefined();
  });
});

describe("ratioOfMeans", () => {
  it("is exact for what is always the same share, and grows with what comes after", () => {
    const some = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(some, fc.double({ min: 0.01, max: 10, noNaN: true }), (befores, share) => {
        const { ratio, low, high, error } = ratioOfMeans(befores.map((before) => ({ before, after: share * before })))!;
        for (const one of [ratio, low, high]) expect(one).toBeCloseTo(share, 6);
        expect(error).toBeCloseTo(0, 6);
      }),
      { numRuns: 30 },
    );
  });

  it("is undefined of nothing and where there was nothing before", () => {
    expect(ratioOfMeans([])).toBeUndefined();
    expect(ratioOfMeans([{ before: 0, after: 4 }])).toBeUndefined();
    expect(doubtOf(0, () => 1)).toBeUndefined();
    expect(doubtOf(3, () => Number.NaN)).toBeUndefined();
  });

  it("holds the truth about 95 times of 100", () => {
    let held = 0;
    for (let round = 0; round < 200; round++) {
      const pairs = Array.from({ length: 60 }, () => ({ before: 500 + noise(400), after: 200 + noise(300) }));
      const { low, high } = ratioOfMeans(pairs)!;
      if (low <= 0.4 && high >= 0.4) held++;
    }
    expect(held).toBeGreaterThan(176);
  });
});
