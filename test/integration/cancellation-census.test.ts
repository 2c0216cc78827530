/** Ends a run at each of 1,000 instants, and counts what it leaves behind. */

import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { DeclarativeAgent, Flock, type FlockEvent, tool } from "../../src/entries/index.ts";
import { SequentialPattern } from "../../src/entries/patterns.ts";
import { ResourceManager } from "../../src/entries/resources.ts";
import { createTestRuntime, scriptedModel } from "../../src/entries/testing.ts";

const instants = 1_000;

const broken = Object.assign(new Error("broken"), { statusCode: 500 });
const slowDown = Object.assign(new Error("slow down"), {
  statusCode: 429,
  responseHeaders: { "retry-after-ms": "120" },
});

/** Two agents behind each other: a cache, limits that make them wait, retries, a rest, a tool, pieces of an answer. */
function house() {
  const runtime = createTestRuntime({ seed: 5 });
  const model = scriptedModel(
    [
      { error: broken, delayMs: 60 },
      { toolCalls: [{ tool: "lookUp", input: { query: "bees" } }], delayMs: 100 },
      { error: slowDown, delayMs: 20 },
      { json: { findings: "bees dance" }, delayMs: 90, pieceDelayMs: 30 },
      { json: { summary: "bees" }, delayMs: 50, pieceDelayMs: 40, stop: { by: "cut", afterPieces: 2 } },
      { json: { summary: "bees dance" }, delayMs: 70, pieceDelayMs: 20 },
    ],
    { runtime },
  );
  const total = new ResourceManager({ concurrency: 1, requests: { perSecond: 4 } }, { runtime });
  const flock = new Flock({ runtime, model, cache: true, resources: { total } });
  let isBroken = true;
  const lookUp = tool({
    name: "lookUp",
    description: "Looks up.",
    input: "query: str",
    idempotent: true,
    async execute(_, { runtime: clock, signal }) {
      await clock.sleep(45, signal);
      if (isBroken) {
        isBroken = false;
        throw broken;
      }
      return { found: "bees" };
    },
  });
  const researcher = new DeclarativeAgent({
    name: "researcher",
    input: "topic: str",
    output: "findings: str",
    tools: [lookUp],
  });
  const writer = new DeclarativeAgent({ name: "writer", input: "findings: str", output: "summary: str" });
  const pair = new SequentialPattern({ name: "pair", agents: [researcher, writer] });
  return { runtime, model, flock, total, pair };
}

function begin() {
  const { runtime, model, flock, total, pair } = house();
  const controller = new AbortController();
  const events: FlockEvent[] = [];
  const onEvent = (event: FlockEvent) => void events.push(event);
  const stream = flock.stream(pair, { topic: "bees" }, { signal: controller.signal, onEvent });
  const end = stream.result.then(
    (value) => ({ value }) as const,
    (error: unknown) => ({ error }) as const,
  );
  return { runtime, model, total, controller, events, end };
}

/** Sentences on everything that does not come out even. */
function leftovers({ runtime, model, total, controller, events }: Omit<ReturnType<typeof begin>, "end">): string[] {
  const count = (type: FlockEvent["type"]) => events.filter((event) => event.type === type).length;
  const pairs = [
    ["call-start", "call-end"],
    ["attempt-start", "attempt-end"],
    ["wait-start", "wait-end"],
    ["run-start", "run-end"],
  ] as const;
  const listeners = getEventListeners(controller.signal, "abort").length;
  const { concurrency } = total.usage();
  const unheard = model.requests.filter(
    ({ abortSignal }) => abortSignal !== undefined && getEventListeners(abortSignal, "abort").length > 0,
  ).length;
  const uneven = pairs.flatMap(([start, end]) =>
    count(start) === count(end) ? [] : [`${count(start)} ${start}, ${count(end)} ${end}`],
  );
  return [
    ...uneven,
    ...(runtime.clock.pendingTimers === 0 ? [] : [`${runtime.clock.pendingTimers} timers`]),
    ...(listeners === 0 ? [] : [`${listeners} listeners on the user's signal`]),
    ...(unheard === 0 ? [] : [`${unheard} listeners on signals of requests`]),
    ...(concurrency?.used === 0 ? [] : [`${concurrency?.used} permits`]),
    ...(total.queued === 0 ? [] : [`${total.queued} in line`]),
  ];
}

describe("a run that is ended by its user", () => {
  it("would go through a retry, a tool, a rest, a broken stream and waits for permits", async () => {
    const run = begin();
    await run.runtime.clock.advance(60_000);
    expect(await run.end).toEqual({ value: { findings: "bees dance", summary: "bees dance" } });
    expect(run.model.requests).toHaveLength(6);
    const types = new Set(run.events.map((event) => event.type));
    for (const type of ["recovery-applied", "wait-start", "attempt-end"] as const) {
      expect(types).toContain(type);
    }
    expect(leftovers(run)).toEqual([]);
  });

  it(`rejects at once with its reason and leaves nothing behind, at ${instants} instants`, async () => {
    const whole = begin();
    const ends = whole.end.then(() => whole.runtime.clock.elapsedMs);
    for (let lap = 0; lap < 600 && whole.events.at(-1)?.type !== "run-end"; lap++) {
      await whole.runtime.clock.advance(10);
    }
    const lastMs = await ends;
    const wrong: string[] = [];
    for (let instant = 0; instant < instants; instant++) {
      const atMs = (lastMs * instant) / instants;
      const run = begin();
      await run.runtime.clock.advance(atMs);
      const before = run.runtime.clock.elapsedMs;
      const reason = new Error("enough");
      run.controller.abort(reason);
      const end = await run.end;
      await run.runtime.clock.settle();
      if (!("error" in end) || end.error !== reason) wrong.push(`at ${atMs} ms: ended with another end`);
      if (run.runtime.clock.elapsedMs !== before) wrong.push(`at ${atMs} ms: took time`);
      wrong.push(...leftovers(run).map((left) => `at ${atMs} ms: ${left}`));
    }
    expect(wrong.slice(0, 10)).toEqual([]);
  });
});
