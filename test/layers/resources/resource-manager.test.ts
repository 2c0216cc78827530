import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../src/core/errors/errors.ts";
import { type Lease, type LeaseReport, ResourceManager } from "../../../src/entries/resources.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

const one = { concurrency: 1 };

function thrownBy(work: () => unknown): { code: string; message: string; details: Record<string, unknown> } {
  try {
    work();
  } catch (error) {
    return error as never;
  }
  throw new Error("nothing was thrown");
}

describe("limits", () => {
  it.each([
    [{ concurency: 8 }, "concurrency"],
    [{ requests: { perMinut: 500 } }, "perMinute"],
    [{ tokens: { totl: 5 } }, "total"],
  ])("that are misspelt (%j) fail with the nearest name", (limits, suggestion) => {
    const error = thrownBy(() => new ResourceManager(limits as never));
    expect(error).toMatchObject({ code: "option_invalid", details: { suggestion } });
  });

  it.each([
    { concurrency: -1 },
    { concurrency: 1.5 },
    { concurrency: Number.NaN },
    { concurrency: Number.POSITIVE_INFINITY },
    { concurrency: null },
    { requests: 500 },
    { requests: { perMinute: "500" } },
    { tokens: { perHour: 0.5 } },
    { usd: { total: -0.01 } },
    { usd: { perSecond: 1 } },
    { usd: { total: 1e12 } },
    { custom: { gpu: 1.5 } },
    { custom: { "no name": 1 } },
    { custom: 3 },
    null,
    [],
  ])("that make no sense (%j) fail when it is built", (limits) => {
    expect(thrownBy(() => new ResourceManager(limits as never)).code).toBe("option_invalid");
  });

  it("of options are checked as well", () => {
    expect(thrownBy(() => new ResourceManager({}, { maxQueue: -1 })).code).toBe("option_invalid");
    expect(thrownBy(() => new ResourceManager({}, { parent: {} as never })).code).toBe("option_invalid");
    expect(thrownBy(() => new ResourceManager({}, { leakAfterMs: 0 })).code).toBe("option_invalid");
    const parent = new ResourceManager({});
    expect(thrownBy(() => parent.child({}, { ageingMs: 5 })).code).toBe("option_invalid");
    expect(thrownBy(() => parent.child({}, { runtime: createTestRuntime() })).code).toBe("option_invalid");
    const runtime = createTestRuntime();
    expect(new ResourceManager({}, { runtime, parent: new ResourceManager({}, { runtime }) }).name).toBe("resources");
  });

  it("of requests and waits are checked, and tell the nearest name", async () => {
    const manager = new ResourceManager({ custom: { gpu: 1 } });
    expect(thrownBy(() => manager.tryAcquire({ token: 5 } as never)).message).toContain('did you mean "tokens"?');
    expect(thrownBy(() => manager.tryAcquire({ custom: { gpus: 1 } })).message).toContain('did you mean "gpu"?');
    for (const request of [
      { tokens: -1 },
      { usd: Number.NaN },
      { requests: 0.5 },
      { custom: 1 },
      null,
      { custom: { gpu: "1" } },
    ]) {
      expect(thrownBy(() => manager.tryAcquire(request as never)).code, JSON.stringify(request)).toBe("option_invalid");
    }
    for (const options of [{ owner: "" }, { priority: 0.5 }, { timeoutMs: -1 }, { signal: {} }, { prio: 1 }, null]) {
      await expect(manager.acquire({}, options as never), JSON.stringify(options)).rejects.toMatchObject({
        code: "option_invalid",
      });
    }
    expect(manager.tryAcquire({ tokens: undefined } as never)).toBeDefined();
  });
});

describe("acquiring", () => {
  it("takes all that is asked for, or nothing", () => {
    const manager = new ResourceManager({ concurrency: 2, custom: { gpu: 1 } });
    const lease = manager.tryAcquire({ concurrency: 1, custom: { gpu: 1 } });
    expect(lease).toBeDefined();
    expect(manager.tryAcquire({ concurrency: 1, custom: { gpu: 1 } })).toBeUndefined();
    expect(manager.usage()).toMatchObject({ concurrency: { used: 1, available: 1 }, custom: { gpu: { used: 1 } } });
    lease?.release();
    expect(manager.tryAcquire({ concurrency: 2 })).toBeDefined();
  });

  it("asks for one call when nothing is said", () => {
    const manager = new ResourceManager({ concurrency: 1, requests: { perMinute: 5 } });
    manager.tryAcquire();
    expect(manager.usage()).toMatchObject({ concurrency: { used: 1 }, requests: { perMinute: { reserved: 1 } } });
  });

  it("refuses at once what a limit can never give", async () => {
    const manager = new ResourceManager({ concurrency: 2, tokens: { perMinute: 100, total: 150 } }, { name: "model" });
    await expect(manager.acquire({ concurrency: 3 }, { owner: "ada" })).rejects.toMatchObject({
      code: "limit_exceeded",
      message:
        "ada asked for 3 of concurrency, which is never that large: 0 of 2 are used in model; ask for less or raise the limit",
      details: { limit: "concurrency", manager: "model", capacity: 2, used: 0, asked: 3, owner: "ada" },
    });
    (await manager.acquire({ tokens: 90 })).release();
    await expect(manager.acquire({ tokens: 70 })).rejects.toMatchObject({
      details: { limit: "tokens.total", used: 90 },
    });
  });

  it("gives no promise a chance to hang on a signal that has aborted", async () => {
    const manager = new ResourceManager({ concurrency: 1 });
    await expect(manager.acquire(one, { signal: AbortSignal.abort("no more") })).rejects.toBe("no more");
    expect(manager.usage().concurrency.used).toBe(0);
  });

  it("has no limit where none was written", () => {
    const manager = new ResourceManager();
    for (let index = 0; index < 1_000; index++) manager.tryAcquire({ concurrency: 5, tokens: 1e9, usd: 100 });
    expect(manager.usage().concurrency).toMatchObject({ used: 5_000, capacity: Number.POSITIVE_INFINITY });
  });
});

describe("a lease", () => {
  it("is released once; a second time is an error that changes nothing", () => {
    const manager = new ResourceManager({ concurrency: 1 });
    const lease = manager.tryAcquire(one, { owner: "ada" })!;
    lease.release();
    const next = manager.tryAcquire(one)!;
    expect(thrownBy(() => lease.release())).toMatchObject({
      code: "lease_invalid",
      details: { reason: "released", owner: "ada" },
    });
    expect(thrownBy(() => lease.settle({}))).toMatchObject({ details: { reason: "released" } });
    expect(manager.usage().concurrency.used).toBe(1);
    next.release();
  });

  it("goes with `using`, also after an own release", () => {
    const manager = new ResourceManager({ concurrency: 1 });
    {
      using lease = manager.tryAcquire(one)!;
      expect(lease.owner).toBe("anonymous");
    }
    {
      using lease = manager.tryAcquire(one)!;
      lease.release();
    }
    expect(manager.usage().concurrency.used).toBe(0);
  });

  it("cannot be forged", () => {
    const manager = new ResourceManager({ concurrency: 1 });
    const lease = manager.tryAcquire(one)!;
    const { release, settle } = lease;
    const methods = Object.getPrototypeOf(lease) as Lease;
    for (const stranger of [undefined, null, 5, {}, { ...lease }, Object.create(lease)]) {
      expect(thrownBy(() => release.call(stranger as never))).toMatchObject({ details: { reason: "foreign" } });
      expect(thrownBy(() => settle.call(stranger as never, {}))).toMatchObject({ details: { reason: "foreign" } });
      expect(thrownBy(() => methods[Symbol.dispose].call(stranger as never)).code).toBe("lease_invalid");
    }
    expect(manager.usage().concurrency.used).toBe(1);
  });

  it("settles once, and only with figures", () => {
    const manager = new ResourceManager({ tokens: { total: 100 } });
    const lease = manager.tryAcquire({ tokens: 80 })!;
    expect(thrownBy(() => lease.settle({ token: 5 } as never)).code).toBe("option_invalid");
    expect(thrownBy(() => lease.settle({ tokens: -5 })).code).toBe("option_invalid");
    lease.settle({ tokens: 10 });
    expect(thrownBy(() => lease.settle({ tokens: 5 }))).toMatchObject({ details: { reason: "settled" } });
    lease.release();
    expect(manager.usage().tokens.total).toMatchObject({ used: 10, reserved: 0, available: 90 });
  });
});

describe("a window", () => {
  it("never gives more than its limit in any interval as long as it, and uses at least 95 % of it", async () => {
    for (const limit of [1, 7, 500]) {
      const runtime = createTestRuntime();
      const manager = new ResourceManager({ requests: { perSecond: limit } }, { runtime, maxQueue: 100_000 });
      const times: number[] = [];
      const windows = 40;
      for (let index = 0; index < limit * windows; index++) {
        void manager.acquire({ requests: 1 }).then(() => times.push(runtime.monotonic()));
      }
      await runtime.clock.advance(windows * 1_100);
      expect(times).toHaveLength(limit * windows);
      for (let index = limit; index < times.length; index++) {
        expect(times[index]! - times[index - limit]!).toBeGreaterThan(1_000);
      }
      expect((windows - 1) * 1_000).toBeGreaterThanOrEqual(0.95 * times.at(-1)!);
    }
  });

  it("slides: what was taken late in one second still counts early in the next", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ requests: { perSecond: 10 } }, { runtime });
    await runtime.clock.advance(990);
    for (let index = 0; index < 10; index++) expect(manager.tryAcquire({ requests: 1 })).toBeDefined();
    await runtime.clock.advance(500);
    expect(manager.tryAcquire({ requests: 1 })).toBeUndefined();
    expect(manager.usage().requests.perSecond).toMatchObject({ used: 0, reserved: 10, available: 0, freesUpInMs: 510 });
    await runtime.clock.advance(520);
    expect(manager.tryAcquire({ requests: 10 })).toBeDefined();
  });

  it("stands beside others, and the tightest one holds", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager(
      { tokens: { perSecond: 10, perMinute: 15, perHour: 16, perDay: 1_000 } },
      { runtime },
    );
    expect(manager.tryAcquire({ tokens: 10 })).toBeDefined();
    await runtime.clock.advance(1_100);
    expect(manager.tryAcquire({ tokens: 10 })).toBeUndefined();
    expect(manager.tryAcquire({ tokens: 5 })).toBeDefined();
    await runtime.clock.advance(61_000);
    expect(manager.tryAcquire({ tokens: 5 })).toBeUndefined();
    expect(manager.tryAcquire({ tokens: 1 })).toBeDefined();
  });

  it("gets unused tokens back, and is charged for more than was asked", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ tokens: { perMinute: 1_000 } }, { runtime });
    const small = manager.tryAcquire({ tokens: 800 })!;
    await runtime.clock.advance(5_000);
    expect(manager.tryAcquire({ tokens: 300 })).toBeUndefined();
    small.settle({ tokens: 100 });
    const large = manager.tryAcquire({ tokens: 900 })!;
    large.settle({ tokens: 1_500 });
    expect(manager.usage().tokens.perMinute).toMatchObject({ used: 1_600, available: -600, overrun: 600 });
    await runtime.clock.advance(61_000);
    expect(manager.usage().tokens.perMinute).toMatchObject({ used: 0, available: 1_000 });
    large.release();
    small.release();
  });

  it("refunds nothing that left the window already", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ tokens: { perSecond: 10 } }, { runtime });
    const lease = manager.tryAcquire({ tokens: 10 })!;
    await runtime.clock.advance(3_000);
    lease.settle({ tokens: 0 });
    expect(manager.usage().tokens.perSecond).toMatchObject({ used: 0, reserved: 0, available: 10 });
  });

  it("does not mind a wall clock that steps back or forth", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ requests: { perMinute: 1 } }, { runtime });
    manager.tryAcquire({ requests: 1 });
    runtime.clock.stepWallClock(3_600_000);
    expect(manager.tryAcquire({ requests: 1 })).toBeUndefined();
    runtime.clock.stepWallClock(-7_200_000);
    await runtime.clock.advance(61_000);
    expect(manager.tryAcquire({ requests: 1 })).toBeDefined();
  });
});

describe("a budget", () => {
  it("reserves before and settles after, in whole micro-dollars rounded up", async () => {
    const manager = new ResourceManager({ usd: { total: 0.000_003 } }, { name: "run" });
    const lease = manager.tryAcquire({ usd: 0.000_001_1 }, { owner: "ada" })!;
    expect(manager.usage().usd.total).toMatchObject({ reserved: 0.000_002, available: 0.000_001 });
    lease.settle({ usd: 0.000_001 });
    lease.release();
    expect(manager.usage().usd.total).toMatchObject({ used: 0.000_001, reserved: 0, available: 0.000_002 });
    await expect(manager.acquire({ usd: 0.000_003 }, { owner: "bob" })).rejects.toMatchObject({
      code: "budget_exceeded",
      details: {
        ...{ budget: "usd.total", manager: "run", owner: "bob" },
        ...{ limitMicroUsd: 3, spentMicroUsd: 1, reservedMicroUsd: 0, askedMicroUsd: 3 },
      },
    });
  });

  it("counts every whole number of micro-dollars as itself", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), (micro) => {
        const manager = new ResourceManager({ usd: { total: 1e6 } });
        manager.tryAcquire({ usd: micro / 1e6 });
        expect(Math.round(manager.usage().usd.total!.reserved * 1e6)).toBe(micro);
        expect(new ResourceManager({ usd: { total: micro / 1e6 } }).tryAcquire({ usd: micro / 1e6 })).toBeDefined();
      }),
    );
  });

  it("waits while something reserved may come back, and refuses once it cannot", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ usd: { total: 1 } }, { runtime });
    const first = manager.tryAcquire({ usd: 0.9 })!;
    const waiting = manager.acquire({ usd: 0.5 });
    const tooLate = manager.acquire({ usd: 0.6 });
    const answers = Promise.allSettled([waiting, tooLate]);
    await runtime.clock.settle();
    expect(manager.queued).toBe(2);
    first.settle({ usd: 0.45 });
    expect((await answers).map((answer) => (answer.status === "fulfilled" ? "ok" : codeOf(answer.reason)))).toEqual([
      "ok",
      "budget_exceeded",
    ]);
    expect(manager.queued).toBe(0);
  });

  it("is charged past its end when work was dearer, and gives nothing more then", async () => {
    const manager = new ResourceManager({ usd: { total: 1 } });
    const lease = manager.tryAcquire({ usd: 0.5 })!;
    lease.settle({ usd: 2 });
    lease.release();
    expect(manager.usage().usd.total).toMatchObject({ used: 2, available: -1, overrun: 1.5 });
    await expect(manager.acquire({ usd: 0.01 })).rejects.toMatchObject({ code: "budget_exceeded" });
  });

  it("counts what was never settled as used", () => {
    const manager = new ResourceManager({ usd: { total: 1 } });
    manager.tryAcquire({ usd: 0.4 })?.release();
    expect(manager.usage().usd.total).toMatchObject({ used: 0.4, reserved: 0 });
  });
});

describe("configure", () => {
  it("wakes who waits when a limit is raised or taken away", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ concurrency: 1, requests: { perDay: 1 } }, { runtime });
    manager.tryAcquire();
    const order: string[] = [];
    void manager.acquire(one, { owner: "a" }).then(() => order.push("a"));
    void manager.acquire({ requests: 1 }, { owner: "b" }).then(() => order.push("b"));
    manager.configure({ concurrency: 2 });
    await runtime.clock.settle();
    expect(order).toEqual(["a"]);
    manager.configure({ requests: { perDay: null } });
    await runtime.clock.settle();
    expect(order).toEqual(["a", "b"]);
    expect(manager.usage().requests).toEqual({});
  });

  it("lets present holders finish when a limit is lowered, and refuses what it can never give now", async () => {
    const manager = new ResourceManager({ concurrency: 3 });
    const leases = [manager.tryAcquire(one)!, manager.tryAcquire({ concurrency: 2 })!];
    const large = manager.acquire({ concurrency: 2 });
    const small = manager.acquire(one);
    manager.configure({ concurrency: 1 });
    await expect(large).rejects.toMatchObject({ code: "limit_exceeded" });
    expect(manager.usage().concurrency).toMatchObject({ used: 3, available: -2, queued: 1 });
    leases[1]?.release();
    expect(manager.queued).toBe(1);
    leases[0]?.release();
    (await small).release();
  });

  it("adds limits that count from now on", async () => {
    const manager = new ResourceManager({});
    const before = manager.tryAcquire({ concurrency: 1, tokens: 50 })!;
    manager.configure({ tokens: { total: 60 }, custom: { gpu: 1 }, concurrency: 1 });
    expect(manager.usage().concurrency.available).toBe(0);
    before.settle({ tokens: 70 });
    before.release();
    expect(manager.usage().tokens.total).toMatchObject({ used: 0, reserved: 0, available: 60 });
    expect(manager.tryAcquire({ custom: { gpu: 1 } })).toBeDefined();
    manager.configure({ custom: { gpu: null }, concurrency: null });
    expect(manager.tryAcquire({ concurrency: 9, custom: { gpu: 9 } })).toBeDefined();
  });

  it("changes nothing when something in it is wrong", () => {
    const manager = new ResourceManager({ concurrency: 1 });
    expect(thrownBy(() => manager.configure({ concurrency: 5, tokens: { perMinute: -1 } })).code).toBe(
      "option_invalid",
    );
    expect(manager.usage().concurrency.capacity).toBe(1);
  });
});

describe("reports", () => {
  it("name holders with owner, manager and age", async () => {
    const runtime = createTestRuntime();
    const tenant = new ResourceManager({ custom: { gpu: 4 } }, { runtime, name: "tenant" });
    const run = tenant.child({}, { name: "run" });
    run.tryAcquire({ concurrency: 1, tokens: 5, usd: 0.02, custom: { gpu: 2 } }, { owner: "run/ada#0" });
    await runtime.clock.advance(1_500);
    tenant.tryAcquire({ requests: 1 }, { owner: "bob" });
    const ada = { owner: "run/ada#0", manager: "run", ageMs: 1_500, concurrency: 1, requests: 0, tokens: 5, usd: 0.02 };
    expect(run.holders()).toEqual([{ ...ada, custom: { gpu: 2 }, lost: false }]);
    expect(tenant.holders().map((holder) => holder.owner)).toEqual(["run/ada#0", "bob"]);
    expect(tenant.leaks(1_000).map((leak) => leak.owner)).toEqual(["run/ada#0"]);
    expect(tenant.usage()).toMatchObject({ holding: 2, queued: 0 });
    expect(run.usage().holding).toBe(1);
  });

  it("tell of a lease that is held for too long, once", async () => {
    const runtime = createTestRuntime();
    const told: LeaseReport[] = [];
    const onLeak = (report: LeaseReport): void => {
      told.push(report);
      throw new Error("listeners change nothing");
    };
    const manager = new ResourceManager({}, { runtime, leakAfterMs: 1_000, onLeak });
    const old = manager.tryAcquire(one, { owner: "ada" })!;
    await runtime.clock.advance(1_200);
    const young = manager.tryAcquire(one)!;
    manager.tryAcquire(one)?.release();
    await runtime.clock.settle();
    expect(told).toMatchObject([{ owner: "ada", ageMs: 1_200, lost: false }]);
    expect(manager.leaks().map((leak) => leak.owner)).toEqual(["ada"]);
    old.release();
    young.release();
    expect(manager.holders()).toEqual([]);
  });

  it("warn the process when nobody else listens, also while someone waits", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ concurrency: 1 }, { runtime, leakAfterMs: 7_000, ageingMs: 1_000 });
    const lease = manager.tryAcquire(one, { owner: "ada" })!;
    const waiting = manager.acquire(one);
    await runtime.clock.advance(8_000);
    expect(runtime.warnings).toEqual([
      expect.objectContaining({
        code: "lease_leaked",
        message: expect.stringContaining("a lease of ada from resources is held"),
      }),
    ]);
    lease.release();
    (await waiting).release();
  });

  it("tell of a lease that was dropped without a release", async () => {
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const runtime = createTestRuntime();
    const told: LeaseReport[] = [];
    const manager = new ResourceManager({}, { runtime, leakAfterMs: 10, onLeak: (report) => told.push(report) });
    const drop = (): void => {
      manager.tryAcquire(one, { owner: "ada" });
      manager.tryAcquire(one, { owner: "bob" });
    };
    drop();
    await runtime.clock.advance(20);
    manager.tryAcquire(one, { owner: "eve" });
    for (let round = 0; round < 100 && !manager.leaks().some((leak) => leak.lost); round++) {
      collect();
      await runtime.clock.settle();
    }
    await runtime.clock.settle();
    expect(told.filter((report) => report.lost).map((report) => report.owner)).toContain("ada");
    expect(manager.usage().concurrency.used).toBe(3);
  });
});
