import { createHash, createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KeyValueStore } from "../../src/core/key-value-store.ts";
import { MemoryStore, SqliteStore } from "../../src/entries/store.ts";
import {
  PerformanceMonitor,
  type PerformanceMonitorOptions,
} from "../../src/introspection/watch/performance-monitor.ts";
import { createTestRuntime, type TestRuntime } from "../../src/testing/test-runtime.ts";
import { eventsOf, startOfTime } from "./run-events.ts";

const rule = { metric: "meanMs", above: 500, windowMs: 60_000, minimumCount: 1, id: "slow" } as const;

/** One process with its own monitor; what it told is in `told`. */
async function begin(store: KeyValueStore, options: PerformanceMonitorOptions = {}) {
  const told: string[] = [];
  const runtime = (options.runtime ?? createTestRuntime()) as TestRuntime;
  const onAlert = ({ type, time }: { type: string; time: number }) => void told.push(`${type} ${time - startOfTime}`);
  const monitor = new PerformanceMonitor({ alerts: [rule], onAlert, store, ...options, runtime });
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
    expect(told).toEqual(["alert-fired 900"]);
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
      [broken, 3],
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

  it("never delays or fails a run for a webhook that is down, and hands its message to the next process", async () => {
    const store = new MemoryStore();
    const webhooks = [{ url: "https://example.com/hook" }];
    const runtime = createTestRuntime({ fetch: () => Promise.reject(new Error("down")) });
    const { monitor, told, run } = await begin(store, { webhooks, runtime });
    await monitor.ready;
    run(0, 900);
    expect(told).toEqual(["alert-fired 900"]);
    await runtime.clock.settle();
    expect(monitor.snapshot().webhooks).toEqual([{ delivered: 0, pending: 1, dropped: 0, lastFailure: "unreachable" }]);
    const closing = monitor[Symbol.asyncDispose]();
    await runtime.clock.advance(2_000);
    await closing;
    expect(monitor.snapshot().webhooks).toMatchObject([{ pending: 1, dropped: 0 }]);
    expect((await store.get("flock:alerts"))!.value).not.toContain("example.com");
    const up = createTestRuntime({ fetch: async () => new Response(null, { status: 204 }) });
    const second = await begin(store, { webhooks, runtime: up });
    await second.monitor.ready;
    await second.monitor[Symbol.asyncDispose]();
    expect(second.monitor.snapshot().webhooks).toMatchObject([{ delivered: 1, pending: 0, dropped: 0 }]);
    expect(second.told).toEqual([]);
  });

  it("goes on with what the windows held, whole after an orderly end and short of a second after a crash", async () => {
    const store = new MemoryStore();
    const alerts = [{ metric: "errorRate", above: 0.3, windowMs: 60_000, minimumCount: 10, id: "errors" } as const];
    const first = await begin(store, { alerts });
    await first.monitor.ready;
    const fails = (process: typeof first, from: number, count: number) => {
      for (let index = 0; index < count; index++) {
        const place = { runId: `f${from + index}`, time: startOfTime + from + index };
        for (const event of eventsOf({ name: "a", ms: 1, outcome: "error" }, place)) process.monitor.observe(event);
      }
    };
    fails(first, 0, 6);
    await first.runtime.clock.advance(1_000);
    fails(first, 2_000, 1);
    // Nobody disposes it: what was counted last is lost.
    const second = await begin(store, { alerts });
    await second.monitor.ready;
    expect(second.monitor.snapshot().windows).toMatchObject([{ runs: 6 }]);
    fails(second, 4_000, 3);
    expect(second.told).toEqual([]);
    await second.monitor[Symbol.asyncDispose]();
    const third = await begin(store, { alerts });
    await third.monitor.ready;
    fails(third, 6_000, 1);
    expect(third.told).toEqual(["alert-fired 6001"]);
    // What it restored leaves with its time, as if it had counted it itself.
    third.monitor.check(startOfTime + 62_000);
    expect(third.monitor.snapshot().windows).toMatchObject([{ runs: 4 }]);
  });

  it("counts what came before the store answered on top of what the windows held, quantiles included", async () => {
    const store = new MemoryStore();
    const alerts = [{ metric: "p50Ms", above: 5_000, windowMs: 60_000, minimumCount: 1, id: "slow" } as const];
    const first = await begin(store, { alerts });
    await first.monitor.ready;
    for (let index = 0; index < 3; index++) first.run(index * 4_000, 100);
    await first.monitor[Symbol.asyncDispose]();
    for (const [at, runs, p50Ms] of [
      [20_000, 5, 100],
      // The clock stands a little behind, and counts as standing still.
      [-1_000, 5, 100],
      [61_500, 4, 100],
      [500_000, 2, 900],
      [-500_000, 2, 900],
    ] as const) {
      const { promise, resolve: answer } = Promise.withResolvers<void>();
      const late = Object.assign(new MemoryStore(), {
        get: async () => {
          await promise;
          return store.get("flock:alerts");
        },
      });
      const second = await begin(late, { alerts });
      for (let index = 0; index < 2; index++) second.run(at + index, 900);
      answer();
      await second.monitor.ready;
      const [window] = second.monitor.snapshot().windows;
      expect(window, `${at}`).toMatchObject({ runs });
      expect(window!.figures.p50Ms! / p50Ms, `${at}`).toBeCloseTo(1, 1);
      const value = (await store.get("flock:alerts"))!.value;
      await second.monitor[Symbol.asyncDispose]();
      expect((await store.get("flock:alerts"))!.value).toBe(value);
    }
  });

  it("leaves what was kept alone until it was read", async () => {
    const held = Object.assign(new MemoryStore(), { get: () => new Promise<never>(() => {}) });
    const { monitor, run, runtime } = await begin(held);
    run(0, 900);
    await runtime.clock.advance(4_000);
    const closing = monitor[Symbol.asyncDispose]();
    await runtime.clock.advance(1_000);
    await closing;
    await runtime.clock.advance(10_000);
    expect(await MemoryStore.prototype.get.call(held, "flock:alerts")).toBeUndefined();
  });

  it("looks, once the store answered, at what happened before, even when nothing happens any more", async () => {
    for (const isDisposed of [false, true]) {
      const { promise, resolve: answer } = Promise.withResolvers<undefined>();
      const store = Object.assign(new MemoryStore(), { get: () => promise });
      const { monitor, told, run } = await begin(store);
      run(0, 900);
      run(1_000, 900);
      const closing = isDisposed ? monitor[Symbol.asyncDispose]() : monitor.ready;
      answer(undefined);
      await closing;
      expect(told).toEqual(["alert-fired 1900"]);
    }
  });

  it("keeps the process alive while someone waits for a store that hangs, and ends within five seconds", async () => {
    const never = () => new Promise<never>(() => {});
    const webhooks = [{ url: "https://example.com/hook" }];
    for (const change of [{ get: never }, { set: never }, { get: never, set: never }]) {
      const { monitor, run, runtime } = await begin(Object.assign(new MemoryStore(), change), { webhooks });
      if (!("get" in change)) await monitor.ready;
      else expect(runtime.clock.pendingTimers).toBeGreaterThan(0);
      for (let index = 0; index < 3; index++) run(index * 300_000, 900);
      await runtime.clock.settle();
      let isClosed = false;
      void monitor[Symbol.asyncDispose]().then(() => {
        isClosed = true;
      });
      for (let waited = 0; waited < 5_000 && !isClosed; waited += 500) {
        expect(runtime.clock.pendingTimers).toBeGreaterThan(0);
        await runtime.clock.advance(500);
      }
      expect(isClosed).toBe(true);
      await runtime.clock.advance(30_000);
      expect(runtime.clock.pendingTimers).toBe(0);
    }
  });

  it("begins a window anew that is of another version, or that a new rule asks more of", async () => {
    const good = { slot: Math.floor(startOfTime / 3_000), slots: [[0, [5, 5, ...Array(15).fill(0)], [[100, 5]]]] };
    const [[, sums]] = good.slots as unknown as [[number, number[]]];
    for (const [windows, runs] of [
      [{ "60000 run ": good }, 6],
      [{ "60000 run ": { ...good, slots: [[0, sums]] } }, 1],
      [{ "60000 run ": { ...good, slots: [[0, sums.slice(1), []]] } }, 1],
      [{ "60000 run ": { ...good, slots: [[0, [...sums.slice(1), null], []]] } }, 1],
      [{ "60000 run ": { ...good, slots: [[-1, sums, []]] } }, 1],
      [{ "60000 run ": { ...good, slots: [[25, sums, []]] } }, 1],
      [{ "60000 run ": { ...good, slots: [[0, sums, [[1e9, 1]]]] } }, 1],
      [{ "60000 run ": { ...good, slots: [[0, sums, [[1, -1]]]] } }, 1],
      [{ "60000 run ": { ...good, slots: [[0, sums, 7]] } }, 1],
      [{ "60000 run ": { ...good, slots: [null] } }, 1],
      [{ "60000 run ": { ...good, slots: {} } }, 1],
      [{ "60000 run ": { ...good, slot: 1.5 } }, 1],
      [{ "60000 run ": null }, 1],
      [{ "30000 run ": good }, 1],
      ["text", 1],
      [undefined, 1],
    ] as const) {
      const store = new MemoryStore();
      await store.set("flock:alerts", JSON.stringify({ v: 1, states: {}, windows }));
      const { monitor, run } = await begin(store, { alerts: [{ ...rule, metric: "p95Ms" }] });
      await monitor.ready;
      run(1, 10);
      expect(monitor.snapshot().windows, JSON.stringify(windows)).toMatchObject([{ runs }]);
      expect(monitor.storeFailures).toBe(0);
    }
  });
});

describe("messages that outlive their process", () => {
  const secret = "a secret of some length";

  /** A receiver whose answers a test decides; what it got is in `got`. */
  function receiver(answer: () => number) {
    const got: { id: string; body: string; signature: string | null }[] = [];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      const headers = new Headers(init!.headers);
      const [id, signature] = [headers.get("flock-delivery")!, headers.get("flock-signature")];
      got.push({ id, body: `${init!.body}`, signature });
      const status = answer();
      if (status === 0) throw new Error("down");
      return new Response(null, { status });
    };
    return { got, fetch };
  }

  it("are told again with the same id and body, signed anew, before anything newer, over every crash", async () => {
    const store = new MemoryStore();
    const webhooks = [{ url: "https://example.com/a", secret }];
    const down = receiver(() => 503);
    const first = await begin(store, { webhooks, runtime: createTestRuntime({ fetch: down.fetch }) });
    await first.monitor.ready;
    first.run(0, 900);
    await first.runtime.clock.settle();
    first.monitor.check(startOfTime + 200_000);
    await first.runtime.clock.settle();
    expect(first.told).toEqual(["alert-fired 900", "alert-resolved 200000"]);
    expect(down.got).toHaveLength(1);

    // Nobody disposed it. The next one is told of both in order, then of its own.
    const up = receiver(() => 204);
    const runtime = createTestRuntime({ fetch: up.fetch });
    await runtime.clock.advance(60_000);
    const second = await begin(store, { webhooks, runtime });
    await second.monitor.ready;
    second.run(300_000, 900);
    await runtime.clock.settle();
    const types = up.got.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    expect(types).toEqual(["alert-fired", "alert-resolved", "alert-fired"]);
    expect(up.got[0]).toMatchObject({ id: down.got[0]!.id, body: down.got[0]!.body });
    expect(up.got[0]!.signature).not.toBe(down.got[0]!.signature);
    const [, seconds, signature] = /^t=(\d+),v1=(\w+)$/.exec(up.got[0]!.signature!)!;
    expect(signature).toBe(createHmac("sha256", secret).update(`${seconds}.${up.got[0]!.body}`).digest("hex"));

    const third = receiver(() => 204);
    const last = await begin(store, { webhooks, runtime: createTestRuntime({ fetch: third.fetch }) });
    await last.monitor.ready;
    await last.monitor[Symbol.asyncDispose]();
    expect(third.got).toEqual([]);
  });

  it("are told while runs go on and the store is slow", async () => {
    const { got, fetch } = receiver(() => 204);
    const runtime = createTestRuntime({ fetch });
    const set = () => new Promise<void>((resolve) => void runtime.setTimer(resolve, 1_500));
    const webhooks = [{ url: "https://example.com/a" }];
    const { monitor, run } = await begin(Object.assign(new MemoryStore(), { set }), { webhooks, runtime });
    await monitor.ready;
    for (let time = 0; time < 5_000; time += 100) {
      run(time, 900);
      await runtime.clock.advance(100);
    }
    expect(got).toHaveLength(1);
  });

  it("outlive a process that ends before the store answered", async () => {
    const store = new MemoryStore();
    const webhooks = [{ url: "https://example.com/a", attempts: 1_000 }];
    const pending = async () => {
      const { messages } = JSON.parse((await store.get("flock:alerts"))!.value) as {
        messages: Record<string, unknown[]>;
      };
      return Object.values(messages).map(({ length }) => length);
    };
    const end = async ({ monitor, runtime }: Awaited<ReturnType<typeof begin>>) => {
      const closing = monitor[Symbol.asyncDispose]();
      await runtime.clock.advance(5_000);
      await closing;
    };
    const down = () => createTestRuntime({ fetch: receiver(() => 503).fetch });
    const first = await begin(store, { webhooks, runtime: down() });
    await first.monitor.ready;
    first.run(0, 900);
    await end(first);
    expect(await pending()).toEqual([1]);
    for (const waitMs of [100, 4_900, 60_000]) {
      const runtime = down();
      const late = {
        get: async (key: string) => {
          await new Promise<void>((resolve) => void runtime.setTimer(resolve, waitMs));
          return store.get(key);
        },
        set: store.set.bind(store),
      };
      const second = await begin(Object.assign(new MemoryStore(), late), { webhooks, runtime });
      await end(second);
      second.run(1_000, 900);
      await runtime.clock.advance(100_000);
      expect(await pending(), `${waitMs}`).toEqual([1]);
    }
  });

  it("are signed anew for a day only, so that no old alert can be told again by who writes to the store", async () => {
    const store = new MemoryStore();
    const webhooks = [{ url: "https://example.com/a", secret }];
    const first = await begin(store, { webhooks, runtime: createTestRuntime({ fetch: receiver(() => 503).fetch }) });
    await first.monitor.ready;
    first.run(0, 900);
    await first.runtime.clock.settle();
    const old = (await store.get("flock:alerts"))!.value;
    for (const [hours, given] of [
      [23, 1],
      [25, 0],
    ] as const) {
      await store.set("flock:alerts", old);
      const { got, fetch } = receiver(() => 204);
      const now = first.runtime.now() + hours * 3_600_000;
      const { monitor } = await begin(store, { webhooks, runtime: createTestRuntime({ fetch, now }) });
      await monitor.ready;
      await monitor[Symbol.asyncDispose]();
      expect(got).toHaveLength(given);
    }
  });

  it("are each told at least once, wherever a process is killed, and doubles have one id", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ kill: fc.boolean(), status: fc.constantFrom(204, 204, 503, 0) }), { maxLength: 12 }),
        async (parts) => {
          const store = new MemoryStore();
          const ids = new Map<string, Set<string>>();
          const told: string[] = [];
          const got: string[] = [];
          for (const [index, { kill, status }] of [...parts, { kill: false, status: 204 }].entries()) {
            const { got: received, fetch } = receiver(() => status);
            const runtime = createTestRuntime({ fetch });
            const webhooks = [{ url: "https://example.com/a", attempts: 1_000 }];
            const process = await begin(store, { webhooks, runtime });
            await process.monitor.ready;
            const at = index * 1_000_000;
            process.run(at, 900);
            process.monitor.check(startOfTime + at + 200_000);
            await runtime.clock.settle();
            if (!kill) {
              const closing = process.monitor[Symbol.asyncDispose]();
              await runtime.clock.advance(2_000);
              await closing;
            }
            told.push(...process.told);
            if (status !== 204) continue;
            for (const { id, body } of received) {
              const { type, time } = JSON.parse(body) as { type: string; time: number };
              const name = `${type} ${time - startOfTime}`;
              got.push(name);
              ids.set(name, (ids.get(name) ?? new Set()).add(id));
            }
          }
          expect([...new Set(got)]).toEqual(told);
          for (const some of ids.values()) expect(some.size).toBe(1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("are bounded, belong to their address alone, and give up after their tries in all processes", async () => {
    const store = new MemoryStore();
    const options = { attempts: 3, maxPending: 2 };
    const webhooks = [
      { url: "https://example.com/a", ...options },
      { url: "https://example.com/a", ...options },
      { url: "https://example.com/b", ...options },
    ];
    const down = receiver(() => 503);
    const first = await begin(store, { webhooks, runtime: createTestRuntime({ fetch: down.fetch }) });
    await first.monitor.ready;
    for (const at of [0, 300_000]) {
      first.run(at, 900);
      first.monitor.check(startOfTime + at + 200_000);
    }
    await first.runtime.clock.settle();
    expect(first.monitor.snapshot().webhooks).toMatchObject([
      { pending: 2, dropped: 2 },
      { pending: 2, dropped: 2 },
      { pending: 2, dropped: 2 },
    ]);
    expect(down.got).toHaveLength(3);
    const again = receiver(() => 503);
    const runtime = createTestRuntime({ fetch: again.fetch });
    const second = await begin(store, { webhooks: webhooks.slice(0, 1), runtime });
    await second.monitor.ready;
    await runtime.clock.advance(600_000);
    // Two tries that were left of the first, three of the second; the other addresses are not known any more.
    expect(again.got).toHaveLength(5);
    expect(second.monitor.snapshot().webhooks).toMatchObject([{ pending: 0, dropped: 2, lastFailure: "status 503" }]);
    const third = receiver(() => 204);
    const last = await begin(store, { webhooks, runtime: createTestRuntime({ fetch: third.fetch }) });
    await last.monitor.ready;
    await last.runtime.clock.settle();
    expect(third.got).toEqual([]);
  });

  it("are not signed, nor told, when the monitor did not write them", async () => {
    const mac = (id: string, body: string) =>
      createHmac("sha256", secret).update(`kept.${startOfTime}.${id}.${body}`).digest("hex");
    const place = createHash("sha256").update("0 https://example.com/a").digest("hex").slice(0, 32);
    const right = { id: "good", body: "{}", tries: 0, at: startOfTime, mac: mac("good", "{}") };
    const messages = [
      { ...right, mac: undefined },
      { ...right, mac: "x" },
      { ...right, body: '{"forged":true}' },
      { ...right, id: "other" },
      { ...right, id: "a\r\nb", mac: mac("a\r\nb", "{}") },
      { ...right, body: "x".repeat(20_001), mac: mac("good", "x".repeat(20_001)) },
      { ...right, tries: -1 },
      { ...right, at: startOfTime + 1 },
      { ...right, at: undefined },
      { ...right, at: "1" },
      { ...right, mac: 7 },
      { ...right, body: 7 },
      null,
      right,
    ];
    const store = new MemoryStore();
    await store.set("flock:alerts", JSON.stringify({ v: 1, states: {}, messages: { [place]: messages, other: 7 } }));
    const { got, fetch } = receiver(() => 204);
    const webhooks = [{ url: "https://example.com/a", secret }];
    const { monitor } = await begin(store, { webhooks, runtime: createTestRuntime({ fetch }) });
    await monitor.ready;
    await monitor[Symbol.asyncDispose]();
    expect(got.map(({ id }) => id)).toEqual(["good"]);
    expect(monitor.snapshot().webhooks).toMatchObject([{ delivered: 1, dropped: 6 }]);
  });
});
