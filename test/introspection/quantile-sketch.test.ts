import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketCount, bucketOf, bucketValue, QuantileSketch } from "../../src/introspection/measure/quantile-sketch.ts";

const lowest = 2 ** -14;
const highest = 2 ** 34;
const inRange = fc.double({ min: lowest, max: highest, maxExcluded: true, noNaN: true });
const shares = fc.double({ min: 0, max: 1, noNaN: true });

function exactQuantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!;
}

function sketchOf(values: readonly number[]): QuantileSketch {
  const sketch = new QuantileSketch();
  for (const value of values) sketch.record(value);
  return sketch;
}

describe("QuantileSketch", () => {
  it("gives every quantile within 1 % of the exact one, over the whole range", () => {
    fc.assert(
      fc.property(fc.array(inRange, { minLength: 1, maxLength: 300 }), shares, (values, p) => {
        const exact = exactQuantile(values, p);
        expect(Math.abs(sketchOf(values).quantile(p) - exact)).toBeLessThanOrEqual(exact * 0.01);
      }),
      { numRuns: 500 },
    );
  });

  it("keeps within 1 % on a hundred thousand skewed values", () => {
    const values = Array.from({ length: 100_000 }, (_, index) => Math.exp(((index * 7919) % 100_000) / 9_000));
    const sketch = sketchOf(values);
    for (const p of [0.5, 0.9, 0.95, 0.99, 0.999]) {
      const exact = exactQuantile(values, p);
      expect(Math.abs(sketch.quantile(p) / exact - 1)).toBeLessThanOrEqual(0.01);
    }
  });

  it("merges to the same as both streams in one", () => {
    const list = fc.array(inRange, { maxLength: 100 });
    fc.assert(
      fc.property(list, list, shares, (left, right, p) => {
        const merged = sketchOf(left);
        merged.merge(sketchOf(right));
        const both = sketchOf([...left, ...right]);
        expect(merged.quantile(p)).toBe(both.quantile(p));
        expect([merged.count, merged.min, merged.max]).toEqual([both.count, both.min, both.max]);
        expect(Math.abs(merged.sum - both.sum)).toBeLessThanOrEqual(both.sum * 1e-9);
      }),
    );
  });

  it("never puts a greater value into a lower bucket, and stands within 0.79 % of each", () => {
    fc.assert(
      fc.property(inRange, inRange, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(bucketOf(low)).toBeLessThanOrEqual(bucketOf(high));
        expect(Math.abs(bucketValue(bucketOf(a)) - a)).toBeLessThanOrEqual(a * 0.0079);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is all 0 when nothing was recorded", () => {
    const none = { count: 0, mean: 0, min: 0, max: 0, p50: 0, p90: 0, p95: 0, p99: 0 };
    expect(new QuantileSketch().summary()).toEqual(none);
    expect(JSON.parse(JSON.stringify(new QuantileSketch()))).toEqual(none);
  });

  it("leaves out what is no duration and keeps minimum and maximum exact beyond the range", () => {
    const sketch = sketchOf([Number.NaN, -1, Number.POSITIVE_INFINITY, 0, 1e-9, 5, 1e15]);
    expect([sketch.count, sketch.min, sketch.max]).toEqual([4, 0, 1e15]);
    expect(sketch.quantile(0)).toBe(0);
    expect(sketch.quantile(1)).toBe(1e15);
    expect(sketch.quantile(0.25)).toBe(0);
    expect(bucketOf(1e15)).toBe(bucketCount - 1);
    expect(bucketOf(0)).toBe(0);
  });

  it("stops a bucket at its top and still finds the quantiles of what it counted", () => {
    let sketch = sketchOf([1]);
    for (let doubling = 0; doubling < 33; doubling++) {
      const twice = new QuantileSketch();
      twice.merge(sketch);
      twice.merge(sketch);
      sketch = twice;
    }
    sketch.record(1);
    sketch.merge(sketchOf(Array(1_000).fill(900)));
    expect(sketch.count).toBe(2 ** 33 + 1_001);
    expect(Math.abs(sketch.quantile(0.5) - 1)).toBeLessThan(0.01);
    expect(Math.abs(sketch.quantile(1 - 1e-7) / 900 - 1)).toBeLessThan(0.01);
  });

  it("gives a lone value exactly, clamps the share, and forgets when cleared", () => {
    const sketch = sketchOf([123.456]);
    expect([sketch.quantile(0.5), sketch.quantile(-3), sketch.quantile(7)]).toEqual([123.456, 123.456, 123.456]);
    expect(sketch.quantile(Number.NaN)).toBe(123.456);
    sketch.clear();
    expect(sketch.summary().count).toBe(0);
    expect(sketch.quantile(0.5)).toBe(0);
  });
});
