/** Calls that wait for one another: joining, leaving, handing over, and never waiting in a circle. */

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { CacheManager } from "../../../src/entries/cache.ts";
import {
  DeclarativeAgent,
  type EventOf,
  type ExecutionContext,
  Flock,
  type FlockEvent,
  type Runnable,
} from "../../../src/entries/index.ts";
import { createTestRuntime, scriptedModel } from "../../../src/entries/testing.ts";
import { partsOf } from "../../../src/layers/cache/cache-manager.ts";
import { flightCount } from "../../../src/layers/cache/calls/cached-calls.ts";
import { TestStore } from "./test-store.ts";

type Work = (input: { q: number }, context: ExecutionContext) => Promise<unknown>;

function makeHouse(cache: CacheManager | true = true, runtime = createTestRuntime()) {
  const events: FlockEvent[] = [];
  const listen = { name: "ear", handle: (event: FlockEvent) => void events.push(event) };
  const flock = new Flock({ runtime, providers: [listen] });
  const make = (name: string, perform: Work): Runnable<{ q: number }, unknown> => ({
    name,
    kind: "agent",
    identity: name,
    policy: { cache },
    perform,
  });
  const states = (name: string) =>
    events
      .filter((event): event is EventOf<"call-end"> => event.type === "call-end" && event.name === name)
      .map((event) => event.cacheState);
  return { runtime, flock, make, states };
}

/** The code of the layer is imported by the first call, which takes no fake time but some real. */
beforeAll(async () => {
  const { flock, make } = makeHouse();
  await flock.run(
    make("first", async () => "loaded"),
    { q: 0 },
  );
});

const caught = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe("calls with one question", () => {
  it("become one call, however many there are, with a copy for each", async () => {
    const runtime = createTestRuntime();
    const model = scriptedModel([{ text: '{"summary": "x"}', delayMs: 5 }], { runtime });
    const flock = new Flock({ model, runtime, record: false });
    const agent = new DeclarativeAgent({ name: "a", input: "topic: str", output: "summary: str", cache: true });
    const runs = Promise.all(Array.from({ length: 10_000 }, () => flock.run(agent, "bees")));
    await runtime.clock.advance(10);
    const answers = await runs;
    expect(model.requests).toHaveLength(1);
    expect(new Set(answers).size).toBe(10_000);
    expect(answers.every((answer) => answer.summary === "x")).toBe(true);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("all fail with the error of the one that did the work, which is not kept", async () => {
    const { flock, make, runtime, states } = makeHouse();
    const failure = new Error("no");
    let runs = 0;
    const failing = make("failing", async (_, context) => {
      await context.runtime.sleep(5, context.signal);
      if (++runs === 1) throw failure;
      return { runs };
    });
    const all = Promise.all([1, 2, 3].map(() => caught(flock.run(failing, { q: 1 }))));
    await runtime.clock.advance(5);
    expect(await all).toEqual([failure, failure, failure]);
    expect(states("failing")).toEqual(["miss", "joined", "joined"]);
    const again = flock.run(failing, { q: 1 });
    await runtime.clock.advance(5);
    expect(await again).toEqual({ runs: 2 });
  });

  it("leave one by one, each by its own signal", async () => {
    const { flock, make, runtime } = makeHouse();
    let runs = 0;
    const slow = make("slow", async (_, context) => {
      runs += 1;
      await context.runtime.sleep(10, context.signal);
      return { ok: true };
    });
    const controllers = [new AbortController(), new AbortController(), new AbortController()];
    const all = controllers.map(({ signal }) => caught(flock.run(slow, { q: 1 }, { signal })));
    await runtime.clock.advance(5);
    const reason = new Error("enough");
    controllers[1]!.abort(reason);
    expect(await all[1]).toBe(reason);
    await runtime.clock.advance(5);
    expect(await Promise.all([all[0], all[2]])).toEqual([{ ok: true }, { ok: true }]);
    expect(runs).toBe(1);
  });

  it.each(["its signal", "its deadline"])("go on under another when the first is ended by %s", async (what) => {
    const { flock, make, runtime, states } = makeHouse();
    let runs = 0;
    const slow = make("slow", async (_, context) => {
      runs += 1;
      await context.runtime.sleep(10, context.signal);
      return { ok: true };
    });
    const controller = new AbortController();
    const options = what === "its signal" ? { signal: controller.signal } : { timeoutMs: 5 };
    const first = caught(flock.run(slow, { q: 1 }, options));
    await runtime.clock.settle();
    const others = [1, 2].map(() => flock.run(slow, { q: 1 }));
    await runtime.clock.advance(5);
    controller.abort(new Error("enough"));
    expect(await first).toBeInstanceOf(Error);
    await runtime.clock.advance(10);
    expect(await Promise.all(others)).toEqual([{ ok: true }, { ok: true }]);
    expect(runs).toBe(2);
    expect(states("slow")).toEqual(["miss", "miss", "joined"]);
    expect(await flock.run(slow, { q: 1 })).toEqual({ ok: true });
    expect(runs).toBe(2);
  });

  it("go on when the first one's caller ends", async () => {
    const { flock, make, runtime } = makeHouse();
    const slow = make("slow", async (_, context) => {
      await context.runtime.sleep(10, context.signal);
      return { ok: true };
    });
    const careless: Runnable<{ q: number }, unknown> = {
      name: "careless",
      kind: "agent",
      perform: async (input, context) => {
        void caught(context.call(slow, input));
        await context.runtime.sleep(5, context.signal);
        return "done";
      },
    };
    const first = flock.run(careless, { q: 1 });
    await runtime.clock.advance(1);
    const second = flock.run(slow, { q: 1 });
    await runtime.clock.advance(4);
    expect(await first).toBe("done");
    await runtime.clock.advance(10);
    expect(await second).toEqual({ ok: true });
  });

  it("ask anew together, and leave those who asked before them alone", async () => {
    const { flock, make, runtime, states } = makeHouse();
    let runs = 0;
    const slow = make("slow", async (_, context) => {
      const run = ++runs;
      await context.runtime.sleep(10, context.signal);
      return { run };
    });
    const modes = ["use", "refresh", "refresh", "use"] as const;
    const all = Promise.all(modes.map((cache) => flock.run(slow, { q: 1 }, { cache })));
    await runtime.clock.advance(20);
    expect(await all).toEqual([{ run: 1 }, { run: 2 }, { run: 2 }, { run: 2 }]);
    expect(states("slow").toSorted()).toEqual(["joined", "joined", "miss", "refresh"]);
    expect(await flock.run(slow, { q: 1 })).toEqual({ run: 2 });
  });

  it("keep nothing that was invalidated on the way", async () => {
    const runtime = createTestRuntime();
    const cache = new CacheManager({}, { runtime });
    const { flock, make } = makeHouse(cache, runtime);
    let runs = 0;
    const slow = make("slow", async (_, context) => {
      const run = ++runs;
      await context.runtime.sleep(10, context.signal);
      return { run };
    });
    const early = flock.run(slow, { q: 1 });
    await runtime.clock.advance(5);
    cache.invalidate({ owner: "slow" });
    const late = flock.run(slow, { q: 1 });
    await runtime.clock.advance(20);
    expect(await Promise.all([early, late])).toEqual([{ run: 1 }, { run: 2 }]);
    expect(await flock.run(slow, { q: 1 })).toEqual({ run: 2 });
  });
});

describe("flights that are over", () => {
  it("leave nothing behind, whatever ended them", async () => {
    const runtime = createTestRuntime();
    const cache = new CacheManager({ maxEntries: 10 }, { runtime });
    const { flock, make } = makeHouse(cache, runtime);
    let works = 0;
    const work = make("work", async ({ q }, context) => {
      works += 1;
      await context.runtime.sleep(5, context.signal);
      if (q % 3 === 0) throw new Error("no");
      return { q };
    });
    const round = async (): Promise<void> => {
      const runs = Array.from({ length: 300 }, (_, i) => {
        const options = i % 4 === 0 ? { timeoutMs: 2 } : {};
        return caught(flock.run(work, { q: Math.floor(i / 2) }, options));
      });
      await runtime.clock.advance(20);
      await Promise.all(runs);
    };
    await round();
    expect(cache.stats().entries).toBe(10);
    expect(runtime.clock.pendingTimers).toBe(0);
    expect(partsOf(cache)?.computations.size).toBe(0);
    expect(flightCount(cache)).toBe(0);
    expect(works).toBeGreaterThan(150);
  });
});

describe("a call inside itself", () => {
  it("runs without the cache, so that it does not wait for its own end", async () => {
    const { flock, make, states } = makeHouse();
    const deep: Runnable<{ q: number }, unknown> = make("deep", async (input, context) => {
      const depth = context.path.split("/").length;
      return depth > 3 ? { depth } : { inner: await context.call(deep, input) };
    });
    expect(await flock.run(deep, { q: 1 })).toEqual({ inner: { inner: { depth: 4 } } });
    expect(states("deep")).toEqual(["bypass", "bypass", "miss"]);
  });

  it("is found across two runs that wait for each other", async () => {
    const { flock, make, runtime } = makeHouse();
    const crossing = (name: string, other: () => Runnable<{ q: number }, unknown>) =>
      make(name, async (input, context) => {
        await context.runtime.sleep(5, context.signal);
        return context.path.split("/").length > 3 ? name : context.call(other(), input);
      });
    const ping: Runnable<{ q: number }, unknown> = crossing("ping", () => pong);
    const pong: Runnable<{ q: number }, unknown> = crossing("pong", () => ping);
    const both = Promise.all([flock.run(ping, { q: 1 }), flock.run(pong, { q: 1 })]);
    await runtime.clock.advance(100);
    expect(await both).toHaveLength(2);
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});

describe("a second level", () => {
  it("is asked once for all who wait, before anybody works", async () => {
    const runtime = createTestRuntime();
    const store = new TestStore(runtime);
    const open = () => new CacheManager({ store }, { runtime });
    const cache = open();
    const { flock, make } = makeHouse(cache, runtime);
    let runs = 0;
    const work: Work = async () => ({ run: ++runs });
    expect(await flock.run(make("w", work), { q: 1 })).toEqual({ run: 1 });
    await cache.flush();
    const later = makeHouse(open(), runtime);
    const again = later.make("w", work);
    const all = Promise.all([1, 2, 3].map(() => later.flock.run(again, { q: 1 })));
    await runtime.clock.advance(1);
    expect(await all).toEqual([{ run: 1 }, { run: 1 }, { run: 1 }]);
    expect(later.states("w")).toEqual(["hit", "joined", "joined"]);
    const [one, two] = [1, 2].map(() => later.flock.run(again, { q: 2 }));
    await runtime.clock.advance(1);
    expect(await Promise.all([one, two])).toEqual([{ run: 2 }, { run: 2 }]);
    expect(later.states("w").slice(3)).toEqual(["miss", "joined"]);
  });
});

describe("any schedule of callers, ends and failures", () => {
  const caller = fc.record({
    q: fc.integer({ min: 0, max: 2 }),
    at: fc.integer({ min: 0, max: 30 }),
    abortAfter: fc.option(fc.integer({ min: 0, max: 15 }), { nil: undefined }),
    timeoutMs: fc.option(fc.integer({ min: 1, max: 15 }), { nil: undefined }),
    mode: fc.constantFrom("use", "use", "use", "refresh", "bypass"),
  });

  it("works once at a time for each question, hangs nobody, and keeps nothing that failed", async () => {
    const schedule = fc.array(caller, { minLength: 1, maxLength: 25 });
    const fates = fc.infiniteStream(fc.record({ ms: fc.integer({ min: 0, max: 9 }), fails: fc.boolean() }));
    await fc.assert(
      fc.asyncProperty(schedule, fates, async (callers, fate) => {
        const { flock, make, runtime, states } = makeHouse();
        const active = new Map<number, number>();
        const good = new Set<number>();
        let runs = 0;
        let overlaps = 0;
        const work = make("work", async ({ q }, context) => {
          const { ms, fails } = fate.next().value;
          const run = ++runs;
          active.set(q, (active.get(q) ?? 0) + 1);
          if (active.get(q)! > 1) overlaps += 1;
          try {
            await context.runtime.sleep(ms, context.signal);
          } finally {
            active.set(q, active.get(q)! - 1);
          }
          if (fails) throw new Error(`failed ${run}`);
          good.add(run);
          return { q, run };
        });
        const isPlain = callers.every(({ mode }) => mode === "use");
        const results = callers.map(async ({ q, at, abortAfter, timeoutMs, mode }) => {
          await runtime.sleep(at);
          const controller = new AbortController();
          if (abortAfter !== undefined) runtime.setTimer(() => controller.abort(new Error("stop")), abortAfter);
          const limits = timeoutMs === undefined ? {} : { timeoutMs };
          const result = await caught(flock.run(work, { q }, { signal: controller.signal, cache: mode, ...limits }));
          if (!(result instanceof Error)) expect((result as { q: number }).q).toBe(q);
          return result;
        });
        const all = Promise.all(results);
        await runtime.clock.advance(1_000);
        for (const result of await all) {
          if (!(result instanceof Error)) expect(good).toContain((result as { run: number }).run);
        }
        if (isPlain) expect(overlaps).toBe(0);
        expect(runtime.clock.pendingTimers).toBe(0);
        expect(states("work")).toHaveLength(callers.length);
        for (const q of new Set(callers.map((one) => one.q))) {
          const before = runs;
          const late = caught(flock.run(work, { q }));
          await runtime.clock.advance(50);
          const value = await late;
          if (runs === before) expect(good).toContain((value as { run: number }).run);
        }
      }),
      { numRuns: 300 },
    );
  });
});
