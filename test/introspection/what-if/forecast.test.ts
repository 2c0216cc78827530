import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latency, moods } from "../../../bench/advice-workloads.ts";
import {
  forecastFutures,
  forecastMean,
  forecastRuns,
  togetherness,
  windowsOf,
} from "../../../src/introspection/advise/what-if/forecast.ts";
import { meanOf } from "../../../src/introspection/measure/statistics.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

const of = { metric: "avgExecutionTimeMs", unit: "ms", before: 100 } as const;

/** Share of futures whose mean falls into the range forecast from the record before it. */
function coverage(
  series: (random: () => number) => () => number,
  recorded: number,
  next: number,
  seed: number,
  trials = 300,
): number {
  let covered = 0;
  for (let trial = 0; trial < trials; trial++) {
    const draw = series(createTestRuntime({ seed: seed + trial }).random);
    const record = Array.from({ length: recorded }, draw);
    const { low, high } = forecastRuns(of, record, next);
    const came = meanOf(Array.from({ length: next }, draw));
    if (came >= low && came <= high) covered++;
  }
  return covered / trials;
}

describe("windows of recorded runs", () => {
  it("are as long as what is to come, reach every run, and overlap no more than they must", () => {
    fc.assert(
      fc.property(fc.nat({ max: 3_000 }), fc.integer({ min: 1, max: 400 }), (recorded, next) => {
        const windows = windowsOf(recorded, next);
        const size = Math.min(recorded, next);
        expect(windows.every(({ from, to }) => from >= 0 && to <= recorded && to - from === size)).toBe(true);
        expect(windows.length).toBeLessThanOrEqual(16);
        expect([windows[0]!.from, windows.at(-1)!.to]).toEqual([0, recorded]);
        if (recorded > 16 * next) return;
        const reached = new Set(
          windows.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at)),
        );
        expect(reached.size).toBe(recorded);
        expect(windows.length * size - recorded).toBeLessThan(Math.max(1, size));
      }),
    );
  });

  it("are two halves of twice as many", () => {
    expect(windowsOf(400, 200)).toEqual([
      { from: 0, to: 200 },
      { from: 200, to: 400 },
    ]);
  });
});

describe("a range of the mean of runs to come", () => {
  it.each<[string, (random: () => number) => () => number, number, number]>([
    ["of even draws", (random) => random, 400, 200],
    ["of long right sides", (random) => () => latency(random, 500, 0.6), 400, 200],
    ["of a dozen runs", (random) => () => 5 + random(), 12, 12],
    ["of four runs", (random) => () => 5 + random() + random(), 4, 10],
    ["of more to come than were recorded", (random) => random, 50, 500],
  ])("holds it 95 times of 100: %s", (_, series, recorded, next) => {
    const share = coverage(series, recorded, next, 1_000);
    expect(share).toBeGreaterThan(0.91);
    expect(share).toBeLessThan(0.99);
  });

  it("holds it nearly as often where runs hang together for fifty at a time", () => {
    const slowHours = (random: () => number) => {
      const mood = moods(random, 2);
      return () => mood() * latency(random, 500);
    };
    expect(coverage(slowHours, 1_000, 200, 5_000)).toBeGreaterThan(0.88);
  });

  it("is no wider for it where they do not", () => {
    const { random } = createTestRuntime({ seed: 5 });
    let sum = 0;
    for (let round = 0; round < 100; round++) sum += togetherness(Array.from({ length: 400 }, random)).times;
    expect(sum / 100).toBeLessThan(1.15);
  });

  it("knows how often a run's worth of news there is in runs that hang together", () => {
    const { random } = createTestRuntime({ seed: 6 });
    const each = Array.from({ length: 400 }, random);
    const tenTimes = each.flatMap((value) => Array<number>(10).fill(value));
    expect(togetherness(tenTimes).times).toBeGreaterThan(8);
    expect(togetherness(tenTimes).times).toBeLessThan(14);
    expect(togetherness(tenTimes).freedom).toBeLessThan(400);
    expect([togetherness([]).times, togetherness([1, 2]).times, togetherness(Array(99).fill(7)).times]).toEqual([
      1, 1, 1,
    ]);
  });

  it("is wider by what was only assumed, and never goes below 0", () => {
    const after = [90, 110, 100, 95, 105, 100];
    const [sure, less, least] = [{}, { assumed: 10 }, { assumed: 10, perRun: 1e6 }].map((doubt) =>
      forecastRuns(of, after, 200, doubt),
    );
    expect(sure).toMatchObject({ runs: 200, after: 100, before: 100, metric: "avgExecutionTimeMs" });
    expect(less!.high).toBeGreaterThan(sure!.high);
    expect(least!.high).toBeGreaterThan(less!.high);
    expect(least!.low).toBe(0);
    expect(forecastRuns(of, [], 200)).toMatchObject({ after: 0, low: 0, high: 0 });
  });

  it("is that of what is owed to each run, around the mean of the figures", () => {
    const even = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 0 : 200));
    const window = (owed: readonly number[]) => ({ figures: even, owed });
    const evenedOut = forecastMean(of, [window(even.map(() => 100))], 100);
    expect(evenedOut).toMatchObject({ runs: 100, after: 100, low: 100, high: 100 });
    const asTheyAre = forecastMean(of, [window(even)], 100);
    expect(asTheyAre.after).toBe(100);
    expect(asTheyAre.high).toBeGreaterThan(120);
    expect(forecastMean(of, [], 0)).toMatchObject({ runs: 0, after: 0, low: 0, high: 0 });
  });

  it("lies around the middle of futures as they lie, wider where little is known of them", () => {
    const futures = Array.from({ length: 401 }, (_, index) => (index < 390 ? 100 + index / 100 : 1_000));
    const { random } = createTestRuntime({ seed: 7 });
    const apart = Array.from({ length: 400 }, random);
    const together = apart.map((_, index) => apart[Math.floor(index / 50)]!);
    const known = forecastFutures(of, futures, 200, apart);
    expect(known.after).toBeCloseTo(102, 6);
    expect(known.low).toBeGreaterThan(99.5);
    expect(known.high).toBeGreaterThan(1_000);
    const unknown = forecastFutures(of, futures, 200, together);
    expect(unknown.low).toBeLessThan(known.low);
    expect(unknown.high).toBeGreaterThan(known.high);
  });
});
