import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DeclarativeAgent, Flock, type FlockEvent, isFlockError, TypeRegistry, tool } from "../../src/entries/index.ts";
import { createTestRuntime, type ScriptedAnswer, scriptedModel } from "../../src/entries/testing.ts";

function house(answers: readonly ScriptedAnswer[], options: { variables?: Record<string, string> } = {}) {
  const runtime = createTestRuntime(options);
  const model = scriptedModel(answers, { runtime });
  const flock = new Flock({ model, runtime });
  return { runtime, model, flock };
}

const summary = { input: "topic: str", output: "summary: str, keywords: list[str]" } as const;
const good = '{"summary": "short", "keywords": ["a"]}';

describe("an agent's answer", () => {
  it("is a valid object of its output, from a bare value or an object", async () => {
    const { flock, model } = house([good, good]);
    const agent = new DeclarativeAgent({ name: "a", ...summary });
    expect(await agent.execute("bees", { flock })).toEqual({ summary: "short", keywords: ["a"] });
    expect(await agent.execute({ topic: "bees" }, { flock })).toEqual({ summary: "short", keywords: ["a"] });
    expect(JSON.stringify(model.requests[0]?.prompt)).toContain("bees");
    expect(model.requests[0]?.responseFormat).toMatchObject({ type: "json" });
  });

  it("is mended and bent to its types", async () => {
    const { flock } = house(["Sure!\n```json\n{'count': '3', tags: \"one\", ok: 'yes',}\n```"]);
    const agent = new DeclarativeAgent({ name: "a", input: "q: str", output: "count: int, tags: list[str], ok: bool" });
    expect(await agent.execute("x", { flock })).toEqual({ count: 3, tags: ["one"], ok: true });
  });

  it("is asked for again once with what was wrong, as a call of its own", async () => {
    const { flock, model } = house(['{"summary": "short"}', good]);
    const agent = new DeclarativeAgent({ name: "a", ...summary });
    const paths: string[] = [];
    const onEvent = (event: FlockEvent) => event.type === "call-start" && paths.push(event.path);
    expect(await agent.execute("bees", { flock, onEvent: onEvent as never })).toMatchObject({ summary: "short" });
    expect(paths).toEqual(["run/a#0", "run/a#0/scripted:scripted#0", "run/a#0/scripted:scripted#1"]);
    expect(JSON.stringify(model.requests[1]?.prompt.slice(-2))).toContain("/keywords");
  });

  it("tells for each time it was asked again whether that healed it", async () => {
    const { flock } = house(["no idea", '{"summary": "short"}', good, "no idea", "still none", "none"]);
    const agent = new DeclarativeAgent({ name: "a", ...summary, askAgain: 2 });
    const told: unknown[] = [];
    flock.events.subscribe((event) => told.push(event), { types: ["recovery-applied"] });
    await agent.execute("bees", { flock });
    await agent.execute("bees", { flock }).catch(() => {});
    const strategy = "ask-again";
    expect(told).toMatchObject([
      { strategy, code: "output_unreadable", healed: false, path: "run/a#0" },
      { strategy, code: "output_invalid", healed: true },
      { strategy, code: "output_unreadable", healed: false },
      { strategy, code: "output_unreadable", healed: false },
    ]);
  });

  it("that stays wrong is one typed error that says where and why, with the count of tries", async () => {
    const { flock, model } = house(['{"summary": 1', "no idea", "still none"]);
    const agent = new DeclarativeAgent({ name: "a", ...summary, askAgain: 2 });
    const error = await agent.execute("bees", { flock }).catch((caught: unknown) => caught);
    expect(isFlockError(error, "output_unreadable")).toBe(true);
    expect(error).toMatchObject({ path: "run/a#0", details: { attempts: 3 } });
    expect(model.requests).toHaveLength(3);
    const never = new DeclarativeAgent({ name: "b", ...summary, askAgain: 0 });
    const { flock: other } = house(['{"summary": "short", "keywords": "k", "extra": 1}', '{"summary": {}}']);
    expect(await never.execute("x", { flock: other })).toEqual({ summary: "short", keywords: ["k"] });
    await expect(never.execute("x", { flock: other })).rejects.toMatchObject({
      code: "output_invalid",
      details: { attempts: 1 },
    });
  });

  it("that the vendor filtered is model_stopped, and one that was cut off says so", async () => {
    const { flock } = house([
      { text: "", finishReason: "content-filter" },
      { text: '{"summary": "short", "keywords": ["a", "b', finishReason: "length" },
      { text: good, finishReason: "length" },
    ]);
    const agent = new DeclarativeAgent({ name: "a", ...summary, askAgain: 0 });
    await expect(agent.execute("x", { flock })).rejects.toMatchObject({
      code: "model_stopped",
      details: { reason: "content-filter" },
    });
    await expect(agent.execute("x", { flock })).rejects.toThrow("raise settings.maxOutputTokens");
    expect(await agent.execute("x", { flock })).toMatchObject({ summary: "short" });
  });

  it("goes through registered schemas of any library, and through signature strings", async () => {
    const types = new TypeRegistry()
      .register("Finding", z.object({ claim: z.string().min(3), year: z.coerce.number() }))
      .register("Report", "{ findings: list[Finding], note?: str }");
    const agent = new DeclarativeAgent({ name: "a", types, input: "topic: str", output: "report: Report" });
    const { flock } = house([
      { json: { report: { findings: [{ claim: "bees dance", year: "1923" }] } } },
      { json: { report: { findings: [{ claim: "x", year: 1 }] } } },
      { json: { report: { findings: [] } } },
    ]);
    const { report } = await agent.execute("bees", { flock });
    expect(report.findings[0]?.year).toBe(1923);
    expect((await agent.execute("bees", { flock })).report).toEqual({ findings: [] });
  });

  it("waits for schemas that check asynchronously, on both sides", async () => {
    const later = z.string().refine(async (text) => text !== "bad", "is bad");
    const types = new TypeRegistry().register("Checked", later);
    const agent = new DeclarativeAgent({ name: "a", types, input: "word: Checked", output: "word: Checked" });
    const { flock } = house([{ json: { word: "fine" } }]);
    expect(await agent.execute({ word: "good" }, { flock })).toEqual({ word: "fine" });
    await expect(agent.execute({ word: "bad" }, { flock })).rejects.toMatchObject({ code: "input_invalid" });
  });
});

describe("an agent's input", () => {
  it("is checked before any model is asked", async () => {
    const { flock, model } = house([good]);
    const agent = new DeclarativeAgent({ name: "a", input: "topic: str, depth?: int", output: "x: str" });
    const error = await agent.execute({ topic: 7 } as never, { flock }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "input_invalid", details: { pointer: "/topic" } });
    await expect(agent.execute("bees" as never, { flock })).rejects.toThrow(
      "takes an object with the fields topic, depth",
    );
    expect(model.requests).toEqual([]);
  });
});

describe("tools", () => {
  const lookUp = tool({
    name: "lookUp",
    description: "Looks a word up.",
    input: "word: str, times?: int",
    output: "meaning: str",
    execute: ({ word, times = 1 }) => ({ meaning: `${word} `.repeat(times).trim() }),
  });

  it("run in parallel and answer in order; the model sees their results", async () => {
    const { flock, model } = house([
      {
        toolCalls: [
          { tool: "lookUp", input: { word: "a", times: "2" } },
          { tool: "lookUp", input: { word: "b" } },
        ],
      },
      good,
    ]);
    const agent = new DeclarativeAgent({ name: "a", ...summary, tools: [lookUp] });
    await agent.execute("bees", { flock });
    expect(model.requests[0]?.tools).toMatchObject([
      { type: "function", name: "lookUp", description: "Looks a word up." },
    ]);
    const turn = model.requests[1]?.prompt.at(-1);
    expect(turn).toMatchObject({
      role: "tool",
      content: [
        { output: { type: "json", value: { meaning: "a a" } } },
        { output: { type: "json", value: { meaning: "b" } } },
      ],
    });
  });

  it("that are unknown, misused, failing or odd become results the model can act on", async () => {
    const failing = tool({
      name: "failing",
      description: "Fails.",
      input: "x: str",
      execute: () => {
        throw new Error("out of order");
      },
    });
    const odd = tool({
      name: "odd",
      description: "Gives a function.",
      input: "x: str",
      execute: () => ({ f: () => 1 }),
    });
    const wrong = tool({
      name: "wrong",
      description: "Breaks its promise.",
      input: "x: str",
      output: "n: int",
      execute: () => ({ n: "many" }) as never,
    });
    const empty = tool({
      name: "empty",
      description: "Gives nothing.",
      input: "x?: str",
      execute: (() => undefined) as never,
    });
    const wipe = tool({ name: "wipe", description: "Wipes.", input: "x: str", approval: true, execute: () => ({}) });
    const { flock, model } = house([
      {
        toolCalls: [
          { tool: "lokUp", input: {} },
          { tool: "lookUp", input: {} },
          { tool: "lookUp", input: "{broken" },
          { tool: "failing", input: { x: "1" } },
          { tool: "odd", input: { x: "1" } },
          { tool: "wrong", input: { x: "1" } },
          { tool: "empty", input: "" },
          { tool: "wipe", input: { x: "1" } },
        ],
      },
      good,
    ]);
    const warnings: string[] = [];
    const agent = new DeclarativeAgent({ name: "a", ...summary, tools: [lookUp, failing, odd, wrong, empty, wipe] });
    await agent.execute("bees", {
      flock,
      events: ["warning"],
      onEvent: (event) => event.type === "warning" && warnings.push(event.code),
    });
    const results = (model.requests[1]?.prompt.at(-1)?.content ?? []) as {
      output: { type: string; value?: string; reason?: string };
    }[];
    expect(results.map((one) => one.output.type)).toEqual([
      "error-text",
      "error-text",
      "error-text",
      "error-text",
      "error-text",
      "error-text",
      "json",
      "execution-denied",
    ]);
    expect(results[0]?.output.value).toContain("did you mean lookUp?");
    expect(results[1]?.output.value).toContain("word");
    expect(results[3]?.output.value).toContain("out of order");
    expect(results[4]?.output.value).toContain("no plain JSON");
    expect(results[5]?.output.value).toContain("wrong output");
    expect(results[6]?.output.value).toBe(null);
    expect(results[7]?.output.reason).toContain("needs approval");
    expect(warnings).toEqual(["tool_unknown"]);
  });

  it("that are sensitive run only after a yes bound to their checked input", async () => {
    const wiped: string[] = [];
    const wipe = tool({
      name: "wipe",
      description: "Wipes a folder.",
      input: "folder: str",
      approval: ({ folder }) => folder !== "cache",
      execute: ({ folder }) => {
        wiped.push(folder);
        return {};
      },
    });
    const runtime = createTestRuntime();
    const asked: unknown[] = [];
    const calls = ["cache", "home", "tmp"].map((folder) => ({ tool: "wipe", input: { folder } }));
    const flock = new Flock({
      runtime,
      model: scriptedModel([{ toolCalls: calls }, good]),
      approve: (request) => {
        asked.push(request);
        expect(Object.isFrozen(request.input)).toBe(true);
        return (request.input as { folder: string }).folder === "tmp";
      },
    });
    await new DeclarativeAgent({ name: "a", ...summary, tools: [wipe] }).execute("x", { flock });
    expect(wiped.sort()).toEqual(["cache", "tmp"]);
    expect(asked).toMatchObject([
      { tool: "wipe", input: { folder: "home" }, path: "run/a#0/wipe#2" },
      { tool: "wipe", input: { folder: "tmp" } },
    ]);
  });

  it("stop after maxSteps answers; the last one is asked for without tools", async () => {
    const again = { toolCalls: [{ tool: "lookUp", input: { word: "a" } }] };
    const { flock, model } = house([again, again, again]);
    const agent = new DeclarativeAgent({ name: "a", ...summary, tools: [lookUp], maxSteps: 3 });
    await expect(agent.execute("x", { flock })).rejects.toMatchObject({
      code: "steps_exhausted",
      details: { agent: "a", maxSteps: 3 },
    });
    expect(model.requests.map((request) => request.toolChoice?.type)).toEqual([undefined, undefined, "none"]);
  });

  it("beyond 64 in one answer are refused, not run", async () => {
    const { flock, model } = house([
      { toolCalls: Array.from({ length: 70 }, (_, index) => ({ tool: "lookUp", input: { word: `w${index}` } })) },
      good,
    ]);
    await new DeclarativeAgent({ name: "a", ...summary, tools: [lookUp] }).execute("x", { flock });
    const results = model.requests[1]?.prompt.at(-1)?.content as { output: { type: string } }[];
    expect(results.filter((one) => one.output.type === "error-text")).toHaveLength(6);
  });

  it("take any Standard Schema, and their context leads on", async () => {
    const inner = new DeclarativeAgent({ name: "inner", input: "word: str", output: "meaning: str" });
    const ask = tool({
      name: "ask",
      description: "Asks another agent.",
      input: z.object({ word: z.string() }),
      execute: ({ word }, context) => context.call(inner, { word }),
    });
    const { flock } = house([
      { toolCalls: [{ tool: "ask", input: { word: "bee" } }] },
      '{"meaning": "an insect"}',
      good,
    ]);
    const paths: string[] = [];
    const agent = new DeclarativeAgent({ name: "a", ...summary, tools: [ask] });
    await agent.execute("x", { flock, onEvent: (event) => event.type === "call-start" && paths.push(event.path) });
    expect(paths).toContain("run/a#0/ask#1/inner#0/scripted:scripted#0");
  });

  it("end with the run: a cancel reaches them and is not told to the model", async () => {
    const runtime = createTestRuntime();
    const model = scriptedModel([{ toolCalls: [{ tool: "slow", input: {} }] }, good], { runtime });
    const flock = new Flock({ model, runtime });
    let aborted = false;
    const slow = tool({
      name: "slow",
      description: "Waits.",
      input: "x?: str",
      execute: async (_, context) => {
        await context.runtime.sleep(10_000, context.signal).catch((error: unknown) => {
          aborted = true;
          throw error;
        });
        return {};
      },
    });
    const controller = new AbortController();
    const run = new DeclarativeAgent({ name: "a", ...summary, tools: [slow] }).execute("x", {
      flock,
      signal: controller.signal,
    });
    await runtime.clock.advance(5);
    controller.abort(new Error("enough"));
    await expect(run).rejects.toThrow("enough");
    await runtime.clock.settle();
    expect(aborted).toBe(true);
    expect(model.requests).toHaveLength(1);
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});

describe("streaming", () => {
  it("gives partial objects while the model talks, a reset when it is asked again, then the whole", async () => {
    const { flock } = house(['{"summary": "one two", "keywords": 5} trailing', good]);
    const agent = new DeclarativeAgent({ name: "a", ...summary, askAgain: 1 });
    const stream = agent.stream("x", { flock });
    const kinds: string[] = [];
    const partials: unknown[] = [];
    for await (const event of stream) {
      if (event.type !== "delta" || event.path !== "run/a#0") continue;
      kinds.push(event.delta.kind);
      if (event.delta.kind === "partial") partials.push(event.delta.value);
    }
    expect(await stream.result).toEqual({ summary: "one two", keywords: ["5"] });
    expect(partials.length).toBeGreaterThan(1);
    expect(partials.at(-1)).toEqual({ summary: "one two", keywords: 5 });
    expect(kinds).not.toContain("reset");

    const second = house(['{"summary": "one"}', good]);
    const again = agent.stream("x", { flock: second.flock });
    const all: string[] = [];
    for await (const event of again) if (event.type === "delta" && event.path === "run/a#0") all.push(event.delta.kind);
    expect(all.indexOf("reset")).toBeGreaterThan(0);
    expect(all.lastIndexOf("partial")).toBeGreaterThan(all.indexOf("reset"));
  });
});

describe("a model", () => {
  it("may be a runnable that a user wrote, without any language model underneath", async () => {
    const written = {
      kind: "model",
      name: "own/words",
      perform: async () => ({
        content: [{ type: "text", text: good }],
        finishReason: { unified: "stop", raw: "stop" },
        warnings: [],
      }),
    };
    const agent = new DeclarativeAgent({ name: "a", ...summary, model: written as never });
    expect(await agent.execute("bees", { flock: new Flock({ runtime: createTestRuntime() }) })).toEqual({
      summary: "short",
      keywords: ["a"],
    });
  });

  it("gets the settings of its agent and nothing of the framework's own", async () => {
    const { flock, model } = house([good]);
    const settings = {
      temperature: 0.2,
      maxOutputTokens: 100,
      stopSequences: ["END"],
      seed: 7,
      providerOptions: { openai: { user: "u" } },
    };
    await new DeclarativeAgent({ name: "a", ...summary, settings }).execute("x", { flock });
    expect(model.requests[0]).toMatchObject({
      temperature: 0.2,
      maxOutputTokens: 100,
      stopSequences: ["END"],
      seed: 7,
    });
    expect(model.requests[0]?.providerOptions).toMatchObject({ openai: { user: "u" } });
    expect(model.requests[0]?.providerOptions).not.toHaveProperty("flock");
    expect(model.requests[0]?.abortSignal).toBeInstanceOf(AbortSignal);
  });

  it("is chosen by the agent, then the Flock, then FLOCK_MODEL, then offline with one warning", async () => {
    const own = scriptedModel(['{"summary": "own", "keywords": []}']);
    const { flock } = house([good]);
    expect(await new DeclarativeAgent({ name: "a", ...summary, model: own }).execute("x", { flock })).toMatchObject({
      summary: "own",
    });
    const runtime = createTestRuntime();
    const plain = new Flock({ runtime });
    const offline = new DeclarativeAgent({ name: "a", input: "text: str", output: "keywords: list[str]" });
    for (let i = 0; i < 2; i++) await offline.execute("Bees dance. Bees fly to flowers.", { flock: plain });
    expect(runtime.warnings).toHaveLength(1);
    const named = createTestRuntime({ variables: { FLOCK_MODEL: "offline" } });
    await offline.execute("Bees dance.", { flock: new Flock({ runtime: named }) });
    expect(named.warnings).toEqual([]);
    const misspelt = new DeclarativeAgent({ name: "m", ...summary, model: "opnai/gpt-5" });
    await expect(misspelt.execute("x", { flock: plain })).rejects.toMatchObject({
      code: "model_unknown",
      path: "run/m#0",
    });
    const production = createTestRuntime({ variables: { NODE_ENV: "production" } });
    await expect(offline.execute("Bees.", { flock: new Flock({ runtime: production }) })).rejects.toMatchObject({
      code: "model_not_configured",
    });
  });
});

describe("declaring", () => {
  it("refuses what is wrong before anything runs, naming the way out", () => {
    const twice = tool({ name: "t", description: "d", input: "x: str", execute: () => ({}) });
    const wrong: [object, string, string][] = [
      [{ nme: "a" }, "option_invalid", 'did you mean "name"?'],
      [{ name: "9a" }, "option_invalid", "must be a name of letters"],
      [{ input: undefined }, "option_invalid", '"input" must be given'],
      [{ input: "titel: strr" }, "signature_invalid", "str"],
      [{ output: "a: list[int" }, "signature_invalid", "]"],
      [{ tools: [{ name: "t" }] }, "option_invalid", "a list of tools made by tool"],
      [{ tools: [twice, twice] }, "option_invalid", 'two are called "t"'],
      [{ maxSteps: 0 }, "option_invalid", "a whole number, 1 or more"],
      [{ askAgain: -1 }, "option_invalid", "a whole number, 0 or more"],
      [{ timeoutMs: Number.NaN }, "option_invalid", "a number above 0"],
      [{ settings: { temperture: 1 } }, "option_invalid", 'did you mean "temperature"?'],
      [{ settings: { temperature: 3 } }, "option_invalid", "a number from 0 to 2"],
      [{ settings: { stopSequences: [""] } }, "option_invalid", "a list of non-empty strings"],
      [{ settings: { providerOptions: { flock: {} } } }, "option_invalid", "the framework's own"],
      [{ model: { provider: "x" } }, "option_invalid", "language model"],
      [{ model: " " }, "option_invalid", "a model string or a language model"],
    ];
    for (const [change, code, message] of wrong) {
      const declare = () => new DeclarativeAgent({ name: "a", ...summary, ...change } as never);
      expect(declare, message).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
    }
    expect(() => new DeclarativeAgent(undefined as never)).toThrow("must be an object");
  });

  it("refuses an output type that no model can be told about", () => {
    const types = new TypeRegistry().register("Odd", v.pipe(v.string(), v.minLength(3)));
    const declare = () => new DeclarativeAgent({ name: "a", types, input: "topic: str", output: "odd: Odd" });
    expect(declare).toThrow(expect.objectContaining({ code: "type_invalid", message: expect.stringContaining("Odd") }));
  });

  it("refuses wrong tools likewise", () => {
    const base = { name: "t", description: "d", input: "x: str", execute: () => ({}) };
    const wrong: [object, string][] = [
      [{ nam: "t" }, "has no option"],
      [{ description: "" }, '"description" must be'],
      [{ input: 5 }, "a signature string or a Standard Schema"],
      [{ execute: undefined }, '"execute" must be given'],
      [{ approval: "yes" }, "true, false or a function"],
    ];
    for (const [change, message] of wrong)
      expect(() => tool({ ...base, ...change } as never), message).toThrow(message);
  });

  it("keeps a plain identity that changes with everything that decides the answer", () => {
    const base = new DeclarativeAgent({ name: "a", ...summary });
    const others = [
      new DeclarativeAgent({ name: "a", ...summary, instructions: "Be short." }),
      new DeclarativeAgent({ name: "a", ...summary, model: "offline" }),
      new DeclarativeAgent({ name: "a", ...summary, settings: { temperature: 0 } }),
      new DeclarativeAgent({ name: "a", input: "topic: str", output: "summary: str" }),
    ];
    const texts = [base, ...others].map((agent) => JSON.stringify(agent.identity));
    expect(new Set(texts).size).toBe(5);
    expect(JSON.stringify(new DeclarativeAgent({ name: "a", ...summary }).identity)).toBe(texts[0]);
  });

  it("disposes the providers of its agent", async () => {
    const log: string[] = [];
    const provider = { name: "p", [Symbol.asyncDispose]: async () => void log.push("disposed") };
    {
      await using agent = new DeclarativeAgent({ name: "a", ...summary, providers: [provider] });
      await agent.execute("x", { flock: house([good]).flock });
    }
    expect(log).toEqual(["disposed"]);
  });
});
