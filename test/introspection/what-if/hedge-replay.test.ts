import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HedgedLatencies, raceEnd } from "../../../src/introspection/advise/what-if/hedge-replay.ts";
import { hangingHouse, hedge } from "../../layers/recovery/hanging-house.ts";

const services = fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 4, maxLength: 4 });

describe("raceEnd", () => {
  it("tells to the millisecond when the real layer answers, of any service times", async () => {
    await fc.assert(
      fc.asyncProperty(
        services,
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1, max: 3 }),
        async (times, afterMs, maxExtra) => {
          const house = hangingHouse((index) => times[index]!, { recovery: hedge({ afterMs, maxExtra }) });
          const run = house.run();
          await house.runtime.clock.advance(10_000);
          const starts = Array.from({ length: maxExtra }, (_, index) => (index + 1) * afterMs);
          const end = raceEnd(times, starts);
          expect((await run).ms).toBe(end);
          // What starts as another answers may or may not be sent any more.
          const sent = house.requests.length - 1;
          expect(sent).toBeGreaterThanOrEqual(starts.filter((start) => start < end).length);
          expect(sent).toBeLessThanOrEqual(starts.filter((start) => start <= end).length);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("HedgedLatencies", () => {
  const starts = fc
    .array(fc.integer({ min: 1, max: 1_500 }), { maxLength: 2 })
    .map((times) => [...times].sort((a, b) => a - b));
  const latencies = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 7 });

  it("expects of a call what all draws of its further requests give on average, and of their number", () => {
    fc.assert(
      fc.property(latencies, starts, (recorded, when) => {
        const hedged = new HedgedLatencies(recorded, when);
        let draws: number[][] = [[]];
        for (const _ of when) draws = draws.flatMap((drawn) => recorded.map((ms) => [...drawn, ms]));
        const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
        for (const first of recorded) {
          const ends = draws.map((further) => raceEnd([first, ...further], when));
          const { mean: expected, variance } = hedged.timeOf(first);
          expect(expected).toBeCloseTo(mean(ends), 6);
          expect(variance / 1e6).toBeCloseTo(mean(ends.map((end) => (end - mean(ends)) ** 2)) / 1e6, 6);
        }
        const sent = recorded.flatMap((first) =>
          draws.map((further) => {
            return when.filter((start, index) => raceEnd([first, ...further], when.slice(0, index)) > start).length;
          }),
        );
        expect(hedged.extraRequests()).toBeCloseTo(mean(sent), 9);
      }),
    );
  });

  it("leaves a call as it is without further requests, and knows of none", () => {
    expect(new HedgedLatencies([5, 9], []).timeOf(9)).toEqual({ mean: 9, variance: 0 });
    expect(new HedgedLatencies([], []).extraRequests()).toBe(0);
    expect(new HedgedLatencies([], [10]).extraRequests()).toBe(1);
  });
});
