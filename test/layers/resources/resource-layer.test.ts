/** Limits through the public door: what is counted, what waits, what is refused, and that all is given back. */

import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json/json.ts";
import { DeclarativeAgent, Flock, type FlockEvent, isFlockError, tool } from "../../../src/entries/index.ts";
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
    const runs = [0, 0, 2, 1].map((priority, index) =>
      flock.run(agent, "x", { priority }).then(() => order.push(index)),
    );
    await runtime.clock.advance(1_000);
    await Promise.all(runs);
    expect(order).toEqual([0, 2, 3, 1]);
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
    expect((await failing).code).toBe("rate_limited");
    const runs = [first.flock.run(first.agent, "x"), second.flock.run(second.agent, "x")];
    await runtime.clock.advance(4_900);
    expect([...first.watched.begun.slice(1), ...second.watched.begun]).toEqual([]);
    await runtime.clock.advance(300);
    await Promise.all(runs);
    expect([first.watched.begun[1], second.watched.begun[0]]).toEqual([5_100, 5_100]);
  });
});

describe("what models tell of their limits", () => {
  it("is heeded before the limit is hit", async () => {
    const runtime = createTestRuntime();
    const watched = watchedModel(runtime);
    const headers = { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "3s" };
    const model = {
      ...watched.model,
      doGenerate: async (request: Parameters<typeof watched.model.doGenerate>[0]) => ({
        ...(await watched.model.doGenerate(request)),
        response: { headers },
      }),
    };
    const { agent } = limitedHouse({}, {}, runtime);
    const flock = new Flock({ runtime, model, resources: { model: { concurrency: 5 } } });
    const first = flock.run(agent, "x");
    await runtime.clock.advance(100);
    await first;
    const seen: string[] = [];
    const second = flock.run(agent, "x", {
      onEvent: (event) => void (event.type === "wait-end" && seen.push(`${event.resource} ${event.waitedMs}`)),
    });
    await runtime.clock.advance(3_200);
    await second;
    expect(watched.begun).toEqual([0, 3_100]);
    expect(seen).toEqual(["cooldown 3000"]);
  });

  it("lowers how many run at a time when it is adaptive, never above what is declared", async () => {
    const refusal = Object.assign(new Error("busy"), { statusCode: 503 });
    const { flock, agent, runtime, watched } = limitedHouse(
      { resources: { model: { concurrency: 8 }, adaptive: true } },
      (call) => (call < 8 ? { error: refusal } : {}),
    );
    const wave = async () => {
      const runs = Array.from({ length: 20 }, () => flock.run(agent, "x").catch(() => {}));
      watched.mostRunning = 0;
      await runtime.clock.advance(2_000);
      await Promise.all(runs);
      return watched.mostRunning;
    };
    expect(await wave()).toBe(8);
    expect(await wave()).toBeLessThan(8);
  });

  it("is adaptive without any other limit, too", async () => {
    const { flock, agent, runtime, watched } = limitedHouse({ resources: { adaptive: true } });
    const runs = Array.from({ length: 30 }, () => flock.run(agent, "x"));
    await runtime.clock.advance(1_000);
    await Promise.all(runs);
    expect(watched.mostRunning).toBeGreaterThanOrEqual(20);
    expect(watched.mostRunning).toBeLessThan(30);
  });

  it("ends a wait for rest with the reason of an abort, and leaves nothing behind", async () => {
    const refusal = Object.assign(new Error("slow down"), {
      statusCode: 429,
      responseHeaders: { "retry-after": "60" },
    });
    const { flock, agent, runtime } = limitedHouse({ resources: { model: { concurrency: 1 } } }, { error: refusal });
    const failing = flock.run(agent, "x").catch(() => {});
    await runtime.clock.advance(100);
    await failing;
    const controller = new AbortController();
    const waits: string[] = [];
    const run = flock.run(agent, "x", {
      signal: controller.signal,
      onEvent: (event) => void (event.type.startsWith("wait") && waits.push(event.type)),
    });
    const caught = run.catch((error) => error);
    await runtime.clock.advance(10);
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await caught).toBe(reason);
    expect(waits).toEqual(["wait-start", "wait-end"]);
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});

describe("knobs of limits", () => {
  it("read, check and change them while they are in use", async () => {
    const { flock, agent, runtime, watched } = limitedHouse({
      resources: { model: { concurrency: 1, requests: { perMinute: 100 } } },
    });
    const knob = "concurrency:scripted/scripted";
    const first = flock.run(agent, "x");
    await runtime.clock.advance(100);
    await first;
    expect(flock.knobs.read(knob)).toBe(1);
    const undo = flock.knobs.change(knob, 3);
    const runs = Array.from({ length: 3 }, () => flock.run(agent, "x"));
    await runtime.clock.advance(200);
    await Promise.all(runs);
    expect(watched.mostRunning).toBe(3);
    undo();
    expect(flock.knobs.read(knob)).toBe(1);
    for (const wrong of [0, 1.5, "many", null] as Json[]) {
      expect(() => flock.knobs.change(knob, wrong)).toThrow("whole number above 0");
    }
    const rate = "requests:scripted/scripted";
    expect(flock.knobs.read(rate)).toEqual({ perMinute: 100 });
    const back = flock.knobs.change(rate, { perMinute: 2 });
    expect(flock.knobs.read(rate)).toEqual({ perMinute: 2 });
    back();
    expect(flock.knobs.read(rate)).toEqual({ perMinute: 100 });
    for (const wrong of [{}, { perHour: 1 }, { perMinute: 0 }, [], 5] as Json[]) {
      expect(() => flock.knobs.change(rate, wrong)).toThrow("perMinute");
    }
  });
});

describe("options named resources", () => {
  const options = { name: "writer", input: "topic: str", output: "text: str" } as const;
  it.each([
    [{ concurency: 1 }, 'did you mean "concurrency"?'],
    [{ concurrency: -1 }, "a whole number, 0 or more"],
    [{ requests: { perMinutes: 1 } }, 'did you mean "perMinute"?'],
    [{ usd: { total: -1 } }, "dollars, from 0 to a billion"],
    [{ custom: { "no name": 1 } }, "a name of letters"],
    [8, "an object"],
  ])("are checked when an agent is built: %j", (resources, message) => {
    expect(() => new DeclarativeAgent({ ...options, resources: resources as never })).toThrow(message);
  });

  it.each([
    [{ modell: {} }, 'did you mean "model"?'],
    [{ model: new ResourceManager() }, "limits, each has a manager of its own"],
    [{ total: { tokens: { perYear: 1 } } }, "perYear"],
    [{ adaptive: 1 }, "true or false"],
    ["all", "an object"],
  ])("are checked when a Flock is built: %#", (resources, message) => {
    expect(() => new Flock({ resources: resources as never })).toThrow(message);
  });

  it("refuse what only looks like a manager", async () => {
    const fake = { name: "fake", queued: 0, configure: () => {}, tryAcquire: () => {} };
    const { flock } = limitedHouse();
    const agent = new DeclarativeAgent({ ...options, resources: fake });
    await expect(flock.run(agent, "x")).rejects.toMatchObject({ code: "option_invalid" });
    await expect(limitedHouse({ resources: fake }).flock.run(agent, "x")).rejects.toMatchObject({
      code: "option_invalid",
    });
  });
});

describe("budgets without a bound on answers", () => {
  const usage = { inputTokens: 40, outputTokens: 500 };

  it("learn from the first call, so that a small budget is used and not refused", async () => {
    const { flock, agent, runtime, watched } = limitedHouse({ prices }, { usage });
    const outcomes: string[] = [];
    const fan = new ParallelPattern({ name: "fan", agents: { a: agent, b: agent, c: agent } });
    const run = flock.run(fan, { topic: "x" }, { budgetUsd: 0.02 }).then(
      () => outcomes.push("ok"),
      (error) => outcomes.push(error.code),
    );
    await runtime.clock.advance(2_000);
    await run;
    // 4,096 tokens would be 0.041 dollars: the first runs alone, then it is known that three fit.
    expect(outcomes).toEqual(["ok"]);
    expect(watched.begun).toEqual([0, 100, 100]);
  });

  it("count what failed as it was reserved, and what was refused as nothing", async () => {
    const runtime = createTestRuntime();
    const total = new ResourceManager({ usd: { total: 1 }, tokens: { total: 100_000 } }, { runtime });
    const refusal = Object.assign(new Error("busy"), { statusCode: 429 });
    const { flock, agent } = limitedHouse(
      { resources: total, prices },
      (call) => (call === 0 ? { error: refusal } : { error: new Error("broken") }),
      runtime,
    );
    const tries = [];
    for (let run = 0; run < 2; run++) {
      const failing = flock.run(agent, "x").catch(() => {});
      await runtime.clock.advance(100);
      await failing;
      tries.push([total.usage().usd.total?.used, total.usage().tokens.total?.used]);
    }
    expect(tries[0]).toEqual([0, 0]);
    expect(tries[1]![0]).toBeGreaterThan(0.04);
    expect(tries[1]![1]).toBeGreaterThan(256);
  });
});
