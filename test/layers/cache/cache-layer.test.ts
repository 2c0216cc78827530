/** Answers that are kept: of agents, tools, models, patterns and a whole Flock, seen through the front doors. */

import { describe, expect, it } from "vitest";
import { CacheManager } from "../../../src/entries/cache.ts";
import {
  DeclarativeAgent,
  type EventOf,
  Flock,
  type FlockEvent,
  type FlockOptions,
  OrchestrationAgent,
  type Runnable,
  tool,
} from "../../../src/entries/index.ts";
import { createModel } from "../../../src/entries/models.ts";
import { ParallelPattern, SequentialPattern } from "../../../src/entries/patterns.ts";
import { createTestRuntime, scriptedModel } from "../../../src/entries/testing.ts";

/** A house with a model that numbers its answers, and all that was told in it. */
function makeHouse(options: FlockOptions & { readonly delayMs?: number } = {}) {
  const { delayMs = 0, ...flockOptions } = options;
  const runtime = createTestRuntime();
  let calls = 0;
  const model = scriptedModel([() => ({ text: `{"summary": "answer ${++calls}"}`, delayMs })], { runtime, repeat: true });
  const events: FlockEvent[] = [];
  const provider = { name: "ear", handle: (event: FlockEvent) => void events.push(event) };
  const flock = new Flock({ model, runtime, providers: [provider], ...flockOptions });
  const ends = (kind: string) =>
    events.filter((event): event is EventOf<"call-end"> => event.type === "call-end" && event.kind === kind);
  return { runtime, model, flock, events, ends, calls: () => calls };
}

const fields = { input: "topic: str", output: "summary: str" } as const;
const states = (ends: readonly EventOf<"call-end">[]) => ends.map((end) => end.cacheState);

describe("an agent with a cache", () => {
  it("answers the second identical question without a model call, for nothing, with a copy of its own", async () => {
    const { flock, ends, events, calls } = makeHouse();
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache: true });
    const first = await flock.run(agent, "bees");
    const second = await flock.run(agent, "bees");
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
    second.summary = "changed";
    expect(await flock.run(agent, "bees")).toEqual({ summary: "answer 1" });
    expect(await flock.run(agent, "wasps")).toEqual({ summary: "answer 2" });
    expect(calls()).toBe(2);
    expect(states(ends("agent"))).toEqual(["miss", "hit", "hit", "miss"]);
    expect(ends("agent")[1]).toMatchObject({ usage: undefined, costMicroUsd: undefined, attempts: 0, outcome: "ok" });
    const hitRun = ends("agent")[1]!.runId;
    const told = events.filter((event) => event.runId === hitRun).map((event) => event.type);
    expect(told).toEqual(["run-start", "call-start", "output", "call-end", "run-end"]);
  });
});
