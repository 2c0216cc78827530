import { describe, expect, it } from "vitest";
import { forecastQueue } from "../../../src/introspection/advise/what-if/queue-futures.ts";
import { replayQueue } from "../../../src/introspection/advise/what-if/queue-replay.ts";
import { meanOf } from "../../../src/introspection/measure/statistics.ts";
import { walkTree } from "../../../src/introspection/record/call-tree.ts";
import type { Episode } from "../../../src/introspection/record/episodes.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

const of = { metric: "avgExecutionTimeMs", unit: "ms", before: 5_000 } as const;

/** Runs of one call each that begin at these times, without having waited. */
function episodesAt(starts: readonly number[], serviceMs: readonly number[]): readonly Episode[] {
  const runs = repeat(starts.length, (index) => {
    return {
      name: "a",
      ms: serviceMs[index]!,
      calls: [{ name: "model", kind: "model" as const, ms: serviceMs[index]! }],
    };
  });
  return episodesFrom(runs).map((episode, index) => moved(episode, starts[index]!));
}

function moved(episode: Episode, startMs: number): Episode {
  const shift = startMs - episode.startMs;
  const root = episode.root!;
  const move = (node: typeof root, parent: typeof root | undefined): typeof root => {
    const call = { ...node.call, startMs: node.call.startMs + shift };
    const copy = { call, parent, children: [] as (typeof root)[] };
    copy.children.push(...node.children.map((child) => move(child, copy)));
    return copy;
  };
  return { ...episode, startMs, root: move(root, undefined) };
}

function callsTo(name: string, episodes: readonly Episode[]) {
  return episodes.flatMap(({ root }) => [...walkTree(root!)]).filter(({ call }) => call.name === name);
}

function poisson(seed: number, count: number, gapMs: number): { starts: number[]; serviceMs: number[] } {
  const { random } = createTestRuntime({ seed });
  let now = 1e12;
  const starts = Array.from({ length: count }, () => {
    now += -Math.log(1 - random()) * gapMs;
    return now;
  });
  return { starts, serviceMs: starts.map(() => 800 + 400 * random()) };
}

describe("a forecast of runs that wait for their turn", () => {
  it("holds what comes nearly always, of other arrivals than were recorded", () => {
    let covered = 0;
    const trials = 24;
    for (let seed = 1; seed <= trials; seed++) {
      const { starts, serviceMs } = poisson(seed, 200, 400);
      const episodes = episodesAt(starts, serviceMs);
      const nodes = callsTo("model", episodes);
      const { low, high } = forecastQueue(of, { episodes, nodes }, { concurrency: 4 }, 100);
      const next = poisson(10_000 + seed, 100, 400);
      const waits = replayQueue(
        next.starts.map((atMs, index) => ({ atMs, serviceMs: next.serviceMs[index]! })),
        { concurrency: 4 },
      );
      const came = meanOf(next.serviceMs.map((ms, index) => ms + waits[index]!));
      if (came >= low && came <= high) covered++;
    }
    expect(covered / trials).toBeGreaterThan(0.85);
  }, 60_000);

  it("is the same each time, and that of a single run where there is no more", () => {
    const { starts, serviceMs } = poisson(3, 100, 400);
    const episodes = episodesAt(starts, serviceMs);
    const record = { episodes, nodes: callsTo("model", episodes) };
    expect(forecastQueue(of, record, { concurrency: 4 }, 50)).toEqual(
      forecastQueue(of, record, { concurrency: 4 }, 50),
    );
    const [only] = episodes;
    const single = forecastQueue(of, { episodes: [only!], nodes: callsTo("model", [only!]) }, { concurrency: 50 }, 5);
    expect(single.after).toBeCloseTo(only!.durationMs, 3);
  });

  it("takes runs without calls as they were", () => {
    const { starts, serviceMs } = poisson(4, 30, 400);
    const episodes = episodesAt(starts, serviceMs).map((episode) => ({ ...episode, root: undefined, durationMs: 70 }));
    expect(forecastQueue(of, { episodes, nodes: [] }, { concurrency: 1 }, 20)).toMatchObject({ after: 70, runs: 20 });
  });

  it("plays no more runs than a long record has, however many are to come", () => {
    const { starts, serviceMs } = poisson(7, 60, 400);
    const episodes = episodesAt(starts, serviceMs);
    const at = (next: number) =>
      forecastQueue(of, { episodes, nodes: callsTo("model", episodes) }, { concurrency: 4 }, next);
    expect({ ...at(50_000), runs: 0 }).toEqual({ ...at(4_000), runs: 0 });
    expect(at(50_000).runs).toBe(50_000);
  });
});
