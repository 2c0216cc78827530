import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { describe, expect, it, vi } from "vitest";
import { FlockError } from "../../src/core/errors/errors.ts";
import { createModel, isOffline, usageOf } from "../../src/models/model.ts";
import { maxStreamCharacters } from "../../src/models/stream-bounds.ts";
import { callContext, callModel } from "./call-context.ts";

const noUsage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};
function usageWith(inputTokens: number, outputTokens: number): LanguageModelV4GenerateResult["usage"] {
  return {
    inputTokens: { ...noUsage.inputTokens, total: inputTokens },
    outputTokens: { ...noUsage.outputTokens, total: outputTokens },
  };
}
const stop = { unified: "stop" as const, raw: "stop" };
const result: LanguageModelV4GenerateResult = {
  content: [{ type: "text", text: "hi" }],
  finishReason: stop,
  usage: noUsage,
  warnings: [],
};
const finish: LanguageModelV4StreamPart = { type: "finish", usage: noUsage, finishReason: stop };
const request = { prompt: [] };

function modelOf(parts: Partial<LanguageModelV4>): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "test",
    modelId: "m",
    supportedUrls: {},
    doGenerate: async () => result,
    doStream: async () => streamOf([]),
    ...parts,
  };
}

function streamOf(
  parts: readonly LanguageModelV4StreamPart[],
  cancel?: (reason: unknown) => void,
): { stream: ReadableStream<LanguageModelV4StreamPart> } {
  return {
    stream: new ReadableStream<LanguageModelV4StreamPart>({
      start(controller) {
        for (const part of parts) controller.enqueue(part);
        if (cancel === undefined) controller.close();
      },
      ...(cancel === undefined ? {} : { cancel }),
    }),
  };
}

function streaming(parts: readonly LanguageModelV4StreamPart[]) {
  const call = callContext({ deltas: true });
  const answer = callModel(createModel(modelOf({ doStream: async () => streamOf(parts) })), request, call.context);
  return { ...call, answer };
}

describe("createModel", () => {
  it("gives one runnable for one model, with a name and a plain identity", () => {
    const model = modelOf({});
    expect(createModel(model)).toBe(createModel(model));
    expect(createModel(model)).toMatchObject({
      kind: "model",
      name: "test/m",
      identity: { provider: "test", modelId: "m" },
    });
    expect(createModel(modelOf({ provider: "offline", modelId: "offline/extractive" })).name).toBe(
      "offline/extractive",
    );
  });

  it("hands the request on with the signal as a data property of its own, and leaves the request alone", async () => {
    const doGenerate = vi.fn(async (_: LanguageModelV4CallOptions) => result);
    const { context } = callContext();
    const frozen = Object.freeze({ prompt: [], temperature: 0.5 });
    expect(await callModel(createModel(modelOf({ doGenerate })), frozen, context)).toBe(result);
    const [options] = doGenerate.mock.calls[0]!;
    expect(options).toEqual({ prompt: [], temperature: 0.5, abortSignal: context.signal });
    expect(Object.getOwnPropertyDescriptor(options, "abortSignal")).toHaveProperty("value", context.signal);
  });

  it("gives flock's own options to the offline model alone", async () => {
    const asked = { prompt: [], providerOptions: { flock: { inputs: {} }, test: { a: 1 } } };
    for (const provider of ["test", "offline"]) {
      const doGenerate = vi.fn(async (_: LanguageModelV4CallOptions) => result);
      await callModel(createModel(modelOf({ provider, doGenerate })), asked, callContext().context);
      const { providerOptions } = doGenerate.mock.calls[0]![0];
      expect(providerOptions).toEqual(provider === "offline" ? asked.providerOptions : { test: { a: 1 } });
    }
    expect(asked.providerOptions).toHaveProperty("flock");
  });

  it("takes models that answer with a thenable, or throw at once", async () => {
    // biome-ignore lint/suspicious/noThenProperty: a promise that is not the platform's own
    const thenable = { then: (done: (value: LanguageModelV4GenerateResult) => void) => done(result) };
    const lazy = modelOf({ doGenerate: () => thenable as PromiseLike<LanguageModelV4GenerateResult> });
    expect(await callModel(createModel(lazy), request, callContext().context)).toBe(result);
    const hasty = modelOf({
      doGenerate: () => {
        throw new Error("at once");
      },
    });
    await expect(callModel(createModel(hasty), request, callContext().context)).rejects.toMatchObject({
      code: "model_failed",
      details: { model: "test/m", retryable: false },
    });
  });

  it("passes a FlockError on as it is, and an abort as the signal's own reason", async () => {
    const own = new FlockError("no_evidence", "nothing found", { details: { field: "a" } });
    const failing = modelOf({ doGenerate: () => Promise.reject(own) });
    await expect(callModel(createModel(failing), request, callContext().context)).rejects.toBe(own);
    const call = callContext();
    const reason = { why: "left" };
    const pending = callModel(
      createModel(
        modelOf({
          doGenerate: ({ abortSignal }) =>
            new Promise((_, reject) => abortSignal?.addEventListener("abort", () => reject(new Error("aborted")))),
        }),
      ),
      request,
      call.context,
    );
    call.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });

  it("knows what the offline model costs, and that other prices are unknown", () => {
    const offline = createModel(modelOf({ provider: "offline", modelId: "extractive" }));
    const counted = { ...result, usage: usageWith(10, 5) };
    expect(offline.costOf(counted)?.costMicroUsd).toBe(0);
    expect(createModel(modelOf({})).costOf(counted)).toMatchObject({
      usage: { inputTokens: 10, outputTokens: 5 },
      costMicroUsd: undefined,
    });
    expect(isOffline({ provider: "offline" })).toBe(true);
  });
});

describe("usageOf", () => {
  it("flattens token counts, 0 for what is unknown, the sum of parts for a missing total", () => {
    expect(usageOf(undefined)).toBeUndefined();
    expect(
      usageOf({
        inputTokens: { total: undefined, noCache: 3, cacheRead: 2, cacheWrite: 1 },
        outputTokens: { total: undefined, text: 4, reasoning: 5 },
      }),
    ).toEqual({ inputTokens: 6, outputTokens: 9, cacheReadTokens: 2, cacheWriteTokens: 1, reasoningTokens: 5 });
  });
});

describe("a streamed answer", () => {
  it("is the same as one that was asked for whole", async () => {
    const marks = { test: { signature: "abc" } };
    const { answer, deltas } = streaming([
      { type: "stream-start", warnings: [{ type: "other", message: "careful" }] },
      { type: "response-metadata", id: "r1", modelId: "m-2" },
      { type: "reasoning-start", id: "0" },
      { type: "reasoning-delta", id: "0", delta: "hm" },
      { type: "reasoning-end", id: "0", providerMetadata: marks },
      { type: "text-start", id: "0" },
      { type: "text-delta", id: "0", delta: "" },
      { type: "text-delta", id: "0", delta: "one " },
      { type: "raw", rawValue: {} },
      { type: "ping" },
      { type: "text-delta", id: "0", delta: "two" },
      { type: "text-end", id: "0", citations: [] },
      { type: "source", sourceType: "url", id: "s", url: "https://a.b" },
      { type: "tool-input-start", id: "c", toolName: "t" },
      { type: "tool-input-delta", id: "c", delta: "{}" },
      { type: "tool-input-end", id: "c" },
      { type: "tool-call", toolCallId: "c", toolName: "t", input: "{}" },
      { type: "tool-result", toolCallId: "c", toolName: "t", result: 1, preliminary: true },
      { type: "tool-result", toolCallId: "c", toolName: "t", result: 2 },
      { type: "text-delta", id: "late", delta: "three" },
      { ...finish, providerMetadata: marks },
    ]);
    expect(await answer).toEqual({
      content: [
        { type: "reasoning", text: "hm", providerMetadata: marks },
        { type: "text", text: "one two", citations: [] },
        { type: "source", sourceType: "url", id: "s", url: "https://a.b" },
        { type: "tool-call", toolCallId: "c", toolName: "t", input: "{}" },
        { type: "tool-result", toolCallId: "c", toolName: "t", result: 2 },
        { type: "text", text: "three" },
      ],
      finishReason: stop,
      usage: noUsage,
      providerMetadata: marks,
      response: { id: "r1", modelId: "m-2" },
      warnings: [{ type: "other", message: "careful" }],
    });
    expect(deltas).toEqual([
      { kind: "reasoning", text: "hm" },
      { kind: "text", text: "one " },
      { kind: "text", text: "two" },
      { kind: "tool-input", toolCallId: "c", tool: "t", text: "{}" },
      { kind: "text", text: "three" },
    ]);
  });

  it("keeps the request and the response headers the vendor gave", async () => {
    const doStream = async () => ({ ...streamOf([finish]), request: { body: "b" }, response: { headers: { h: "1" } } });
    const answer = await callModel(createModel(modelOf({ doStream })), request, callContext({ deltas: true }).context);
    expect(answer).toMatchObject({ request: { body: "b" }, response: { headers: { h: "1" } } });
  });

  it("calls an answer cut whose end the client had to make up", async () => {
    const madeUp = { ...finish, finishReason: { unified: "interrupted", raw: undefined } } as const;
    await expect(streaming([{ type: "text-delta", id: "0", delta: '{"a": 1' }, madeUp]).answer).rejects.toMatchObject({
      code: "model_failed",
      details: { retryable: true, vendorCode: "stream_cut" },
    });
  });

  it("fails with a typed error when it ends unfinished or carries an error", async () => {
    await expect(streaming([{ type: "text-delta", id: "0", delta: "half" }]).answer).rejects.toMatchObject({
      code: "model_failed",
      details: { retryable: true, vendorCode: "stream_cut" },
    });
    await expect(
      streaming([{ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }]).answer,
    ).rejects.toMatchObject({ code: "overloaded", details: { retryable: true, vendorCode: "overloaded_error" } });
  });

  it("is cancelled with its reader let go when it grows past the cap", async () => {
    const piece = "x".repeat(maxStreamCharacters / 4);
    const cancelled = Promise.withResolvers<unknown>();
    const stream = streamOf(
      Array.from({ length: 5 }, () => ({ type: "text-delta" as const, id: "0", delta: piece })),
      cancelled.resolve,
    );
    const pending = callModel(
      createModel(modelOf({ doStream: async () => stream })),
      request,
      callContext({ deltas: true }).context,
    );
    await expect(pending).rejects.toMatchObject({
      code: "model_failed",
      details: { retryable: false, vendorCode: "stream_too_long" },
    });
    await cancelled.promise;
    expect(stream.stream.locked).toBe(false);
  });

  it("is cancelled at once by an abort, also when it never ends", async () => {
    const cancelled = Promise.withResolvers<unknown>();
    const stream = streamOf([{ type: "text-delta", id: "0", delta: "half" }], cancelled.resolve);
    const call = callContext({ deltas: true });
    const pending = callModel(createModel(modelOf({ doStream: async () => stream })), request, call.context);
    while (call.deltas.length === 0) await Promise.resolve();
    const reason = new Error("left");
    call.abort(reason);
    await expect(pending).rejects.toBe(reason);
    expect(await cancelled.promise).toBe(reason);
    expect(stream.stream.locked).toBe(false);
  });

  it("is cancelled when the abort came before the stream did", async () => {
    const cancelled = Promise.withResolvers<unknown>();
    const stream = streamOf([], cancelled.resolve);
    const call = callContext({ deltas: true });
    const opened = Promise.withResolvers<typeof stream>();
    const pending = callModel(createModel(modelOf({ doStream: () => opened.promise })), request, call.context);
    call.abort("early");
    opened.resolve(stream);
    await expect(pending).rejects.toBe("early");
    expect(await cancelled.promise).toBe("early");
  });
});
