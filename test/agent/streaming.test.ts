import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { watchAnswer } from "../../src/agent/watch-answer.ts";
import type { DeltaEvent, FlockEvent } from "../../src/core/events/event.ts";
import { DeclarativeAgent, Flock, type Runnable, tool, type WrapperLayer } from "../../src/entries/index.ts";
import {
  createTestRuntime,
  type ScriptedAnswer,
  type ScriptedParts,
  scriptedModel,
} from "../../src/entries/testing.ts";
import { createModel } from "../../src/models/model.ts";

type Delta = DeltaEvent["delta"];

function house(answers: readonly ScriptedAnswer[], layers: readonly WrapperLayer[] = []) {
  const runtime = createTestRuntime();
  const model = scriptedModel(answers, { runtime });
  const flock = new Flock({ model, runtime, recovery: false, layers: (stack) => [...layers, ...stack] });
  return { runtime, model, flock };
}

const search = tool({
  name: "search",
  description: "Searches.",
  input: "query: str, limit?: int",
  execute: ({ query }) => ({ found: query }),
});

const signature = { input: "topic: str", output: "title: str, lines: list[str]" } as const;
const whole = { title: "Tides", lines: ["They come", "and go"] };

/** The deltas on the agent's own path, each value as it was when it was told. */
function listening(deltas: Delta[]) {
  return {
    events: ["delta"] as const,
    onEvent: (event: FlockEvent) => {
      if (event.type !== "delta" || event.path.includes("/", "run/".length + 1)) return;
      const { delta } = event;
      deltas.push("value" in delta ? { ...delta, value: delta.value } : delta);
    },
  };
}

function valuesOf(deltas: readonly Delta[], kind: "partial" | "tool-partial"): unknown[] {
  return deltas.flatMap((delta) => (delta.kind === kind ? [delta.value] : []));
}

/** Tells whether a value can have grown into another: same places, texts that begin alike. */
function growsInto(part: unknown, later: unknown): boolean {
  if (typeof part === "string") return typeof later === "string" && later.startsWith(part);
  if (Array.isArray(part)) return Array.isArray(later) && part.every((item, index) => growsInto(item, later[index]));
  if (typeof part === "object" && part !== null) {
    const target = later as Record<string, unknown> | null;
    return (
      typeof target === "object" &&
      Object.entries(part).every(([key, value]) => Object.hasOwn(target ?? {}, key) && growsInto(value, target?.[key]))
    );
  }
  return Object.is(part, later);
}

function expectGrowing(values: readonly unknown[], end: unknown): void {
  for (const [index, value] of values.entries()) expect(growsInto(value, values[index + 1] ?? end)).toBe(true);
}

describe("the input of a tool call", () => {
  it("comes as partial values on the agent's path while the model writes it", async () => {
    const { flock } = house([
      { toolCalls: [{ tool: "search", input: { query: "sea tides", limit: 3 } }], pieces: 6 },
      { json: whole },
    ]);
    const deltas: Delta[] = [];
    const agent = new DeclarativeAgent({ name: "a", ...signature, tools: [search] });
    expect(await agent.execute("x", { flock, ...listening(deltas) })).toEqual(whole);
    const told = deltas.filter((delta) => delta.kind === "tool-partial");
    expect(told[0]).toMatchObject({ toolCallId: "call-0-0", tool: "search" });
    const values = told.map((delta) => delta.value);
    expect(values).toContainEqual({ query: "se" });
    expect(values.at(-1)).toEqual({ query: "sea tides", limit: 3 });
    expectGrowing(values, values.at(-1));
    expect(deltas.map(({ kind }) => kind)).not.toContain("reset");
  });

  it("stays apart from that of a call written at the same time", async () => {
    const inputs = [{ query: "north sea" }, { query: "south sea", limit: 2 }, { query: "" }];
    const { flock } = house([
      { toolCalls: inputs.map((input) => ({ tool: "search", input })), pieces: [3, 5, 2], interleave: true },
      { json: whole },
    ]);
    const deltas: Delta[] = [];
    const agent = new DeclarativeAgent({ name: "a", ...signature, tools: [search] });
    await agent.execute("x", { flock, ...listening(deltas) });
    const last = new Map<string, unknown>();
    for (const delta of deltas) if (delta.kind === "tool-partial") last.set(delta.toolCallId, delta.value);
    expect([...last]).toEqual(inputs.map((input, index) => [`call-0-${index}`, input]));
  });

  it("is read for the first 64 calls alone, and broken JSON only up to where it breaks", async () => {
    const toolCalls = Array.from({ length: 70 }, (_, index) => ({ tool: "search", input: { query: `q${index}` } }));
    const broken = { tool: "search", input: '{"query": "a", oops' };
    const { flock } = house([{ toolCalls: [broken, ...toolCalls] }, { json: whole }]);
    const deltas: Delta[] = [];
    const agent = new DeclarativeAgent({ name: "a", ...signature, tools: [search] });
    await agent.execute("x", { flock, ...listening(deltas) });
    const ids = new Set(deltas.flatMap((delta) => (delta.kind === "tool-partial" ? [delta.toolCallId] : [])));
    expect(ids.size).toBe(64);
    const first = deltas.flatMap((delta) =>
      delta.kind === "tool-partial" && delta.toolCallId === "call-0-0" ? [delta.value] : [],
    );
    expect(first.at(-1)).toEqual({ query: "a" });
  });
});

describe("an answer that is written before tools are called", () => {
  it("is void: the next answer begins anew", async () => {
    const { flock } = house([
      { text: '{"title": "Let me look"}', toolCalls: [{ tool: "search", input: { query: "q" } }] },
      { json: whole, pieces: 7 },
    ]);
    const deltas: Delta[] = [];
    const agent = new DeclarativeAgent({ name: "a", ...signature, tools: [search] });
    await agent.execute("x", { flock, ...listening(deltas) });
    const kinds = deltas.map(({ kind }) => kind);
    expect(kinds.indexOf("reset")).toBeGreaterThan(kinds.indexOf("partial"));
    expect(valuesOf(deltas.slice(kinds.indexOf("reset")), "partial").at(-1)).toEqual(whole);
  });
});

describe("a model call that is tried again", () => {
  const retryModels: WrapperLayer = {
    form: "wrapper",
    name: "retry",
    appliesTo: (runnable) => runnable.kind === "model",
    wrap: (call, next) => next(call).catch(() => next(call)),
  };

  it("after a stream that failed in the middle lets partial answers begin anew", async () => {
    const { flock } = house(
      [
        { json: { title: "Stale and longer", lines: [] }, pieces: 8, stop: { by: "error", afterPieces: 3 } },
        { json: whole, pieces: 8 },
      ],
      [retryModels],
    );
    const agent = new DeclarativeAgent({ name: "a", ...signature });
    const stream = agent.stream("x", { flock });
    const kinds: string[] = [];
    for await (const event of stream)
      if (event.type === "delta" && event.path === "run/a#0") kinds.push(event.delta.kind);
    expect(await stream.result).toEqual(whole);
    expect(kinds.filter((kind) => kind === "reset")).toHaveLength(1);
    expect(kinds[0]).toBe("partial");
    expect(kinds.lastIndexOf("partial")).toBeGreaterThan(kinds.indexOf("reset"));
  });

  it("and fails for good leaves nothing that stands", async () => {
    const { flock } = house(
      [{ json: whole, stop: { by: "error-part", afterPieces: 2 } }, { error: new Error("down") }],
      [retryModels],
    );
    const deltas: Delta[] = [];
    const agent = new DeclarativeAgent({ name: "a", ...signature });
    await expect(agent.execute("x", { flock, ...listening(deltas) })).rejects.toMatchObject({ code: "model_failed" });
    expect(deltas.at(-1)).toEqual({ kind: "reset" });
    expect(deltas.filter(({ kind }) => kind === "reset")).toHaveLength(1);
  });
});

describe("an answer given through a tool", () => {
  /** Asks a model as an agent does, with the tool that answers. */
  async function watched(parts: ScriptedParts, options: { answerTool?: string } = { answerTool: "answer" }) {
    const model = createModel(scriptedModel([parts]));
    const deltas: Delta[] = [];
    const asking: Runnable<object, object> = {
      name: "a",
      kind: "agent",
      perform: (_, context) => watchAnswer(model, { prompt: [] }, context, options),
    };
    await new Flock({ runtime: createTestRuntime() }).run(asking, {}, listening(deltas));
    return deltas;
  }
  const answer = { tool: "answer", input: whole };

  it("is partial in its input, beside the inputs of other tools and text around it", async () => {
    const deltas = await watched({ text: "Here it is:", toolCalls: [answer], pieces: 9 });
    expect(valuesOf(deltas, "partial").at(-1)).toEqual(whole);
    expect(deltas.every(({ kind }) => kind === "partial")).toBe(true);
    const both = await watched({ toolCalls: [{ tool: "search", input: { query: "q" } }, answer] });
    expect(valuesOf(both, "tool-partial").at(-1)).toEqual({ query: "q" });
    expect(valuesOf(both, "partial").at(-1)).toEqual(whole);
    expect(both.map(({ kind }) => kind)).not.toContain("reset");
  });

  it("takes the place of an answer in the text, and only the first call of the tool is it", async () => {
    const deltas = await watched({
      text: '{"title": "in the text"}',
      toolCalls: [answer, { tool: "answer", input: { title: "second" } }],
    });
    const kinds = deltas.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "reset")).toHaveLength(1);
    const after = valuesOf(deltas.slice(kinds.indexOf("reset")), "partial");
    expect(after.at(-1)).toEqual(whole);
    expect(JSON.stringify(deltas)).not.toContain("second");
  });

  it("streams from whole agents whose model takes tools but no schema", async () => {
    const noSchema = { text: "no JSON here", unsupported: ["responseFormat"] };
    const { flock, model } = house([noSchema, { toolCalls: [answer], pieces: 6 }]);
    const deltas: Delta[] = [];
    const agent = new DeclarativeAgent({ name: "a", ...signature });
    expect(await agent.execute("x", { flock, ...listening(deltas) })).toEqual(whole);
    expect(model.requests[1]?.tools?.map(({ name }) => name)).toEqual(["answer"]);
    expect(valuesOf(deltas, "partial").length).toBeGreaterThan(2);
    expect(valuesOf(deltas, "partial").at(-1)).toEqual(whole);
    expect(valuesOf(deltas, "tool-partial")).toEqual([]);
  });

  it("is the text where the model does not use the tool", async () => {
    const deltas = await watched({ json: whole });
    expect(valuesOf(deltas, "partial").at(-1)).toEqual(whole);
    const plain = await watched({ toolCalls: [answer] }, {});
    expect(valuesOf(plain, "tool-partial").at(-1)).toEqual(whole);
  });
});

describe("partial answers of long answers", () => {
  it("are copied in time that grows with the text, however wide the answer is", async () => {
    const copied: number[] = [];
    for (const items of [5_000, 20_000]) {
      const lines = Array.from({ length: items }, (_, index) => `line ${index}`);
      const { flock } = house([{ json: { title: "t", lines }, pieces: 20 }]);
      const stream = new DeclarativeAgent({ name: "a", ...signature }).stream("x", { flock });
      let entries = 0;
      let last: unknown;
      for await (const { lines: part = [] } of stream.partials) {
        entries += part.length;
        last = part;
      }
      expect(last).toEqual(lines);
      expect((await stream.result).lines).toHaveLength(items);
      copied.push(entries);
    }
    expect(copied[1]! / copied[0]!).toBeLessThan(6);
  });

  it("are values of their own that never change", async () => {
    const { flock } = house([{ json: whole, pieces: 3 }]);
    const stream = new DeclarativeAgent({ name: "a", ...signature }).stream("x", { flock });
    const kept: { value: unknown; text: string }[] = [];
    for await (const value of stream.partials) kept.push({ value, text: JSON.stringify(value) });
    expect(kept.length).toBeGreaterThan(3);
    for (const { value, text } of kept) expect(JSON.stringify(value)).toBe(text);
  });
});

const title = fc.string({ unit: "grapheme", maxLength: 20 });
const answers = fc.record({ title, lines: fc.array(title, { maxLength: 6 }) });
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });

describe("any scripted answer", () => {
  it("split in any way gives partials that grow into exactly the result", async () => {
    await fc.assert(
      fc.asyncProperty(answers, sizes, async (json, pieces) => {
        const { flock } = house([{ json, pieces }]);
        const stream = new DeclarativeAgent({ name: "a", ...signature }).stream("x", { flock });
        const partials: unknown[] = [];
        for await (const partial of stream.partials) partials.push(partial);
        const result = await stream.result;
        expect(result).toEqual(json);
        expect(partials.at(-1)).toEqual(result);
        expectGrowing(partials, result);
      }),
      { numRuns: 60 },
    );
  });

  it("gives the same result or error streamed and whole, whatever goes wrong on the way", async () => {
    const stop = fc.record(
      {
        by: fc.constantFrom("error", "error-part", "cut", "length" as const),
        afterPieces: fc.nat(8),
        afterCharacters: fc.nat(30),
        error: fc.constantFrom<unknown>(new Error("broke"), { type: "overloaded_error", message: "busy" }, "words"),
      },
      { requiredKeys: ["by"] },
    );
    const parts: fc.Arbitrary<ScriptedParts> = fc.record(
      {
        json: fc.oneof(answers, fc.constant({ title: 5 })),
        reasoning: fc.array(title, { maxLength: 2 }),
        toolCalls: fc.array(
          fc.record({
            tool: fc.constantFrom("search", "nope"),
            input: fc.constantFrom('{"query": "q"}', "{oops", { limit: 1 }),
          }),
          { maxLength: 3 },
        ),
        pieces: sizes,
        stop,
        usage: fc.constantFrom("none", { inputTokens: -1 }, { outputTokens: Number.NaN }),
        finishReason: fc.constantFrom("stop", "content-filter", "error"),
      },
      { requiredKeys: ["json"] },
    ) as fc.Arbitrary<ScriptedParts>;
    const outcome = (run: Promise<unknown>) =>
      run.then(
        (value) => ({ value }),
        (error: { code?: string; message: string; details?: unknown }) => ({
          code: error.code,
          message: error.message,
          details: error.details,
        }),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { minLength: 1, maxLength: 3 }), async (script) => {
        const agent = new DeclarativeAgent({ name: "a", ...signature, tools: [search], maxSteps: 3 });
        const executed = await outcome(agent.execute("x", { flock: house(script).flock }));
        const streamed = await outcome(agent.stream("x", { flock: house(script).flock }).result);
        expect(streamed).toEqual(executed);
      }),
      { numRuns: 150 },
    );
  });
});
