import { inspect } from "node:util";
import type { LanguageModelV4, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { DeclarativeAgent, Flock, tool } from "../../src/entries/index.ts";
import {
  createTestRuntime,
  type ModelExchange,
  recordModel,
  replayModel,
  type ScriptedAnswer,
  scriptedModel,
} from "../../src/entries/testing.ts";
import { resolveModelName } from "../../src/models/resolve-model.ts";
import { openAiCompatible } from "../fault-server/dialects/openai-chat.ts";
import { startFaultServer } from "../fault-server/fault-server.ts";
import { answer, status } from "../fault-server/faults/answers.ts";
import { stopAt } from "../fault-server/faults/connections.ts";

const key = "canary-key-4711";
const runtime = createTestRuntime({ variables: { OPENAI_API_KEY: key } });

function asking(text: string) {
  return { prompt: [{ role: "user" as const, content: [{ type: "text" as const, text }] }] };
}

function recorded(answers: readonly ScriptedAnswer[]) {
  const exchanges: ModelExchange[] = [];
  const model = recordModel(scriptedModel(answers), { runtime, onExchange: (one) => void exchanges.push(one) });
  return { model, exchanges, replay: () => replayModel(exchanges.map((one) => JSON.stringify(one))) };
}

async function partsOf(model: LanguageModelV4, options = asking("hello")) {
  const { stream } = await model.doStream(options);
  const parts: LanguageModelV4StreamPart[] = [];
  for await (const part of stream as unknown as AsyncIterable<LanguageModelV4StreamPart>) parts.push(part);
  return parts;
}

async function failureOf(pending: PromiseLike<unknown>): Promise<Error> {
  try {
    await pending;
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected a failure");
}

/** A model that streams these parts and then ends, or fails. */
function streaming(parts: readonly LanguageModelV4StreamPart[], failure?: unknown): LanguageModelV4 {
  const stream = () => {
    let next = 0;
    return new ReadableStream<LanguageModelV4StreamPart>({
      pull(controller) {
        const part = parts[next++];
        if (part !== undefined) controller.enqueue(part);
        else if (failure !== undefined) controller.error(failure);
        else controller.close();
      },
    });
  };
  return { ...scriptedModel(["unused"]), doStream: async () => ({ stream: stream() }) };
}

const usage = scriptedModel(["x"])
  .doGenerate(asking("x"))
  .then((given) => given.usage);

describe("a recorded model", () => {
  it("answers as before, and replays an agent with tools exactly, by execute and by stream", async () => {
    const { model, exchanges, replay } = recorded([
      { toolCalls: [{ tool: "search", input: { query: "bees" } }] },
      "no JSON at all",
      { json: { summary: "they dance" }, usage: { inputTokens: 3, outputTokens: 4 } },
    ]);
    const agentOf = (used: LanguageModelV4) =>
      new DeclarativeAgent({
        name: "researcher",
        model: used,
        input: "topic: str",
        output: "summary: str",
        tools: [
          tool({
            name: "search",
            description: "Searches.",
            input: "query: str",
            execute: () => ({ found: "a dance" }),
          }),
        ],
      });
    await using flock = new Flock({ runtime });
    expect(await agentOf(model).execute("bees", { flock })).toEqual({ summary: "they dance" });
    expect(exchanges).toHaveLength(3);
    expect(exchanges[0]).toMatchObject({ v: 1, provider: "scripted", modelId: "scripted" });
    expect(await agentOf(replay()).execute("bees", { flock })).toEqual({ summary: "they dance" });
    expect(await agentOf(replay()).stream("bees", { flock }).result).toEqual({ summary: "they dance" });
    await expect(agentOf(replay()).execute("wasps", { flock })).rejects.toMatchObject({
      code: "model_failed",
      details: { retryable: false, vendorCode: "not_recorded" },
    });
  });

  it("replays streams part by part, and whole when asked without a stream", async () => {
    const { model, replay } = recorded([{ text: "one two", toolCalls: [{ tool: "t", input: { a: 1 } }] }]);
    const parts = await partsOf(model);
    expect(await partsOf(replay())).toEqual(parts);
    expect((await replay().doGenerate(asking("hello"))).content).toEqual([
      { type: "text", text: "one two" },
      expect.objectContaining({ type: "tool-call", input: '{"a":1}' }),
    ]);
  });

  it("gives the same request its recorded answers in turn, then the last again", async () => {
    const { model, replay } = recorded(["first", "second"]);
    for (let turn = 0; turn < 2; turn++) await model.doGenerate(asking("hello"));
    const replayed = replay();
    const said = [];
    for (let turn = 0; turn < 3; turn++) said.push((await replayed.doGenerate(asking("hello"))).content[0]);
    expect(said).toMatchObject([{ text: "first" }, { text: "second" }, { text: "second" }]);
  });

  it("keeps dates, bytes and metadata, and drops headers and bodies", async () => {
    const whole = {
      content: [
        { type: "reasoning" as const, text: "hm" },
        {
          type: "file" as const,
          mediaType: "image/png",
          data: { type: "data" as const, data: new Uint8Array([1, 2]) },
        },
      ],
      finishReason: { unified: "stop" as const, raw: "stop" },
      usage: await usage,
      providerMetadata: { vendor: { apiKey: "hidden-one", headers: { cookie: "hidden-two" }, budgetTokens: 5 } },
      request: { body: "hidden-three" },
      response: { id: "r1", timestamp: new Date(7), headers: { cookie: "hidden-four" }, body: "hidden-five" },
      warnings: [],
    };
    const exchanges: ModelExchange[] = [];
    const inner = { ...scriptedModel(["unused"]), doGenerate: async () => whole };
    const model = recordModel(inner, { runtime, onExchange: (one) => void exchanges.push(one) });
    const asked = {
      ...asking("hello"),
      headers: { authorization: "hidden-six" },
      providerOptions: { vendor: { password: "hidden-seven", effort: "high", limit: Number.NaN, hook: () => 1 } },
      abortSignal: new AbortController().signal,
    } as never;
    expect(await model.doGenerate(asked)).toBe(whole);
    expect(JSON.stringify(exchanges)).not.toContain("hidden");
    expect(exchanges[0]?.request.providerOptions).toEqual({
      vendor: { password: "[redacted]", effort: "high", limit: null },
    });
    const replay = replayModel(exchanges);
    const { request: _, ...rest } = whole;
    expect(await replay.doGenerate(asked)).toEqual({
      ...rest,
      providerMetadata: { vendor: { apiKey: "[redacted]", headers: "[redacted]", budgetTokens: 5 } },
      response: { id: "r1", timestamp: new Date(7) },
    });
    const types = (await partsOf(replay, asked)).map((part) => part.type);
    expect(types).toEqual([
      "stream-start",
      "response-metadata",
      "reasoning-start",
      "reasoning-delta",
      "reasoning-end",
      "file",
      "finish",
    ]);
  });

  it("records failures as the typed errors they are, and replays them", async () => {
    const failure = Object.assign(new Error(`rate limit, key ${key}`), {
      statusCode: 429,
      responseHeaders: { "retry-after": "2" },
    });
    const { model, exchanges, replay } = recorded([failure, failure]);
    await expect(model.doGenerate(asking("a"))).rejects.toBe(failure);
    await expect(model.doStream(asking("b"))).rejects.toBe(failure);
    const error = { code: "rate_limited", details: { status: 429, retryable: true, retryAfterMs: 2_000 } };
    expect(exchanges).toMatchObject([{ error }, { error }]);
    expect(JSON.stringify(exchanges)).not.toContain(key);
    await expect(replay().doGenerate(asking("a"))).rejects.toMatchObject(error);
    await expect(replay().doStream(asking("b"))).rejects.toMatchObject(error);
  });

  it("records a stream that fails on the way with the parts before, and an error among its parts", async () => {
    const begun: LanguageModelV4StreamPart[] = [
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", delta: "half" },
      { type: "raw", rawValue: "not kept" },
    ];
    const exchanges: ModelExchange[] = [];
    const options = { runtime, onExchange: (one: ModelExchange) => void exchanges.push(one) };
    await expect(partsOf(recordModel(streaming(begun, new Error("socket hang up")), options))).rejects.toThrow();
    const parts = [...begun, { type: "error" as const, error: { message: `overloaded ${key}`, type: "overloaded" } }];
    expect(await partsOf(recordModel(streaming(parts), options))).toHaveLength(4);
    expect(JSON.stringify(exchanges)).not.toMatch(/canary|not kept/);
    const replay = replayModel(exchanges);
    const { stream } = await replay.doStream(asking("hello"));
    const reader = stream.getReader();
    expect([await reader.read(), await reader.read()]).toMatchObject([{ done: false }, { value: { delta: "half" } }]);
    await expect(reader.read()).rejects.toMatchObject({ code: "model_unreachable", details: { retryable: true } });
    expect((await partsOf(replay)).at(-1)).toMatchObject({ type: "error", error: { code: "overloaded" } });
  });

  it("takes credentials out of prompts, answers, addresses and errors wherever they stand", async () => {
    const secrets = [
      ["Authorization: Bearer aB3dEf6hIj9kLm2n", "aB3dEf6hIj9kLm2n"],
      ["Basic dXNlcjpwYXNzd29yZDEyMw==", "dXNlcjpwYXNzd29yZDEyMw"],
      ["https://ada:hunter22@example.com/x", "hunter22"],
      ["https://example.com/x?api_key=hunter23&page=2", "hunter23"],
      ["https://example.com/x?page=2&X-Amz-Signature=0123abcd", "0123abcd"],
      ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "eyJzdWIiOiIxMjM0In0"],
      ["AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7"],
      [`the key ${key}`, key],
    ] as const;
    for (const [text, secret] of secrets) {
      const said = { text, reasoning: text, toolCalls: [{ tool: "t", input: { text } }], pieces: 5 };
      const { model, exchanges } = recorded([
        said,
        said,
        new Error(text),
        { text, stop: { by: "error", error: new Error(text), afterPieces: 9 } },
      ]);
      await model.doGenerate(asking(text));
      await partsOf(model, asking(text));
      await failureOf(model.doGenerate(asking(text)));
      await failureOf(partsOf(model, asking(text)));
      expect(exchanges).toHaveLength(4);
      expect(JSON.stringify(exchanges)).not.toContain(secret);
    }
    const plain = "A basic understanding of the bearer of tokens: see https://example.com/a?page=2&keyboard=yes.";
    const { model, exchanges } = recorded([plain]);
    await model.doGenerate(asking(plain));
    expect(JSON.stringify(exchanges[0]?.answer)).toContain(plain);
  });

  it("tells nothing of what was aborted or left", async () => {
    const { model, exchanges } = recorded(["one two", "one two"]);
    const { stream } = await model.doStream(asking("hello"));
    await stream.cancel("enough");
    const controller = new AbortController();
    controller.abort(new Error("gone"));
    await expect(model.doGenerate({ ...asking("hello"), abortSignal: controller.signal })).rejects.toThrow("gone");
    expect(exchanges).toEqual([]);
    const replay = replayModel([{ v: 1, provider: "p", modelId: "m", request: {}, parts: [] }]);
    await expect(replay.doStream({ ...asking("x"), abortSignal: controller.signal })).rejects.toThrow("gone");
  });

  it("fails the call when the exchange cannot be kept", async () => {
    const onExchange = async () => {
      throw new Error("the disk is full");
    };
    const model = recordModel(scriptedModel(["a"], { repeat: true }), { onExchange });
    await expect(model.doGenerate(asking("hello"))).rejects.toThrow("the disk is full");
    await expect(partsOf(model)).rejects.toThrow("the disk is full");
  });

  it("hides a key wherever the pieces of a stream are cut, and leaves all other text as it is", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        text,
        text,
        fc.boolean(),
        fc.array(fc.nat(60), { maxLength: 5 }),
        async (before, after, has, cuts) => {
          const whole = `${before} ${has ? key : "plain"} ${after}`;
          const places = [0, ...cuts.filter((cut) => cut < whole.length), whole.length].sort((a, b) => a - b);
          const parts: LanguageModelV4StreamPart[] = places
            .slice(1)
            .map((end, index) => ({ type: "text-delta", id: "1", delta: whole.slice(places[index], end) }));
          const exchanges: ModelExchange[] = [];
          const model = recordModel(
            streaming([
              ...parts,
              { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage: await usage },
            ]),
            {
              runtime,
              onExchange: (one) => void exchanges.push(one),
            },
          );
          await partsOf(model);
          const said = (exchanges[0]?.parts ?? []).map((part) => part.delta ?? "").join("");
          expect(said).toBe(whole.replaceAll(key, "[redacted]"));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("a replayed model", () => {
  it("finds a request whatever the order of its fields, and names the nearest when none fits", async () => {
    const { model, replay } = recorded(["a", "b"]);
    await model.doGenerate({ ...asking("Bees dance."), temperature: 0, topP: 1 });
    await model.doGenerate({ ...asking("Wasps sting."), temperature: 0, topP: 1 });
    const replayed = replay();
    expect(await replayed.doGenerate({ topP: 1, temperature: 0, ...asking("Bees dance.") })).toMatchObject({
      content: [{ text: "a" }],
    });
    await expect(replayed.doGenerate({ ...asking("Wasps sting."), temperature: 1, topP: 1 })).rejects.toThrow(
      "the nearest is exchange 2 of 2, which has 0 at /temperature, not 1; record it again",
    );
    await expect(replayed.doGenerate({ ...asking("Wasps sting."), topP: 1 })).rejects.toThrow(
      "has 0 at /temperature, not nothing",
    );
    const long = `Wasps sting.${" And bite.".repeat(20)}`;
    const error = await failureOf(replayed.doGenerate({ ...asking(long), temperature: 0, topP: 1 }));
    expect(error.message).toContain('at /prompt/0/content/0/text, not "Wasps sting. And bite.');
    expect(error.message.length).toBeLessThan(400);
  });

  it.each([
    ["nothing", undefined, "a list of exchanges"],
    ["an empty list", [], "at least one"],
    ["blank lines only", ["", " "], "at least one"],
    ["a line that is no JSON", ["{"], "exchanges[0]"],
    ["something else", [{ v: 1 }], "exchanges[0]"],
    ["an exchange without an answer", [{ v: 1, provider: "p", modelId: "m", request: {} }], "exchanges[0]"],
    [
      "two models",
      ["m", "n"].map((modelId) => ({ v: 1, provider: "p", modelId, request: {}, parts: [] })),
      "these are of p/m and p/n",
    ],
  ])("refuses %s", (_, given, message) => {
    expect(() => replayModel(given as never)).toThrow(message);
  });

  it("refuses wrong options", () => {
    expect(() => replayModel([], { runtme: 1 } as never)).toThrow('did you mean "runtime"?');
    expect(() => recordModel({} as never, { onExchange: () => {} })).toThrow("a language model of the AI SDK");
    expect(() => recordModel(scriptedModel(["a"]), {} as never)).toThrow('"onExchange" must be a function');
  });
});

it("records and replays a vendor's client over HTTP, good and bad, without its key", async () => {
  await using server = await startFaultServer({
    dialect: openAiCompatible,
    script: [
      answer({ text: '{"a": 1}' }),
      status({ status: 503, code: "busy", message: `busy ${key}` }),
      stopAt("before the headers", "reset", { text: "{}" }),
      answer({ text: "sk-abcdefghijklmnopqrstuvwx" }),
    ],
  });
  const http = createTestRuntime({
    fetch: systemRuntime.fetch,
    variables: { OPENAI_COMPATIBLE_BASE_URL: server.url, OPENAI_COMPATIBLE_API_KEY: key },
  });
  const exchanges: ModelExchange[] = [];
  const { model } = resolveModelName("openai-compatible/test-model", { runtime: http });
  const recording = recordModel(model, { runtime: http, onExchange: (one) => void exchanges.push(one) });
  expect((await recording.doGenerate(asking("1"))).content).toEqual([{ type: "text", text: '{"a": 1}' }]);
  await failureOf(recording.doGenerate(asking("2")));
  await failureOf(recording.doGenerate(asking("3")));
  await partsOf(recording, asking(`4 ${key}`));
  expect(inspect(exchanges, { depth: 20 })).not.toMatch(/canary|sk-abc|authorization/i);
  const replay = replayModel(exchanges, { runtime: http });
  expect((await replay.doGenerate(asking("1"))).content).toEqual([{ type: "text", text: '{"a": 1}' }]);
  await expect(replay.doGenerate(asking("2"))).rejects.toMatchObject({ details: { status: 503, retryable: true } });
  await expect(replay.doGenerate(asking("3"))).rejects.toMatchObject({ details: { retryable: true } });
  expect((await replay.doGenerate(asking(`4 ${key}`))).content).toMatchObject([{ type: "text", text: "[redacted]" }]);
});
