import { describe, expect, it } from "vitest";
import { DeclarativeAgent, Flock, type FlockEvent, type WrapperLayer } from "../src/entries/index.ts";
import { PerformanceMonitor } from "../src/entries/introspection.ts";
import { createTestRuntime, scriptedModel } from "../src/entries/testing.ts";

const answer = '{"summary": "short"}';
const make = (answers: readonly string[], options: object = {}) => {
  const runtime = createTestRuntime();
  return { runtime, flock: new Flock({ model: scriptedModel(answers, { runtime }), runtime, ...options }) };
};
const agent = new DeclarativeAgent({ name: "a", input: "topic: str", output: "summary: str" });

describe("a Flock", () => {
  it("runs and streams anything that runs, with its own model, listeners and record", async () => {
    const seen: string[] = [];
    const provider = { name: "p", handle: (event: FlockEvent) => void seen.push(event.type) };
    const { flock } = make([answer, answer], { providers: [provider] });
    expect(await flock.run(agent, { topic: "bees" })).toEqual({ summary: "short" });
    expect(await flock.stream(agent, { topic: "bees" }).result).toEqual({ summary: "short" });
    expect(seen.filter((type) => type === "run-end")).toHaveLength(2);
    expect(flock.history?.runs("a").map((run) => run.outcome)).toEqual(["ok", "ok"]);
    expect(flock.history?.runs()[0]?.calls.map((call) => call.path)).toEqual([
      "run/a#0",
      "run/a#0/scripted:scripted#0",
    ]);
  });

  it("keeps no record when told so", async () => {
    const { flock } = make([answer], { record: false });
    await flock.run(agent, { topic: "bees" });
    expect(flock.history).toBeUndefined();
  });

  it("puts a user's layers around the built-in ones", async () => {
    const shout: WrapperLayer = {
      form: "wrapper",
      name: "shout",
      appliesTo: (runnable) => runnable.kind === "agent",
      wrap: async (call, next) => {
        const output = (await next(call)) as { summary: string };
        return { summary: output.summary.toUpperCase() };
      },
    };
    const { flock } = make([answer], { layers: (stack: readonly never[]) => [shout, ...stack] });
    expect(await flock.run(agent, { topic: "bees" })).toEqual({ summary: "SHORT" });
  });

  it("tells its listeners when a live setting is turned, and back", async () => {
    const seen: FlockEvent[] = [];
    const { flock } = make([answer], {
      providers: [{ name: "p", events: ["knob-changed"], handle: (event: FlockEvent) => void seen.push(event) }],
    });
    await flock.run(agent, { topic: "bees" });
    const undo = flock.knobs.change("attempt-timeout:scripted/scripted", 5_000);
    undo();
    expect(seen).toMatchObject([
      { type: "knob-changed", path: "flock", runId: "", from: 120_000, to: 5_000 },
      { type: "knob-changed", from: 5_000, to: 120_000 },
    ]);
  });

  it("falls back to another model through a layer of ten lines", async () => {
    const runtime = createTestRuntime();
    const broken = scriptedModel([new Error("down")], { modelId: "broken" });
    const spare = new Flock({ runtime, model: scriptedModel([answer], { modelId: "spare" }) }).resolveModel(
      undefined,
      "a",
    );
    const fallback: WrapperLayer = {
      form: "wrapper",
      name: "fallback",
      appliesTo: (runnable) => runnable.kind === "model",
      wrap: (call, next) => next(call).catch(() => next(call.with({ runnable: spare }))),
    };
    const flock = new Flock({ runtime, model: broken, layers: (stack) => [fallback, ...stack] });
    expect(await flock.run(agent, { topic: "bees" })).toEqual({ summary: "short" });
    expect(flock.history?.calls().map((call) => `${call.path} ${call.attempts}`)).toEqual([
      "run/a#0 1",
      "run/a#0/scripted:broken#0 2",
    ]);
  });

  it("takes no runs once it is disposed, and disposes its providers", async () => {
    const log: string[] = [];
    const provider = { name: "p", [Symbol.asyncDispose]: async () => void log.push("disposed") };
    const { flock } = make([answer, answer], { providers: [provider] });
    await flock.run(agent, { topic: "bees" });
    await flock[Symbol.asyncDispose]();
    expect(log).toEqual(["disposed"]);
    await expect(flock.run(agent, { topic: "bees" })).rejects.toThrow("this Flock was disposed");
    await expect(flock.stream(agent, { topic: "bees" }).result).rejects.toThrow("this Flock was disposed");
    await expect(agent.execute("bees", { flock })).rejects.toThrow("this Flock was disposed");
  });

  it("refuses wrong options and models that cannot work", () => {
    const runtime = createTestRuntime();
    const wrong: [object, string][] = [
      [{ modle: "offline" }, 'did you mean "model"?'],
      [{ model: 5 }, '"model" must be'],
      [{ model: "opnai/gpt-5" }, "openai/gpt-5"],
      [{ model: "openai/gpt-5" }, "OPENAI_API_KEY"],
      [{ model: { provider: "x" } }, "language model"],
      [{ providers: {} }, '"providers" must be a list'],
      [{ providers: [{}] }, "provider"],
      [{ layers: () => "none" }, "a function that gives a list of layers"],
      [{ layers: (stack: unknown[]) => [...stack].reverse() }, "cannot stand there"],
      [{ approve: true }, '"approve" must be a function'],
      [{ record: "no" }, '"record" must be true, false or a RunLog'],
    ];
    for (const [options, message] of wrong) {
      expect(() => new Flock({ runtime, ...options } as never), message).toThrow(message);
    }
  });
});

describe("a monitor among the providers of a Flock", () => {
  it("tells its alerts to the others, once for each episode", async () => {
    const runtime = createTestRuntime();
    const heard: FlockEvent[] = [];
    const listener = {
      name: "l",
      events: ["alert-fired", "alert-resolved"] as const,
      handle: (event: FlockEvent) => void heard.push(event),
    };
    const monitor = new PerformanceMonitor({
      runtime,
      alerts: [{ metric: "errorRate", above: 0.5, windowMs: 1_000, minimumCount: 2 }],
    });
    const model = scriptedModel([new Error("down"), new Error("down"), new Error("down")], { runtime });
    const flock = new Flock({ runtime, model, providers: [listener, monitor] });
    for (let i = 0; i < 3; i++) await flock.run(agent, { topic: "bees" }).catch(() => {});
    await runtime.clock.advance(5_000);
    monitor.check();
    expect(heard.map((event) => event.type)).toEqual(["alert-fired", "alert-resolved"]);
  });
});
