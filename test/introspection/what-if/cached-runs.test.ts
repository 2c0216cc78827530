import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cacheableCalls } from "../../../src/introspection/advise/what-if/cacheable-calls.ts";
import { forecastCached } from "../../../src/introspection/advise/what-if/cached-runs.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

const cache = { maxEntries: 256, ttlMs: 1e9, strategy: "lru" } as const;

function forecastOf(questions: readonly number[], next: number, ms: (run: number) => number = () => 80) {
  const runs = repeat(questions.length, (run) => {
    const search = { name: "search", kind: "tool" as const, input: { q: questions[run]! }, ms: ms(run) };
    return { name: "a", input: { run }, ms: ms(run) + 20, calls: [search] };
  });
  const episodes = episodesFrom(runs);
  const { calls } = cacheableCalls(episodes).find(({ name }) => name === "search")!;
  return forecastCached(episodes, calls, { to: cache }, next);
}

/** The hit rate of an empty cache that forgets nothing. */
function hitRate(questions: readonly number[]): number {
  return 1 - new Set(questions).size / questions.length;
}

describe("the forecast of a cache", () => {
  it("has the hit rate of an empty cache over as many runs, within what is possible", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { minLength: 12, maxLength: 60 }), (questions) => {
        const [time, hits] = forecastOf(questions, 60);
        expect(hits).toMatchObject({ metric: "cacheHitRate", runs: questions.length, before: 0 });
        expect(hits!.after).toBeCloseTo(hitRate(questions), 9);
        expect(time!.after).toBeCloseTo(100 - 80 * hitRate(questions), 6);
        for (const { low, after, high } of [time!, hits!])
          expect(low <= after + 1e-9 && after <= high + 1e-9).toBe(true);
        expect(hits!.low >= 0 && hits!.high <= 1).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("holds the hit rate of the next runs 95 times of 100, and is narrower than if answers did not hang together", () => {
    let covered = 0;
    let width = 0;
    const trials = 100;
    for (let seed = 1; seed <= trials; seed++) {
      const { random } = createTestRuntime({ seed });
      const ask = () => Math.floor(30 * random());
      const { low, high } = forecastOf(Array.from({ length: 200 }, ask), 100)[1]!;
      const came = hitRate(Array.from({ length: 100 }, ask));
      if (came >= low && came <= high) covered++;
      width += (high - low) / trials;
    }
    expect(covered / trials).toBeGreaterThan(0.93);
    // Calls that were answered each by a chance of its own would need 0.22.
    expect(width).toBeLessThan(0.15);
  });

  it("is not sure that nothing new is ever asked because nothing was", () => {
    const { low, high } = forecastOf(
      Array.from({ length: 50 }, (_, run) => run % 5),
      50,
    )[1]!;
    expect([low < 0.9, high > 0.9]).toEqual([true, true]);
  });
});
