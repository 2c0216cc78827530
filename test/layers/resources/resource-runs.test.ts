/** Whatever comes, goes wrong or is given up: limits hold, budgets are not passed, and everything is given back. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeclarativeAgent, Flock, type WrapperLayer } from "../../../src/entries/index.ts";
import { ResourceManager } from "../../../src/entries/resources.ts";
import { createTestRuntime, type ScriptedParts } from "../../../src/entries/testing.ts";
import { limitedHouse, mostWithin, watchedModel } from "./limited-house.ts";

const endings = ["answer", "fail", "refuse", "hang", "wrong"] as const;
type Ending = (typeof endings)[number];

interface Arrival {
  readonly atMs: number;
  readonly ending: Ending;
  readonly abortAfterMs: number | undefined;
  readonly timeoutMs: number;
  readonly priority: number;
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  atMs: fc.nat(3_000),
  ending: fc.constantFrom(...endings),
  abortAfterMs: fc.option(fc.nat(1_500), { nil: undefined, freq: 3 }),
  timeoutMs: fc.integer({ min: 1, max: 2_000 }),
  priority: fc.integer({ min: -1, max: 2 }),
});

const partsOf: Record<Ending, ScriptedParts> = {
  answer: {},
  fail: { error: new Error("broken") },
  refuse: { error: Object.assign(new Error("busy"), { statusCode: 429, responseHeaders: { "retry-after-ms": "40" } }) },
  hang: { delayMs: 1_000_000 },
  wrong: { text: "no json at all" },
};

/** Runs everything until it is over, and gives the manager that saw it all. */
async function play(arrivals: readonly Arrival[], limits: { concurrency: number; perSecond: number }) {
  const runtime = createTestRuntime();
  const total = new ResourceManager({}, { runtime, name: "total" });
  const waiting: Ending[] = [];
  const watched = watchedModel(runtime, () => partsOf[waiting.shift() ?? "answer"]);
  const model = {
    ...watched.model,
    doGenerate(request: Parameters<typeof watched.model.doGenerate>[0]) {
      const asked = JSON.stringify(request.prompt);
      waiting.push(endings.find((ending) => asked.includes(`ending-${ending}`)) ?? "answer");
      return watched.model.doGenerate(request);
    },
  };
  const flock = new Flock({
    runtime,
    model,
    resources: {
      total,
      model: { concurrency: limits.concurrency, requests: { perSecond: limits.perSecond } },
      run: { concurrency: 1 },
      agent: { concurrency: limits.concurrency + 2 },
    },
  });
  const agent = new DeclarativeAgent({ name: "writer", input: "topic: str", output: "text: str" });
  const runs = arrivals.map(async ({ atMs, ending, abortAfterMs, timeoutMs, priority }) => {
    await runtime.sleep(atMs);
    const controller = new AbortController();
    if (abortAfterMs !== undefined) runtime.setTimer(() => controller.abort(new Error("enough")), abortAfterMs);
    return flock.run(agent, `ending-${ending}`, { signal: controller.signal, timeoutMs, priority });
  });
  const settled = Promise.allSettled(runs);
  await runtime.clock.advance(6_000);
  return { outcomes: await settled, total, watched, runtime };
}

describe("runs under limits", () => {
  it("never pass a limit and give everything back, whatever they end by", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(arrival, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 8 }),
        async (arrivals, concurrency, perSecond) => {
          const { total, watched, runtime } = await play(arrivals, { concurrency, perSecond });
          expect(watched.mostRunning).toBeLessThanOrEqual(concurrency);
          expect(mostWithin(watched.begun, 1_000)).toBeLessThanOrEqual(perSecond);
          expect(watched.running).toBe(0);
          expect(total.usage()).toMatchObject({ holding: 0, queued: 0 });
          expect(total.queued).toBe(0);
          expect(runtime.clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("never spend more than a budget, however many ask at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ input: fc.integer({ min: 1, max: 60 }), output: fc.integer({ min: 0, max: 200 }) }), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.integer({ min: 0, max: 12_000 }),
        fc.nat(50),
        async (usages, budgetMicroUsd, gapMs) => {
          const runtime = createTestRuntime();
          const total = new ResourceManager({ usd: { total: budgetMicroUsd / 1e6 } }, { runtime });
          const { flock, watched } = limitedHouse(
            { resources: total, prices: { "scripted/scripted": { input: 1, output: 10 } } },
            (call) => {
              const { input, output } = usages[call % usages.length]!;
              return { usage: { inputTokens: input, outputTokens: output } };
            },
            runtime,
          );
          const agent = new DeclarativeAgent({
            name: "writer",
            input: "topic: str",
            output: "text: str",
            settings: { maxOutputTokens: 200 },
          });
          const runs = usages.map(async (_, index) => {
            await runtime.sleep(index * gapMs);
            return flock.run(agent, "x");
          });
          const settled = Promise.allSettled(runs);
          await runtime.clock.advance(60_000);
          const outcomes = await settled;
          let spent = 0;
          for (let call = 0; call < watched.begun.length; call++) {
            const { input, output } = usages[call % usages.length]!;
            spent += input + output * 10;
          }
          expect(spent).toBeLessThanOrEqual(budgetMicroUsd);
          for (const outcome of outcomes) {
            if (outcome.status === "rejected") expect(outcome.reason.code).toBe("budget_exceeded");
          }
          expect(Math.round((total.usage().usd.total?.used ?? 0) * 1e6)).toBe(spent);
          expect(total.usage().usd.total?.reserved).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("serve nine tenths of what is possible when ten times as much is asked", async () => {
    const runtime = createTestRuntime();
    const total = new ResourceManager({ concurrency: 10 }, { runtime, maxQueue: 50 });
    const { flock, agent } = limitedHouse({ resources: total }, {}, runtime);
    let intime = 0;
    let important = 0;
    const codes = new Set<string>();
    const seconds = 10;
    // The model does 100 calls a second; 1,000 a second come, one in twenty of them important.
    const runs = Array.from({ length: 1_000 * seconds }, async (_, index) => {
      await runtime.sleep(index);
      const priority = index % 20 === 0 ? 1 : 0;
      return flock.run(agent, "x", { timeoutMs: 1_000, priority }).then(
        () => {
          intime += 1;
          important += priority;
        },
        (error) => codes.add(error.code),
      );
    });
    await runtime.clock.advance(seconds * 1_000 + 2_000);
    await Promise.all(runs);
    expect(intime).toBeGreaterThanOrEqual(0.9 * 100 * seconds);
    expect(important).toBe(50 * seconds);
    expect(codes).toContain("queue_full");
  });

  it("take a new permit and count a new request for each attempt", async () => {
    const again: WrapperLayer = {
      form: "wrapper",
      name: "once more",
      appliesTo: (runnable) => runnable.kind === "model",
      wrap: (call, next) => next(call).catch(() => next(call)),
    };
    const runtime = createTestRuntime();
    const total = new ResourceManager({ concurrency: 1, requests: { total: 2 } }, { runtime });
    const { flock, agent, watched } = limitedHouse(
      { resources: total, layers: (stack) => [again, ...stack] },
      (call) => (call === 0 ? { error: new Error("no") } : {}),
      runtime,
    );
    const run = flock.run(agent, "x");
    await runtime.clock.advance(50);
    expect(total.holders().map(({ owner }) => owner)).toEqual(["test-0/writer#0/scripted:scripted#0"]);
    await runtime.clock.advance(100);
    expect(total.holders().map(({ owner }) => owner)).toEqual(["test-0/writer#0/scripted:scripted#0@2"]);
    await runtime.clock.advance(100);
    await run;
    expect(watched.begun).toEqual([0, 100]);
    expect(total.usage().requests.total).toMatchObject({ used: 2 });
  });
});
