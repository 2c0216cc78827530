/** Answers that are kept: of agents, tools, models, patterns and a whole Flock, seen through the front doors. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CacheManager } from "../../../src/entries/cache.ts";
import {
  DeclarativeAgent,
  type EventOf,
  Flock,
  type FlockEvent,
  type FlockOptions,
  OrchestrationAgent,
  type Runnable,
  tool,
  type WrapperLayer,
} from "../../../src/entries/index.ts";
import { AgentIntrospection } from "../../../src/entries/introspection.ts";
import { createModel } from "../../../src/entries/models.ts";
import { ParallelPattern, SequentialPattern } from "../../../src/entries/patterns.ts";
import { MetricsProvider } from "../../../src/entries/providers.ts";
import { createTestRuntime, scriptedModel } from "../../../src/entries/testing.ts";
import { packageVersion } from "../../../src/layers/cache/calls/package-version.ts";
import { TestStore } from "./test-store.ts";

/** A house with a model that numbers its answers, and all that was told in it. */
function makeHouse(options: FlockOptions & { readonly delayMs?: number } = {}) {
  const { delayMs = 0, ...flockOptions } = options;
  const runtime = createTestRuntime();
  let calls = 0;
  const model = scriptedModel([() => ({ text: `{"summary": "answer ${++calls}"}`, ...(delayMs > 0 && { delayMs }) })], {
    runtime,
    repeat: true,
  });
  const events: FlockEvent[] = [];
  const provider = { name: "ear", handle: (event: FlockEvent) => void events.push(event) };
  const flock = new Flock({ model, runtime, providers: [provider], ...flockOptions });
  const ends = (kind: string) =>
    events.filter((event): event is EventOf<"call-end"> => event.type === "call-end" && event.kind === kind);
  return { runtime, model, flock, events, ends, calls: () => calls };
}

const fields = { input: "topic: str", output: "summary: str" } as const;
const states = (ends: readonly EventOf<"call-end">[]) => ends.map((end) => end.cacheState);

describe("an agent with a cache", () => {
  it("answers the second identical question without a model call, for nothing, with a copy of its own", async () => {
    const { flock, ends, events, calls } = makeHouse();
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache: true });
    const first = await flock.run(agent, "bees");
    const second = await flock.run(agent, "bees");
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
    second.summary = "changed";
    expect(await flock.run(agent, "bees")).toEqual({ summary: "answer 1" });
    expect(await flock.run(agent, "wasps")).toEqual({ summary: "answer 2" });
    expect(calls()).toBe(2);
    expect(states(ends("agent"))).toEqual(["miss", "hit", "hit", "miss"]);
    expect(ends("agent")[1]).toMatchObject({ usage: undefined, costMicroUsd: undefined, attempts: 0, outcome: "ok" });
    const hitRun = ends("agent")[1]!.runId;
    const told = events.filter((event) => event.runId === hitRun).map((event) => event.type);
    expect(told).toEqual(["run-start", "call-start", "output", "call-end", "run-end"]);
  });

  it("does per run what the run asks: bypasses, asks anew, uses", async () => {
    const { flock, ends, calls } = makeHouse();
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache: true });
    await flock.run(agent, "bees");
    expect(await flock.run(agent, "bees", { cache: "bypass" })).toEqual({ summary: "answer 2" });
    expect(await flock.run(agent, "bees")).toEqual({ summary: "answer 1" });
    expect(await flock.run(agent, "bees", { cache: "refresh" })).toEqual({ summary: "answer 3" });
    expect(await flock.run(agent, "bees")).toEqual({ summary: "answer 3" });
    expect(calls()).toBe(3);
    expect(states(ends("agent"))).toEqual(["miss", "bypass", "hit", "refresh", "hit"]);
    expect(ends("agent").map((end) => end.attempts)).toEqual([1, 1, 0, 1, 0]);
  });

  it("keeps tenants apart, also ones whose names could be taken for the input", async () => {
    const { flock, calls } = makeHouse();
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache: true });
    for (const tenant of [undefined, "x", "y", "-", '"x"', '{"topic":"bees"}']) {
      const options = tenant === undefined ? {} : { tenant };
      const first = await flock.run(agent, "bees", options);
      expect(await flock.run(agent, "bees", options)).toEqual(first);
    }
    expect(calls()).toBe(6);
  });

  it("is found by an agent made anew, and not by one that differs in anything that decides the answer", async () => {
    const { flock, calls } = makeHouse();
    const make = (more: object = {}) => new DeclarativeAgent({ name: "a", ...fields, cache: true, ...more });
    await flock.run(make(), "bees");
    await flock.run(make(), "bees");
    expect(calls()).toBe(1);
    await flock.run(make({ instructions: "Be short." }), "bees");
    await flock.run(make({ settings: { temperature: 0 } }), "bees");
    await flock.run(make({ output: "summary: str | one line" }), "bees");
    expect(calls()).toBe(4);
  });

  it("keeps nothing that failed, and no input that is not plain JSON", async () => {
    const runtime = createTestRuntime();
    const model = scriptedModel(
      ["no JSON at all", "nor this", '{"summary": "good"}', '{"summary": "again"}', '{"summary": "more"}'],
      { runtime },
    );
    const flock = new Flock({ model, runtime });
    const agent = new DeclarativeAgent({ name: "a", input: "topic: any", output: "summary: str", cache: true });
    await expect(flock.run(agent, { topic: "bees" })).rejects.toThrow();
    expect(await flock.run(agent, { topic: "bees" })).toEqual({ summary: "good" });
    const seen: FlockEvent[] = [];
    const onEvent = (event: FlockEvent) => void seen.push(event);
    expect(await flock.run(agent, { topic: new Map() }, { onEvent })).toEqual({ summary: "again" });
    expect(await flock.run(agent, { topic: new Map() }, { onEvent })).toEqual({ summary: "more" });
    expect(seen.filter((event) => event.type === "warning")).toMatchObject([{ code: "cache_not_plain" }]);
  });

  it("gives a stale answer at once while a run of its own makes a new one, whose failure is only told", async () => {
    const { flock, runtime, ends, calls, events } = makeHouse();
    const cache = { ttlMs: 1_000, staleWhileRevalidateMs: 5_000 };
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache });
    await flock.run(agent, "bees");
    await runtime.clock.advance(2_000);
    expect(await flock.run(agent, "bees")).toEqual({ summary: "answer 1" });
    await runtime.clock.settle();
    expect(await flock.run(agent, "bees")).toEqual({ summary: "answer 2" });
    expect(calls()).toBe(2);
    expect(states(ends("agent"))).toEqual(["miss", "stale", "refresh", "hit"]);
    expect(events.filter((event) => event.type === "warning")).toEqual([]);
  });

  it("makes one new answer however many get the stale one, also behind layers that take their time", async () => {
    const late: WrapperLayer = {
      form: "wrapper",
      name: "late",
      wrap: async (call, next) => {
        await undefined;
        return next(call);
      },
    };
    const { flock, runtime, ends } = makeHouse({ layers: (stack) => [late, ...stack] });
    const cache = { ttlMs: 1_000, staleWhileRevalidateMs: 5_000 };
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache });
    await flock.run(agent, "bees");
    await runtime.clock.advance(2_000);
    await Promise.all(Array.from({ length: 5 }, () => flock.run(agent, "bees")));
    await runtime.clock.settle();
    expect(states(ends("agent")).toSorted()).toEqual(["miss", "refresh", ...Array(5).fill("stale")]);
  });

  it("tells in a warning when the new answer could not be made", async () => {
    const runtime = createTestRuntime();
    const model = scriptedModel(['{"summary": "good"}', new Error("down")], { runtime });
    const seen: FlockEvent[] = [];
    const flock = new Flock({
      model,
      runtime,
      providers: [{ name: "ear", handle: (event: FlockEvent) => void seen.push(event) }],
    });
    const agent = new DeclarativeAgent({
      name: "a",
      ...fields,
      cache: { ttlMs: 1_000, staleWhileRevalidateMs: 9_000 },
    });
    await flock.run(agent, "bees");
    await runtime.clock.advance(2_000);
    expect(await flock.run(agent, "bees")).toEqual({ summary: "good" });
    await runtime.clock.settle();
    expect(seen.filter((event) => event.type === "warning" && event.code === "cache_refresh")).toHaveLength(1);
  });

  it("uses the CacheManager it is given, whose counts, deletions and end it follows", async () => {
    const { flock, runtime, calls } = makeHouse();
    const cache = new CacheManager({}, { runtime });
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache });
    const other = new DeclarativeAgent({ name: "b", ...fields, cache });
    await flock.run(agent, "bees");
    await flock.run(agent, "bees");
    await flock.run(other, "bees");
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 2, entries: 2, owners: { a: { hits: 1, misses: 1 } } });
    expect(cache.invalidate({ owner: "a" })).toBe(1);
    await flock.run(agent, "bees");
    expect(calls()).toBe(3);
    cache.clear();
    await flock.run(other, "bees");
    expect(calls()).toBe(4);
    await cache[Symbol.asyncDispose]();
    await flock.run(other, "bees");
    expect(calls()).toBe(5);
  });

  it("is refused with one sentence for settings it does not know and for what no cache is", async () => {
    const make = (cache: unknown) => () => new DeclarativeAgent({ name: "a", ...fields, cache: cache as never });
    expect(make({ ttl: 5 })).toThrow('cache has no option "ttl"; it knows enabled');
    expect(make({ maxEntries: -1 })).toThrow('"maxEntries" must be a whole number, 1 or more');
    expect(make({ version: "" })).toThrow('"version" must be a non-empty string');
    expect(make({ store: {} })).toThrow('"store" must be a KeyValueStore');
    expect(make("yes")).toThrow("true, false, cache settings or a CacheManager");
    expect(() => new Flock({ cache: { ttlMs: 0 } })).toThrow("above 0");
    const { flock } = makeHouse();
    const likeness = { getOrCompute: () => {} };
    await expect(flock.run(make(likeness)(), "bees")).rejects.toMatchObject({ code: "option_invalid" });
  });

  it("costs nothing when it is off: no layer is in its way", async () => {
    const { flock } = makeHouse();
    for (const cache of [undefined, false, { enabled: false }] as const) {
      const agent = new DeclarativeAgent({ name: "a", ...fields, cache });
      expect(flock.planFor(agent).cache).toBeUndefined();
    }
  });
});

describe("a runnable of the user's own", () => {
  it("is cached by its identity, and refused without one", async () => {
    const { flock } = makeHouse();
    let runs = 0;
    const make = (more: Partial<Runnable<object, object>>): Runnable<object, object> => ({
      name: "own",
      kind: "agent",
      perform: async () => ({ run: ++runs }),
      policy: { cache: true },
      ...more,
    });
    await expect(flock.run(make({}), {})).rejects.toMatchObject({ code: "option_invalid" });
    const one = make({ identity: "one" });
    expect(await flock.run(one, {})).toEqual({ run: 1 });
    expect(await flock.run(one, {})).toEqual({ run: 1 });
    expect(await flock.run(make({ identity: "two" }), {})).toEqual({ run: 2 });
  });

  it("is given whatever it gives, also what cannot be kept, which is told once", async () => {
    const { flock, events } = makeHouse();
    let runs = 0;
    const dated: Runnable<object, unknown> = {
      name: "dated",
      kind: "tool",
      identity: "dated",
      perform: async () => ({ at: new Date(++runs) }),
      policy: { cache: true },
    };
    expect(await flock.run(dated, {})).toEqual({ at: new Date(1) });
    expect(await Promise.all([flock.run(dated, {}), flock.run(dated, {})])).toEqual([
      { at: new Date(2) },
      { at: new Date(3) },
    ]);
    expect(events.filter((event) => event.type === "warning")).toMatchObject([
      { code: "cache_not_plain", message: expect.stringContaining("an instance of Date at /at") },
    ]);
  });
});

describe("a tool with a cache", () => {
  const makeTool = (more: object = {}) => {
    const seen: unknown[] = [];
    const made = tool({
      name: "look",
      description: "Looks.",
      input: "word: str",
      output: "found: str",
      execute: ({ word }) => {
        seen.push(word);
        return { found: `${word} ${seen.length}` };
      },
      ...more,
    });
    return { tool: made, seen };
  };

  it("looks once for one question, and never uses what another instance found", async () => {
    const { flock } = makeHouse();
    const [one, other] = [makeTool({ cache: true }), makeTool({ cache: true })];
    for (const each of [one, one, other, other]) await flock.run(each.tool, { word: "bee" });
    expect([one.seen.length, other.seen.length]).toEqual([1, 1]);
  });

  it("keeps nothing of a call whose input was changed on the way, and lets those who waited for it look themselves", async () => {
    const { flock, runtime, events } = makeHouse();
    const seen: string[] = [];
    const look = {
      name: "look",
      kind: "tool",
      identity: "look",
      policy: { cache: true },
      perform: async (input: { word: string }) => {
        await runtime.sleep(10);
        seen.push(input.word);
        return { found: input.word };
      },
    } satisfies Runnable<{ word: string }, { found: string }>;
    await Promise.all([flock.run(look, { word: "ant" }), runtime.clock.advance(10)]);
    const input = { word: "bee" };
    const asked = [flock.run(look, input), flock.run(look, { word: "bee" })];
    await runtime.clock.settle();
    input.word = "wasp";
    await runtime.clock.advance(20);
    expect(await Promise.all(asked)).toEqual([{ found: "wasp" }, { found: "bee" }]);
    const later = flock.run(look, { word: "bee" });
    await runtime.clock.advance(20);
    expect(await later).toEqual({ found: "bee" });
    expect(seen).toEqual(["ant", "wasp", "bee", "bee"]);
    expect(events.filter((event) => event.type === "warning")).toMatchObject([
      { code: "cache_not_plain", message: expect.stringContaining("its input was changed before it ended") },
    ]);
  });

  it("shares between instances of one version", async () => {
    const { flock } = makeHouse();
    const [one, other, newer] = ["1", "1", "2"].map((version) => makeTool({ cache: { version } }));
    for (const each of [one!, other!, newer!]) await flock.run(each.tool, { word: "bee" });
    expect([one!.seen.length, other!.seen.length, newer!.seen.length]).toEqual([1, 0, 1]);
  });

  it("is never cached when it asks for approval", async () => {
    expect(() => makeTool({ approval: true, cache: true })).toThrow(
      '"cache" must be false where approval is asked for',
    );
    const { flock } = makeHouse({ cache: true, approve: () => true });
    const asking = makeTool({ approval: true, idempotent: true });
    for (let i = 0; i < 2; i++) await flock.run(asking.tool, { word: "bee" });
    expect(asking.seen).toHaveLength(2);
  });
});

describe("a Flock with a cache", () => {
  it("keeps answers of models and idempotent tools, and leaves agents, other tools and those that say no alone", async () => {
    const { flock, ends, calls } = makeHouse({ cache: true });
    const agent = new DeclarativeAgent({ name: "a", ...fields });
    await flock.run(agent, "bees");
    await flock.run(agent, "bees");
    expect(calls()).toBe(1);
    expect(states(ends("agent"))).toEqual([undefined, undefined]);
    expect(states(ends("model"))).toEqual(["miss", "hit"]);
    expect(ends("model")[1]).toMatchObject({ usage: undefined, costMicroUsd: undefined });
    let runs = 0;
    const make = (more: object) =>
      tool({ name: "t", description: "T.", input: "x: int", execute: () => ({ run: ++runs }), ...more });
    const seen = [];
    for (const one of [make({}), make({ idempotent: true }), make({ idempotent: true, cache: false })]) {
      await flock.run(one, { x: 1 });
      seen.push((await flock.run(one, { x: 1 })) as { run: number });
    }
    expect(seen).toEqual([{ run: 2 }, { run: 3 }, { run: 5 }]);
  });

  it("is one cache for all, with the settings or the manager it was given", async () => {
    const runtime = createTestRuntime();
    const cache = new CacheManager({}, { runtime });
    const model = scriptedModel(['{"summary": "x"}'], { runtime, repeat: true });
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache: true });
    const flocks = [new Flock({ model, runtime, cache }), new Flock({ model, runtime, cache })];
    for (const flock of flocks) await flock.run(agent, "bees");
    expect(cache.stats()).toMatchObject({ misses: 2, hits: 1, entries: 2 });
    const short = new Flock({ model, runtime, cache: { ttlMs: 10 } });
    await short.run(agent, "bees");
    await runtime.clock.advance(20);
    await short.run(agent, "bees");
    expect(model.requests.length).toBe(3);
  });

  it("asks the model anew for other settings, and keeps no answer that was cut off or refused", async () => {
    const runtime = createTestRuntime();
    const stops = ["length", "content-filter", "stop"] as const;
    let calls = 0;
    const model = scriptedModel([() => ({ text: '{"summary": "x"}', finishReason: stops[calls++ % 3]! })], {
      runtime,
      repeat: true,
    });
    const flock = new Flock({ model, runtime, cache: true });
    const runnable = createModel(model);
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hi" }] }];
    for (let i = 0; i < 5; i++) await flock.run(runnable, { prompt });
    expect(calls).toBe(3);
    await flock.run(runnable, { prompt, temperature: 0.5 });
    expect(calls).toBe(4);
  });

  it("tells two models of one name apart", async () => {
    const runtime = createTestRuntime();
    const models = ["one", "two"].map((summary) =>
      scriptedModel([JSON.stringify({ summary })], { runtime, repeat: true }),
    );
    const flock = new Flock({ runtime, cache: true, model: models[0]! });
    const answers = [];
    for (const model of [...models, ...models]) {
      answers.push(await flock.run(new DeclarativeAgent({ name: "a", ...fields, model }), "bees"));
    }
    expect(answers).toEqual(["one", "two", "one", "two"].map((summary) => ({ summary })));
  });
});

describe("a second level", () => {
  it("is read by agents of another process, and by tools and agents with tools only when their version is said", async () => {
    const runtime = createTestRuntime();
    const store = new TestStore(runtime);
    let runs = 0;
    const process = async (version?: string) => {
      const model = scriptedModel([() => ({ text: `{"summary": "answer ${++runs}"}` })], { runtime, repeat: true });
      const flock = new Flock({ model, runtime });
      const cache = { store, ...(version === undefined ? {} : { version }) };
      const look = tool({ name: "look", description: "L.", input: "x: int", cache, execute: () => ({ run: ++runs }) });
      const plain = new DeclarativeAgent({ name: "plain", ...fields, cache });
      const armed = new DeclarativeAgent({ name: "armed", ...fields, cache, tools: [look] });
      const started = [flock.run(plain, "bees"), flock.run(armed, "bees"), flock.run(look, { x: 1 })];
      await runtime.clock.advance(10);
      const answers = await Promise.all(started);
      await runtime.clock.advance(10);
      return answers;
    };
    const first = await process();
    const second = await process();
    expect(second[0]).toEqual(first[0]);
    expect(second[1]).not.toEqual(first[1]);
    expect(second[2]).not.toEqual(first[2]);
    const third = await process("1");
    expect(await process("1")).toEqual(third);
    expect((await process("2"))[2]).not.toEqual(third[2]);
  });

  it("takes nothing that a user keeps there for the answer of a call", async () => {
    const runtime = createTestRuntime();
    const store = new TestStore(runtime);
    const look = () =>
      tool({
        name: "look",
        description: "L.",
        input: "x: int",
        cache: { store, version: "1" },
        execute: ({ x }) => ({ x }),
      });
    const settled = async <T>(asked: Promise<T>) => {
      await runtime.clock.advance(10);
      return asked;
    };
    await settled(new Flock({ runtime }).run(look(), { x: 1 }));
    await runtime.clock.advance(10);
    const [stored] = store.rows.keys();
    const key = stored!.slice("cache:".length, stored!.lastIndexOf("~"));
    const cache = new CacheManager({ store }, { runtime });
    cache.set(key, "another's");
    await settled(cache.flush());
    expect(store.rows.size).toBe(2);
    expect(await settled(new Flock({ runtime }).run(look(), { x: 1 }))).toEqual({ x: 1 });
  });

  it("gives what is past its time at once, too, and makes it anew", async () => {
    const runtime = createTestRuntime();
    const store = new TestStore(runtime);
    const cache = { store, ttlMs: 1_000, staleWhileRevalidateMs: 9_000 };
    const seen: (string | undefined)[] = [];
    const ask = async () => {
      const model = scriptedModel(['{"summary": "x"}'], { runtime, repeat: true });
      const flock = new Flock({ model, runtime });
      const onEvent = (event: FlockEvent) => void (event.type === "call-end" && seen.push(event.cacheState));
      const agent = new DeclarativeAgent({ name: "a", ...fields, cache });
      const answer = flock.run(agent, "bees", { onEvent });
      await runtime.clock.advance(10);
      await answer;
      await runtime.clock.advance(10);
    };
    await ask();
    await runtime.clock.advance(2_000);
    await ask();
    await ask();
    expect(seen).toEqual([undefined, "miss", "stale", "hit"]);
  });
});

describe("a model with a cache of its own", () => {
  it("is cached wherever it is used", async () => {
    const { flock, model, calls } = makeHouse();
    const cached = createModel(model, { cache: { maxEntries: 5 } });
    const agents = ["a", "b"].map(
      (name) => new DeclarativeAgent({ name: "same", ...fields, model: cached, description: name }),
    );
    for (const agent of [agents[0]!, agents[0]!, agents[1]!]) await flock.run(agent, "bees");
    expect(calls()).toBe(2);
    expect(() => createModel(model, { cach: true } as never)).toThrow('did you mean "cache"?');
  });
});

describe("a pattern with a cache", () => {
  it("is answered whole, in all three forms", async () => {
    const { flock, calls, ends } = makeHouse();
    const step = new DeclarativeAgent({ name: "step", ...fields });
    const patterns = [
      new SequentialPattern({ agents: [step], cache: true }),
      new ParallelPattern({ agents: { a: step }, cache: true }),
      new OrchestrationAgent({ name: "o", ...fields, pattern: new SequentialPattern({ agents: [step] }), cache: true }),
    ];
    for (const pattern of patterns) {
      const first = await flock.run(pattern, { topic: "bees" });
      expect(await flock.run(pattern, { topic: "bees" })).toEqual(first);
    }
    expect(calls()).toBe(3);
    expect(states(ends("pattern"))).toEqual(["miss", "hit", "miss", "hit", undefined]);
    expect(() => new SequentialPattern({ agents: [step], cache: { ttl: 1 } as never })).toThrow('no option "ttl"');
  });
});

describe("the knob of a cache", () => {
  it("turns a cache on, changes it while it holds answers, and off again", async () => {
    const { flock, calls } = makeHouse();
    const agent = new DeclarativeAgent({ name: "a", ...fields });
    await flock.run(agent, "bees");
    expect(flock.knobs.read("cache:a")).toBe(false);
    const undo = flock.knobs.change("cache:a", { maxEntries: 5, ttlMs: null, strategy: "lfu" });
    for (let i = 0; i < 3; i++) await flock.run(agent, "bees");
    expect(calls()).toBe(2);
    const undoMore = flock.knobs.change("cache:a", { maxEntries: 9, ttlMs: 50, strategy: "lru" });
    await flock.run(agent, "bees");
    expect(calls()).toBe(2);
    undoMore();
    expect(flock.knobs.read("cache:a")).toEqual({ maxEntries: 5, ttlMs: null, strategy: "lfu" });
    undo();
    await flock.run(agent, "bees");
    expect(calls()).toBe(3);
    expect(flock.planFor(agent).cache).toBeUndefined();
  });

  it("refuses what a cache cannot be, and switches one off that was declared", async () => {
    const { flock, calls } = makeHouse();
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache: { maxEntries: 3 } });
    await flock.run(agent, "bees");
    expect(flock.knobs.read("cache:a")).toEqual({ maxEntries: 3, ttlMs: 3_600_000, strategy: "lru" });
    const settings = { maxEntries: 1, ttlMs: 1, strategy: "lru" };
    for (const wrong of ["on", null, { ...settings, ttlMs: -1 }, { ...settings, more: 1 }]) {
      expect(() => flock.knobs.change("cache:a", wrong as never)).toThrow("refuses the value");
    }
    flock.knobs.change("cache:a", false);
    await flock.run(agent, "bees");
    expect(calls()).toBe(2);
  });

  it("tells what holds: what is not said when it is turned stays as it was declared", async () => {
    const { flock, calls, runtime } = makeHouse();
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache: { ttlMs: 60_000, strategy: "lfu" } });
    await flock.run(agent, "bees");
    for (const value of [true, { maxEntries: 9 }]) {
      flock.knobs.change("cache:a", value);
      const maxEntries = value === true ? 1_000 : 9;
      expect(flock.knobs.read("cache:a")).toEqual({ maxEntries, ttlMs: 60_000, strategy: "lfu" });
    }
    flock.knobs.change("cache:a", false);
    const off = { enabled: false, maxEntries: 1_000, ttlMs: 60_000, strategy: "lfu" };
    expect(flock.knobs.read("cache:a")).toEqual(off);
    flock.knobs.change("cache:a", { ...off, enabled: true });
    await flock.run(agent, "wasps");
    await runtime.clock.advance(59_000);
    await flock.run(agent, "wasps");
    await runtime.clock.advance(2_000);
    expect(calls()).toBe(2);
    await flock.run(agent, "wasps");
    expect(calls()).toBe(3);
  });

  it("takes what it is turned to as it was then, and what is undefined in it as not said", async () => {
    const { flock } = makeHouse();
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache: { ttlMs: 60_000 } });
    await flock.run(agent, "bees");
    const value = { maxEntries: 9, ttlMs: undefined };
    flock.knobs.change("cache:a", value as never);
    value.maxEntries = 0;
    expect(flock.knobs.read("cache:a")).toEqual({ maxEntries: 9, ttlMs: 60_000, strategy: "lru" });
    expect(await flock.run(agent, "wasps")).toEqual({ summary: "answer 2" });
  });

  it("keeps what an own cache has through a change, and tells where answers kept in a common one stay behind", async () => {
    const change = { maxEntries: 500 };
    for (const [cache, own, leaves] of [
      [false, { maxEntries: 5 }, false],
      [{ maxEntries: 5 }, undefined, true],
      [new CacheManager(), undefined, true],
      [false, new CacheManager(), true],
      [false, undefined, false],
    ] as const) {
      const { flock, calls } = makeHouse({ cache });
      const read = tool({
        ...{ name: "read", description: "Reads.", input: "x: int", idempotent: true, execute: () => ({ n: 1 }) },
        ...(own === undefined ? {} : { cache: own }),
      });
      await flock.run(read, { x: 1 });
      expect(flock.knobs.leavesBehind("cache:read")).toBe(leaves);
      flock.knobs.change("cache:read", change);
      expect(flock.knobs.leavesBehind("cache:read")).toBe(false);
      const seen = flock.history!;
      await flock.run(read, { x: 1 });
      const kept = own !== undefined && !leaves;
      expect(seen.calls("read").at(-1)?.cacheState).toBe(kept ? "hit" : "miss");
      expect(calls()).toBe(0);
    }
    expect(makeHouse().flock.knobs.leavesBehind("cache:nobody")).toBe(false);
  });

  it("is there for what may be cached, and for nothing with effects", async () => {
    const { flock } = makeHouse();
    const act = tool({ name: "act", description: "Acts.", input: "x: int", execute: () => ({ done: true }) });
    const read = tool({
      name: "read",
      description: "Reads.",
      input: "x: int",
      idempotent: true,
      execute: () => ({ n: 1 }),
    });
    const acting = new DeclarativeAgent({ name: "acting", ...fields, tools: [act] });
    const reading = new DeclarativeAgent({ name: "reading", ...fields, tools: [read] });
    const around = new SequentialPattern({ name: "around", agents: [acting] });
    for (const one of [act, read, acting, reading, around]) flock.planFor(one);
    expect(flock.knobs.ids.filter((id) => id.startsWith("cache:"))).toEqual(["cache:read", "cache:reading"]);
  });
});

describe("what others see of a cache", () => {
  it("counts hits in the metrics", async () => {
    const metrics = new MetricsProvider();
    const { flock } = makeHouse({ providers: [metrics] });
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache: true });
    for (let i = 0; i < 4; i++) await flock.run(agent, "bees");
    const counted = metrics.snapshot().calls.find(({ name }) => name === "a");
    expect(counted).toMatchObject({ calls: 4, cacheHits: 3, cacheMisses: 1 });
  });

  it("does not count what a hit would have cost, also through a user's own layer", async () => {
    const passing: WrapperLayer = { form: "wrapper", name: "passing", wrap: (call, next) => next(call) };
    const { flock, ends } = makeHouse({ cache: true, layers: (stack) => [passing, ...stack] });
    const agent = new DeclarativeAgent({ name: "a", ...fields });
    for (let i = 0; i < 2; i++) await flock.run(agent, "bees");
    expect(states(ends("model"))).toEqual(["miss", "hit"]);
    expect(ends("model")[0]?.usage).toBeDefined();
    expect(ends("model")[1]?.usage).toBeUndefined();
  });

  it("is what introspection turns on when its advice is taken, and off when it is undone", async () => {
    const { flock, runtime, calls } = makeHouse({ delayMs: 50 });
    const agent = new DeclarativeAgent({ name: "a", ...fields });
    const ask = async (topic: string) => {
      const run = flock.run(agent, topic);
      await runtime.clock.advance(60);
      await run;
    };
    for (let i = 0; i < 60; i++) await ask(`topic ${i % 3}`);
    const advice = new AgentIntrospection(agent, { flock }).suggestImprovements();
    const suggestion = advice.find(({ action }) => action?.knob === "cache:a");
    expect(suggestion).toBeDefined();
    const undo = flock.knobs.change(suggestion!.action!.knob, suggestion!.action!.value);
    const before = calls();
    for (let i = 0; i < 6; i++) await ask("bees");
    expect(calls()).toBe(before + 1);
    undo();
    await ask("bees");
    expect(calls()).toBe(before + 2);
  });

  it("finds what was kept in another spelling where a layer before it hands on texts in one", async () => {
    const plain = (text: string) => text.toLowerCase().replace(/\s+/g, " ").trim();
    const inOneSpelling: WrapperLayer = {
      ...{ form: "wrapper", name: "spelling" },
      wrap: (call, next) =>
        call.runnable.name === "a"
          ? next(call.with({ input: { topic: plain((call.input as { topic: string }).topic) } }))
          : next(call),
    };
    const { flock, calls } = makeHouse({ layers: (stack) => [inOneSpelling, ...stack] });
    const agent = new DeclarativeAgent({ name: "a", ...fields, cache: true });
    for (const topic of ["Where do bees live", " where do  BEES live", "where do bees live\n"])
      await flock.run(agent, topic);
    expect(calls()).toBe(1);
    expect(flock.history!.calls("a").map(({ cacheState }) => cacheState)).toEqual(["miss", "hit", "hit"]);
    expect(new Set(flock.history!.calls("a").map(({ looseInputHash }) => looseInputHash)).size).toBe(1);
  });

  it("is part of the key with the version of the package", () => {
    expect(JSON.parse(readFileSync("package.json", "utf8")).version).toBe(packageVersion);
  });
});
