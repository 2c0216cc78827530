/** Answers of a cached model that the agent finds wrong: nobody is given them again. */

import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, it } from "vitest";
// Loaded lazily elsewhere: the clock of a test does not wait for a file.
import "../../../src/agent/further-answers.ts";
import "../../../src/layers/cache/calls/cached-calls.ts";
import { CacheManager, semanticCacheLayer } from "../../../src/entries/cache.ts";
import {
  type CacheSettings,
  DeclarativeAgent,
  Flock,
  type FlockEvent,
  TypeRegistry,
  tool,
  type WrapperLayer,
} from "../../../src/entries/index.ts";
import { createModel } from "../../../src/entries/models.ts";
import {
  createTestRuntime,
  type ScriptedAnswer,
  scriptedModel,
  type TestRuntime,
} from "../../../src/entries/testing.ts";
import { TestStore } from "./test-store.ts";

const fields = { input: "topic: str", output: "count: int" } as const;
const bad = '{"count": "many"}';
const good = '{"count": 3}';

interface HouseOptions {
  readonly runtime?: TestRuntime;
  readonly cache?: CacheSettings | CacheManager;
  readonly layers?: readonly WrapperLayer[];
}

/** A house whose model gives these answers in turn, and what its cache had to do with each question. */
function makeHouse(answers: readonly ScriptedAnswer[], options: HouseOptions = {}) {
  const { runtime = createTestRuntime(), cache, layers = [] } = options;
  const model = scriptedModel(answers, { runtime });
  const states: (string | undefined)[] = [];
  const handle = (event: FlockEvent) => {
    if (event.type === "call-end" && event.kind === "model") states.push(event.cacheState);
  };
  const flock = new Flock({
    runtime,
    model,
    cache: cache ?? true,
    providers: [{ name: "ear", handle }],
    layers: (stack) => [...layers, ...stack],
  });
  return { runtime, model, flock, states };
}

const counter = (options: { readonly askAgain?: number } = {}) =>
  new DeclarativeAgent({ name: "a", ...fields, ...options });
const codeOf = (error: { readonly code?: string }) => error.code;

describe("a wrong answer of a cached model", () => {
  it("is not given to the next who asks the same; what came of asking again is", async () => {
    const { flock, states } = makeHouse([bad, good, good]);
    for (let run = 0; run < 3; run++) expect(await flock.run(counter(), "bees")).toEqual({ count: 3 });
    expect(states).toEqual(["miss", "miss", "miss", "hit"]);
  });

  it("does not fail the next run, when it failed the first", async () => {
    const { flock, states } = makeHouse([bad, "no count at all", good]);
    const agent = counter();
    expect(await flock.run(agent, "bees").catch(codeOf)).toMatch(/^output_/);
    expect(await flock.run(agent, "bees")).toEqual({ count: 3 });
    expect(states).toEqual(["miss", "miss", "miss"]);
  });

  it("goes whatever is wrong with it: no JSON, nested too deep, a tool when there are none left", async () => {
    const deep = `{"count": ${"[".repeat(300)}1${"]".repeat(300)}}`;
    const wrong: ScriptedAnswer[] = ["I do not know.", deep, { toolCalls: [{ tool: "look", input: {} }] }];
    for (const answer of wrong) {
      const look = tool({ name: "look", description: "Looks.", input: "x?: int", execute: () => ({}) });
      const agent = new DeclarativeAgent({ name: "a", ...fields, askAgain: 0, maxSteps: 1, tools: [look] });
      const { flock, states } = makeHouse([answer, good]);
      expect(await flock.run(agent, "bees").catch(codeOf)).toMatch(/^(output_|steps_exhausted)/);
      expect(await flock.run(agent, "bees")).toEqual({ count: 3 });
      expect(states).toEqual(["miss", "miss"]);
    }
  });

  it("goes for him who began and for those who joined", async () => {
    const answers = [{ text: bad, delayMs: 10 }, { text: good, delayMs: 10 }, good];
    const { flock, states, runtime } = makeHouse(answers);
    const runs = Promise.all(Array.from({ length: 5 }, () => flock.run(counter(), "bees")));
    await runtime.clock.advance(30);
    expect(await runs).toEqual(Array(5).fill({ count: 3 }));
    await flock.run(counter(), "bees");
    expect(states.filter((state) => state === "miss")).toHaveLength(3);
    expect(states).not.toContain("hit");
  });

  it("goes from the second level, too, also for another process", async () => {
    const runtime = createTestRuntime();
    const cache = { store: new TestStore(runtime) };
    const one = makeHouse([bad, good], { runtime, cache });
    await one.flock.run(counter(), "bees");
    await runtime.clock.settle();
    expect(cache.store.rows.size).toBe(1);
    const other = makeHouse([good], { runtime, cache });
    expect(await other.flock.run(counter(), "bees")).toEqual({ count: 3 });
    expect(other.states).toEqual(["miss"]);
  });

  it("goes where it was found, in the second level alone", async () => {
    const runtime = createTestRuntime();
    const cache = { store: new TestStore(runtime) };
    const { registry, broken } = breakable();
    const agent = () =>
      new DeclarativeAgent({ name: "a", input: "topic: str", output: "count: Count", types: registry });
    await makeHouse([good], { runtime, cache }).flock.run(agent(), "bees");
    await runtime.clock.settle();
    broken.add(3);
    const { flock, states } = makeHouse(['{"count": 4}', good], { runtime, cache });
    expect(await flock.run(agent(), "bees")).toEqual({ count: 4 });
    broken.clear();
    expect(await flock.run(agent(), "bees")).toEqual({ count: 3 });
    expect(states).toEqual(["hit", "miss", "miss"]);
  });
});

describe("an answer that one agent takes and another one does not", () => {
  it("is asked for anew when a registered type knows better than its JSON Schema", async () => {
    const { registry, broken } = breakable();
    const picky = new DeclarativeAgent({ name: "a", input: "topic: str", output: "count: Count", types: registry });
    const { flock, states } = makeHouse([good, '{"count": 4}', '{"count": 5}']);
    expect(await flock.run(picky, "bees")).toEqual({ count: 3 });
    broken.add(3);
    expect(await flock.run(picky, "bees")).toEqual({ count: 4 });
    expect(await flock.run(picky, "bees")).toEqual({ count: 5 });
    expect(states).toEqual(["miss", "hit", "miss", "miss"]);
  });

  it("goes when it was stale, also when none could be made anew", async () => {
    const { registry, broken } = breakable();
    const picky = new DeclarativeAgent({ name: "a", input: "topic: str", output: "count: Count", types: registry });
    const cache = { ttlMs: 1_000, staleWhileRevalidateMs: 9_000 };
    const { flock, states, runtime } = makeHouse([good, new Error("down"), '{"count": 7}', '{"count": 7}'], { cache });
    await flock.run(picky, "bees");
    await runtime.clock.advance(2_000);
    broken.add(3);
    expect(await flock.run(picky, "bees")).toEqual({ count: 7 });
    await runtime.clock.settle();
    expect(await flock.run(picky, "bees")).toEqual({ count: 7 });
    expect(states.toSorted()).toEqual(["miss", "miss", "miss", "refresh", "stale"]);
  });

  it("leaves alone what came in its place while it was being checked", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = new TypeRegistry().register(
      "Count",
      {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: async (value: unknown) => {
            if (value === 3) await gate.promise;
            return value === 3 ? { issues: [{ message: "not three" }] } : { value: value as number };
          },
        },
      } satisfies StandardSchemaV1<number, number>,
      { jsonSchema: { type: "integer" } },
    );
    const agent = new DeclarativeAgent({ name: "a", input: "topic: str", output: "count: Count", types: slow });
    await using cache = new CacheManager();
    const { flock, states } = makeHouse([good, '{"count": 4}', '{"count": 5}'], { cache });
    const first = flock.run(agent, "bees");
    await new Promise<void>((done) => setImmediate(done));
    expect(await flock.run(agent, "bees", { cache: "refresh" })).toEqual({ count: 4 });
    gate.resolve();
    expect(await first).toEqual({ count: 5 });
    expect(await flock.run(agent, "bees")).toEqual({ count: 4 });
    expect(states).toEqual(["miss", "refresh", "miss", "hit"]);
  });
});

describe("what was disowned", () => {
  it("is found behind layers that ask another model, in other words, and change the answer", async () => {
    const runtime = createTestRuntime();
    const other = createModel(scriptedModel([` ${bad}`, ` ${good}`, ` ${good}`], { runtime, modelId: "other" }));
    const fallback: WrapperLayer = {
      form: "wrapper",
      name: "fallback",
      appliesTo: ({ kind }) => kind === "model",
      wrap: async (call, next) => {
        const input = { ...(call.input as object), temperature: 0.5 };
        const answer = (await next(call.with({ runnable: other, input }))) as { content: readonly { text: string }[] };
        return { ...answer, content: answer.content.map(({ text }) => ({ type: "text", text: text.trim() })) };
      },
    };
    const { flock, states } = makeHouse(["never asked"], { runtime, layers: [fallback] });
    for (let run = 0; run < 3; run++) expect(await flock.run(counter(), "bees")).toEqual({ count: 3 });
    expect(states).toEqual(["miss", "miss", "miss", "hit"]);
  });

  it("is never what a tool found, nor what a run kept that only bypasses", async () => {
    await using cache = new CacheManager();
    let looks = 0;
    const look = tool({
      name: "look",
      description: "L.",
      input: "x: int",
      idempotent: true,
      execute: () => ({ run: ++looks }),
    });
    const uncached = (answers: ScriptedAnswer[]) =>
      createModel(scriptedModel(answers, { runtime: createTestRuntime() }), { cache: false });
    const asks = { toolCalls: [{ tool: "look", input: { x: 1 } }] };
    const { flock } = makeHouse(["never asked"], { cache });
    for (let run = 0; run < 2; run++) {
      const model = uncached([asks, bad, good]);
      await flock.run(new DeclarativeAgent({ name: "a", ...fields, tools: [look], model }), "bees");
    }
    expect(looks).toBe(1);
    const house = makeHouse([good, bad, good], { cache });
    await house.flock.run(counter(), "wasps");
    await house.flock.run(counter(), "wasps", { cache: "bypass" });
    await house.flock.run(counter(), "wasps");
    expect(house.states).toEqual(["miss", "bypass", "bypass", "hit"]);
  });

  it("was never kept when the model stopped early, and is given to nobody but those who waited", async () => {
    for (const finishReason of ["length", "content-filter", "error", "other"] as const) {
      const { flock, states, runtime } = makeHouse([{ text: "{", finishReason, delayMs: 10 }, good]);
      const runs = [1, 2].map(() => flock.run(counter({ askAgain: 0 }), "bees").catch(codeOf));
      await runtime.clock.advance(10);
      const codes = await Promise.all(runs);
      expect(codes).toEqual(Array(2).fill(expect.stringMatching(/^(model_stopped|output_)/)));
      expect(await flock.run(counter(), "bees")).toEqual({ count: 3 });
      expect(states.toSorted()).toEqual(["joined", "miss", "miss"]);
    }
  });

  it("is no answer of an agent: caches of agents, exact and by meaning, keep what is valid alone", async () => {
    const semantic = semanticCacheLayer({ embedder: async (texts) => texts.map(() => [1, 0]), threshold: 0.5 });
    const { flock, states } = makeHouse([bad, good], { layers: [semantic] });
    const agent = new DeclarativeAgent({ name: "a", ...fields, askAgain: 0, cache: true });
    expect(await flock.run(agent, "bees").catch(codeOf)).toBe("output_invalid");
    expect(await flock.run(agent, "bees")).toEqual({ count: 3 });
    expect(await flock.run(agent, "all about bees")).toEqual({ count: 3 });
    expect(states).toEqual(["miss", "miss"]);
  });
});

/** A type whose check refuses more than its JSON Schema says, and what it refuses just now. */
function breakable() {
  const broken = new Set<unknown>();
  const schema: StandardSchemaV1<number, number> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => (broken.has(value) ? { issues: [{ message: `not ${value}` }] } : { value: value as number }),
    },
  };
  return { broken, registry: new TypeRegistry().register("Count", schema, { jsonSchema: { type: "integer" } }) };
}
