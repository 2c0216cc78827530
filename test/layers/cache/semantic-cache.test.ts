/** Questions that mean the same, and all the ways in which they must not be taken for one another. */

import { describe, expect, it } from "vitest";
import { type Embedder, type SemanticCacheOptions, semanticCacheLayer } from "../../../src/entries/cache.ts";
import { DeclarativeAgent, Flock, type FlockEvent, tool } from "../../../src/entries/index.ts";
import { lexicalEmbedder } from "../../../src/entries/models.ts";
import { createTestRuntime, scriptedModel } from "../../../src/entries/testing.ts";

/** Two words decide: how much a text is about bees, and how much about cars. */
const meaning: Embedder = async (texts) =>
  texts.map((text) => [text.match(/bee|honey/g)?.length ?? 0, text.match(/car|engine/g)?.length ?? 0, 0.01]);

function makeHouse(options: Partial<SemanticCacheOptions> = {}) {
  const runtime = createTestRuntime();
  let calls = 0;
  const model = scriptedModel([() => ({ text: `{"summary": "answer ${++calls}"}` })], { runtime, repeat: true });
  const semantic = semanticCacheLayer({ embedder: meaning, ...options });
  const seen: FlockEvent[] = [];
  const ear = { name: "ear", handle: (event: FlockEvent) => void seen.push(event) };
  const make = () => new Flock({ model, runtime, providers: [ear], layers: (stack) => [semantic, ...stack] });
  const told = (type: "custom" | "warning" | "output") => seen.filter((event) => event.type === type);
  return { runtime, flock: make(), make, told, calls: () => calls };
}

const agent = new DeclarativeAgent({ name: "a", input: "topic: str, pages?: int", output: "summary: str" });

describe("a semantic cache", () => {
  it("answers what means the same with a copy, tells what it found, and tells the output once", async () => {
    const { flock, told, calls } = makeHouse();
    const first = await flock.run(agent, { topic: "how do bees live" });
    const second = await flock.run(agent, { topic: "the life of honey bees" });
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
    second.summary = "changed";
    expect(await flock.run(agent, { topic: "how do bees live" })).toEqual({ summary: "answer 1" });
    expect(await flock.run(agent, { topic: "how do cars live" })).toEqual({ summary: "answer 2" });
    expect(calls()).toBe(2);
    expect(told("custom")).toMatchObject([
      { name: "semantic-cache", data: { question: "topic: how do bees live", similarity: expect.closeTo(1, 3) } },
      { name: "semantic-cache", data: { question: "topic: how do bees live", similarity: 1 } },
    ]);
    expect(told("output")).toHaveLength(4);
  });

  it("never takes other numbers, tenants, agents, Flocks and values for the same", async () => {
    const { flock, make, calls } = makeHouse();
    await flock.run(agent, { topic: "bees in 2024" });
    await flock.run(agent, { topic: "bees in 2025" });
    await flock.run(agent, { topic: "bees in 2024", pages: 1 });
    await flock.run(agent, { topic: "bees in 2024", pages: 2 });
    await flock.run(agent, { topic: "bees in 2024" }, { tenant: "x" });
    await flock.run(new DeclarativeAgent({ name: "b", input: "topic: str", output: "summary: str" }), "bees in 2024");
    await make().run(agent, { topic: "bees in 2024" });
    expect(calls()).toBe(7);
    await flock.run(agent, { pages: 2, topic: "honey in 2024" });
    expect(calls()).toBe(7);
  });

  it("leaves agents with tools alone, and those it is not for", async () => {
    const look = tool({
      name: "look",
      description: "Looks.",
      input: "x: str",
      idempotent: true,
      execute: () => ({ n: 1 }),
    });
    const armed = new DeclarativeAgent({ name: "armed", input: "topic: str", output: "summary: str", tools: [look] });
    const { flock, calls } = makeHouse({ appliesTo: (runnable) => runnable.name !== "a" });
    for (const one of [armed, agent]) for (let i = 0; i < 2; i++) await flock.run(one, { topic: "bees" });
    expect(calls()).toBe(4);
  });

  it("does per run what the run asks, and forgets after its time and for want of room", async () => {
    const { flock, runtime, calls } = makeHouse({ ttlMs: 1_000, maxEntries: 2 });
    const ask = (topic: string, cache: "use" | "bypass" | "refresh" = "use") => flock.run(agent, { topic }, { cache });
    await ask("bees");
    await ask("bees", "bypass");
    expect(await ask("bees", "refresh")).toEqual({ summary: "answer 3" });
    expect(await ask("honey bee")).toEqual({ summary: "answer 3" });
    await runtime.clock.advance(1_001);
    await ask("bees");
    expect(calls()).toBe(4);
    for (const topic of ["cars 1", "cars 2", "cars 3", "cars 2", "cars 1"]) await ask(topic);
    expect(calls()).toBe(8);
    await runtime.clock.advance(1_001);
    await ask("engine 1");
    expect(calls()).toBe(9);
  });

  it("keeps nothing that failed", async () => {
    const runtime = createTestRuntime();
    const model = scriptedModel([new Error("down"), '{"summary": "up"}'], { runtime });
    const layers = [semanticCacheLayer({ embedder: meaning })];
    const flock = new Flock({ model, runtime, layers: (stack) => [...layers, ...stack] });
    await expect(flock.run(agent, { topic: "bees" })).rejects.toThrow();
    expect(await flock.run(agent, { topic: "bees" })).toEqual({ summary: "up" });
  });

  it.each<[string, Embedder]>([
    ["fails", async () => Promise.reject(new Error("no"))],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["gives no vector", async () => []],
    ["gives a vector without a direction", async () => [[0, 0]]],
    ["gives something else", (async () => "x") as never],
    ["gives no numbers", async () => [[Number.NaN, 1]]],
  ])("only goes without the comparison when its embedder %s", async (_, embedder) => {
    const { flock, told, calls } = makeHouse({ embedder });
    for (let i = 0; i < 2; i++) expect(await flock.run(agent, { topic: "bees" })).toMatchObject({});
    expect(calls()).toBe(2);
    expect(told("warning")).toMatchObject([{ code: "semantic_cache" }]);
  });

  it("waits for an embedder no longer than told, and lets go when its run ends", async () => {
    const signals: AbortSignal[] = [];
    const embedder: Embedder = (_, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const { flock, runtime, calls } = makeHouse({ embedder, embedTimeoutMs: 100 });
    const run = flock.run(agent, { topic: "bees" });
    await runtime.clock.advance(100);
    expect(await run).toEqual({ summary: "answer 1" });
    const controller = new AbortController();
    const reason = new Error("enough");
    const aborted = flock.run(agent, { topic: "bees" }, { signal: controller.signal });
    await runtime.clock.advance(1);
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    expect([signals.map((signal) => signal.aborted), calls(), runtime.clock.pendingTimers]).toEqual([
      [true, true],
      1,
      0,
    ]);
  });

  it("takes embedding models of the AI SDK", async () => {
    const { flock, calls } = makeHouse({ embedder: lexicalEmbedder(), threshold: 0.8 });
    await flock.run(agent, { topic: "how do bees find flowers" });
    await flock.run(agent, { topic: "how do the bees find flowers?" });
    await flock.run(agent, { topic: "what is the price of gold in Zürich" });
    expect(calls()).toBe(2);
  });

  it("refuses wrong options", () => {
    const make = (options: unknown) => () => semanticCacheLayer(options as never);
    expect(make({})).toThrow('"embedder" must be given');
    expect(make({ embedder: 5 })).toThrow("an embedding model, or a function");
    expect(make({ embedder: meaning, threshold: 2 })).toThrow('"threshold" must be a number from 0 to 1');
    expect(make({ embedder: meaning, treshold: 1 })).toThrow('did you mean "threshold"?');
  });
});
