import { describe, expect, it } from "vitest";
import {
  forecastMean,
  forecastRuns,
  forecastSeries,
  successForecast,
} from "../../../src/introspection/advise/what-if/forecast.ts";
import { forecastQueue } from "../../../src/introspection/advise/what-if/queue-futures.ts";
import { walkTree } from "../../../src/introspection/record/call-tree.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

const of = { metric: "avgExecutionTimeMs", unit: "ms", before: 10 } as const;

describe("forecasts", () => {
  it("are sure of nothing but what was seen, where there is nothing", () => {
    expect(forecastMean({ ...of, recorded: 0 }, [])).toMatchObject({ runs: 0, after: 0, low: 0, high: 0 });
    expect(forecastRuns(of, [], 5)).toMatchObject({ runs: 5, after: 0, low: 0, high: 0 });
    expect(forecastSeries(of, [7], 5)).toMatchObject({ after: 7, low: 7, high: 7 });
    expect(successForecast([], 0)).toMatchObject({ runs: 200, before: 0, after: 0, low: 0 });
  });

  it("grow wider with what was assumed, and with what one run differs from its expectation", () => {
    const values = [8, 12, 9, 11];
    const width = (doubt?: Parameters<typeof forecastRuns>[3]): number => {
      const { low, high } = forecastRuns(of, values, 100, doubt);
      return (high - low) / 2;
    };
    const plain = width();
    expect(width({ assumed: 3 }) ** 2 - plain ** 2).toBeCloseTo((2.05 * 3) ** 2, 6);
    expect(width({ perRun: 400 }) ** 2 - plain ** 2).toBeCloseTo(2.05 ** 2 * 4, 6);
  });

  it("of windows take what differs between them when that is more", () => {
    const windows = [1, 2, 3, 4, 5].map((mean) => [mean - 0.1, mean + 0.1]);
    const { after, high } = forecastMean({ ...of, recorded: 10 }, windows);
    expect(after).toBeCloseTo(3, 9);
    expect(high - after).toBeCloseTo(2.05 * Math.sqrt(2.5 * 1.2), 6);
  });
});

describe("forecasts of a queue", () => {
  const { random } = createTestRuntime({ seed: 5 });
  const served = repeat(400, () => -Math.log(1 - random()) * 500);
  const runs = served.map((ms) => ({ name: "a", calls: [{ name: "m", kind: "model" as const, ms }] }));
  let now = 0;
  // Runs come at random, at nine tenths of what one server can do.
  const episodes = episodesFrom(runs).map((episode) => {
    now += (-Math.log(1 - random()) * 500) / 0.6;
    const root = episode.root!;
    const shift = (node: typeof root): typeof root => ({
      ...node,
      call: { ...node.call, startMs: now },
      children: node.children.map(shift),
    });
    return { ...episode, startMs: now, root: shift(root) };
  });
  const nodes = episodes.flatMap(({ root }) => [...walkTree(root)].filter(({ call }) => call.name === "m"));

  it("hold the mean that queueing theory gives", () => {
    // M/M/1: a mean time of service / (1 − load).
    const { after, low, high } = forecastQueue(of, { episodes, nodes }, { concurrency: 1 }, 200);
    expect(low).toBeLessThan(500 / (1 - 0.6));
    expect(high).toBeGreaterThan(500 / (1 - 0.6));
    expect(after).toBeGreaterThan(low);
    expect(after).toBeLessThan(high);
  });

  it("are the same each time, and those of free calls where nothing waits", () => {
    const free = forecastQueue(of, { episodes, nodes }, {}, 200);
    expect(forecastQueue(of, { episodes, nodes }, {}, 200)).toEqual(free);
    const mean = served.reduce((sum, ms) => sum + ms, 0) / served.length;
    expect(free.low).toBeLessThan(mean);
    expect(free.high).toBeGreaterThan(mean);
  });

  it("leave runs whose calls are no longer kept as long as they were", () => {
    const thinned = episodes.map((episode) => ({ ...episode, root: undefined, durationMs: 70 }));
    expect(forecastQueue(of, { episodes: thinned, nodes: [] }, { concurrency: 1 }, 50)).toMatchObject({
      ...{ after: 70, low: 70, high: 70 },
    });
  });
});
