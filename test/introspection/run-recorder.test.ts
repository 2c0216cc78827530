import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FlockEvent } from "../../src/core/events/event.ts";
import { EventDispatcher } from "../../src/core/events/event-dispatcher.ts";
import { InputReference } from "../../src/core/events/input-reference.ts";
import { AgentMetrics } from "../../src/introspection/measure/agent-metrics.ts";
import { callerPath } from "../../src/introspection/record/run-entry.ts";
import { RunRecorder } from "../../src/introspection/record/run-recorder.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { type DescribedCall, eventsOf, startOfTime } from "./run-events.ts";

const flow: DescribedCall = {
  name: "flow",
  kind: "pattern",
  reads: ["topic"],
  writes: ["summary"],
  input: { topic: "AI" },
  calls: [
    {
      name: "researcher",
      input: { topic: "AI" },
      calls: [
        { name: "model", ms: 5, tokens: 40, costMicroUsd: 3 },
        { name: "search", kind: "tool", ms: 7, input: { q: "x" } },
      ],
    },
    { name: "writer", ms: 2, kind: "agent", outcome: "error", code: "output_invalid", attempts: 2, queueMs: 1 },
  ],
};

function record(recorder: RunRecorder, events: readonly FlockEvent[]): void {
  for (const event of events) recorder.notify(event);
}

const create = (name: string) => new AgentMetrics(name);

describe("RunRecorder", () => {
  it("records a run with its calls, in order of their start", () => {
    const recorder = new RunRecorder();
    record(recorder, eventsOf({ ...flow, outcome: "error", code: "output_invalid" }, { runId: "r1", tenant: "t" }));
    const [run] = recorder.runs();
    expect(run).toMatchObject({
      ...{ runId: "r1", name: "flow", kind: "pattern", tenant: "t", startMs: startOfTime, durationMs: 14 },
      ...{ outcome: "error", code: "output_invalid", costMicroUsd: 3, droppedCalls: 0 },
      usage: { inputTokens: 30, outputTokens: 10 },
    });
    expect(run?.calls.map((call) => [call.path, call.kind, call.durationMs, call.outcome])).toEqual([
      ["run/flow#0", "pattern", 14, "error"],
      ["run/flow#0/researcher#0", "agent", 12, "ok"],
      ["run/flow#0/researcher#0/model#0", "model", 5, "ok"],
      ["run/flow#0/researcher#0/search#1", "tool", 7, "ok"],
      ["run/flow#0/writer#1", "agent", 2, "error"],
    ]);
    expect(run?.calls[4]).toMatchObject({ startMs: startOfTime + 12, code: "output_invalid", attempts: 2, queueMs: 1 });
    expect(run?.calls[0]).toMatchObject({ reads: ["topic"], writes: ["summary"], ended: true });
  });

  it("keeps when the pieces of a streamed answer came", () => {
    const stream = { firstTokenMs: 100, meanGapMs: 10, longestGapMs: 20, pieces: 4 };
    const recorder = new RunRecorder();
    const run = {
      name: "a",
      kind: "agent" as const,
      calls: [
        { name: "m", ms: 5, stream },
        { name: "n", ms: 5 },
      ],
    };
    for (const event of eventsOf(run, { runId: "r" })) recorder.notify(event);
    expect(recorder.calls().map((call) => call.stream)).toEqual([undefined, stream, undefined]);
    expect(recorder.metricsOf("m", create)?.toJSON()).toMatchObject({ firstTokenMs: { count: 1 }, meanGapMs: 10 });
  });

  it("finds runs by their outermost name and calls by theirs", () => {
    const recorder = new RunRecorder();
    record(recorder, eventsOf(flow, { runId: "r1" }));
    record(recorder, eventsOf({ name: "other", ms: 1 }, { runId: "r2" }));
    expect([recorder.size, recorder.runs("flow").length, recorder.runs("researcher").length]).toEqual([2, 1, 0]);
    expect(recorder.calls("search").map((call) => call.runId)).toEqual(["r1"]);
    expect(recorder.calls()).toHaveLength(6);
    recorder.clear();
    expect([recorder.size, recorder.calls(), recorder.metricsOf("flow", create)]).toEqual([0, [], undefined]);
  });

  it("keeps metrics of every runnable, tools counted for all who stand above them", () => {
    const recorder = new RunRecorder();
    record(recorder, eventsOf(flow, { runId: "r1" }));
    record(recorder, eventsOf(flow, { runId: "r2" }));
    const tool = { search: { calls: 2, failures: 0, totalMs: 14 } };
    expect(recorder.metricsOf("flow", create)?.toolUsage).toEqual(tool);
    expect(recorder.metricsOf("researcher", create)?.toolUsage).toEqual(tool);
    expect(recorder.metricsOf("writer", create)).toMatchObject({ failed: 2, attempts: 4, toolUsage: {} });
    expect(recorder.metricsOf("model", create)?.usage.inputTokens).toBe(60);
    expect(recorder.metricsOf("nobody", create)).toBeUndefined();
    const bare = new RunRecorder({ metrics: false });
    record(bare, eventsOf(flow, { runId: "r1" }));
    expect([bare.metricsOf("flow", create), bare.size]).toEqual([undefined, 1]);
  });

  it("counts by itself once the code of metrics is there, and forgets what waited when it is cleared", async () => {
    const recorder = new RunRecorder();
    record(recorder, eventsOf(flow, { runId: "r1" }));
    recorder.clear();
    record(recorder, eventsOf(flow, { runId: "r2" }));
    await import("../../src/introspection/measure/agent-metrics.ts");
    await new Promise((resolve) => setImmediate(resolve));
    record(recorder, eventsOf(flow, { runId: "r3" }));
    const never = () => expect.fail("made twice");
    expect(recorder.metricsOf("flow", never)).toMatchObject({ calls: 2 });
  });

  it("hashes the input as it was when the call began, and keeps nothing of it", async () => {
    const recorder = new RunRecorder();
    const input = { topic: "one", blob: "secret".repeat(1_000) };
    const [start, begun, ...rest] = eventsOf({ name: "a", kind: "agent", ms: 1, input }, { runId: "r1" });
    record(recorder, [start!, begun!]);
    input.topic = "two";
    record(recorder, rest);
    record(recorder, eventsOf({ name: "a", kind: "agent", ms: 1, input: { ...input, topic: "one" } }, { runId: "r2" }));
    record(recorder, eventsOf({ name: "a", kind: "agent", ms: 1, input }, { runId: "r3" }));
    const [first, second, third] = recorder.calls("a");
    expect(first?.inputHash).toBe(second?.inputHash);
    expect(first?.inputHash).not.toBe(third?.inputHash);
    expect(first?.inputSize).toBeGreaterThan(6_000);
    expect(JSON.stringify(recorder.runs())).not.toContain("secret");
  });

  it("hashes the inputs it was told to", () => {
    const hashed = (hashInputs?: "callers" | "all" | "none") => {
      const recorder = new RunRecorder(hashInputs === undefined ? {} : { hashInputs });
      record(recorder, eventsOf(flow, { runId: "r1" }));
      return recorder.calls().flatMap((call) => (call.inputHash === undefined ? [] : call.kind));
    };
    expect(hashed()).toEqual(["pattern", "agent", "tool", "agent"]);
    expect(hashed("all")).toEqual(["pattern", "agent", "model", "tool", "agent"]);
    expect(hashed("none")).toEqual([]);
  });

  it("stays within its bounds over 200,000 events of ever new names, wide runs and runs that never end", () => {
    const recorder = new RunRecorder({ maxRuns: 100, maxCallsPerRun: 20, maxCalls: 500 });
    let sent = 0;
    for (let index = 0; sent < 200_000; index++) {
      const calls = Array.from({ length: index % 40 }, (_, at) => ({ name: `n${index % 7}-${at}`, ms: 1 }));
      const events = eventsOf({ name: `root${index}`, calls }, { runId: `r${index}`, time: startOfTime + index });
      record(recorder, index % 50 === 0 ? events.slice(0, -1) : events);
      sent += events.length;
      if (index % 100 !== 0) continue;
      expect(recorder.size).toBeLessThanOrEqual(100);
      expect(recorder.calls().length).toBeLessThanOrEqual(500);
    }
    expect(recorder.size).toBe(100);
    const runs = recorder.runs();
    for (const run of runs) expect(run.calls.length).toBeLessThanOrEqual(20);
    for (const run of runs) expect(run.calls.length + run.droppedCalls).toBe(1 + (Number(run.name.slice(4)) % 40));
    expect(runs.at(-1)?.calls.length).toBeGreaterThan(0);
    expect(recorder.metricsOf("other", create)?.calls).toBeGreaterThan(0);
    expect(recorder.failures).toBe(0);
  });

  it("keeps the last runs exactly, whatever the order they interleave in", () => {
    const plan = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 200 });
    fc.assert(
      fc.property(plan, fc.integer({ min: 1, max: 6 }), (choices, maxRuns) => {
        const recorder = new RunRecorder({ maxRuns });
        const open: FlockEvent[][] = [];
        const ended: string[] = [];
        for (const [index, choice] of choices.entries()) {
          if (open[choice] === undefined) open.push(eventsOf(flow, { runId: `r${index}` }));
          const events = open[choice] ?? open.at(-1)!;
          const event = events.shift()!;
          recorder.notify(event);
          if (event.type === "run-end") {
            ended.push(event.runId);
            open.splice(open.indexOf(events), 1);
          }
        }
        expect(recorder.runs().map((run) => run.runId)).toEqual(ended.slice(-maxRuns));
        for (const run of recorder.runs())
          expect(run.calls.every((call) => call.ended && call.runId === run.runId)).toBe(true);
        expect(recorder.openRuns).toBe(open.filter((events) => events[0]?.type !== "run-start").length);
      }),
      { numRuns: 200 },
    );
  });

  it("takes the calls from the oldest runs first when all calls together are too many", () => {
    const recorder = new RunRecorder({ maxCalls: 12 });
    for (const runId of ["r1", "r2", "r3"]) record(recorder, eventsOf(flow, { runId }));
    expect(recorder.runs().map((run) => [run.calls.length, run.droppedCalls])).toEqual([
      [0, 5],
      [5, 0],
      [5, 0],
    ]);
    const none = new RunRecorder({ maxCallsPerRun: 0 });
    record(none, eventsOf(flow, { runId: "r1" }));
    expect(none.runs().map((run) => [run.name, run.calls.length, run.droppedCalls])).toEqual([["flow", 0, 5]]);
    expect(none.metricsOf("search", create)?.calls).toBe(1);
  });

  it("keeps a call that never ended as cancelled, and passes over ends it knows nothing of", () => {
    const recorder = new RunRecorder();
    const events = eventsOf(flow, { runId: "r1" });
    const late = events.find((event) => event.type === "call-end" && event.name === "writer")!;
    record(
      recorder,
      events.filter((event) => event !== late),
    );
    record(recorder, [late, late, ...eventsOf({ name: "x", ms: 1 }, { runId: "r9" }).slice(1)]);
    expect(recorder.runs().map((run) => run.runId)).toEqual(["r1"]);
    expect(recorder.calls("writer")).toMatchObject([{ ended: false, outcome: "cancelled", durationMs: 0 }]);
    record(recorder, [{ v: 1, type: "warning", runId: "r1", path: "run", time: 0, code: "c", message: "m" }]);
    expect(recorder.failures).toBe(0);
  });

  it("finds the caller of a later attempt, of a fork's child and of many siblings", () => {
    expect(callerPath("run/a#0@2/b#0")).toBe("run/a#0");
    expect(callerPath("run/flow#0/search[1]#0")).toBe("run/flow#0");
    expect(callerPath("run/a#0@2/b#1@3/c[4]#0")).toBe("run/a#0@2/b#1");
    expect(callerPath("run")).toBeUndefined();
    const recorder = new RunRecorder();
    const calls = Array.from({ length: 100 }, () => ({ name: "t", kind: "tool" as const, ms: 1 }));
    record(recorder, eventsOf({ name: "wide", calls }, { runId: "r1" }));
    expect(recorder.metricsOf("wide", create)?.toolUsage).toEqual({ t: { calls: 100, failures: 0, totalMs: 100 } });
  });

  it("counts runs it has no room for while tens of thousands are open, and records again when they end", () => {
    const recorder = new RunRecorder();
    const runs = Array.from({ length: 65_540 }, (_, index) => eventsOf({ name: "a", ms: 1 }, { runId: `r${index}` }));
    for (const events of runs) recorder.notify(events[0]!);
    expect([recorder.openRuns, recorder.missedRuns]).toEqual([65_536, 4]);
    for (const events of runs) record(recorder, events.slice(1));
    expect([recorder.openRuns, recorder.size]).toEqual([0, 1_000]);
    expect(recorder.runs().at(-1)?.runId).toBe("r65535");
    expect(recorder.metricsOf("a", create)?.calls).toBe(65_540);
    recorder.clear();
    expect(recorder.missedRuns).toBe(0);
  });

  it("samples memory at most once a second, also when the clock steps back", () => {
    const runtime = createTestRuntime();
    const recorder = new RunRecorder({ runtime });
    const times = [0, 400, 999, 1_000, 1_500, 2_100, -50_000, -49_500];
    for (const [index, at] of times.entries()) {
      record(recorder, eventsOf({ name: "a", ms: 0 }, { runId: `r${index}`, time: startOfTime + at }));
    }
    expect(recorder.metricsOf("a", create)?.memoryUsage).toHaveLength(4);
  });

  it("counts what it cannot record and goes on", () => {
    const recorder = new RunRecorder();
    const [start, begun, ...rest] = eventsOf({ name: "a", kind: "agent", ms: 1 }, { runId: "r1" });
    record(recorder, [start!, { ...begun!, input: null } as unknown as FlockEvent, ...rest]);
    expect(recorder.failures).toBe(1);
    expect(recorder.runs()).toHaveLength(1);
  });

  it("listens to a dispatcher for exactly the types it wants", () => {
    const events = new EventDispatcher();
    const recorder = new RunRecorder();
    const remove = events.add(recorder);
    expect(events.mask).toBe(recorder.mask);
    for (const event of eventsOf(flow, { runId: "r1" })) events.emit(event);
    remove();
    for (const event of eventsOf(flow, { runId: "r2" })) events.emit(event);
    expect(recorder.runs().map((run) => run.runId)).toEqual(["r1"]);
    expect(events.failures).toBe(0);
  });

  it("refuses options it cannot keep", () => {
    for (const options of [{ maxRuns: 0 }, { maxCalls: -1 }, { hashInputs: "some" }, { maxrun: 3 }, { metrics: 1 }]) {
      expect(() => new RunRecorder(options as never)).toThrow(expect.objectContaining({ code: "option_invalid" }));
    }
  });

  it("lets an input be read while it is hashed, not after", () => {
    let reads = 0;
    const reference = new InputReference({
      get topic() {
        reads++;
        return "x";
      },
    });
    const recorder = new RunRecorder();
    const [start, begun, ...rest] = eventsOf({ name: "a", kind: "agent", ms: 1 }, { runId: "r1" });
    record(recorder, [start!, { ...begun!, input: reference } as FlockEvent, ...rest]);
    recorder.runs();
    expect(reads).toBe(1);
  });
});
