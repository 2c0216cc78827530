import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { KeyValueStore } from "../../src/core/key-value-store.ts";
import { MemoryStore, SqliteStore } from "../../src/entries/store.ts";
import {
  PerformanceMonitor,
  type PerformanceMonitorOptions,
} from "../../src/introspection/watch/performance-monitor.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { eventsOf, startOfTime } from "./run-events.ts";

const rule = { metric: "meanMs", above: 500, windowMs: 60_000, minimumCount: 1, id: "slow" } as const;

/** One process with its own monitor; what it told is in `told`. */
async function begin(store: KeyValueStore, options: PerformanceMonitorOptions = {}) {
  const told: string[] = [];
  const runtime = createTestRuntime();
  const onAlert = ({ type, time }: { type: string; time: number }) => void told.push(`${type} ${time - startOfTime}`);
  const monitor = new PerformanceMonitor({ runtime, alerts: [rule], onAlert, store, ...options });
  let count = 0;
  const run = (time: number, ms: number) => {
    for (const event of eventsOf({ name: "a", ms }, { runId: `r${count++}`, time: startOfTime + time }))
      monitor.observe(event);
  };
  return { monitor, told, run, runtime };
}

describe("a monitor with a store", () => {
  it("tells an alert once, however often the process begins anew, and its end once", async () => {
    const folder = await mkdtemp(join(tmpdir(), "flock-alerts-"));
    const path = join(folder, "alerts.db");
    const all: string[] = [];
    for (const [at, ms] of [
      [0, 900],
      [10_000, 900],
      [20_000, 900],
      [100_000, 100],
      [110_000, 100],
    ] as const) {
      await using store = new SqliteStore({ path });
      const { monitor, told, run } = await begin(store);
      await monitor.ready;
      run(at, ms);
      await monitor[Symbol.asyncDispose]();
      all.push(...told);
    }
    await rm(folder, { recursive: true });
    expect(all).toEqual(["alert-fired 900", "alert-resolved 100100"]);
  });

  it("ends an alert after a whole window in which nothing ran", async () => {
    const store = new MemoryStore();
    const first = await begin(store);
    await first.monitor.ready;
    first.run(0, 900);
    await first.monitor[Symbol.asyncDispose]();
    const second = await begin(store);
    await second.monitor.ready;
    second.monitor.check(startOfTime + 100_000);
    second.monitor.check(startOfTime + 159_999);
    expect(second.monitor.snapshot().alerts).toMatchObject([{ id: "slow" }]);
    second.monitor.check(startOfTime + 160_000);
    expect(second.told).toEqual(["alert-resolved 160000"]);
  });

  it("counts what happens before the store answered, and looks at it then", async () => {
    const { promise, resolve: answer } = Promise.withResolvers<undefined>();
    const store = Object.assign(new MemoryStore(), { get: () => promise });
    const { monitor, told, run } = await begin(store);
    run(0, 900);
    expect(told).toEqual([]);
    answer(undefined);
    await monitor.ready;
    monitor.check(startOfTime + 1_000);
    expect(told).toEqual(["alert-fired 1000"]);
  });

  it("goes on without a store that fails, hangs or holds what no monitor wrote, and counts it", async () => {
    const broken = { get: () => Promise.reject(new Error("down")), set: () => Promise.reject(new Error("down")) };
    const throws = {
      get() {
        throw new Error("down");
      },
    };
    const hangs = { get: () => new Promise<never>(() => {}) };
    const holds = (value: string) => ({ get: async () => ({ value, remainingMs: undefined }) });
    for (const [change, failures] of [
      [broken, 2],
      [throws, 1],
      [hangs, 1],
      [holds("{"), 1],
      [holds("null"), 1],
      [holds('{"v":2,"states":{}}'), 1],
      [holds('{"v":1,"states":null}'), 1],
      [holds('{"v":1,"states":{"slow":null,"__proto__":{"firing":true}}}'), 0],
      [holds('{"v":1,"states":{"slow":{"firing":true,"lastValue":"9","past":[]}}}'), 0],
      [holds('{"v":1,"states":{"slow":{"firing":false,"resolvedAt":"x","lastValue":9,"past":["x"]}}}'), 0],
    ] as const) {
      const { monitor, told, run, runtime } = await begin(Object.assign(new MemoryStore(), change));
      await runtime.clock.advance(5_000);
      await monitor.ready;
      run(0, 900);
      await monitor[Symbol.asyncDispose]();
      expect(told).toEqual(["alert-fired 900"]);
      expect(monitor.storeFailures).toBe(failures);
    }
  });

  it("counts a listener that throws or rejects", async () => {
    for (const onAlert of [
      () => {
        throw new Error("listener");
      },
      async () => {
        throw new Error("listener");
      },
    ]) {
      const { monitor, run, runtime } = await begin(new MemoryStore(), { onAlert });
      await monitor.ready;
      run(0, 900);
      await runtime.clock.settle();
      expect(monitor.listenerFailures).toBe(1);
    }
  });

  it("looks by itself when told to, with a timer that keeps no process alive", async () => {
    const { monitor, told, run, runtime } = await begin(new MemoryStore(), { checkEveryMs: 1_000 });
    await monitor.ready;
    run(0, 900);
    await runtime.clock.advance(70_000);
    expect(told).toEqual(["alert-fired 900", expect.stringMatching(/^alert-resolved [56]\d000$/)]);
    expect(runtime.clock.pendingTimers).toBe(0);
    await monitor[Symbol.asyncDispose]();
  });

  it("never delays or fails a run for a webhook that is down", async () => {
    const runtime = createTestRuntime({ fetch: () => Promise.reject(new Error("down")) });
    const webhooks = [{ url: "https://example.com/hook" }];
    const { monitor, told, run } = await begin(new MemoryStore(), { webhooks, runtime });
    await monitor.ready;
    run(0, 900);
    expect(told).toEqual(["alert-fired 900"]);
    await runtime.clock.settle();
    expect(monitor.snapshot().webhooks).toEqual([{ delivered: 0, pending: 1, dropped: 0, lastFailure: "unreachable" }]);
    const closing = monitor[Symbol.asyncDispose]();
    await runtime.clock.advance(2_000);
    await closing;
    expect(monitor.snapshot().webhooks).toMatchObject([{ pending: 0, dropped: 1 }]);
  });
});
