import type {
  LanguageModelV2,
  LanguageModelV2CallOptions,
  LanguageModelV2StreamPart,
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3StreamPart,
  LanguageModelV4CallOptions,
} from "@ai-sdk/provider";
import { describe, expect, it, vi } from "vitest";
import { adaptModel, isLanguageModel } from "../../src/models/adapt-model.ts";
import { adaptEmbedder, isEmbeddingModel } from "../../src/models/embed/embedding-model.ts";
import { createModel } from "../../src/models/model.ts";
import { scriptedModel } from "../../src/testing/scripted-model.ts";
import { callContext, callModel } from "./call-context.ts";

const request: LanguageModelV4CallOptions = {
  reasoning: "high",
  temperature: 1,
  tools: [
    { type: "function", name: "f", inputSchema: {} },
    { type: "provider", id: "x.search", name: "search", args: {} },
  ],
  prompt: [
    { role: "system", content: "be good" },
    {
      role: "user",
      content: [
        { type: "text", text: "look" },
        { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
        { type: "file", mediaType: "image/png", data: { type: "url", url: new URL("https://a.b/c.png") } },
        { type: "file", mediaType: "text/plain", data: { type: "text", text: "hé" } },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "reasoning", text: "hm" },
        { type: "custom", kind: "x.y" },
        { type: "tool-call", toolCallId: "1", toolName: "f", input: {} },
      ],
    },
    {
      role: "tool",
      content: [
        { type: "tool-result", toolCallId: "1", toolName: "f", output: { type: "json", value: 1 } },
        { type: "tool-result", toolCallId: "2", toolName: "f", output: { type: "execution-denied", reason: "no" } },
        {
          type: "tool-result",
          toolCallId: "3",
          toolName: "f",
          output: {
            type: "content",
            value: [
              { type: "text", text: "t" },
              { type: "file", mediaType: "image/png", data: { type: "data", data: new Uint8Array([1]) } },
              { type: "file", mediaType: "image/png", data: { type: "url", url: new URL("https://a.b/") } },
            ],
          },
        },
      ],
    },
  ],
};

function streamOf<Part>(parts: readonly Part[]): { stream: ReadableStream<Part> } {
  return { stream: ReadableStream.from(parts) as ReadableStream<Part> };
}

const usage3 = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 2, text: 2, reasoning: 0 },
};
const stop3 = { unified: "stop" as const, raw: "stop" };

function v3(): LanguageModelV3 & { readonly asked: LanguageModelV3CallOptions[] } {
  const asked: LanguageModelV3CallOptions[] = [];
  const parts: LanguageModelV3StreamPart[] = [
    { type: "text-delta", id: "0", delta: "hi" },
    { type: "file", mediaType: "image/png", data: "AAAA" },
    { type: "finish", usage: usage3, finishReason: stop3 },
  ];
  return {
    specificationVersion: "v3",
    provider: "old",
    modelId: "three",
    supportedUrls: {},
    asked,
    doGenerate: async (options) => {
      asked.push(options);
      const content = [
        { type: "file" as const, mediaType: "image/png", data: "AAAA" },
        { type: "text" as const, text: "hi" },
      ];
      return { content, finishReason: stop3, usage: usage3, warnings: [] };
    },
    doStream: async (options) => {
      asked.push(options);
      return streamOf(parts);
    },
  };
}

function v2(): LanguageModelV2 & { readonly asked: LanguageModelV2CallOptions[] } {
  const asked: LanguageModelV2CallOptions[] = [];
  const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 4, reasoningTokens: 2 };
  const parts: LanguageModelV2StreamPart[] = [
    { type: "stream-start", warnings: [{ type: "other", message: "w" }] },
    { type: "text-delta", id: "0", delta: "hi" },
    { type: "file", mediaType: "image/png", data: "AAAA" },
    { type: "finish", usage, finishReason: "unknown" },
  ];
  return {
    specificationVersion: "v2",
    provider: "old",
    modelId: "two",
    supportedUrls: {},
    asked,
    doGenerate: async (options) => {
      asked.push(options);
      return {
        content: [{ type: "text", text: "hi" }],
        finishReason: "stop",
        usage,
        warnings: [
          { type: "unsupported-setting", setting: "seed", details: "d" },
          { type: "unsupported-tool", tool: { type: "function", name: "f", inputSchema: {} } },
        ],
      };
    },
    doStream: async (options) => {
      asked.push(options);
      return streamOf(parts);
    },
  };
}

describe("adaptModel", () => {
  it("gives a version 4 model back as it is, and one adapter for one older model", () => {
    const model = scriptedModel(["x"]);
    expect(adaptModel(model)).toBe(model);
    const old = v3();
    expect(adaptModel(old)).toBe(adaptModel(old));
    expect(createModel(adaptModel(old)).name).toBe("old/three");
  });

  it("wraps and unwraps what version 3 writes differently", async () => {
    const model = v3();
    const answer = await adaptModel(model).doGenerate(request);
    expect(answer.content).toEqual([
      { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
      { type: "text", text: "hi" },
    ]);
    const [asked] = model.asked;
    expect(asked).not.toHaveProperty("reasoning");
    expect(asked?.temperature).toBe(1);
    const files = asked?.prompt[1]?.content as { type: string; data?: unknown }[];
    expect(files.slice(1).map((file) => file.data)).toEqual([
      "AAAA",
      new URL("https://a.b/c.png"),
      new TextEncoder().encode("hé"),
    ]);
    expect(asked?.prompt[2]?.content).toHaveLength(2);
    expect(asked?.prompt[3]?.content[2]).toMatchObject({
      output: {
        type: "content",
        value: [
          { type: "text", text: "t" },
          { type: "file-data", data: "AQ==" },
          { type: "file-url", url: "https://a.b/" },
        ],
      },
    });
  });

  it("maps version 2's usage, finish reasons, warnings, tools and results", async () => {
    const model = v2();
    const answer = await adaptModel(model).doGenerate(request);
    expect(answer.usage).toEqual({
      inputTokens: { total: 10, noCache: 6, cacheRead: 4, cacheWrite: undefined },
      outputTokens: { total: 5, text: 3, reasoning: 2 },
    });
    expect(answer.finishReason).toEqual({ unified: "stop", raw: "stop" });
    expect(answer.warnings).toEqual([
      { type: "unsupported", feature: "seed", details: "d" },
      { type: "unsupported", feature: "tool f" },
    ]);
    const [asked] = model.asked;
    expect(asked?.tools?.[1]).toMatchObject({ type: "provider-defined", id: "x.search" });
    const outputs = asked?.prompt[3]?.content as unknown as { output: unknown }[];
    expect(outputs.map((part) => part.output)).toEqual([
      { type: "json", value: 1 },
      { type: "error-text", value: "no" },
      {
        type: "content",
        value: [
          { type: "text", text: "t" },
          { type: "media", data: "AQ==", mediaType: "image/png" },
          { type: "text", text: "https://a.b/" },
        ],
      },
    ]);
  });

  it.each([
    ["three", v3, "stop"],
    ["two", v2, "other"],
  ])("streams a model of version %s", async (_, make, reason) => {
    const { context, deltas } = callContext({ deltas: true });
    const answer = await callModel(createModel(adaptModel(make())), { prompt: [] }, context);
    expect(deltas).toEqual([{ kind: "text", text: "hi" }]);
    expect(answer.content).toContainEqual({
      type: "file",
      mediaType: "image/png",
      data: { type: "data", data: "AAAA" },
    });
    expect(answer.finishReason.unified).toBe(reason);
  });

  it("passes on that a version 2 model does not count its tokens", async () => {
    const model = v2();
    const usage = { inputTokens: undefined, outputTokens: undefined, totalTokens: undefined };
    const silent = {
      ...model,
      doGenerate: async () => ({ content: [], finishReason: "length" as const, usage, warnings: [] }),
    };
    const answer = await adaptModel(silent).doGenerate({ prompt: [{ role: "system", content: "s" }] });
    expect(answer.usage).toEqual({
      inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: undefined, text: undefined, reasoning: undefined },
    });
    expect(answer.finishReason).toEqual({ unified: "length", raw: "length" });
  });

  it("writes a refusal without a reason, and bytes given as base64, for version 2", async () => {
    const model = v2();
    const file = { type: "file" as const, mediaType: "a/b", data: { type: "data" as const, data: "AAAA" } };
    const results = [
      { type: "execution-denied" as const },
      { type: "content" as const, value: [file, { type: "custom" as const }] },
    ];
    await adaptModel(model).doGenerate({
      prompt: [
        {
          role: "tool",
          content: results.map((output) => ({ type: "tool-result", toolCallId: "1", toolName: "f", output })),
        },
      ],
    });
    const outputs = model.asked[0]?.prompt[0]?.content as unknown as { output: unknown }[];
    expect(outputs.map((part) => part.output)).toEqual([
      { type: "error-text", value: "the tool was not allowed to run" },
      { type: "content", value: [{ type: "media", data: "AAAA", mediaType: "a/b" }] },
    ]);
  });

  it("says that older models take no file references", async () => {
    const prompt = [
      {
        role: "user" as const,
        content: [{ type: "file" as const, mediaType: "a/b", data: { type: "reference" as const, reference: {} } }],
      },
    ];
    await expect(adaptModel(v3()).doGenerate({ prompt })).rejects.toMatchObject({ code: "option_invalid" });
  });

  it.each([undefined, null, 3, "gpt", {}, { specificationVersion: "v4" }, { ...scriptedModel(["x"]), doStream: 1 }])(
    "refuses %j",
    (value) => {
      expect(isLanguageModel(value)).toBe(false);
      expect(() => adaptModel(value)).toThrowError(expect.objectContaining({ code: "option_invalid" }));
    },
  );

  it("names a version it does not know yet", () => {
    expect(() => adaptModel({ ...scriptedModel(["x"]), specificationVersion: "v9" })).toThrowError(/version v9/);
  });
});

describe("adaptEmbedder", () => {
  const embed = vi.fn(async () => ({ embeddings: [[1]] }));
  const old = {
    specificationVersion: "v2",
    provider: "p",
    modelId: "m",
    maxEmbeddingsPerCall: 9,
    supportsParallelCalls: true,
    doEmbed: embed,
  } as const;

  it("gives version 4 as it is and adapts older ones", async () => {
    const current = {
      ...old,
      specificationVersion: "v4" as const,
      doEmbed: async () => ({ embeddings: [], warnings: [] }),
    };
    expect(adaptEmbedder(current)).toBe(current);
    const adapted = adaptEmbedder(old);
    expect(adapted).toMatchObject({ specificationVersion: "v4", provider: "p", modelId: "m", maxEmbeddingsPerCall: 9 });
    expect(await adapted.doEmbed({ values: ["a"], dimensions: 3 })).toEqual({ embeddings: [[1]], warnings: [] });
    expect(embed).toHaveBeenCalledWith({ values: ["a"] });
  });

  it.each([null, "x", {}, { ...old, doEmbed: 1 }, { ...old, specificationVersion: "v1" }])("refuses %j", (value) => {
    expect(isEmbeddingModel(value)).toBe(false);
    expect(() => adaptEmbedder(value)).toThrowError(expect.objectContaining({ code: "option_invalid" }));
  });
});
