import { describe, expect, it } from "vitest";
import { codeOf } from "../../../src/core/errors/errors.ts";
import { type Lease, ResourceManager } from "../../../src/entries/resources.ts";
import { createTestRuntime, type TestRuntime } from "../../../src/testing/test-runtime.ts";

const one = { concurrency: 1 };

/** A manager of one permit that is taken, and who got it after that, in order. */
function busy(runtime: TestRuntime, options: { readonly ageingMs?: number; readonly maxQueue?: number } = {}) {
  const manager = new ResourceManager({ concurrency: 1 }, { runtime, ...options });
  let lease = manager.tryAcquire(one)!;
  const served: string[] = [];
  const errors: string[] = [];
  const ask = (owner: string, priority = 0): void => {
    manager.acquire(one, { owner, priority }).then(
      (next) => {
        served.push(owner);
        lease = next;
      },
      (error) => errors.push(`${owner} ${codeOf(error)}`),
    );
  };
  const next = async (): Promise<void> => {
    lease.release();
    await runtime.clock.settle();
  };
  return { manager, served, errors, ask, next };
}

describe("the order of waiting", () => {
  it("is by priority, then by arrival", async () => {
    const { ask, next, served } = busy(createTestRuntime());
    ask("low", -1);
    ask("first");
    ask("second");
    ask("high", 5);
    for (let turn = 0; turn < 4; turn++) await next();
    expect(served).toEqual(["high", "first", "second", "low"]);
  });

  it("is fair between owners, however many of one wait", async () => {
    const { ask, next, served } = busy(createTestRuntime());
    for (let index = 0; index < 100; index++) ask("heavy");
    for (let index = 0; index < 3; index++) ask("light");
    for (let turn = 0; turn < 8; turn++) await next();
    expect(served.slice(0, 7)).toEqual(["heavy", "light", "heavy", "light", "heavy", "light", "heavy"]);
  });

  it("is fair by amount: who asks for four times as much is served a quarter as often", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ tokens: { perSecond: 80 } }, { runtime, ageingMs: 1e9 });
    const got = { small: 0, large: 0 };
    for (let index = 0; index < 4_000; index++) {
      void manager.acquire({ tokens: 10 }, { owner: "small" }).then(() => (got.small += 10));
      void manager.acquire({ tokens: 40 }, { owner: "large" }).then(() => (got.large += 40));
    }
    await runtime.clock.advance(60_000);
    expect(Math.abs(got.small - got.large)).toBeLessThanOrEqual(80);
    expect(got.small + got.large).toBeGreaterThan(0.95 * 80 * 60);
  });

  it("forgets no owner's past while others wait, even when it always waits for one thing only", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ tokens: { perSecond: 50 } }, { runtime, ageingMs: 1e9 });
    const got = { single: 0, many: 0 };
    for (let index = 0; index < 2_000; index++) {
      void manager.acquire({ tokens: 10 }, { owner: "many" }).then(() => (got.many += 10));
    }
    const again = async (): Promise<void> => {
      for (;;) {
        await manager.acquire({ tokens: 50 }, { owner: "single" });
        got.single += 50;
      }
    };
    void again();
    await runtime.clock.advance(100_000);
    expect(got.single / got.many).toBeGreaterThan(0.8);
    expect(got.single / got.many).toBeLessThan(1.25);
  });

  it("lets nobody starve: a low priority rises a step for each ageingMs it waits", async () => {
    const runtime = createTestRuntime();
    const { ask, next, served } = busy(runtime, { ageingMs: 100 });
    ask("patient", -3);
    for (let turn = 0; turn < 60 && !served.includes("patient"); turn++) {
      ask(`rushed-${turn}`);
      ask("rushed");
      await runtime.clock.advance(10);
      await next();
    }
    expect(served).toContain("patient");
    expect(served.length).toBeGreaterThan(25);
  });

  it("lets no flood of new owners pass one that got something before", async () => {
    const runtime = createTestRuntime();
    const { ask, next, served } = busy(runtime, { ageingMs: 50 });
    ask("old");
    ask("other");
    await next();
    ask("old");
    for (let turn = 0; turn < 60 && served.filter((owner) => owner === "old").length < 2; turn++) {
      ask(`new-${turn}`);
      ask(`newer-${turn}`);
      await runtime.clock.advance(10);
      await next();
    }
    expect(served.filter((owner) => owner === "old")).toHaveLength(2);
  });

  it("lets no small requests pass a big one for ever", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ concurrency: 4 }, { runtime });
    const held: Lease[] = [];
    for (let index = 0; index < 4; index++) held.push(manager.tryAcquire(one)!);
    let isServed = false;
    void manager.acquire({ concurrency: 4 }, { owner: "big" }).then(() => {
      isServed = true;
    });
    for (let index = 0; index < 20; index++)
      void manager.acquire(one, { owner: "small" }).then((lease) => held.push(lease));
    for (let turn = 0; turn < 8 && !isServed; turn++) {
      held.shift()?.release();
      expect(manager.tryAcquire(one)).toBeUndefined();
      await runtime.clock.settle();
    }
    expect(isServed).toBe(true);
  });

  it("lets no two limits that are short in turns keep one waiting for ever", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ custom: { left: 2, right: 2 } }, { runtime, ageingMs: 100 });
    let isServed = false;
    const busyWith = async (side: "left" | "right", delayMs: number): Promise<void> => {
      await runtime.sleep(delayMs);
      while (!isServed) {
        using _ = await manager.acquire({ custom: { [side]: 1 } }, { owner: `${side}-${delayMs}` });
        await runtime.sleep(20);
      }
    };
    for (const delayMs of [0, 3, 7]) {
      void busyWith("left", delayMs);
      void busyWith("right", delayMs + 10);
    }
    await runtime.clock.advance(100);
    void manager.acquire({ custom: { left: 2, right: 2 } }, { owner: "both" }).then(() => {
      isServed = true;
    });
    await runtime.clock.advance(2_000);
    expect(isServed).toBe(true);
  });

  it("holds for those who come from another line, too", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ custom: { left: 1, right: 2 } }, { runtime });
    const left = manager.tryAcquire({ custom: { left: 1 } })!;
    const right = manager.tryAcquire({ custom: { right: 1 } })!;
    const served: string[] = [];
    const use = async (owner: string, custom: { readonly left?: number; readonly right: number }): Promise<void> => {
      using _ = await manager.acquire({ custom }, { owner });
      served.push(owner);
      await runtime.sleep(10);
    };
    void use("big", { right: 2 });
    await runtime.clock.advance(1);
    void use("small", { left: 1, right: 1 });
    left.release();
    await runtime.clock.advance(50);
    expect(served).toEqual([]);
    right.release();
    await runtime.clock.advance(50);
    expect(served).toEqual(["big", "small"]);
  });

  it("does not hold up those who need something else", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ concurrency: 8, tokens: { perDay: 10 } }, { runtime });
    manager.tryAcquire({ tokens: 10 });
    const blocked = manager.acquire({ concurrency: 1, tokens: 5 }, { owner: "blocked" });
    expect(manager.queued).toBe(1);
    await runtime.clock.advance(60_000);
    expect(manager.tryAcquire({ concurrency: 8 })).toBeDefined();
    void blocked;
  });
});

describe("a wait", () => {
  it("ends within the turn its signal aborts, with the signal's reason, and leaves nothing", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ concurrency: 2 }, { runtime });
    const lease = manager.tryAcquire({ concurrency: 2 })!;
    const controller = new AbortController();
    let added = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      added += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      added -= 1;
      remove(...args);
    };
    const big = manager.acquire({ concurrency: 2 }, { owner: "big", signal, timeoutMs: 5_000 });
    const small = manager.acquire(one, { owner: "small", signal: new AbortController().signal });
    const reason = new Error("the user left");
    controller.abort(reason);
    expect(manager.queued).toBe(1);
    await expect(big).rejects.toBe(reason);
    lease.release();
    (await small).release();
    expect(added).toBe(0);
    expect(manager.queued).toBe(0);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("that stood in front lets those behind go on when it ends", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ concurrency: 2 }, { runtime });
    manager.tryAcquire(one);
    const controller = new AbortController();
    const big = manager.acquire({ concurrency: 2 }, { owner: "big", signal: controller.signal });
    const small = manager.acquire(one, { owner: "small" });
    controller.abort("enough");
    await expect(big).rejects.toBe("enough");
    (await small).release();
  });

  it("ends after timeoutMs with an error that says what it waited for", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ tokens: { perMinute: 10 }, concurrency: 1 }, { runtime, name: "model" });
    manager.tryAcquire({ tokens: 10, concurrency: 1 });
    const tokens = manager.acquire({ tokens: 5 }, { owner: "ada", timeoutMs: 2_000 });
    const permit = manager.acquire(one, { owner: "bob", timeoutMs: 3_000 });
    const answers = Promise.allSettled([tokens, permit]);
    await runtime.clock.advance(3_000);
    expect(await answers).toMatchObject([
      {
        reason: {
          code: "limit_exceeded",
          details: { limit: "tokens.perMinute", waitedMs: 2_000, freesUpInMs: 58_938 },
        },
      },
      { reason: { code: "limit_exceeded", details: { limit: "concurrency", waitedMs: 3_000, owner: "bob" } } },
    ]);
    expect(manager.queued).toBe(0);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("uses one timer for all, which keeps the process alive only when time will end a wait", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ concurrency: 1, requests: { perMinute: 1 } }, { runtime });
    const lease = manager.tryAcquire()!;
    for (let index = 0; index < 50; index++)
      void manager.acquire(one, { owner: `${index}` }).then((next) => next.release());
    expect(runtime.clock.pendingTimers).toBe(0);
    for (let index = 0; index < 3; index++) void manager.acquire({ requests: 1 }, { owner: `${index}` });
    expect(runtime.clock.pendingTimers).toBe(1);
    lease.release();
    await runtime.clock.advance(200_000);
    expect(manager.queued).toBe(0);
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});

describe("a full queue", () => {
  it("refuses who comes", async () => {
    const { manager, ask } = busy(createTestRuntime(), { maxQueue: 2 });
    ask("a");
    ask("b");
    await expect(manager.acquire(one, { owner: "c" })).rejects.toMatchObject({
      code: "queue_full",
      details: { manager: "resources", limit: 2, queued: 2, owner: "c", shed: false },
    });
    expect(manager.queued).toBe(2);
  });

  it("lets the newest of the lowest priority go for one of a higher priority", async () => {
    const runtime = createTestRuntime();
    const { ask, errors, next, served } = busy(runtime, { maxQueue: 3 });
    ask("a", 1);
    ask("b", 0);
    ask("c", 0);
    ask("d", 2);
    await runtime.clock.settle();
    expect(errors).toEqual(["c queue_full"]);
    for (let turn = 0; turn < 3; turn++) await next();
    expect(served).toEqual(["d", "a", "b"]);
  });

  it("of a nested manager lets go of its own waiters alone", async () => {
    const runtime = createTestRuntime();
    const outer = new ResourceManager({ concurrency: 1 }, { runtime, name: "outer" });
    const inner = outer.child({}, { name: "inner", maxQueue: 1 });
    outer.tryAcquire(one);
    const elsewhere = outer.acquire(one, { priority: -5 });
    const shed = inner.acquire(one);
    const kept = inner.acquire(one, { priority: 1 });
    await expect(shed).rejects.toMatchObject({ details: { manager: "inner", shed: true } });
    expect([outer.queued, inner.queued]).toEqual([2, 1]);
    void elsewhere;
    void kept;
  });

  it("keeps 90 % of the goodput at ten times the load", async () => {
    const runtime = createTestRuntime({ seed: 7 });
    const manager = new ResourceManager({ concurrency: 10 }, { runtime, maxQueue: 100 });
    const workMs = 50;
    let good = 0;
    const work = async (index: number): Promise<void> => {
      const startedAt = runtime.monotonic();
      try {
        using _ = await manager.acquire(one, { owner: `user-${index % 20}`, timeoutMs: 400 });
        await runtime.sleep(workMs);
        if (runtime.monotonic() - startedAt <= 500) good += 1;
      } catch (error) {
        expect(["queue_full", "limit_exceeded"]).toContain(codeOf(error));
      }
    };
    const seconds = 3;
    const capacity = (10 * 1_000) / workMs;
    for (let tick = 0; tick < seconds * 100; tick++) {
      for (let index = 0; index < (capacity * 10) / 100; index++) void work(index);
      await runtime.clock.advance(10);
    }
    await runtime.clock.advance(1_000);
    expect(good / (capacity * seconds)).toBeGreaterThan(0.9);
  });
});

describe("ten thousand waiters", () => {
  it("are all served, in time that grows with their number alone", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ concurrency: 100, custom: { gpu: 1 } }, { runtime });
    let served = 0;
    let most = 0;
    let active = 0;
    const work = async (index: number): Promise<void> => {
      using _ = await manager.acquire(one, { owner: `run/flow#${index}`, priority: index % 3 });
      active += 1;
      most = Math.max(most, active);
      await runtime.sleep(10);
      active -= 1;
      served += 1;
    };
    const all = Promise.all(Array.from({ length: 10_000 }, (_, index) => work(index)));
    await runtime.clock.advance(1_100);
    await all;
    expect([served, most, manager.queued]).toEqual([10_000, 100, 0]);
  });
});
