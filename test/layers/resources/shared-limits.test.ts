import { describe, expect, it } from "vitest";
import { FlockError } from "../../../src/core/errors/errors.ts";
import { type Lease, ResourceManager } from "../../../src/entries/resources.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { MemorySharedLimits } from "../../store/shared-limits/memory-shared-limits.ts";

const one = { concurrency: 1 };
const away = () =>
  new FlockError("store_failed", "away", { details: { store: "memory", operation: "acquire", reason: "away" } });

function twoProcesses(limits: ConstructorParameters<typeof ResourceManager>[0], leaseMs?: number) {
  const runtime = createTestRuntime();
  const shared = new MemorySharedLimits(runtime, leaseMs);
  // Two gates to the same limits, as two processes have them.
  const facade = () => Object.create(shared, {}) as MemorySharedLimits;
  const bound = (): MemorySharedLimits =>
    new Proxy(facade(), {
      get: (_, key) => {
        const value = Reflect.get(shared, key, shared) as unknown;
        return typeof value === "function" ? value.bind(shared) : value;
      },
    });
  const make = () => new ResourceManager(limits, { runtime, shared: bound(), name: "gpt" });
  const usage = async (name: string, kind: "permits" | "window" | "budget", windowMs?: number) =>
    (await shared.usage([{ name: `gpt/${name}`, kind, capacity: 1e9, ...(windowMs ? { windowMs } : {}) }]))[0]!;
  return { runtime, shared, here: make(), there: make(), usage };
}

/** Moves the clock in small steps until it is settled. */
async function within<T>(runtime: ReturnType<typeof createTestRuntime>, ms: number, promise: Promise<T>): Promise<T> {
  let isDone = false;
  const done = promise.finally(() => {
    isDone = true;
  });
  done.catch(() => {});
  await loaded();
  for (let step = 0; step < ms / 10 && !isDone; step++) await runtime.clock.advance(10);
  if (!isDone) throw new Error(`not settled within ${ms} ms`);
  return done;
}

/** The part that is loaded late comes in real time. */
async function loaded(): Promise<void> {
  await import("../../../src/layers/resources/across/shared-gate.ts");
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

describe("shared limits", () => {
  it("hold for all managers together, and free what is released", async () => {
    const { runtime, here, there } = twoProcesses({ concurrency: 2 });
    const first = await within(runtime, 100, here.acquire(one));
    const second = await within(runtime, 100, there.acquire(one));
    const third = here.acquire(one);
    await loaded();
    await runtime.clock.advance(1_000);
    expect(here.queued).toBe(1);
    second.release();
    const lease = await within(runtime, 50, third);
    expect(here.queued).toBe(0);
    for (const held of [first, lease]) held.release();
  });

  it("are never given without asking", async () => {
    const { here } = twoProcesses({ concurrency: 2 });
    expect(here.tryAcquire(one)).toBeUndefined();
    expect(here.child({}).tryAcquire(one)).toBeUndefined();
    expect(here.usage().concurrency.used).toBe(0);
  });

  it("are not asked for what has no limit", async () => {
    const { runtime, here, shared } = twoProcesses({ usd: { total: 1 } });
    shared.failure = new Error("asked");
    const lease = await within(runtime, 10, here.acquire(one));
    lease.settle({ usd: 0 });
    lease.release();
    await here[Symbol.asyncDispose]();
  });

  it("learn in order what was used, then that it is over", async () => {
    const { runtime, here, usage } = twoProcesses({
      concurrency: 2,
      tokens: { perMinute: 1_000 },
      usd: { total: 1 },
      requests: { total: 5 },
    });
    const lease = await within(runtime, 50, here.acquire({ concurrency: 1, requests: 1, tokens: 600, usd: 0.5 }));
    expect(await usage("usd.total", "budget")).toMatchObject({ used: 500_000, reserved: 500_000 });
    lease.settle({ tokens: 100, usd: 0.6 });
    lease.release();
    await here[Symbol.asyncDispose]();
    expect(await usage("usd.total", "budget")).toMatchObject({ used: 600_000, reserved: 0 });
    expect((await usage("tokens.perMinute", "window", 60_000)).used).toBe(100);
    expect((await usage("requests.total", "budget")).used).toBe(1);
    expect((await usage("concurrency", "permits")).used).toBe(0);
  });

  it("give back the local part and leave nothing when a wait is aborted, at every stage", async () => {
    for (const stage of ["before", "asking", "standing", "behind"] as const) {
      const { runtime, shared, here, there, usage } = twoProcesses({ concurrency: 4, requests: { perMinute: 2 } });
      const blocker = await within(runtime, 50, there.acquire({ requests: 2 }));
      const queued = stage === "behind" ? here.acquire({ requests: 1 }) : undefined;
      queued?.catch(() => {});
      if (queued) await loaded();
      await runtime.clock.advance(200);
      shared.delayMs = stage === "asking" ? 50 : 0;
      const abort = new AbortController();
      const waiting = here.acquire({ concurrency: 1, requests: 1 }, { signal: abort.signal });
      const outcome = waiting.then(
        () => "served",
        (error: unknown) => error,
      );
      if (stage !== "before") await loaded();
      await runtime.clock.advance(stage === "asking" ? 10 : stage === "before" ? 0 : 200);
      const reason = new Error("enough");
      abort.abort(reason);
      expect(await Promise.race([outcome, loaded().then(() => "late")]), stage).toBe(reason);
      expect(here.usage().concurrency.used, stage).toBe(0);
      expect(here.usage().requests.perMinute?.available, stage).toBe(queued ? 1 : 2);
      shared.delayMs = 0;
      await runtime.clock.advance(100);
      await here[Symbol.asyncDispose]();
      expect((await usage("concurrency", "permits")).used, stage).toBe(0);
      expect((await usage("requests.perMinute", "window", 60_000)).waiting, stage).toBe(queued ? 1 : 0);
      blocker.release();
    }
  });

  it("end a wait that takes too long with what is used everywhere and when it frees up", async () => {
    const { runtime, here, there } = twoProcesses({ requests: { perMinute: 2 } });
    await within(runtime, 50, there.acquire({ requests: 2 }));
    const waiting = within(runtime, 6_000, here.acquire({ requests: 1 }, { timeoutMs: 5_000, owner: "ada" }));
    await expect(waiting).rejects.toMatchObject({
      code: "limit_exceeded",
      message: expect.stringContaining("2 of 2 are used by all processes in gpt") as string,
      details: { limit: "requests.perMinute", manager: "gpt", used: 2, waitedMs: 5_000, owner: "ada" },
    });
    expect(here.usage().requests.perMinute?.available).toBe(2);
  });

  it("end waits in time that came here late, since they waited for this process's own limits first", async () => {
    const { runtime, here, there } = twoProcesses({ concurrency: 1, requests: { perHour: 2 } });
    await within(runtime, 50, there.acquire({ requests: 2 }));
    const own = await within(runtime, 50, here.acquire(one));
    const early = here.acquire({ concurrency: 1, requests: 1 }, { timeoutMs: 1_000 }).catch(() => runtime.monotonic());
    await loaded();
    const startedAt = runtime.monotonic();
    await runtime.clock.advance(900);
    const late = here.acquire({ requests: 1 }, { timeoutMs: 1_000 }).catch(() => runtime.monotonic());
    await loaded();
    own.release();
    await within(runtime, 3_000, Promise.all([early, late]));
    expect(((await early) as number) - startedAt).toBeLessThanOrEqual(1_010);
    expect((await late) as number).toBeGreaterThan(startedAt + 100);
  });

  it("tell a slow answer from a refusal only by the time that passed", async () => {
    const { runtime, shared, here } = twoProcesses({ requests: { perMinute: 2 } });
    shared.delayMs = 1_000;
    const waiting = within(runtime, 500, here.acquire({ requests: 1 }, { timeoutMs: 100 }));
    await expect(waiting).rejects.toMatchObject({ code: "limit_exceeded", details: { waitedMs: 100 } });
  });

  it("refuse a budget that others have spent", async () => {
    const { runtime, here, there } = twoProcesses({ usd: { total: 1 }, tokens: { total: 10 } });
    const other = await within(runtime, 50, there.acquire({ usd: 0.75, tokens: 8 }));
    other.release();
    await there[Symbol.asyncDispose]();
    await expect(within(runtime, 50, here.acquire({ usd: 0.5 }))).rejects.toMatchObject({
      code: "budget_exceeded",
      details: { spentMicroUsd: 750_000, reservedMicroUsd: 0, askedMicroUsd: 500_000, limitMicroUsd: 1_000_000 },
    });
    await expect(within(runtime, 50, here.acquire({ tokens: 5 }))).rejects.toMatchObject({
      code: "limit_exceeded",
      details: { limit: "tokens.total", used: 8 },
    });
    expect(here.usage().usd.total?.used).toBe(0);
  });

  it("serve who waits here by priority, and one after the other across processes", async () => {
    const { runtime, here, there } = twoProcesses({ concurrency: 1, custom: { seat: 1 } });
    const limits = { custom: { seat: 1 } };
    const first = await within(runtime, 50, there.acquire(limits));
    const served: string[] = [];
    const ask = async (manager: ResourceManager, owner: string, priority: number): Promise<void> => {
      const lease = await manager.acquire(limits, { owner, priority });
      served.push(owner);
      await runtime.sleep(5);
      lease.release();
    };
    const all = [ask(here, "a", 0), ask(there, "other", 0), ask(here, "low", 0), ask(here, "high", 1)];
    await loaded();
    await runtime.clock.advance(100);
    first.release();
    await within(runtime, 5_000, Promise.all(all));
    expect(served.indexOf("high")).toBeLessThan(served.indexOf("low"));
    expect(served).toHaveLength(4);
  });

  it("are refused with queue_full when too many wait", async () => {
    const runtime = createTestRuntime();
    const shared = new MemorySharedLimits(runtime);
    await shared.acquire(
      "other",
      [{ name: "gpt/tokens.perHour", kind: "window", capacity: 9, amount: 9, windowMs: 3_600_000 }],
      false,
    );
    const manager = new ResourceManager({ tokens: { perHour: 9 } }, { runtime, shared, name: "gpt", maxQueue: 2 });
    const asks = Array.from({ length: 4 }, () => manager.acquire({ tokens: 1 }).catch((error: unknown) => error));
    await loaded();
    await runtime.clock.advance(100);
    expect(manager.queued).toBe(2);
    expect(await Promise.all(asks.slice(2))).toMatchObject([{ code: "queue_full" }, { code: "queue_full" }]);
    expect(manager.usage().tokens.perHour?.available).toBe(7);
  });

  it("lend a holder's permit to those below it, and keep it there until they end", async () => {
    const { runtime, here, there, usage } = twoProcesses({ concurrency: 1 });
    const parent = await within(runtime, 50, here.acquire(one, { owner: "run/a" }));
    const child = await within(runtime, 50, here.acquire(one, { owner: "run/a/b" }));
    parent.release();
    await here[Symbol.asyncDispose]();
    expect((await usage("concurrency", "permits")).used).toBe(1);
    const other = there.acquire(one);
    await loaded();
    await runtime.clock.advance(600);
    expect(there.queued).toBe(1);
    child.release();
    (await within(runtime, 600, other)).release();
    await there[Symbol.asyncDispose]();
    expect((await usage("concurrency", "permits")).used).toBe(0);
  });

  it("count for a nested manager where it lies in a shared one, its own only when it says so", async () => {
    const runtime = createTestRuntime();
    const shared = new MemorySharedLimits(runtime);
    const total = new ResourceManager({ concurrency: 5 }, { runtime, shared, name: "total" });
    const tenant = total.child({ concurrency: 4 }, { shared, name: "tenant" });
    const run = tenant.child({ concurrency: 3 }, { name: "run" });
    const lease = await within(runtime, 50, run.acquire(one));
    const used = async (name: string) =>
      (await shared.usage([{ name: `${name}/concurrency`, kind: "permits", capacity: 9 }]))[0]!.used;
    expect([await used("total"), await used("tenant"), await used("run")]).toEqual([1, 1, 0]);
    lease.release();
    expect(() => total.child({}, { shared: new MemorySharedLimits(runtime) })).toThrow("the same for all managers");
    expect(() => new ResourceManager({}, { shared: {} as never })).toThrow("limits such as RedisLimits");
  });

  it("follow a change of limits while somebody waits", async () => {
    const { runtime, here, there } = twoProcesses({ concurrency: 1 });
    const held = await within(runtime, 50, there.acquire(one));
    const waiting = here.acquire(one);
    await loaded();
    await runtime.clock.advance(100);
    here.configure({ concurrency: 2 });
    (await within(runtime, 1_000, waiting)).release();
    held.release();
  });
});

describe("whoever waits for shared limits", () => {
  it("goes on in the line of another limit when that one is short now", async () => {
    const { runtime, here, there, usage } = twoProcesses({ custom: { seat: 1 }, requests: { perMinute: 2 } });
    const seat = await within(runtime, 50, there.acquire({ custom: { seat: 1 } }));
    const both = here.acquire({ custom: { seat: 1 }, requests: 1 });
    await loaded();
    await runtime.clock.advance(100);
    (await within(runtime, 50, there.acquire({ requests: 2 }))).release();
    const before = here.acquire({ requests: 1 });
    await loaded();
    await runtime.clock.advance(100);
    expect((await usage("requests.perMinute", "window", 60_000)).waiting).toBe(1);
    seat.release();
    await runtime.clock.advance(1_000);
    expect(here.queued).toBe(2);
    expect((await usage("custom.seat", "permits")).waiting).toBe(0);
    expect((await usage("requests.perMinute", "window", 60_000)).waiting).toBe(1);
    for (const lease of await within(runtime, 62_000, Promise.all([both, before]))) lease.release();
    expect((await usage("requests.perMinute", "window", 60_000)).used).toBe(2);
  });

  it("asks again at once when it is called while a refusal is on its way", async () => {
    const { runtime, shared, here, there } = twoProcesses({ concurrency: 1 });
    const held = await within(runtime, 50, there.acquire(one));
    const waiting = here.acquire(one);
    await loaded();
    await runtime.clock.advance(5_000);
    shared.replyDelayMs = 400;
    // Long enough that the next question is certainly decided, and its answer under way.
    await runtime.clock.advance(500);
    held.release();
    await runtime.clock.advance(1);
    shared.replyDelayMs = 0;
    (await within(runtime, 410, waiting)).release();
  });

  it("hears of a refusal in the name of a limit it did not ask for as an error, too", async () => {
    const { runtime, shared, here } = twoProcesses({ concurrency: 1 });
    shared.acquire = async () => ({
      granted: false,
      limit: "gpt/strange",
      used: 0,
      reserved: 0,
      freesUpInMs: undefined,
      isFinal: true,
    });
    await expect(within(runtime, 50, here.acquire(one))).rejects.toMatchObject({
      code: "limit_exceeded",
      details: { limit: "gpt/strange" },
    });
    expect(here.usage().concurrency.used).toBe(0);
  });
});

describe("leases of shared limits", () => {
  it("are kept alive by one timer that holds no process", async () => {
    const { runtime, here, usage } = twoProcesses({ concurrency: 3 }, 3_000);
    const leases = [await within(runtime, 50, here.acquire(one)), await within(runtime, 50, here.acquire(one))];
    await runtime.clock.advance(20_000);
    expect((await usage("concurrency", "permits")).used).toBe(2);
    expect(runtime.clock.pendingTimers).toBe(0);
    for (const lease of leases) lease.release();
    await here[Symbol.asyncDispose]();
    expect((await usage("concurrency", "permits")).used).toBe(0);
  });

  it("are given back once the limits can be reached again", async () => {
    const { runtime, shared, here, usage } = twoProcesses({ concurrency: 3, usd: { total: 1 } });
    const lease = await within(runtime, 50, here.acquire({ concurrency: 1, usd: 0.5 }));
    shared.failure = away();
    lease.settle({ usd: 0.1 });
    await runtime.clock.advance(50);
    lease.release();
    await runtime.clock.advance(1_000);
    shared.failure = undefined;
    await runtime.clock.advance(5_000);
    expect((await usage("concurrency", "permits")).used).toBe(0);
    expect((await usage("usd.total", "budget")).used).toBe(100_000);
  });

  it("that cannot be given back are told of when the manager is disposed of, which ends", async () => {
    const { runtime, shared, here } = twoProcesses({ concurrency: 3 });
    const lease = await within(runtime, 50, here.acquire(one));
    shared.failure = away();
    lease.release();
    await here[Symbol.asyncDispose]();
    expect(runtime.warnings).toMatchObject([{ code: "shared_limits_unavailable" }]);
    expect(runtime.warnings[0]!.message).toContain("1 leases could not be given back");
  });

  it("are forgotten, oldest first, when ten thousand could not be given back", async () => {
    const { runtime, shared, here } = twoProcesses({ concurrency: 20_000 });
    const leases: Lease[] = [];
    await within(
      runtime,
      50,
      here.acquire(one).then((lease) => leases.push(lease)),
    );
    await Promise.all(Array.from({ length: 10_004 }, async () => leases.push(await here.acquire(one))));
    shared.failure = away();
    for (const lease of leases) lease.release();
    await runtime.clock.advance(10);
    expect(runtime.warnings).toMatchObject([{ code: "shared_limits_unavailable" }]);
    expect(here.usage().concurrency.used).toBe(0);
  });
});

describe("shared limits that cannot be reached", () => {
  it("refuse, and keep nothing of it here", async () => {
    const { runtime, shared, here, usage } = twoProcesses({ concurrency: 3, usd: { total: 1 } });
    shared.failure = away();
    await expect(within(runtime, 50, here.acquire({ concurrency: 1, usd: 0.1 }))).rejects.toMatchObject({
      code: "store_failed",
    });
    expect(here.usage()).toMatchObject({ concurrency: { used: 0 }, usd: { total: { used: 0, reserved: 0 } } });
    shared.failure = undefined;
    await runtime.clock.advance(5_000);
    expect((await usage("concurrency", "permits")).used).toBe(0);
  });

  it("leave each process its own limits where that is wanted, and learn of its leases afterwards", async () => {
    const { runtime, shared, here, usage } = twoProcesses({ concurrency: 2, usd: { total: 1 } });
    shared.onUnavailable = "local";
    shared.failure = away();
    const kept = await within(runtime, 50, here.acquire({ concurrency: 1, usd: 0.1 }));
    const short = await within(runtime, 50, here.acquire({ concurrency: 1, usd: 0.2 }));
    expect(runtime.warnings.map(({ code }) => code)).toEqual(["shared_limits_unavailable"]);
    short.settle({ usd: 0.3 });
    short.release();
    await runtime.clock.advance(3_000);
    shared.failure = undefined;
    await runtime.clock.advance(5_000);
    expect((await usage("concurrency", "permits")).used).toBe(1);
    expect(await usage("usd.total", "budget")).toMatchObject({ used: 400_000, reserved: 100_000 });
    kept.release();
    await here[Symbol.asyncDispose]();
    expect((await usage("concurrency", "permits")).used).toBe(0);
  });

  it("hide no other error", async () => {
    const { runtime, shared, here } = twoProcesses({ concurrency: 2 });
    shared.onUnavailable = "local";
    shared.failure = new Error("a bug");
    await expect(within(runtime, 50, here.acquire(one))).rejects.toThrow("a bug");
  });
});
