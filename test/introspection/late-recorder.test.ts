import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { FlockEvent } from "../../src/core/events/event.ts";
import type { Runnable } from "../../src/core/runnable.ts";
import { Flock } from "../../src/flock.ts";
import { LateRecorder } from "../../src/introspection/record/late-recorder.ts";
import { type DescribedCall, eventsOf } from "./run-events.ts";

// Nothing here may import the recorder at the top: the first test is about a process that has not got it yet.

const echo: Runnable<{ topic: string }, object> = {
  name: "echo",
  kind: "tool",
  perform: async ({ topic }) => ({ said: topic }),
};
const broken: Runnable<object, object> = {
  name: "broken",
  kind: "tool",
  perform: () => Promise.reject(new Error("no")),
};

describe("a Flock's first run", () => {
  it("is in the history when it has ended, with the hash its input had when it began", async () => {
    await using flock = new Flock();
    const input = { topic: "bees" };
    const running = flock.run(echo, input);
    input.topic = "wasps";
    expect(flock.history?.size).toBe(0);
    expect(await running).toEqual({ said: "bees" });
    expect(flock.history?.runs("echo")).toMatchObject([{ outcome: "ok", calls: [{ name: "echo", ended: true }] }]);
    await flock.run(echo, { topic: "bees" });
    await flock.run(echo, { topic: "wasps" });
    const hashes = flock.history?.calls().map((call) => call.inputHash) ?? [];
    expect(hashes[0]).toBeTypeOf("number");
    expect([hashes[1] === hashes[0], hashes[2] === hashes[0]]).toEqual([true, false]);
  });

  it("is in the history too when it fails, and its error is its own", async () => {
    await using flock = new Flock();
    await expect(flock.run(broken, {})).rejects.toThrow("no");
    expect(flock.history?.runs()).toMatchObject([{ name: "broken", outcome: "error" }]);
  });

  it("is in the history when its stream has given the result", async () => {
    await using flock = new Flock();
    const stream = flock.stream(echo, { topic: "bees" });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types.at(-1)).toBe("run-end");
    expect(await stream.result).toEqual({ said: "bees" });
    expect(flock.history?.size).toBe(1);
  });
});

describe("LateRecorder", () => {
  it("records what a recorder does that was there from the start, whatever the inputs", async () => {
    const { RunRecorder } = await import("../../src/introspection/record/run-recorder.ts");
    const { AgentMetrics } = await import("../../src/introspection/measure/agent-metrics.ts");
    const create = (name: string) => new AgentMetrics(name);
    await fc.assert(
      fc.asyncProperty(fc.array(inputs, { minLength: 1, maxLength: 6 }), async (given) => {
        const early = new RunRecorder();
        const late = new LateRecorder({});
        for (const event of given.flatMap((input, index) => eventsOf(flowOf(input), { runId: `r${index}` }))) {
          early.notify(event);
          late.notify(event);
        }
        expect(late.size).toBe(0);
        await late.loading;
        expect(late.loading).toBeUndefined();
        expect(late.runs()).toEqual(early.runs());
        expect(late.calls("work")).toEqual(early.calls("work"));
        const [seen, wanted] = [late, early].map((one) => one.metricsOf("work", create)?.toJSON());
        expect(seen).toEqual(wanted);
      }),
      { numRuns: 100 },
    );
  });

  it("keeps every run and lets calls go when a burst before the import is too large", async () => {
    const late = new LateRecorder({});
    const [start, ...rest] = eventsOf({ name: "flow", kind: "pattern", ms: 1 }, { runId: "r" });
    const end = rest.pop() as FlockEvent;
    late.notify(start as FlockEvent);
    for (const event of rest) for (let turn = 0; turn < 140_000; turn++) late.notify(event);
    late.notify(end);
    await late.loading;
    expect(late.runs()).toMatchObject([{ name: "flow", outcome: "ok", droppedCalls: 140_000 - 256 }]);
  });

  it("forgets what waits, too", async () => {
    const late = new LateRecorder({});
    for (const event of eventsOf(flowOf({}), { runId: "r" })) late.notify(event);
    late.clear();
    await late.loading;
    expect(late.runs()).toEqual([]);
    for (const event of eventsOf(flowOf({}), { runId: "s" })) late.notify(event);
    late.clear();
    expect(late.size).toBe(0);
  });

  it("holds no input while it waits, so that nobody's change is seen", async () => {
    const { fingerprintOf } = await import("../../src/introspection/record/input-fingerprint.ts");
    const input = { list: [1, { deep: "a" }], bytes: new Uint8Array([1, 2]) };
    const hash = fingerprintOf(input)?.hash;
    const late = new LateRecorder({});
    for (const event of eventsOf(flowOf(input), { runId: "r" })) late.notify(event);
    (input.list[1] as { deep: string }).deep = "b";
    input.bytes[0] = 9;
    await late.loading;
    expect(late.calls("work")[0]?.inputHash).toBe(hash);
  });
});

// The last test of the file: it takes its modules anew.
describe("a Flock whose recorder cannot be imported", () => {
  it("runs all the same and records nothing", async () => {
    vi.resetModules();
    vi.doMock("../../src/introspection/record/run-recorder.ts", () => {
      throw new Error("the file is gone");
    });
    const fresh = await import("../../src/flock.ts");
    await using flock = new fresh.Flock();
    expect(await flock.run(echo, { topic: "bees" })).toEqual({ said: "bees" });
    expect([flock.history?.size, flock.history?.runs(), flock.history?.calls()]).toEqual([0, [], []]);
    expect(await flock.run(echo, { topic: "ants" })).toEqual({ said: "ants" });
  });
});

/** JSON, and what is almost or not at all JSON. */
const inputs = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.record({ bytes: fc.uint8Array({ maxLength: 4 }), gone: fc.constant(undefined), zero: fc.constant(-0) }),
  fc.constantFrom<unknown>({ at: new Date(0) }, [undefined, 1], { f: () => 1 }, Number.NaN, 1n, new Map(), circle()),
);

function circle(): unknown {
  const one: { self?: unknown } = {};
  one.self = one;
  return one;
}

function flowOf(input: unknown): DescribedCall {
  return {
    ...{ name: "flow", kind: "pattern", input },
    calls: [
      {
        ...{ name: "work", kind: "agent", input },
        calls: [
          { name: "model", kind: "model", ms: 5, input, tokens: 40 },
          { name: "search", kind: "tool", ms: 7, input },
        ],
      },
    ],
  };
}
