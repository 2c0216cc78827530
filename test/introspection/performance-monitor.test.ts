import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { executeRun } from "../../src/core/door/run.ts";
import { FlockError } from "../../src/core/errors/errors.ts";
import type { FlockEvent } from "../../src/core/events/event.ts";
import type { WrapperLayer } from "../../src/core/layer.ts";
import type { MonitorUpdate } from "../../src/introspection/watch/monitor-records.ts";
import { PerformanceMonitor } from "../../src/introspection/watch/performance-monitor.ts";
import { createTestRuntime, type TestRuntime } from "../../src/testing/test-runtime.ts";
import { makeEnvironment, runnable } from "../core/make-environment.ts";
import { eventsOf, startOfTime, usageOf } from "./run-events.ts";

/** A test runtime whose heap grows by a megabyte a look. */
function growingRuntime(): TestRuntime & { looks: number } {
  const runtime = Object.assign(createTestRuntime(), { looks: 0 });
  runtime.memory = () => ({ heapUsedBytes: ++runtime.looks * 2 ** 20, residentBytes: 2 ** 28 });
  return runtime;
}

const echo = runnable("echo", async ({ text }: { text: string }) => ({ text }));
const broken = runnable("broken", async () => {
  throw new FlockError("steps_exhausted", "too many", { details: { agent: "broken", maxSteps: 1 } });
});

describe("PerformanceMonitor.monitorExecution", () => {
  it("gives the run's output and records the run", async () => {
    const flock = makeEnvironment();
    const monitor = new PerformanceMonitor();
    const waits = runnable("waits", async (_: object, context) => {
      await context.runtime.sleep(250);
      return { done: true };
    });
    const running = monitor.monitorExecution(waits, {}, { flock });
    expect(monitor.snapshot().inFlight).toBe(1);
    await flock.runtime.clock.advance(250);
    expect(await running).toEqual({ done: true });
    expect(monitor.metricsBuffer).toMatchObject([
      {
        name: "waits",
        durationMs: 250,
        success: true,
        outcome: "ok",
        code: undefined,
        tokens: 0,
        costMicroUsd: undefined,
      },
    ]);
    expect(monitor.metricsBuffer[0]?.runId).toBe(flock.seen[0]?.runId);
    expect(monitor.snapshot()).toMatchObject({
      runs: 1,
      inFlight: 0,
      runnables: { waits: { calls: 1, successRate: 1 } },
    });
  });

  it("fails as the run fails, and records the code", async () => {
    const flock = makeEnvironment();
    const monitor = new PerformanceMonitor();
    await expect(monitor.monitorExecution(broken, {}, { flock })).rejects.toMatchObject({ code: "steps_exhausted" });
    expect(monitor.metricsBuffer).toMatchObject([
      { name: "broken", success: false, outcome: "error", code: "steps_exhausted" },
    ]);
    expect(monitor.snapshot().runnables.broken).toMatchObject({
      failed: 1,
      errorCounts: { steps_exhausted: 1 },
      successRate: 0,
    });
  });

  it("leaves the user's own listener with exactly the events it asked for", async () => {
    const flock = makeEnvironment();
    const monitor = new PerformanceMonitor();
    const seen: FlockEvent[] = [];
    const onEvent = (event: FlockEvent) => void seen.push(event);
    await monitor.monitorExecution(echo, { text: "a" }, { flock, onEvent, events: ["call-end"] });
    expect(seen.map((event) => event.type)).toEqual(["call-end"]);
    await monitor.monitorExecution(echo, { text: "b" }, { flock, onEvent });
    expect(seen.slice(1).map((event) => event.type)).toContain("run-start");
    expect(monitor.metricsBuffer).toHaveLength(2);
  });

  it("measures also when the user's listener throws", async () => {
    const flock = makeEnvironment();
    const monitor = new PerformanceMonitor();
    const onEvent = () => {
      throw new Error("listener");
    };
    expect(await monitor.monitorExecution(echo, { text: "a" }, { flock, onEvent })).toEqual({ text: "a" });
    expect(monitor.metricsBuffer).toHaveLength(1);
  });

  it("counts a run once that it sees as a provider as well", async () => {
    const flock = makeEnvironment();
    const monitor = new PerformanceMonitor();
    flock.events.subscribe(monitor.observe);
    const watched = runnable("watched", async () => ({ ok: true }), { providers: [monitor] });
    await monitor.monitorExecution(watched, {}, { flock });
    expect(monitor.metricsBuffer).toHaveLength(1);
    expect(monitor.snapshot().inFlight).toBe(0);
  });

  it("refuses what is no runnable and what are no options with a typed error", async () => {
    const monitor = new PerformanceMonitor();
    for (const bad of [undefined, null, {}, "agent", () => 1]) {
      await expect(monitor.monitorExecution(bad as never, {} as never)).rejects.toMatchObject({
        code: "option_invalid",
      });
    }
    for (const bad of [null, "fast", { onEvent: 1 }, { events: 3 }, { onEvent: () => {}, events: 3 }]) {
      const options = bad as never;
      await expect(monitor.monitorExecution(echo, { text: "" }, options)).rejects.toMatchObject({
        code: "option_invalid",
      });
    }
    expect(monitor.metricsBuffer).toEqual([]);
  });
});

describe("PerformanceMonitor", () => {
  function feed(monitor: PerformanceMonitor, events: readonly FlockEvent[]): void {
    for (const event of events) monitor.observe(event);
  }

  it("keeps the last records alone, and figures of all", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 60 }), (bufferSize, count) => {
        const monitor = new PerformanceMonitor({ bufferSize });
        for (let index = 0; index < count; index++) {
          feed(monitor, eventsOf({ name: "a", ms: index }, { runId: `r${index}`, time: startOfTime + index }));
        }
        const last = Array.from({ length: count }, (_, index) => `r${index}`).slice(-bufferSize);
        expect(monitor.metricsBuffer.map(({ runId }) => runId)).toEqual(last);
        expect(monitor.snapshot().runs).toBe(count);
      }),
    );
    expect(new PerformanceMonitor().metricsBuffer).toEqual([]);
  });

  it("adds up tokens and cost of a run, and gives percentiles by name", () => {
    const monitor = new PerformanceMonitor();
    for (let index = 1; index <= 100; index++) {
      const calls = [{ name: "model", ms: index * 10, tokens: 40, costMicroUsd: 3 }];
      feed(monitor, eventsOf({ name: "a", calls }, { runId: `r${index}` }));
    }
    expect(monitor.metricsBuffer[0]).toMatchObject({
      startedAt: startOfTime,
      durationMs: 10,
      tokens: 40,
      costMicroUsd: 3,
    });
    const { a } = monitor.snapshot().runnables;
    expect(a).toMatchObject({ calls: 100, costMicroUsd: 300, usage: { inputTokens: 3_000, outputTokens: 1_000 } });
    expect(Math.abs(a!.executionMs.p95 / 950 - 1)).toBeLessThan(0.01);
    expect(Object.isFrozen(monitor.metricsBuffer[0])).toBe(true);
  });

  it("gives a run's memory only when it ran alone, and looks at most once a second", () => {
    const runtime = growingRuntime();
    const monitor = new PerformanceMonitor({ runtime });
    const at = (runId: string, time: number) => eventsOf({ name: "a", ms: 10 }, { runId, time: startOfTime + time });
    feed(monitor, at("alone", 0));
    feed(monitor, at("too soon", 500));
    const [first, second] = [at("outer", 2_000), at("inner", 2_001)];
    feed(monitor, [first[0]!, second[0]!, ...second.slice(1), ...first.slice(1)]);
    feed(monitor, at("alone again", 4_000));
    expect(monitor.metricsBuffer.map(({ memoryBytes }) => memoryBytes)).toEqual([
      2 ** 20,
      undefined,
      "shared",
      "shared",
      2 ** 20,
    ]);
    expect(runtime.looks).toBe(5);
    expect(monitor.snapshot().runnables.a?.memoryUsage).toHaveLength(2);
  });

  it("tells subscribers of runs and alerts, each alert once, until they stop", () => {
    const monitor = new PerformanceMonitor({
      alerts: [{ metric: "meanMs", above: 50, windowMs: 10_000, minimumCount: 1 }],
    });
    const updates: MonitorUpdate[] = [];
    const listener = (update: MonitorUpdate) => void updates.push(update);
    const stop = monitor.subscribe(listener);
    const stopToo = monitor.subscribe(listener);
    monitor.subscribe(() => {
      throw new Error("subscriber");
    });
    stopToo();
    for (let index = 0; index < 3; index++) feed(monitor, eventsOf({ name: "a", ms: 100 }, { runId: `r${index}` }));
    expect(updates.map(({ type }) => type)).toEqual(["run-measured", "alert-fired", "run-measured", "run-measured"]);
    expect(monitor.snapshot().alerts).toMatchObject([{ id: "meanMs above 50 in 10000 ms" }]);
    expect(monitor.listenerFailures).toBe(4);
    monitor.check(startOfTime + 60_000);
    expect(updates.at(-1)).toMatchObject({ type: "alert-resolved" });
    stop();
    feed(monitor, eventsOf({ name: "a", ms: 100 }, { runId: "r9", time: startOfTime + 90_000 }));
    expect(updates).toHaveLength(5);
  });

  it("takes the time of a check from its runtime when none is given", () => {
    const runtime = createTestRuntime();
    const monitor = new PerformanceMonitor({
      runtime,
      alerts: [{ metric: "runsPerMinute", below: 1, windowMs: 1_000 }],
    });
    monitor.check();
    runtime.clock.stepWallClock(2_000);
    monitor.check();
    expect(monitor.snapshot().alerts).toHaveLength(1);
    expect(() => monitor.check(Number.NaN)).toThrow(expect.objectContaining({ code: "option_invalid" }));
  });

  it("lists rules by metric and figures by window", () => {
    const alerts = [
      { metric: "p95Ms", above: 5_000, windowMs: 300_000 },
      { metric: "p95Ms", above: 9_000, windowMs: 300_000, severity: "critical" },
      { metric: "errorRate", above: 0.1, windowMs: 60_000, name: "a" },
    ] as const;
    const monitor = new PerformanceMonitor({ alerts });
    expect(monitor.alertThresholds).toEqual({ p95Ms: [alerts[0], alerts[1]], errorRate: [alerts[2]] });
    feed(monitor, eventsOf({ name: "a", ms: 80, tokens: 8, costMicroUsd: 2 }, { runId: "r" }));
    feed(monitor, eventsOf({ name: "b", ms: 80, outcome: "error", code: "timeout" }, { runId: "s" }));
    const [all, ofA] = monitor.snapshot().windows;
    expect(all).toMatchObject({
      windowMs: 300_000,
      name: undefined,
      runs: 2,
      figures: { errorRate: 0.5, meanMs: 80, tokens: 8 },
    });
    expect(Math.abs(all!.figures.p95Ms! / 80 - 1)).toBeLessThan(0.01);
    expect(ofA).toMatchObject({ windowMs: 60_000, name: "a", runs: 1, figures: { errorRate: 0, p95Ms: undefined } });
  });

  it("passes over events it has no use for, ends without a start, and broken figures", () => {
    const monitor = new PerformanceMonitor({ alerts: [{ metric: "tokens", above: 5, windowMs: 1_000 }] });
    const [start, ...rest] = eventsOf({ name: "a", ms: 1, tokens: 4 }, { runId: "r" });
    feed(monitor, rest);
    expect(monitor.metricsBuffer).toEqual([]);
    const usage = {
      inputTokens: Number.NaN,
      outputTokens: 1,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
    };
    feed(monitor, [start!, { ...rest.at(-1)!, usage, costMicroUsd: Number.NaN } as FlockEvent]);
    expect(monitor.metricsBuffer).toMatchObject([{ tokens: 0 }]);
    expect(monitor.snapshot().windows[0]?.figures).toMatchObject({ tokens: 0, costMicroUsd: 0 });
  });

  it("refuses options it cannot keep", () => {
    for (const options of [
      { bufferSize: 0 },
      { alerts: {} },
      { alert: [] },
      { alerts: [{ metric: "p95" }] },
      { runtime: 1 },
    ]) {
      expect(() => new PerformanceMonitor(options as never)).toThrow(
        expect.objectContaining({ code: "option_invalid" }),
      );
    }
    expect(() => new PerformanceMonitor().subscribe(3 as never)).toThrow(
      expect.objectContaining({ code: "option_invalid" }),
    );
  });
});

describe("PerformanceMonitor as a provider of an agent inside the runs of others", () => {
  const usage = usageOf(40);
  const model = runnable(
    "model",
    async (_: object, context) => {
      await context.runtime.sleep(20);
      return { text: "…" };
    },
    { kind: "model", costOf: () => ({ usage, costMicroUsd: 3 }) },
  );

  function monitored(fails = false) {
    const monitor = new PerformanceMonitor({
      alerts: [{ metric: "errorRate", above: 0.5, windowMs: 10_000, name: "writer", minimumCount: 1 }],
    });
    const writer = runnable(
      "writer",
      async (_: object, context) => {
        await context.call(model, {});
        if (fails) throw new FlockError("tool_failed", "broken", { details: { tool: "pen" } });
        return context.call(model, {});
      },
      { providers: [monitor] },
    );
    return { monitor, writer };
  }

  async function run(flow: ReturnType<typeof runnable>, flock = makeEnvironment(), monitor?: PerformanceMonitor) {
    const running =
      monitor === undefined ? executeRun(flow, {}, { flock }) : monitor.monitorExecution(flow, {}, { flock });
    const settled = running.then(
      () => flock.seen[0]!.runId,
      () => flock.seen[0]!.runId,
    );
    await flock.runtime.clock.advance(1_000);
    return settled;
  }

  it("measures each of its calls with all that was used inside, one after the other and side by side", async () => {
    const { monitor, writer } = monitored();
    const flow = runnable("flow", async (_: object, context) => {
      await context.call(writer, {});
      await context.call(model, {});
      return Promise.all([context.call(writer, {}), context.call(writer, {})]);
    });
    const runId = await run(flow as never);
    const spent = { name: "writer", runId, durationMs: 40, success: true, outcome: "ok", tokens: 80, costMicroUsd: 6 };
    expect(monitor.metricsBuffer).toMatchObject([spent, spent, spent]);
    expect(monitor.snapshot()).toMatchObject({ runs: 3, inFlight: 0, runnables: { writer: { calls: 3 } } });
    expect(monitor.snapshot().runnables.flow).toBeUndefined();
  });

  it("raises alerts on its failures", async () => {
    const { monitor, writer } = monitored(true);
    const flow = runnable("flow", async (_: object, context) => context.call(writer, {}).catch(() => ({})));
    await run(flow as never);
    expect(monitor.metricsBuffer).toMatchObject([
      { success: false, outcome: "error", code: "tool_failed", tokens: 40 },
    ]);
    expect(monitor.snapshot().alerts).toMatchObject([{ rule: { name: "writer" } }]);
  });

  it("counts what further attempts used, and an agent of its own inside it as part of it", async () => {
    const { monitor, writer } = monitored();
    const outer = runnable("outer", async (_: object, context) => context.call(writer, {}), { providers: [monitor] });
    const twice: WrapperLayer = {
      form: "wrapper",
      name: "twice",
      appliesTo: ({ name }) => name === "outer",
      wrap: async (call, next) => {
        await next(call);
        return next(call);
      },
    };
    const flow = runnable("flow", async (_: object, context) => context.call(outer, {}));
    await run(flow as never, makeEnvironment([twice]));
    expect(monitor.metricsBuffer).toMatchObject([{ name: "outer", durationMs: 80, tokens: 160, costMicroUsd: 12 }]);
  });

  it("measures the run alone where it sees the run", async () => {
    const { monitor, writer } = monitored();
    const flow = runnable("flow", async (_: object, context) => context.call(writer, {}));
    await run(flow as never, makeEnvironment(), monitor);
    expect(monitor.metricsBuffer).toMatchObject([{ name: "flow", tokens: 80 }]);
    await run(writer as never);
    expect(monitor.metricsBuffer.map(({ name }) => name)).toEqual(["flow", "writer"]);
    expect(monitor.snapshot().inFlight).toBe(0);
  });
});
