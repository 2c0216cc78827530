import type { LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { loadError, modelOf } from "../../../src/models/llama/llama-model.ts";
import { SharedEngine } from "../../../src/models/llama/shared-engine.ts";
import { createModel } from "../../../src/models/model.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { callContext, callModel } from "../call-context.ts";
import { type ScriptedEngineOptions, scriptedEngine } from "./scripted-engine.ts";

const find = {
  type: "function" as const,
  name: "find",
  inputSchema: { type: "object" as const, properties: { query: { type: "string" as const } } },
};
const call = '<tool_call>{"name":"find","arguments":{"query":"x"}}</tool_call>';
const json = {
  type: "json" as const,
  schema: { type: "object" as const, properties: { a: { type: "integer" as const } }, required: ["a"] },
};

function create(options: ScriptedEngineOptions, idleMs = 1_000) {
  const runtime = createTestRuntime({ seed: 7 });
  const engine = scriptedEngine(options);
  let loads = 0;
  const load = async () => {
    loads += 1;
    return engine;
  };
  const shared = new SharedEngine({ load, slots: engine.slots, idleMs, runtime });
  return { model: modelOf(shared, "tiny.gguf", runtime), engine, runtime, shared, loads: () => loads };
}

function ask(rest: Partial<LanguageModelV4CallOptions> = {}): LanguageModelV4CallOptions {
  return { prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }], ...rest };
}

async function partsOf(stream: ReadableStream<LanguageModelV4StreamPart>): Promise<LanguageModelV4StreamPart[]> {
  const parts: LanguageModelV4StreamPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

const settled = (promise: PromiseLike<unknown>) => Promise.resolve(promise).catch((error: unknown) => error);
/** Lets everything that can go on without a clock do so. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a local model's answer", () => {
  it("is text with exact tokens, a reason and the file's name", async () => {
    const { model } = create({ says: ["Good day"] });
    expect(await model.doGenerate(ask())).toEqual({
      content: [{ type: "text", text: "Good day" }],
      finishReason: { unified: "stop", raw: "stop" },
      usage: {
        inputTokens: { total: 5, noCache: 5, cacheRead: 0, cacheWrite: 0 },
        outputTokens: { total: 8, text: 8, reasoning: 0 },
      },
      warnings: [],
      response: { modelId: "tiny.gguf" },
    });
  });

  it("may be empty", async () => {
    const { model } = create({ says: [""] });
    expect(await model.doGenerate(ask())).toMatchObject({ content: [], finishReason: { unified: "stop" } });
  });

  it("ends at the token limit, the context's end, a stop sequence or the template's own mark", async () => {
    const says = ["0123456789"];
    const limited = await create({ says }).model.doGenerate(ask({ maxOutputTokens: 3 }));
    expect(limited).toMatchObject({ content: [{ text: "012" }], finishReason: { unified: "length" } });
    expect(limited.usage.outputTokens.total).toBe(3);
    const full = await create({ says, contextTokens: 9 }).model.doGenerate(ask({ maxOutputTokens: 100 }));
    expect(full).toMatchObject({ content: [{ text: "0123" }], finishReason: { unified: "length" } });
    const stopped = await create({ says }).model.doGenerate(ask({ stopSequences: ["45"] }));
    expect(stopped).toMatchObject({ content: [{ text: "0123" }], finishReason: { unified: "stop" } });
    const marked = await create({ says, stops: ["7"] }).model.doGenerate(ask());
    expect(marked).toMatchObject({ content: [{ text: "0123456" }], finishReason: { unified: "stop" } });
  });

  it("is held to a schema by a grammar", async () => {
    const { model, engine } = create({ says: ['{"a":1}'] });
    await model.doGenerate(ask({ responseFormat: json }));
    expect(engine.grammars).toHaveLength(1);
    expect(engine.calls[0]?.sampling.grammar).toEqual({ grammar: engine.grammars[0] });
  });

  it("warns when the library refuses the grammar, and of settings that change nothing", async () => {
    const { model, engine } = create({ says: ["x"], refusesGrammars: true });
    const settings = { presencePenalty: 1, frequencyPenalty: 0, reasoning: "high" as const };
    const { warnings } = await model.doGenerate(ask({ responseFormat: json, ...settings }));
    expect(warnings).toEqual([
      { type: "unsupported", feature: "presencePenalty" },
      { type: "unsupported", feature: "reasoning" },
      expect.objectContaining({ type: "unsupported", feature: "responseFormat" }),
    ]);
    expect(engine.calls[0]?.sampling.grammar).toBeUndefined();
  });

  it("is the likeliest one unless told otherwise; a seed makes the model forget what it read before", async () => {
    const { model, engine } = create({ says: ["x"] });
    await model.doGenerate(ask());
    await model.doGenerate(ask({ temperature: 0.7, topP: 0.9, topK: 5, seed: 2 ** 32 + 3 }));
    const [plain, seeded] = engine.calls.map(({ sampling }) => sampling);
    expect(plain).toMatchObject({ temperature: 0, topP: undefined, topK: undefined, fresh: false });
    expect(seeded).toMatchObject({ temperature: 0.7, topP: 0.9, topK: 5, seed: 3, fresh: true });
    const again = create({ says: ["x"] });
    await again.model.doGenerate(ask());
    expect(again.engine.calls[0]?.sampling.seed).toBe(plain?.seed);
  });

  it("comes from a runnable whose name shows no folder", async () => {
    const runnable = createModel(create({ says: ["x"] }).model);
    expect(runnable.name).toBe("llama/tiny.gguf");
    const answer = await callModel(runnable, ask(), callContext().context);
    expect(runnable.costOf(answer)?.usage).toMatchObject({ inputTokens: 5, outputTokens: 1 });
  });

  it("is refused before any work when the prompt leaves no room for it", async () => {
    const { model, engine } = create({ says: ["x"], contextTokens: 5 });
    expect(await settled(model.doGenerate(ask()))).toMatchObject({
      code: "context_too_long",
      message: expect.stringContaining("the prompt has 5 tokens and tiny.gguf takes 5"),
      details: { model: "llama/tiny.gguf", retryable: false, vendorCode: "context_length_exceeded" },
    });
    expect(engine.calls).toHaveLength(0);
  });
});

describe("a local model's tool call", () => {
  it("is one part with an id of its own", async () => {
    const { model, engine } = create({ says: [call] });
    const answers = [await model.doGenerate(ask({ tools: [find] })), await model.doGenerate(ask({ tools: [find] }))];
    for (const { content, finishReason } of answers) {
      expect(content).toEqual([
        { type: "tool-call", toolCallId: expect.stringMatching(/^call-./), toolName: "find", input: '{"query":"x"}' },
      ]);
      expect(finishReason.unified).toBe("tool-calls");
    }
    const ids = answers.map(({ content }) => (content[0] as { toolCallId: string }).toolCallId);
    expect(new Set(ids).size).toBe(2);
    expect(engine.calls[0]?.turns[0]?.role).toBe("system");
  });

  it("is text when it is none: cut off, unknown, or without tools to call", async () => {
    const cut = await create({ says: [call] }).model.doGenerate(ask({ tools: [find], maxOutputTokens: 30 }));
    expect(cut).toMatchObject({
      content: [{ type: "text", text: call.slice(0, 30) }],
      finishReason: { unified: "length" },
    });
    const unknown = await create({ says: [call.replace("find", "lose")] }).model.doGenerate(ask({ tools: [find] }));
    expect(unknown).toMatchObject({ content: [{ type: "text" }], finishReason: { unified: "stop" } });
    const without = await create({ says: [call] }).model.doGenerate(ask());
    expect(without.content).toEqual([{ type: "text", text: call }]);
  });

  it("streams whole, while text streams as soon as it can be no call", async () => {
    const streamed = await create({ says: [call] }).model.doStream(ask({ tools: [find] }));
    expect((await partsOf(streamed.stream)).map(({ type }) => type)).toEqual([
      "stream-start",
      "response-metadata",
      "tool-input-start",
      "tool-input-delta",
      "tool-input-end",
      "tool-call",
      "finish",
    ]);
    const text = await create({ says: ["<to be>"] }).model.doStream(ask({ tools: [find] }));
    const deltas = (await partsOf(text.stream)).flatMap((part) => (part.type === "text-delta" ? [part.delta] : []));
    expect(deltas).toEqual(["<to ", "b", "e", ">"]);
  });
});

describe("calls of a local model", () => {
  it("take turns in their order, as many at once as there are slots", async () => {
    const gates: (() => void)[] = [];
    const pause = () => new Promise<void>((resolve) => gates.push(resolve));
    const { model, engine, loads } = create({ says: ["1", "2", "3"], slots: 2, pause });
    const answers = Promise.all([1, 2, 3].map(() => model.doGenerate(ask())));
    await turn();
    expect(engine.busy.size).toBe(2);
    expect(engine.calls).toHaveLength(2);
    while (engine.calls.length < 3 || gates.length > 0) {
      gates.shift()?.();
      await turn();
    }
    const texts = (await answers).map(({ content }) => (content[0] as { text: string }).text);
    expect(texts).toEqual(["1", "2", "3"]);
    expect(engine.busy.size).toBe(0);
    expect(loads()).toBe(1);
  });

  it("leave the line when their signal aborts, and never enter it when it has aborted", async () => {
    const { model, engine } = create({ says: ["x"], pause: () => new Promise(() => {}) });
    void settled(model.doGenerate(ask()));
    await turn();
    const controller = new AbortController();
    const waiting = settled(model.doGenerate(ask({ abortSignal: controller.signal })));
    await turn();
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    expect(await settled(model.doGenerate(ask({ abortSignal: controller.signal })))).toBe(reason);
    expect(engine.calls).toHaveLength(1);
  });

  it("reject at once on abort, and keep the slot until the step in hand has ended", async () => {
    const gates: (() => void)[] = [];
    const pause = () => new Promise<void>((resolve) => gates.push(resolve));
    const { model, engine } = create({ says: ["abc"], pause });
    const controller = new AbortController();
    const stopped = settled(model.doGenerate(ask({ abortSignal: controller.signal })));
    await turn();
    const next = settled(model.doGenerate(ask()));
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await stopped).toBe(reason);
    await turn();
    expect(engine.calls).toHaveLength(1);
    gates.shift()?.();
    await turn();
    expect(engine.calls).toHaveLength(2);
    for (let step = 0; step < 3; step++) {
      gates.shift()?.();
      await turn();
    }
    expect(await next).toMatchObject({ content: [{ text: "abc" }] });
  });

  it("stop when the reader of their stream goes away", async () => {
    const { model, engine } = create({ says: ["abcdef", "next"] });
    const { stream } = await model.doStream(ask());
    const reader = stream.getReader();
    for (let part = 0; part < 4; part++) await reader.read();
    expect(engine.busy.size).toBe(1);
    await reader.cancel();
    expect(await model.doGenerate(ask())).toMatchObject({ content: [{ text: "next" }] });
    expect(engine.busy.size).toBe(0);
  });

  it("let their stream fail with the signal's reason", async () => {
    const controller = new AbortController();
    const { model } = create({ says: ["abc"] });
    const { stream } = await model.doStream(ask({ abortSignal: controller.signal }));
    const reader = stream.getReader();
    await reader.read();
    const reason = new Error("enough");
    controller.abort(reason);
    expect(
      await settled(
        reader
          .read()
          .then(() => reader.read())
          .then(() => reader.read()),
      ),
    ).toBe(reason);
  });

  it("need not wait for the weights when their signal aborts", async () => {
    const runtime = createTestRuntime();
    const shared = new SharedEngine({ load: () => new Promise(() => {}), slots: 1, idleMs: 1, runtime });
    const controller = new AbortController();
    const waiting = settled(modelOf(shared, "m", runtime).doGenerate(ask({ abortSignal: controller.signal })));
    await turn();
    controller.abort(new Error("enough"));
    expect(await waiting).toEqual(new Error("enough"));
  });
});

describe("a local model's memory", () => {
  it("is freed after it was idle, not while it is used, and taken again by the next call", async () => {
    const gates: (() => void)[] = [];
    const pause = () => new Promise<void>((resolve) => gates.push(resolve));
    const { model, engine, runtime, loads } = create({ says: ["a"], pause }, 1_000);
    const first = model.doGenerate(ask());
    await turn();
    await runtime.clock.advance(5_000);
    expect(engine.disposals()).toBe(0);
    gates.shift()?.();
    await first;
    await turn();
    await runtime.clock.advance(999);
    const second = model.doGenerate(ask());
    await turn();
    await runtime.clock.advance(5_000);
    expect(engine.disposals()).toBe(0);
    gates.shift()?.();
    await second;
    await turn();
    await runtime.clock.advance(1_000);
    await turn();
    expect(engine.disposals()).toBe(1);
    const third = model.doGenerate(ask());
    await turn();
    gates.shift()?.();
    await third;
    expect(loads()).toBe(2);
  });

  it("is freed on request once the calls in hand have ended", async () => {
    const gates: (() => void)[] = [];
    const pause = () => new Promise<void>((resolve) => gates.push(resolve));
    const { model, engine } = create({ says: ["a"], pause });
    await model[Symbol.asyncDispose]();
    expect(engine.disposals()).toBe(0);
    const working = model.doGenerate(ask());
    await turn();
    const freed = model[Symbol.asyncDispose]();
    await turn();
    expect(engine.disposals()).toBe(0);
    gates.shift()?.();
    await working;
    await freed;
    expect(engine.disposals()).toBe(1);
    await model[Symbol.asyncDispose]();
    expect(engine.disposals()).toBe(1);
  });

  it("is asked for again after a load that failed", async () => {
    const runtime = createTestRuntime();
    const engine = scriptedEngine({ says: ["x"] });
    let loads = 0;
    const load = async () => {
      loads += 1;
      if (loads === 1) throw new Error("no memory");
      return engine;
    };
    const model = modelOf(new SharedEngine({ load, slots: 1, idleMs: 1, runtime }), "m", runtime);
    expect(await settled(model.doGenerate(ask()))).toEqual(new Error("no memory"));
    await model[Symbol.asyncDispose]();
    expect(await model.doGenerate(ask())).toMatchObject({ content: [{ text: "x" }] });
  });

  it("may fail to be freed: the one who asked is told, and the next call loads anew", async () => {
    const runtime = createTestRuntime();
    const engine = { ...scriptedEngine({ says: ["x"] }), dispose: () => Promise.reject(new Error("stuck")) };
    const shared = new SharedEngine({ load: async () => engine, slots: 1, idleMs: 10, runtime });
    const model = modelOf(shared, "m", runtime);
    await model.doGenerate(ask());
    await expect(model[Symbol.asyncDispose]()).rejects.toThrow("stuck");
    await model.doGenerate(ask());
    await turn();
    await runtime.clock.advance(10);
    await model.doGenerate(ask());
  });
});

describe("a model that cannot be loaded", () => {
  it("is an error with the library's reason and no folder in it", () => {
    const error = loadError(new Error("failed to read /data/models/a.gguf"), "/data/models/a.gguf");
    expect(error).toMatchObject({ code: "model_failed", details: { model: "llama/a.gguf", retryable: false } });
    expect(error.message).toContain("could not be loaded: failed to read a.gguf; ");
    expect(loadError("odd", "/x/a.gguf").message).toContain("the library gave no reason");
  });

  it("says what to install when the library has gone", () => {
    const cause = Object.assign(new Error("gone"), { code: "ERR_MODULE_NOT_FOUND" });
    expect(loadError(cause, "/x/a.gguf")).toMatchObject({
      code: "model_package_missing",
      details: { install: "npm install node-llama-cpp" },
    });
  });
});
