import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { executeRun } from "../../src/core/door/run.ts";
import type { FlockEvent, StreamTiming } from "../../src/core/events/event.ts";
import type { RunHistory } from "../../src/core/events/run-history.ts";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { describeRun } from "../../src/introspection/record/described-calls.ts";
import { RunRecorder } from "../../src/introspection/record/run-recorder.ts";
import { PerformanceMonitor } from "../../src/introspection/watch/performance-monitor.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { makeEnvironment, runnable } from "../core/make-environment.ts";
import { type DescribedCall, eventsOf, startOfTime } from "./run-events.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const stream: StreamTiming = { firstTokenMs: 40, meanGapMs: 5, longestGapMs: 9, pieces: 10 };
const run: DescribedCall = {
  name: "writer",
  calls: [
    { name: "gpt", ms: 200, tokens: 40, costMicroUsd: 3, queueMs: 50, attempts: 2, stream, cacheState: "miss" },
    { name: "search", kind: "tool", ms: 30, outcome: "error", code: "tool_failed" },
    { name: "gpt", ms: 100, cacheState: "hit" },
  ],
};

function feed(monitor: PerformanceMonitor, events: readonly FlockEvent[]): void {
  for (const event of events) monitor.observe(event);
}

/** Runs on each side of the comparison; 100,000 with `--mode long`. */
const half = process.env.MODE === "long" ? 100_000 : 40_000;

describe("PerformanceMonitor.snapshot", () => {
  it("tells models, tools and agents apart, each with all that is known of its calls", () => {
    const monitor = new PerformanceMonitor();
    feed(monitor, eventsOf(run, { runId: "r" }));
    const { calls, runnables } = monitor.snapshot(startOfTime + 1_000);
    expect(Object.entries(calls).map(([kind, names]) => [kind, Object.keys(names)])).toEqual([
      ["agent", ["writer"]],
      ["pattern", []],
      ["model", ["gpt"]],
      ["tool", ["search"]],
    ]);
    expect(calls.model.gpt).toMatchObject({
      ...{ calls: 2, succeeded: 2, queueMs: 50, attempts: 3, cacheHits: 1, cacheMisses: 1, costMicroUsd: 3 },
      ...{ meanGapMs: 5, firstTokenMs: { count: 1 }, usage: { inputTokens: 30, outputTokens: 10 } },
    });
    expect(calls.tool.search).toMatchObject({ calls: 1, failed: 1, errorCounts: { tool_failed: 1 } });
    expect(calls.agent.writer?.toolUsage).toEqual({ search: { calls: 1, failures: 1, totalMs: 30 } });
    expect(calls.model.gpt?.recent["1m"].figures).toMatchObject({
      ...{ meanMs: 150, queueMs: 25, attempts: 1.5, cacheHitRate: 0.5, firstTokenMs: 40, tokens: 40, successRate: 1 },
    });
    expect(runnables.writer).toMatchObject({ calls: 1, recent: { "5m": { runs: 1, figures: { meanMs: 330 } } } });
  });

  it("lets the minute, the five minutes and the hour pass one after the other", () => {
    const monitor = new PerformanceMonitor();
    feed(monitor, eventsOf({ name: "a", ms: 10 }, { runId: "r" }));
    const runsAfter = (ms: number) => {
      const recent = monitor.snapshot(startOfTime + ms).runnables.a!.recent;
      return [recent["1m"].runs, recent["5m"].runs, recent["1h"].runs];
    };
    expect([0, 61_000, 301_000, 3_601_000].map(runsAfter)).toEqual([
      [1, 1, 1],
      [0, 1, 1],
      [0, 0, 1],
      [0, 0, 0],
    ]);
    expect(monitor.snapshot(startOfTime + 1e9).runnables.a?.calls).toBe(1);
    expect(() => monitor.snapshot(Number.NaN)).toThrow(expect.objectContaining({ code: "option_invalid" }));
  });

  it("says whether a minute differs from the one before, beyond chance", () => {
    const tell = (slowerBy: number, failuresNow: number) => {
      const monitor = new PerformanceMonitor();
      for (let index = 0; index < 100; index++) {
        const isNow = index >= 50;
        const ms = 100 + ((index * 7) % 20) + (isNow ? slowerBy : 0);
        const outcome = isNow && index % 50 < failuresNow ? "error" : "ok";
        const time = startOfTime + (isNow ? 60_000 : 0) + (index % 50) * 1_000 - 500;
        feed(monitor, eventsOf({ name: "a", ms, outcome }, { runId: `r${index}`, time }));
      }
      return monitor.snapshot(startOfTime + 59_900 + 57_000).runnables.a!.recent["1m"].comparison;
    };
    const changed = tell(50, 20);
    expect(changed).toMatchObject({ meanMs: { significant: true }, successRate: { significant: true, before: 1 } });
    expect(changed.meanMs.interval!.low).toBeGreaterThan(40);
    expect(changed.meanMs.interval!.high).toBeLessThan(60);
    expect(changed.meanMs.sentence).toMatch(
      /^mean time \d+ ms before, \d+ ms now: higher, beyond chance \(p < 0.001\)$/,
    );
    expect(changed.successRate.sentence).toMatch(/^success rate 100.0 % before, .* now: lower, beyond chance/);
    const same = tell(0, 1);
    expect(same).toMatchObject({ meanMs: { significant: false }, successRate: { significant: false } });
    expect(same.meanMs.sentence).toContain("no more than chance explains");
  });

  it("says so where there are too few runs to compare", () => {
    const monitor = new PerformanceMonitor();
    feed(monitor, eventsOf({ name: "a", ms: 10 }, { runId: "r" }));
    const { comparison } = monitor.snapshot(startOfTime).runnables.a!.recent["1m"];
    expect(comparison.meanMs).toMatchObject({ significant: false, p: undefined, now: 10, before: undefined });
    expect(comparison.meanMs.sentence).toBe(
      "too little to say: a mean needs 20 runs in both periods, there are 0 and 1",
    );
    expect(comparison.successRate.sentence).toContain("too little to say");
  });

  it("counts each call once, whichever ways it sees a run", async () => {
    const flock = makeEnvironment();
    const monitor = new PerformanceMonitor();
    flock.events.subscribe(monitor.observe);
    const model = runnable("gpt", async () => ({ text: "…" }), { kind: "model" });
    const writer = runnable("writer", async (_: object, context) => context.call(model, {}), { providers: [monitor] });
    const flow = runnable("flow", async (_: object, context) => context.call(writer, {}), { kind: "pattern" });
    await monitor.monitorExecution(flow, {}, { flock });
    expect(monitor.snapshot().calls.model.gpt).toMatchObject({ calls: 1 });
    await executeRun(flow, {}, { flock });
    await executeRun(writer, {}, { flock: makeEnvironment() });
    await executeRun(flow, {}, { flock: makeEnvironment() });
    expect(monitor.snapshot().calls.model.gpt).toMatchObject({ calls: 4 });
    expect(monitor.snapshot().calls.pattern.flow).toMatchObject({ calls: 2 });
  });

  it("watches calls by kind and name", () => {
    const monitor = new PerformanceMonitor({
      alerts: [{ metric: "queueMs", kind: "model", name: "gpt", above: 20, windowMs: 60_000, minimumCount: 2 }],
    });
    feed(monitor, eventsOf(run, { runId: "r" }));
    expect(monitor.snapshot(startOfTime).alerts).toMatchObject([{ id: "queueMs of model gpt above 20 in 60000 ms" }]);
    expect(monitor.snapshot(startOfTime).windows).toMatchObject([{ subject: "model", name: "gpt", runs: 2 }]);
  });

  it(`stays flat over ${2 * half} runs of ever new names`, async () => {
    const monitor = new PerformanceMonitor({ alerts: [{ metric: "p95Ms", above: 1, windowMs: 60_000 }] });
    const play = async (from: number, to: number) => {
      for (let index = from; index < to; index++) {
        const time = startOfTime + index * 100;
        const name = `agent ${index % 1_000}`;
        const calls = [{ name: `model ${index % 77}`, ms: 1 + (index % 4_000) / 7, tokens: 9, costMicroUsd: 1 }];
        feed(monitor, eventsOf({ name, calls }, { runId: `r${index}`, time }));
      }
      // What typed arrays held is given back in the background, after the collection that found them unused.
      let least = Number.POSITIVE_INFINITY;
      for (let turn = 0; turn < 8; turn++) {
        collect();
        await new Promise((resolve) => setImmediate(resolve));
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        least = Math.min(least, heapUsed + arrayBuffers);
      }
      return least;
    };
    const early = await play(0, half);
    const late = await play(half, 2 * half);
    expect(late - early).toBeLessThan(3 * 2 ** 20);
    const { runs, inFlight, runnables, calls } = monitor.snapshot(startOfTime + 20_000_000);
    expect([runs, inFlight]).toEqual([2 * half, 0]);
    expect(Object.keys(runnables).length).toBeLessThanOrEqual(257);
    expect(Object.keys(calls.model).length).toBeLessThanOrEqual(65);
    expect(calls.agent.other!.calls).toBeGreaterThan(half);
  }, 120_000);
});

describe("what the monitor knows of the process", () => {
  it("looks at memory and event loop at most once a second, and raises alerts on them", () => {
    let delayMs = 5;
    const stopped: number[] = [];
    const runtime = Object.assign(createTestRuntime(), {
      watchEventLoop: () => ({
        read: () => ({ meanMs: 1, p99Ms: delayMs, maxMs: 2 * delayMs }),
        stop: () => void stopped.push(delayMs),
      }),
    });
    const monitor = new PerformanceMonitor({
      runtime,
      alerts: [{ metric: "eventLoopDelayMs", above: 20, windowMs: 10_000 }],
    });
    for (let index = 0; index < 40; index++) {
      if (index === 30) delayMs = 500;
      feed(monitor, eventsOf({ name: "a", ms: 10 }, { runId: `r${index}`, time: startOfTime + index * 250 }));
    }
    expect(monitor.processSamples).toHaveLength(10);
    expect(monitor.processSamples.slice(0, 2).map(({ eventLoopDelay }) => eventLoopDelay?.p99Ms)).toEqual([
      undefined,
      5,
    ]);
    expect(monitor.snapshot().process).toMatchObject({ heapUsedBytes: 64 * 2 ** 20, eventLoopDelay: { p99Ms: 500 } });
    expect(monitor.snapshot().alerts).toMatchObject([{ id: "eventLoopDelayMs above 20 in 10000 ms" }]);
  });

  it("measures a blocked event loop of the real process, and lets go of it", async () => {
    const watch = systemRuntime.watchEventLoop!();
    await systemRuntime.sleep(60);
    watch.read();
    await systemRuntime.sleep(60);
    const until = systemRuntime.monotonic() + 200;
    while (systemRuntime.monotonic() < until);
    await systemRuntime.sleep(60);
    const delay = watch.read()!;
    expect(delay.maxMs).toBeGreaterThan(100);
    expect(delay.meanMs).toBeLessThan(delay.maxMs);
    watch.stop();
    watch.read();
    expect(watch.read()).toBeUndefined();
  });

  it("goes on where the system refuses to tell", () => {
    const runtime = createTestRuntime();
    runtime.memory = () => {
      throw new Error("no /proc");
    };
    const monitor = new PerformanceMonitor({ runtime });
    feed(monitor, eventsOf({ name: "a", ms: 1 }, { runId: "r" }));
    expect(monitor.metricsBuffer).toMatchObject([{ success: true, memoryBytes: undefined }]);
    expect(monitor.snapshot().process).toBeUndefined();
    const watchEventLoop = () => {
      throw new Error("not here");
    };
    const half = new PerformanceMonitor({ runtime: Object.assign(createTestRuntime(), { watchEventLoop }) });
    feed(half, eventsOf({ name: "a", ms: 1 }, { runId: "r" }));
    expect(half.snapshot().process).toMatchObject({ heapUsedBytes: 64 * 2 ** 20, eventLoopDelay: undefined });
  });

  it("lets go of the event loop when it is disposed, and looks no further", async () => {
    let open = 0;
    const watchEventLoop = () => {
      open++;
      return { read: () => undefined, stop: () => void open-- };
    };
    const monitor = new PerformanceMonitor({ runtime: Object.assign(createTestRuntime(), { watchEventLoop }) });
    feed(monitor, eventsOf({ name: "a", ms: 1 }, { runId: "r" }));
    expect(open).toBe(1);
    await monitor[Symbol.asyncDispose]();
    feed(monitor, eventsOf({ name: "a", ms: 1 }, { runId: "s", time: startOfTime + 5_000 }));
    expect(open).toBe(0);
    expect(monitor.metricsBuffer).toHaveLength(2);
  });
});

describe("describeRun", () => {
  it("gives the tree of a recorded run and what decided how long it took", () => {
    const recorder = new RunRecorder();
    const calls = [
      { name: "fast", at: 0, ms: 30 },
      { name: "slow", at: 0, ms: 300 },
      { name: "last", at: 310, ms: 50 },
    ];
    for (const event of eventsOf({ name: "flow", kind: "pattern", calls }, { runId: "r" })) recorder.notify(event);
    const described = describeRun((recorder as RunHistory).runs()[0]!);
    expect(described).toMatchObject({ runId: "r", name: "flow", durationMs: 360 });
    expect(described.calls[0]?.calls.map(({ name }) => name)).toEqual(["fast", "slow", "last"]);
    expect(described.criticalPath.map(({ name, criticalMs }) => [name, criticalMs])).toEqual([
      ["slow", 300],
      ["last", 50],
      ["flow", 10],
    ]);
  });
});
