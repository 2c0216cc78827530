import { createAnthropic } from "@ai-sdk/anthropic";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FlockError, isFlockError, type ModelFailureCode, modelFailureOf } from "../../src/core/errors/errors.ts";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { createModel, type ModelRequest, type ModelRunnable } from "../../src/models/model.ts";
import { resolveModelName } from "../../src/models/resolve-model.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { type CallContext, callContext, callModel } from "./call-context.ts";
import { chunk, completion, events, json, startVendorServer, usageChunk, type VendorServer } from "./vendor-server.ts";

const key = "canary-key-4711";
const request: ModelRequest = {
  prompt: [{ role: "user", content: [{ type: "text", text: "hello canary-input" }] }],
  responseFormat: { type: "json", name: "answer", schema: { type: "object", properties: { a: { type: "number" } } } },
  providerOptions: { flock: { inputs: { secret: "canary-input" } }, other: { kept: true } },
};

let server: VendorServer;
let model: ModelRunnable;

function runtimeFor(url: string) {
  return createTestRuntime({
    fetch: systemRuntime.fetch,
    variables: {
      OPENAI_COMPATIBLE_BASE_URL: url,
      OPENAI_COMPATIBLE_API_KEY: key,
      OPENAI_BASE_URL: url,
      OPENAI_API_KEY: key,
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: key,
      OLLAMA_BASE_URL: url,
      GOOGLE_GENERATIVE_AI_BASE_URL: url,
      GOOGLE_GENERATIVE_AI_API_KEY: key,
    },
  });
}

beforeEach(async () => {
  server = await startVendorServer(json(200, completion('{"a": 1}')));
  model = resolveModelName("openai-compatible/test-model", { runtime: runtimeFor(server.url) });
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function failure(
  call: CallContext = callContext({ runtime: runtimeFor(server.url) }),
  target = model,
): Promise<FlockError<ModelFailureCode>> {
  try {
    await callModel(target, request, call.context);
  } catch (error) {
    if (isFlockError<ModelFailureCode>(error) && modelFailureOf(error) !== undefined) {
      expectClean(error);
      return error;
    }
    throw error;
  }
  throw new Error("expected a failed model");
}

/** Nothing of the key, the headers or the request may be reachable from an error, however it is printed. */
function expectClean(error: Error): void {
  const seen: string[] = [];
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    seen.push(current.message, current.stack ?? "", JSON.stringify(current));
    for (const name of Object.getOwnPropertyNames(current)) {
      if (name !== "cause") seen.push(JSON.stringify((current as unknown as Record<string, unknown>)[name]) ?? "");
    }
  }
  expect(seen.join("\n")).not.toMatch(/canary|authorization/i);
}

describe("an OpenAI-compatible model named by a string", () => {
  it("gives the answer with usage, and sends the schema, the key and no flock options", async () => {
    const answer = await callModel(model, request, callContext().context);
    expect(answer.content).toEqual([{ type: "text", text: '{"a": 1}' }]);
    expect(answer.finishReason.unified).toBe("stop");
    expect(model.costOf(answer)).toEqual({
      usage: { inputTokens: 11, outputTokens: 7, cacheReadTokens: 4, cacheWriteTokens: 0, reasoningTokens: 2 },
      costMicroUsd: undefined,
    });
    const [sent] = server.requests;
    expect(sent?.path).toBe("/v1/chat/completions");
    expect(sent?.headers.authorization).toBe(`Bearer ${key}`);
    expect(sent?.body).toMatchObject({ model: "test-model", response_format: { type: "json_schema" } });
    expect(JSON.stringify(sent?.body)).not.toContain("flock");
  });

  it("streams when deltas are wanted, and gives the same answer", async () => {
    server.answer = events([
      chunk({ role: "assistant", content: '{"a"' }),
      chunk({ content: ": 1}" }),
      chunk({}, "stop"),
      usageChunk,
      "[DONE]",
    ]);
    const { context, deltas } = callContext({ deltas: true });
    const answer = await callModel(model, request, context);
    expect(deltas).toEqual([
      { kind: "text", text: '{"a"' },
      { kind: "text", text: ": 1}" },
    ]);
    expect(answer.content).toMatchObject([{ type: "text", text: '{"a": 1}' }]);
    expect(answer.finishReason.unified).toBe("stop");
    expect(model.costOf(answer)?.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 });
    expect(answer.response).toMatchObject({ id: "chat-1", modelId: "test-model" });
    expect(server.requests[0]?.body).toMatchObject({ stream: true });
  });

  it("streams tool calls with their input as it grows", async () => {
    const call = (delta: Record<string, unknown>) => chunk({ tool_calls: [{ index: 0, ...delta }] });
    server.answer = events([
      call({ id: "c1", type: "function", function: { name: "search", arguments: '{"q":' } }),
      call({ function: { arguments: '"bees"}' } }),
      chunk({}, "tool_calls"),
      "[DONE]",
    ]);
    const { context, deltas } = callContext({ deltas: true });
    const answer = await callModel(model, request, context);
    expect(deltas.map((delta) => delta.kind === "tool-input" && [delta.tool, delta.toolCallId, delta.text])).toEqual([
      ["search", "c1", '{"q":'],
      ["search", "c1", '"bees"}'],
    ]);
    expect(answer.content).toMatchObject([
      { type: "tool-call", toolCallId: "c1", toolName: "search", input: '{"q":"bees"}' },
    ]);
    expect(answer.finishReason.unified).toBe("tool-calls");
  });

  it.each([
    [400, false],
    [401, false],
    [403, false],
    [404, false],
    [408, true],
    [409, true],
    [422, false],
    [429, true],
    [500, true],
    [503, true],
  ])("turns status %i into a typed error", async (status, retryable) => {
    const body = { error: { message: `refused ${key}`, type: "some_type", code: "some_code" } };
    server.answer = json(status, body, { "x-request-id": "req-7" });
    const { details, message } = await failure();
    expect(details).toEqual({
      model: "openai-compatible/test-model",
      status,
      progress: "sent",
      retryable,
      requestId: "req-7",
      vendorCode: "some_code",
    });
    expect(message).toContain(`status ${status}`);
    expect(server.requests).toHaveLength(1);
  });

  it("names the variable to check when the key is refused", async () => {
    server.answer = json(401, { error: { message: `Incorrect API key provided: ${key}`, code: "invalid_api_key" } });
    expect((await failure()).message).toContain("check OPENAI_COMPATIBLE_API_KEY");
  });

  it("reads how long to wait", async () => {
    server.answer = json(429, { error: { message: "slow down" } }, { "retry-after": "1.5" });
    expect((await failure()).details).toMatchObject({ status: 429, retryable: true, retryAfterMs: 1500 });
    server.answer = json(429, { error: { message: "slow down" } }, { "retry-after-ms": "20", "retry-after": "9" });
    expect((await failure()).details.retryAfterMs).toBe(20);
  });

  it("does not call a used-up quota retryable", async () => {
    server.answer = json(429, { error: { message: "no credit", code: "insufficient_quota" } });
    expect((await failure()).details).toMatchObject({ retryable: false, vendorCode: "insufficient_quota" });
  });

  it.each([
    ["HTML", "<html><body>gateway</body></html>"],
    ["cut JSON", '{"id": "chat-1", "choices": [{"mess'],
    ["JSON of another shape", '{"hello": "canary-nothing"}'],
    ["nothing", ""],
  ])("calls %s at status 200 damaged, and retryable", async (_, body) => {
    server.answer = json(200, body);
    expect((await failure()).details).toMatchObject({ retryable: true });
  });

  it("calls a reset connection retryable", async () => {
    server.answer = (response) => void response.destroy();
    const { details, message } = await failure();
    expect(details).toMatchObject({ retryable: true });
    expect(details.vendorCode).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(message).toMatch(
      /^the connection to openai-compatible\/test-model at 127\.0\.0\.1:\d+ broke before it answered/,
    );
  });

  it("calls a refused connection retryable", async () => {
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const ollama = resolveModelName("ollama/llama3.2", { runtime: runtimeFor(url) });
    const { details, message } = await failure(callContext(), ollama);
    expect(details).toMatchObject({ model: "ollama/llama3.2", retryable: true, vendorCode: "ECONNREFUSED" });
    expect(message).toContain("ollama serve");
    server = await startVendorServer(json(200, {}));
  });

  it("ends a stream that carries an error with a typed error", async () => {
    server.answer = events([
      chunk({ content: "half" }),
      { error: { message: `overloaded ${key}`, type: "server_error", code: "overloaded" } },
    ]);
    const call = callContext({ deltas: true, runtime: runtimeFor(server.url) });
    const { details } = await failure(call);
    expect(details).toMatchObject({ retryable: true });
    expect(call.deltas).toEqual([{ kind: "text", text: "half" }]);
  });

  it("ends a stream that is cut with a retryable typed error", async () => {
    server.answer = events([chunk({ content: "half" })], { cut: true });
    expect((await failure(callContext({ deltas: true }))).details).toMatchObject({ retryable: true });
  });

  it.each([false, true])(
    "ends at once with the signal's own reason, and closes the connection (deltas: %s)",
    async (deltas) => {
      server.answer = deltas ? events([chunk({ content: "half" })], { end: false }) : () => {};
      const call = callContext({ deltas });
      const closed = server.nextAbort();
      const pending = callModel(model, request, call.context);
      const reason = new Error("the user left");
      while (deltas ? call.deltas.length === 0 : server.requests.length === 0) await new Promise(setImmediate);
      call.abort(reason);
      await expect(pending).rejects.toBe(reason);
      await closed;
      expect(server.aborted).toBe(1);
    },
  );
});

describe("other vendors named by a string", () => {
  it("speaks to OpenAI's responses endpoint", async () => {
    server.answer = json(401, {
      error: { message: `Incorrect API key provided: ${key}.`, type: "invalid_request_error", code: "invalid_api_key" },
    });
    const openai = resolveModelName("openai/gpt-5-mini", { runtime: runtimeFor(server.url) });
    const error = await failure(callContext({ runtime: runtimeFor(server.url) }), openai);
    expect(error.details).toMatchObject({ model: "openai/gpt-5-mini", status: 401, retryable: false });
    expect(error.message).toContain("OPENAI_API_KEY");
    expect(server.requests[0]).toMatchObject({ path: "/v1/responses", body: { model: "gpt-5-mini" } });
  });

  it("speaks to Anthropic", async () => {
    server.answer = json(200, {
      type: "message",
      id: "msg-1",
      model: "claude-test",
      role: "assistant",
      content: [{ type: "text", text: '{"a": 1}' }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { input_tokens: 5, output_tokens: 3, cache_read_input_tokens: 2, cache_creation_input_tokens: 1 },
    });
    const anthropic = resolveModelName("anthropic/claude-test", { runtime: runtimeFor(server.url) });
    const answer = await callModel(anthropic, { prompt: request.prompt }, callContext().context);
    expect(answer.content).toMatchObject([{ type: "text", text: '{"a": 1}' }]);
    expect(anthropic.costOf(answer)?.usage).toMatchObject({
      inputTokens: 8,
      outputTokens: 3,
      cacheReadTokens: 2,
      cacheWriteTokens: 1,
    });
    expect(server.requests[0]).toMatchObject({ path: "/v1/messages", headers: { "x-api-key": key } });
  });

  it("calls Anthropic's overload retryable, for a model the user made too", async () => {
    server.answer = json(529, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } });
    const own = createAnthropic({ apiKey: key, baseURL: server.url })("claude-test") as LanguageModelV4;
    const error = await failure(callContext({ runtime: runtimeFor(server.url) }), createModel(own));
    expect(error.details).toMatchObject({ status: 529, retryable: true, vendorCode: "overloaded_error" });
  });

  it("speaks to Google, and reads its delay in the body", async () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34s" }];
    server.answer = json(429, { error: { code: 429, message: "quota", status: "RESOURCE_EXHAUSTED", details } });
    const google = resolveModelName("google/gemini-test", { runtime: runtimeFor(server.url) });
    const error = await failure(callContext({ runtime: runtimeFor(server.url) }), google);
    expect(error.details).toMatchObject({
      status: 429,
      retryable: true,
      retryAfterMs: 34_000,
      vendorCode: "RESOURCE_EXHAUSTED",
    });
    expect(server.requests[0]?.path).toBe("/v1/models/gemini-test:generateContent");
    expect(server.requests[0]?.headers["x-goog-api-key"]).toBe(key);
  });

  it("speaks to Ollama without a key", async () => {
    const ollama = resolveModelName("ollama/llama3.2", { runtime: runtimeFor(server.url) });
    const answer = await callModel(ollama, { prompt: request.prompt }, callContext().context);
    expect(answer.content).toEqual([{ type: "text", text: '{"a": 1}' }]);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
    expect(server.requests[0]?.body).toMatchObject({ model: "llama3.2" });
  });
});
