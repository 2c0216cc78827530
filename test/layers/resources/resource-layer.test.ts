/** Limits through the public door: what is counted, what waits, what is refused, and that all is given back. */

import { describe, expect, it } from "vitest";
import {
  DeclarativeAgent,
  Flock,
  type FlockEvent,
  isFlockError,
  tool,
} from "../../../src/entries/index.ts";
import { ParallelPattern, SequentialPattern } from "../../../src/entries/patterns.ts";
import { ResourceManager } from "../../../src/entries/resources.ts";
import { createTestRuntime } from "../../../src/entries/testing.ts";
import { limitedHouse, mostWithin, watchedModel } from "./limited-house.ts";

const price = { input: 1, output: 10 };
const prices = { "scripted/scripted": price };

describe("limits of a Flock", () => {
  it("let no more calls of a model run at a time than its concurrency", async () => {
    const { flock, agent, runtime, watched } = limitedHouse({ resources: { model: { concurrency: 3 } } });
    const runs = Array.from({ length: 10 }, () => flock.run(agent, "x"));
    await runtime.clock.advance(1_000);
    await Promise.all(runs);
    expect(watched.mostRunning).toBe(3);
    expect(watched.begun).toEqual([0, 0, 0, 100, 100, 100, 200, 200, 200, 300]);
  });

  it("give each model by name a manager of its own", async () => {
    const { flock, agent, runtime, watched } = limitedHouse({ resources: { model: { concurrency: 1 } } });
    const other = watchedModel(runtime, {}, "other");
    const second = new DeclarativeAgent({ name: "b", input: "topic: str", output: "text: str", model: other.model });
    const runs = [flock.run(agent, "x"), flock.run(agent, "x"), flock.run(second, "x"), flock.run(second, "x")];
    await runtime.clock.advance(300);
    await Promise.all(runs);
    expect(watched.begun).toEqual([0, 100]);
    expect(other.begun).toEqual([0, 100]);
  });

  it("hold a rate in every sliding window", async () => {
    const { flock, agent, runtime, watched } = limitedHouse({
      resources: { model: { requests: { perSecond: 5 } } },
    });
    const runs = Array.from({ length: 25 }, () => flock.run(agent, "x"));
    await runtime.clock.advance(6_000);
    await Promise.all(runs);
    expect(mostWithin(watched.begun, 1_000)).toBe(5);
    expect(watched.begun.at(-1)).toBeLessThan(4_200);
  });

  it("tell of each wait with the name of what is short", async () => {
    const { flock, agent, runtime } = limitedHouse({
      resources: { model: { concurrency: 1, requests: { perMinute: 2 } } },
    });
    const waits: string[] = [];
    const queues: number[] = [];
    const onEvent = (event: FlockEvent) => {
      if (event.type === "wait-start" || event.type === "wait-end") waits.push(`${event.type} ${event.resource}`);
      if (event.type === "call-end" && event.kind === "model") queues.push(event.queueMs);
    };
    const runs = Array.from({ length: 3 }, () => flock.run(agent, "x", { onEvent }));
    await runtime.clock.advance(70_000);
    await Promise.all(runs);
    expect(waits.slice(0, 2)).toEqual(["wait-start concurrency", "wait-start concurrency"]);
    expect(queues[0]).toBe(0);
    expect(queues[1]).toBe(100);
    expect(queues[2]).toBeGreaterThan(59_000);
    const later = flock.run(agent, "x", { onEvent });
    await runtime.clock.advance(1);
    await runtime.clock.advance(120_000);
    await later;
  });

  it("nest runs in tenants in the total", async () => {
    const { flock, agent, runtime, watched } = limitedHouse({
      resources: { run: { concurrency: 1 }, tenant: { concurrency: 2 }, total: { concurrency: 3 } },
    });
    const fan = new ParallelPattern({
      name: "fan",
      agents: { a: agent, b: agent, c: agent },
    });
    const runs = [
      ...Array.from({ length: 3 }, () => flock.run(fan, { topic: "x" }, { tenant: "acme" })),
      ...Array.from({ length: 3 }, () => flock.run(fan, { topic: "x" }, { tenant: "umbrella" })),
    ];
    await runtime.clock.advance(50);
    expect(watched.running).toBe(3);
    await runtime.clock.advance(2_000);
    await Promise.all(runs);
    expect(watched.mostRunning).toBe(3);
    expect(watched.begun).toHaveLength(18);
  });

  it("take a manager as the total, and give everything back", async () => {
    const runtime = createTestRuntime();
    const total = new ResourceManager({ concurrency: 2 }, { runtime });
    const { flock, agent, watched } = limitedHouse({ resources: total }, {}, runtime);
    const runs = Array.from({ length: 4 }, () => flock.run(agent, "x"));
    await runtime.clock.advance(50);
    expect(total.holders().map((holder) => holder.owner)).toEqual([
      "test-0/writer#0/scripted:scripted#0",
      "test-1/writer#0/scripted:scripted#0",
    ]);
    await runtime.clock.advance(300);
    await Promise.all(runs);
    expect(watched.mostRunning).toBe(2);
    expect(total.usage().holding).toBe(0);
  });

  it("put a higher priority first", async () => {
    const { flock, agent, runtime } = limitedHouse({ resources: { model: { concurrency: 1 } } });
    const order: number[] = [];
    const runs = [0, 0, 2, 1].map((priority, index) => flock.run(agent, "x", { priority }).then(() => order.push(index)));
    await runtime.clock.advance(1_000);
    await Promise.all(runs);
    expect(order).toEqual([0, 2, 3, 1]);
  });

  it("share fairly between runs, however many calls one of them makes", async () => {
    const { flock, agent, runtime } = limitedHouse({ resources: { model: { concurrency: 1 } } });
    const wide = new ParallelPattern({ name: "wide", agents: { a: agent, b: agent, c: agent, d: agent } });
    const ended: string[] = [];
    const runs = [
      flock.run(wide, { topic: "x" }).then(() => ended.push("wide")),
      flock.run(agent, "x").then(() => ended.push("small")),
    ];
    await runtime.clock.advance(300);
    expect(ended).toEqual(["small"]);
    await runtime.clock.advance(1_000);
    await Promise.all(runs);
  });
});

describe("limits of one agent, pattern or tool", () => {
  it("count its own calls, in every Flock apart", async () => {
    const { flock, runtime, watched } = limitedHouse();
    const agent = new DeclarativeAgent({
      name: "writer",
      input: "topic: str",
      output: "text: str",
      resources: { concurrency: 2 },
    });
    const runs = Array.from({ length: 4 }, () => flock.run(agent, "x"));
    await runtime.clock.advance(1_000);
    await Promise.all(runs);
    expect(watched.mostRunning).toBe(2);
  });

  it("share a manager between a tool and an agent", async () => {
    const runtime = createTestRuntime();
    const desk = new ResourceManager({ requests: { total: 3 } }, { runtime });
    const { flock } = limitedHouse({}, {}, runtime);
    const agent = new DeclarativeAgent({ name: "a", input: "topic: str", output: "text: str", resources: desk });
    const ping = tool({
      name: "ping",
      description: "Pings.",
      input: "n: int",
      output: "n: int",
      resources: desk,
      execute: ({ n }) => ({ n }),
    });
    await flock.run(ping, { n: 1 });
    await flock.run(ping, { n: 1 });
    const run = flock.run(agent, "x");
    await runtime.clock.advance(200);
    await run;
    await expect(flock.run(ping, { n: 1 })).rejects.toMatchObject({
      code: "limit_exceeded",
      path: "run/ping#0",
      details: { limit: "requests.total", asked: 1 },
    });
  });

  it("count what is spent below an agent for it", async () => {
    const { flock, runtime } = limitedHouse({ prices }, { usage: { inputTokens: 100, outputTokens: 100 } });
    const agent = new DeclarativeAgent({
      name: "writer",
      input: "topic: str",
      output: "text: str",
      settings: { maxOutputTokens: 100 },
      resources: { usd: { total: 0.0025 } },
    });
    const outcomes: string[] = [];
    for (let run = 0; run < 4; run++) {
      const result = flock.run(agent, "x").then(
        () => outcomes.push("ok"),
        (error) => outcomes.push(error.code),
      );
      await runtime.clock.advance(200);
      await result;
    }
    expect(outcomes).toEqual(["ok", "ok", "budget_exceeded", "budget_exceeded"]);
  });

  it("do not let nested patterns block each other at a concurrency of 1", async () => {
    const one = { concurrency: 1 };
    const { flock, runtime } = limitedHouse({
      resources: { agent: one, pattern: one, model: one, run: one, total: one },
    });
    const leaf = new DeclarativeAgent({ name: "leaf", input: "topic: str", output: "text: str" });
    const inner = new SequentialPattern({ name: "flow", agents: [leaf] });
    const outer = new SequentialPattern({ name: "flow", agents: [inner] });
    const runs = [flock.run(outer, { topic: "x" }), flock.run(outer, { topic: "x" })];
    await runtime.clock.advance(1_000);
    expect(await Promise.all(runs)).toHaveLength(2);
  });
});

describe("budgets", () => {
  it("are never passed by parallel agents of a run", async () => {
    const { flock, agent, runtime, watched } = limitedHouse(
      { prices },
      { usage: { inputTokens: 100, outputTokens: 100 } },
    );
    const fan = new ParallelPattern({
      name: "fan",
      agents: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`a${index}`, agent])),
    });
    const run = flock.run(fan as never, { topic: "x" } as never, { budgetUsd: 0.01 });
    const refused = run.catch((error) => error);
    await runtime.clock.advance(10_000);
    const error = await refused;
    expect(isFlockError(error, "budget_exceeded")).toBe(true);
    // Each call costs 1,100 micro-dollars: nine fit.
    expect(watched.begun.length).toBeLessThanOrEqual(9);
    expect(watched.begun.length).toBeGreaterThanOrEqual(1);
  });

  it("refuse a model whose price is not known, and say what to do", async () => {
    const { agent, runtime, watched } = limitedHouse();
    const flock = new Flock({ runtime, model: { ...watched.model, provider: "acme" } });
    const run = flock.run(agent, "x", { budgetUsd: 1 }).catch((error) => error);
    await runtime.clock.advance(200);
    const error = await run;
    expect(error.code).toBe("price_unknown");
    expect(error.message).toContain('prices: { "acme/scripted"');
    expect(error.path).toBe("run/writer#0/acme:scripted#0");
  });

  it("let what is free run without a price", async () => {
    const flock = new Flock({ model: "offline" });
    const agent = new DeclarativeAgent({ name: "s", input: "text: str", output: "keywords: list[str]" });
    await expect(flock.run(agent, "Bees dance in the hive.", { budgetUsd: 0 })).resolves.toBeDefined();
  });
});

describe("models that ask for rest", () => {
  it("keep the callers of every Flock on the runtime waiting until it is over", async () => {
    const runtime = createTestRuntime();
    const refusal = Object.assign(new Error("slow down"), { statusCode: 429, responseHeaders: { "retry-after": "5" } });
    const options = { resources: { model: { concurrency: 10 } } };
    const first = limitedHouse(options, (call) => (call === 0 ? { error: refusal } : {}), runtime);
    const second = limitedHouse(options, {}, runtime);
    const failing = first.flock.run(first.agent, "x").catch((error) => error);
    await runtime.clock.advance(100);
    expect((await failing).code).toBe("model_failed");
    const runs = [first.flock.run(first.agent, "x"), second.flock.run(second.agent, "x")];
    await runtime.clock.advance(4_900);
    expect([...first.watched.begun.slice(1), ...second.watched.begun]).toEqual([]);
    await runtime.clock.advance(300);
    await Promise.all(runs);
    expect([first.watched.begun[1], second.watched.begun[0]]).toEqual([5_100, 5_100]);
  });
});
