/** What calls take of resources of the user's own: never more at a time than there is, wherever the limit is declared. */

import fc from "fast-check";
// Loaded lazily elsewhere: the clock of a test does not wait for a file.
import "../../../src/agent/further-answers.ts";
import { describe, expect, it } from "vitest";
import { DeclarativeAgent, Flock, OrchestrationAgent, tool } from "../../../src/entries/index.ts";
import { createModel } from "../../../src/entries/models.ts";
import { ParallelPattern, SequentialPattern } from "../../../src/entries/patterns.ts";
import { type FlockResources, ResourceManager, type ResourceNeeds } from "../../../src/entries/resources.ts";
import { createTestRuntime, scriptedModel, type TestRuntime } from "../../../src/entries/testing.ts";
import { limitedHouse } from "./limited-house.ts";

const fields = { input: "topic: str", output: "text: str" } as const;

/** A tool of 100 ms whose calls are counted while they run. */
function worker(runtime: TestRuntime, needs: ResourceNeeds | undefined, more: object = {}, name = "render") {
  const seen = { running: 0, most: 0 };
  const made = tool({
    name,
    description: "Works.",
    input: "n?: int",
    output: "n: int",
    ...(needs === undefined ? {} : { needs }),
    ...more,
    execute: async () => {
      seen.running += 1;
      seen.most = Math.max(seen.most, seen.running);
      await runtime.sleep(100);
      seen.running -= 1;
      return { n: 1 };
    },
  });
  return { tool: made, seen };
}

async function runMany(flock: Flock, runtime: TestRuntime, tools: readonly ReturnType<typeof worker>[], each = 5) {
  const runs = tools.flatMap((one) => Array.from({ length: each }, () => flock.run(one.tool, {})));
  await runtime.clock.advance(100 * each * tools.length + 100);
  await Promise.all(runs);
  return tools.map(({ seen }) => seen.most);
}

describe("what a call needs", () => {
  it("counts in limits of its own", async () => {
    const runtime = createTestRuntime();
    const resources = { custom: { gpu: 2, memoryMb: 4_096 } };
    const light = worker(runtime, { gpu: 1, memoryMb: 512 }, { resources });
    const heavy = worker(runtime, { gpu: 1, memoryMb: 2_049 }, { resources });
    expect(await runMany(new Flock({ runtime }), runtime, [light, heavy])).toEqual([2, 1]);
  });

  it("counts for each name apart in limits of its kind, and for all together in the total", async () => {
    const runtime = createTestRuntime();
    const two = () => [worker(runtime, { gpu: 1 }, {}, "left"), worker(runtime, { gpu: 1 }, {}, "right")];
    const apart = new Flock({ runtime, resources: { tool: { custom: { gpu: 2 } } } });
    expect(await runMany(apart, runtime, two())).toEqual([2, 2]);
    const pool = new ResourceManager({ custom: { gpu: 2 } }, { runtime });
    const together = new Flock({ runtime, resources: pool });
    const [left, right] = await runMany(together, runtime, two());
    expect(Math.max(left!, right!)).toBe(2);
    const started = two().map((one) => together.run(one.tool, {}));
    await runtime.clock.advance(50);
    expect(pool.usage().custom.gpu).toMatchObject({ used: 2, available: 0 });
    await runtime.clock.advance(100);
    await Promise.all(started);
    expect(pool.usage()).toMatchObject({ custom: { gpu: { used: 0 } }, holding: 0 });
  });

  it("counts in a manager that several share, beside what others take of it by hand", async () => {
    const runtime = createTestRuntime();
    const pool = new ResourceManager({ custom: { gpu: 3 } }, { runtime });
    const by = worker(runtime, { gpu: 1 }, { resources: pool });
    using _ = await pool.acquire({ custom: { gpu: 1 } });
    expect(await runMany(new Flock({ runtime }), runtime, [by])).toEqual([2]);
  });

  it("counts in its run and its tenant", async () => {
    const runtime = createTestRuntime();
    const flock = new Flock({ runtime, resources: { run: { custom: { gpu: 1 } }, tenant: { custom: { gpu: 2 } } } });
    const one = worker(runtime, { gpu: 1 }, {}, "one");
    const runs = Array.from({ length: 6 }, () => flock.run(one.tool, {}, { tenant: "acme" }));
    await runtime.clock.advance(1_000);
    await Promise.all(runs);
    expect(one.seen.most).toBe(2);
    const asks = ["one", "one", "one"].map((name) => ({ tool: name, input: {} }));
    const model = scriptedModel([{ toolCalls: asks }, '{"text": "done"}'], { runtime });
    const again = worker(runtime, { gpu: 1 }, {}, "one");
    const agent = new DeclarativeAgent({ name: "a", ...fields, model, tools: [again.tool] });
    const run = flock.run(agent, "x");
    await runtime.clock.advance(1_000);
    expect(await run).toEqual({ text: "done" });
    expect(again.seen.most).toBe(1);
  });

  it("counts for models, agents and patterns, too", async () => {
    const house = limitedHouse({ resources: { total: { custom: { gpu: 1 } } } });
    const { flock, runtime, watched } = house;
    const needs = { gpu: 1 };
    const ask = () => new DeclarativeAgent({ name: "writer", ...fields });
    const model = createModel(watched.model, { needs });
    const makers = [
      () => new DeclarativeAgent({ name: "a", ...fields, model }),
      () => new DeclarativeAgent({ name: "a", ...fields, needs }),
      () => new SequentialPattern({ name: "s", agents: [ask()], needs }),
      () => new ParallelPattern({ name: "p", agents: { one: ask(), two: ask() }, needs }),
      () =>
        new OrchestrationAgent({ name: "o", ...fields, pattern: new SequentialPattern({ agents: [ask()] }), needs }),
    ];
    for (const make of makers) {
      watched.mostRunning = 0;
      const runs = [1, 2, 3].map(() => flock.run(make() as DeclarativeAgent<string, "topic: str", "text: str">, "x"));
      await runtime.clock.advance(1_000);
      await Promise.all(runs);
      expect(watched.mostRunning).toBe(make().name === "p" ? 2 : 1);
    }
    const free = [1, 2, 3].map(() => flock.run(ask(), "x"));
    await runtime.clock.advance(1_000);
    await Promise.all(free);
    expect(watched.mostRunning).toBe(3);
  });

  it("tells what it waits for", async () => {
    const runtime = createTestRuntime();
    const flock = new Flock({ runtime, resources: { total: { custom: { gpu: 1 } } } });
    const waits: string[] = [];
    const onEvent = (event: { readonly type: string; readonly resource?: string }) =>
      void (event.type === "wait-start" && waits.push(event.resource!));
    const { tool: render } = worker(runtime, { gpu: 1 });
    const runs = [1, 2].map(() => flock.run(render, {}, { onEvent }));
    await runtime.clock.advance(300);
    await Promise.all(runs);
    expect(waits).toEqual(["custom.gpu"]);
  });

  it("is not taken where nothing limits it, and other calls take nothing", async () => {
    const runtime = createTestRuntime();
    const unlimited = new Flock({ runtime });
    expect(await runMany(unlimited, runtime, [worker(runtime, { gpu: 9 })])).toEqual([5]);
    const limited = new Flock({ runtime, resources: { total: { custom: { gpu: 1 }, concurrency: 100 } } });
    expect(await runMany(limited, runtime, [worker(runtime, undefined), worker(runtime, { gpu: 0 })])).toEqual([5, 5]);
  });
});

describe("a need that cannot be met", () => {
  it("is refused when it is declared beside its limit", () => {
    const agent = (options: object) => () => new DeclarativeAgent({ name: "a", ...fields, ...options });
    const limits = { resources: { custom: { gpu: 2 } } };
    expect(agent({ ...limits, needs: { gpu: 3 } })).toThrow(
      'agent a: "needs" must be given with what a call takes of gpu, up to 2, not 3',
    );
    expect(agent(limits)).toThrow("what a call takes of gpu, up to 2, not undefined");
    expect(agent({ ...limits, needs: { gpuu: 1 } })).toThrow("what a call takes of gpu");
    expect(agent({ ...limits, needs: { gpu: 2, memoryMb: 1 } })).not.toThrow();
    for (const [needs, told] of [
      [{ gpu: -1 }, "a whole number, 0 or more"],
      [{ gpu: 0.5 }, "a whole number, 0 or more"],
      [{ "g p u": 1 }, "a name of letters"],
      [3, "an object"],
    ] as const) {
      expect(agent({ needs })).toThrow(told);
      expect(() => worker(createTestRuntime(), needs as never)).toThrow(told);
      expect(() => createModel(scriptedModel(["x"]), { needs: needs as never })).toThrow(told);
      expect(() => new SequentialPattern({ agents: [agent({})()], needs: needs as never })).toThrow(told);
    }
    expect(() => new SequentialPattern({ name: "flow", agents: [agent({})()], ...limits })).toThrow("flow: ");
    expect(() => worker(createTestRuntime(), undefined, limits)).toThrow("tool render: ");
  });

  it("is refused at once when it is larger than a limit of the Flock", async () => {
    const runtime = createTestRuntime();
    const flock = new Flock({ runtime, resources: { tool: { custom: { gpu: 2 } } } });
    await expect(flock.run(worker(runtime, { gpu: 3 }).tool, {})).rejects.toMatchObject({
      code: "limit_exceeded",
      path: "run/render#0",
      details: { limit: "custom.gpu", asked: 3, capacity: 2 },
    });
  });

  it("is refused by name where others are limited and this one is not", async () => {
    const runtime = createTestRuntime();
    const flock = new Flock({ runtime, resources: { total: { custom: { gpu: 2, memoryMb: 10 } } } });
    await expect(flock.run(worker(runtime, { gpuu: 1 }).tool, {})).rejects.toMatchObject({
      code: "option_invalid",
      message: expect.stringContaining(
        "tool render needs gpuu, and no limit that its calls come under counts that; did you",
      ),
      details: { suggestion: "gpu" },
    });
    await expect(flock.run(worker(runtime, { seats: 1 }).tool, {})).rejects.toThrow("is gpu, memoryMb");
  });

  it("is refused when its caller holds what it waits for", async () => {
    const runtime = createTestRuntime();
    const flock = new Flock({ runtime, resources: { total: { custom: { gpu: 1 } } } });
    const inner = worker(runtime, { gpu: 1 }, {}, "inner").tool;
    const outer = tool({
      name: "outer",
      description: "Calls.",
      input: "n?: int",
      output: "n: int",
      needs: { gpu: 1 },
      execute: (_, context) => context.call(inner, {}),
    });
    await expect(flock.run(outer, {})).rejects.toMatchObject({ code: "deadlock", details: { limit: "custom.gpu" } });
    const ok = flock.run(inner, {});
    await runtime.clock.advance(100);
    expect(await ok).toEqual({ n: 1 });
  });
});

describe("calls of agents with limits of their own", () => {
  it("are not counted by the total, which counts models and tools", async () => {
    const runtime = createTestRuntime();
    const total = new ResourceManager({ concurrency: 5, requests: { total: 10 } }, { runtime });
    const { flock } = limitedHouse({ resources: total }, {}, runtime);
    const run = flock.run(new DeclarativeAgent({ name: "a", ...fields, resources: { concurrency: 1 } }), "x");
    await runtime.clock.advance(50);
    expect(total.usage().concurrency.used).toBe(1);
    await runtime.clock.advance(100);
    await run;
    expect(total.usage().requests.total?.used).toBe(1);
  });
});

/** Where a limit may stand, all of them counting the tools of one run. */
const places = ["tool", "run", "tenant", "total"] as const satisfies readonly (keyof FlockResources)[];

describe("whatever comes, limits of custom resources", () => {
  it("are never passed, and all is given back", async () => {
    const units = fc.record({ gpu: fc.integer({ min: 1, max: 4 }), memoryMb: fc.integer({ min: 1, max: 1_000 }) });
    const job = fc.record({
      atMs: fc.nat(500),
      lastsMs: fc.nat(200),
      ending: fc.constantFrom("value", "error", "abort"),
      priority: fc.integer({ min: -1, max: 1 }),
      needs: fc.record({ gpu: fc.nat(4), memoryMb: fc.nat(1_000) }),
    });
    await fc.assert(
      fc.asyncProperty(
        units,
        fc.constantFrom(...places),
        fc.array(job, { maxLength: 25 }),
        async (custom, place, jobs) => {
          const runtime = createTestRuntime();
          const used = { gpu: 0, memoryMb: 0 };
          let passed = false;
          const pool = new ResourceManager(place === "total" ? { custom } : {}, { runtime });
          const flock = new Flock({
            runtime,
            resources: { total: pool, ...(place !== "total" && { [place]: { custom } }) },
          });
          const runs = jobs.map(async ({ atMs, lastsMs, ending, priority, needs }) => {
            const work = tool({
              name: "work",
              description: "Works.",
              input: "n?: int",
              needs,
              execute: async (_, context) => {
                used.gpu += needs.gpu;
                used.memoryMb += needs.memoryMb;
                if (place !== "run") passed ||= used.gpu > custom.gpu || used.memoryMb > custom.memoryMb;
                try {
                  await runtime.sleep(lastsMs, context.signal);
                  if (ending === "error") throw new Error("broken");
                  return {};
                } finally {
                  used.gpu -= needs.gpu;
                  used.memoryMb -= needs.memoryMb;
                }
              },
            });
            await runtime.sleep(atMs);
            const signal = ending === "abort" ? abortAfter(runtime, lastsMs / 2) : undefined;
            const options = { tenant: "acme", priority, ...(signal === undefined ? {} : { signal }) };
            const fits = needs.gpu <= custom.gpu && needs.memoryMb <= custom.memoryMb;
            const outcome = await flock.run(work, {}, options).then(
              () => "value",
              (error: { readonly code?: string }) => error.code ?? "aborted",
            );
            return fits || outcome === "limit_exceeded" || ending === "abort";
          });
          await runtime.clock.advance(10_000);
          const met = await Promise.all(runs);
          expect(passed).toBe(false);
          expect(met.every(Boolean)).toBe(true);
          expect(used).toEqual({ gpu: 0, memoryMb: 0 });
          expect(pool.usage()).toMatchObject({ holding: 0, queued: 0 });
        },
      ),
      { numRuns: 150 },
    );
  });
});

function abortAfter(runtime: TestRuntime, ms: number): AbortSignal {
  const controller = new AbortController();
  runtime.setTimer(() => controller.abort(new Error("enough")), ms);
  return controller.signal;
}
