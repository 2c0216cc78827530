import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import { type Lease, ResourceManager } from "../../../src/entries/resources.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

const one = { concurrency: 1 };

describe("managers inside managers", () => {
  it("take in all of them, or in none", async () => {
    const total = new ResourceManager({ concurrency: 3, usd: { total: 1 } }, { name: "total" });
    const tenant = total.child({ usd: { total: 0.5 }, custom: { gpu: 1 } }, { name: "tenant" });
    const run = tenant.child({ concurrency: 2, usd: { total: 0.3 } }, { name: "run" });
    const lease = run.tryAcquire({ concurrency: 2, usd: 0.2, custom: { gpu: 1 } })!;
    expect(run.tryAcquire(one)).toBeUndefined();
    expect(total.usage()).toMatchObject({ concurrency: { used: 2 }, usd: { total: { reserved: 0.2 } } });
    await expect(run.acquire({ usd: 0.4 })).rejects.toMatchObject({ details: { manager: "run" } });
    lease.settle({ usd: 0.3 });
    lease.release();
    expect(tenant.usage()).toMatchObject({
      usd: { total: { used: 0.3, available: 0.2 } },
      custom: { gpu: { used: 0 } },
    });
    await expect(tenant.acquire({ usd: 0.3 })).rejects.toMatchObject({
      code: "budget_exceeded",
      details: { manager: "tenant", spentMicroUsd: 300_000 },
    });
  });

  it("wake who waits in another branch", async () => {
    const total = new ResourceManager({ concurrency: 1 });
    const lease = total.child({}).tryAcquire(one)!;
    const waiting = total.child({ concurrency: 5 }).acquire(one);
    lease.release();
    (await waiting).release();
  });

  it("notice a limit that is changed above them", () => {
    const total = new ResourceManager({ concurrency: 1 });
    const run = total.child().child();
    run.tryAcquire(one)?.release();
    total.configure({ requests: { perMinute: 1 } });
    expect(run.tryAcquire({ requests: 1 })).toBeDefined();
    expect(run.tryAcquire({ requests: 1 })).toBeUndefined();
  });

  it("know no custom resource of a manager beside them", () => {
    const total = new ResourceManager({});
    total.child({ custom: { gpu: 1 } });
    expect(() => total.child().tryAcquire({ custom: { gpu: 1 } })).toThrow("has no custom resource");
  });
});

describe("an owner below a holder", () => {
  it("borrows the permit of whoever waits for it", async () => {
    const manager = new ResourceManager({ concurrency: 1 });
    const parent = await manager.acquire(one, { owner: "run/flow#0" });
    const child = await manager.acquire(one, { owner: "run/flow#0/search#0" });
    const grandchild = manager.tryAcquire(one, { owner: "run/flow#0/search#0/model#0" })!;
    expect(manager.tryAcquire(one, { owner: "run/flow#0/search#1" })).toBeUndefined();
    expect(manager.usage().concurrency).toMatchObject({ used: 1, available: 0 });
    grandchild.release();
    child.release();
    expect(manager.usage().concurrency).toMatchObject({ used: 1, available: 0 });
    parent.release();
    expect(manager.usage().concurrency).toMatchObject({ used: 0, available: 1 });
  });

  it("borrows in turns with its siblings", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ concurrency: 1 }, { runtime });
    const parent = manager.tryAcquire(one, { owner: "run/flow#0" })!;
    let active = 0;
    let most = 0;
    const stranger = manager.acquire(one, { owner: "run/other#0" });
    const work = async (index: number): Promise<void> => {
      using _ = await manager.acquire(one, { owner: `run/flow#0/search[${index}]#0@2` });
      active += 1;
      most = Math.max(most, active);
      await runtime.sleep(10);
      active -= 1;
    };
    const all = Promise.all(Array.from({ length: 5 }, (_, index) => work(index)));
    await runtime.clock.advance(100);
    await all;
    expect([most, manager.queued]).toEqual([1, 1]);
    parent.release();
    (await stranger).release();
  });

  it("keeps what it borrowed when the lender is released first, in any order of a whole line of them", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        fc.integer({ min: 1, max: 3 }),
        (order, amount) => {
          const manager = new ResourceManager({ concurrency: 3 });
          const leases: Lease[] = [];
          let owner = "run";
          for (let depth = 0; depth < 4; depth++) {
            owner += `/agent#${depth}`;
            leases.push(manager.tryAcquire({ concurrency: depth === 0 ? 3 : amount }, { owner })!);
          }
          for (const at of order) {
            leases[at]!.release();
            expect(manager.usage().concurrency.used).toBeGreaterThanOrEqual(0);
            expect(manager.usage().concurrency.used).toBeLessThanOrEqual(3);
          }
          expect(manager.usage().concurrency.used).toBe(0);
        },
      ),
    );
  });

  it("goes first where others in line would wait for its holder", async () => {
    const manager = new ResourceManager({ custom: { gpu: 5 } });
    const parent = manager.tryAcquire({ custom: { gpu: 2 } }, { owner: "run/flow#0" })!;
    const big = manager.acquire({ custom: { gpu: 5 } }, { owner: "run/big#0" });
    (await manager.acquire({ custom: { gpu: 1 } }, { owner: "run/flow#0/search#0" })).release();
    parent.release();
    (await big).release();
  });

  it("is refused at once when its holder could never finish", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ custom: { gpu: 1 } }, { runtime, name: "lab" });
    manager.tryAcquire({ custom: { gpu: 1 } }, { owner: "run/flow#0" });
    await runtime.clock.advance(250);
    const holders = [{ owner: "run/flow#0", limit: "custom.gpu", ageMs: 250 }];
    await expect(manager.acquire({ custom: { gpu: 1 } }, { owner: "run/flow#0/search#0" })).rejects.toMatchObject({
      code: "deadlock",
      details: { limit: "custom.gpu", manager: "lab", owner: "run/flow#0/search#0", holders },
    });
    expect(manager.queued).toBe(0);
  });

  it("is refused when its holder's reservation is all that is left of a budget", async () => {
    const manager = new ResourceManager({ usd: { total: 1 } });
    const parent = manager.tryAcquire({ usd: 0.9 }, { owner: "run/flow#0" })!;
    const nested = { owner: "run/flow#0/search#0" };
    await expect(manager.acquire({ usd: 0.5 }, nested)).rejects.toMatchObject({ code: "deadlock" });
    parent.settle({ usd: 0.1 });
    (await manager.acquire({ usd: 0.5 }, nested)).release();
  });

  it("waits when someone else will release", async () => {
    const manager = new ResourceManager({ custom: { gpu: 2 } });
    manager.tryAcquire({ custom: { gpu: 1 } }, { owner: "run/flow#0" });
    const other = manager.tryAcquire({ custom: { gpu: 1 } }, { owner: "run/other#0" })!;
    const child = manager.acquire({ custom: { gpu: 1 } }, { owner: "run/flow#0/search#0" });
    expect(manager.queued).toBe(1);
    other.release();
    (await child).release();
  });
});

describe("what is kept for one that was passed over", () => {
  it("is not kept from those that its holders wait for", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const runtime = createTestRuntime({ seed });
      const random = (below: number) => Math.floor(runtime.random() * below);
      const manager = new ResourceManager({ custom: { left: 1, right: 1 } }, { runtime, ageingMs: 20 });
      const use = async (left: number, right: number, owner: string): Promise<void> => {
        using _ = await manager.acquire({ custom: { left, right } }, { owner });
        await runtime.sleep(random(12));
      };
      const flow = async (owner: string): Promise<void> => {
        using _ = await manager.acquire({ custom: { left: 1 } }, { owner });
        await runtime.sleep(random(30));
        await use(0, 1, `${owner}/inner#0`);
      };
      for (let turn = 0; turn < 60; turn++) {
        const at = random(300);
        if (turn % 6 === 0) void runtime.sleep(at).then(() => use(1, 1, `both-${turn}`));
        else if (turn % 6 === 1) void runtime.sleep(at).then(() => flow(`run/flow#${turn}`));
        else void runtime.sleep(at).then(() => use(turn % 2, 1 - (turn % 2), `one-${turn}`));
      }
      await runtime.clock.advance(10_000);
      expect(manager.usage(), `seed ${seed}`).toMatchObject({ queued: 0, holding: 0 });
    }
  });
});

describe("circles", () => {
  it("between two agents whose children ask for each other's permits are refused", async () => {
    const manager = new ResourceManager({ custom: { gpu: 2 } });
    manager.tryAcquire({ custom: { gpu: 1 } }, { owner: "run/a#0" });
    const b = manager.tryAcquire({ custom: { gpu: 1 } }, { owner: "run/b#0" })!;
    const first = manager.acquire({ custom: { gpu: 1 } }, { owner: "run/a#0/x#0" });
    await expect(manager.acquire({ custom: { gpu: 1 } }, { owner: "run/b#0/x#0" })).rejects.toMatchObject({
      code: "deadlock",
      details: { holders: [{ owner: "run/a#0" }, { owner: "run/b#0" }] },
    });
    b.release();
    (await first).release();
  });

  it.each([
    ["a", "b"],
    ["run/a#0", "run/b#0"],
  ])("between two managers, of %s and %s, are refused", async (a, b) => {
    const runtime = createTestRuntime();
    const left = new ResourceManager({ concurrency: 1 }, { runtime, name: "left" });
    const right = new ResourceManager({ concurrency: 1 }, { runtime, name: "right" });
    const ofA = left.tryAcquire(one, { owner: a })!;
    const ofB = right.tryAcquire(one, { owner: b })!;
    const first = right.acquire(one, { owner: a });
    await expect(left.acquire(one, { owner: b })).rejects.toMatchObject({
      code: "deadlock",
      details: { limit: "concurrency", manager: "left" },
    });
    ofB.release();
    (await first).release();
    ofA.release();
  });

  it("are not seen where a name stands for many at work", async () => {
    const runtime = createTestRuntime();
    const left = new ResourceManager({ concurrency: 1 }, { runtime });
    const right = new ResourceManager({ concurrency: 2 }, { runtime });
    const ofA = left.tryAcquire(one, { owner: "a" })!;
    right.tryAcquire(one, { owner: "b" });
    const ofB = right.tryAcquire(one, { owner: "b" })!;
    const waits = [right.acquire(one, { owner: "a" }), left.acquire(one, { owner: "b" })];
    await runtime.clock.advance(60_000);
    ofA.release();
    ofB.release();
    for (const lease of await Promise.all(waits)) lease.release();
  });

  it("that close without a new wait are found when nothing comes back for a while", async () => {
    const runtime = createTestRuntime();
    const manager = new ResourceManager({ custom: { gpu: 1, cpu: 1 } }, { runtime, ageingMs: 1_000 });
    const stranger = manager.tryAcquire({ custom: { gpu: 1 } }, { owner: "run/other#0" })!;
    const child = manager.acquire({ custom: { gpu: 1 } }, { owner: "run/flow#0/search#0" });
    const parent = manager.acquire({ custom: { gpu: 1 } }, { owner: "run/flow#0", priority: 9 });
    const answer = Promise.allSettled([child]);
    stranger.release();
    const lease = await parent;
    await runtime.clock.advance(5_000);
    expect(await answer).toMatchObject([{ reason: { code: "deadlock" } }]);
    lease.release();
  });

  it("never leave anyone waiting: random trees of agents all end, with no more at work than permits", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 4 }), async (seed, permits) => {
        const runtime = createTestRuntime({ seed });
        const random = (below: number) => Math.floor(runtime.random() * below);
        const manager = new ResourceManager(
          { concurrency: permits, custom: { gpu: 2, disk: 2 } },
          { runtime, ageingMs: 30 },
        );
        let working = 0;
        let most = 0;
        const agent = async (owner: string, depth: number): Promise<void> => {
          const custom = { gpu: random(4) === 0 ? 1 + random(2) : 0, disk: random(4) === 0 ? 1 + random(2) : 0 };
          const request = { concurrency: random(4) === 0 ? 0 : 1 + random(Math.min(2, permits)), custom };
          const lease = await manager.acquire(request, { owner }).catch((error: unknown) => {
            if (isFlockError(error, "deadlock")) return undefined;
            throw error;
          });
          const atWork = lease === undefined ? 0 : request.concurrency;
          working += atWork;
          most = Math.max(most, working);
          await runtime.sleep(random(20));
          working -= atWork;
          const children = depth === 0 ? 0 : random(4);
          const work = Array.from({ length: children }, (_, index) => agent(`${owner}/agent[${index}]#0`, depth - 1));
          await Promise.all(work);
          lease?.release();
        };
        const all = Promise.all(Array.from({ length: 4 }, (_, index) => agent(`run/root#${index}`, 3)));
        for (let round = 0; round < 400; round++) {
          await runtime.clock.advance(100);
          if (manager.queued === 0 && manager.usage().holding === 0) break;
        }
        expect(manager.queued).toBe(0);
        await all;
        expect(most).toBeLessThanOrEqual(permits);
        expect(manager.usage().concurrency.used).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
