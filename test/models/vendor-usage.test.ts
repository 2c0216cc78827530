import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { costOfTokens } from "../../src/core/cost-of-tokens.ts";
import type { ModelAnswer } from "../../src/models/model.ts";
import { priceOf } from "../../src/models/pricing/price-of.ts";
import { callContext, callModel } from "./call-context.ts";
import { type VendorModels, type VendorName, vendorModels } from "./vendor-models.ts";
import { chunk, events, json, startVendorServer, type VendorServer } from "./vendor-server.ts";

let server: VendorServer;
let vendors: VendorModels;

beforeEach(async () => {
  server = await startVendorServer(json(200, {}));
  vendors = vendorModels(server.url);
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function ask(vendor: VendorName, deltas: boolean): Promise<ModelAnswer> {
  const { runtime, models } = vendors;
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }];
  return callModel(models[vendor], { prompt }, callContext({ deltas, runtime }).context);
}

const response = (usage: unknown, extra: object = {}) => ({
  id: "resp_1",
  object: "response",
  created_at: 1_700_000_000,
  status: "completed",
  error: null,
  incomplete_details: null,
  model: "gpt-5-mini",
  output: [
    {
      type: "message",
      id: "msg_1",
      status: "completed",
      role: "assistant",
      content: [{ type: "output_text", text: "hi", annotations: [] }],
    },
  ],
  usage,
  ...extra,
});
const chatAnswer = (usage: unknown, finish = "stop") => ({
  id: "chat-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: finish }],
  usage,
});
const chatUsage = (usage: unknown) => ({ ...(chunk({}) as object), choices: [], usage });
const message = (usage: unknown, stop = "end_turn") => ({
  type: "message",
  id: "msg_1",
  model: "claude-haiku-4-5",
  role: "assistant",
  content: [{ type: "text", text: "hi" }],
  stop_reason: stop,
  stop_sequence: null,
  usage,
});
const messageStream = (input: object, output: object, stop = "end_turn") => [
  { type: "message_start", message: { ...message(input, stop), content: [], stop_reason: null } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "hi" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: stop, stop_sequence: null }, usage: output },
  { type: "message_stop" },
];
const gemini = (usageMetadata: unknown, finishReason = "STOP") => ({
  candidates: [{ content: { parts: [{ text: "hi" }], role: "model" }, finishReason, index: 0 }],
  ...(usageMetadata === undefined ? {} : { usageMetadata }),
});

const openaiUsage = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 40, cache_write_tokens: 10 },
  output_tokens: 50,
  output_tokens_details: { reasoning_tokens: 30 },
  total_tokens: 150,
};
const completionUsage = {
  prompt_tokens: 100,
  completion_tokens: 50,
  total_tokens: 150,
  prompt_tokens_details: { cached_tokens: 40 },
  completion_tokens_details: { reasoning_tokens: 30 },
};
const claudeInput = {
  input_tokens: 50,
  cache_read_input_tokens: 40,
  cache_creation_input_tokens: 10,
  output_tokens: 1,
};
const geminiUsage = {
  promptTokenCount: 100,
  cachedContentTokenCount: 40,
  candidatesTokenCount: 20,
  thoughtsTokenCount: 30,
  totalTokenCount: 150,
};
const whole = { inputTokens: 100, outputTokens: 50, cacheReadTokens: 40 };

type Case = [vendor: VendorName, answer: unknown, stream: readonly unknown[], usage: object];

describe("the tokens a vendor counts", () => {
  it.each<Case>([
    [
      "openai",
      response(openaiUsage),
      [
        {
          type: "response.created",
          sequence_number: 0,
          response: response(null, { status: "in_progress", output: [] }),
        },
        { type: "response.completed", sequence_number: 1, response: response(openaiUsage) },
      ],
      { ...whole, cacheWriteTokens: 10, reasoningTokens: 30 },
    ],
    [
      "openai-chat",
      chatAnswer({ ...completionUsage, prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 10 } }),
      [
        chunk({ content: "hi" }),
        chunk({}, "stop"),
        chatUsage({ ...completionUsage, prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 10 } }),
        "[DONE]",
      ],
      { ...whole, cacheWriteTokens: 10, reasoningTokens: 30 },
    ],
    [
      "anthropic",
      message({ ...claudeInput, output_tokens: 50 }),
      messageStream(claudeInput, { output_tokens: 50 }),
      { ...whole, cacheWriteTokens: 10, reasoningTokens: 0 },
    ],
    ["google", gemini(geminiUsage), [gemini(geminiUsage)], { ...whole, cacheWriteTokens: 0, reasoningTokens: 30 }],
    [
      "compatible",
      chatAnswer(completionUsage),
      [chunk({ content: "hi" }), chunk({}, "stop"), chatUsage(completionUsage), "[DONE]"],
      { ...whole, cacheWriteTokens: 0, reasoningTokens: 30 },
    ],
    [
      "ollama",
      chatAnswer({ prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 }),
      [
        chunk({ content: "hi" }),
        chunk({}, "stop"),
        chatUsage({ prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 }),
        "[DONE]",
      ],
      { inputTokens: 100, outputTokens: 50, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
    ],
  ])("are read from %s, the same in an answer and in a stream", async (vendor, answer, stream, usage) => {
    server.answer = json(200, answer);
    const asked = await ask(vendor, false);
    server.answer = events(stream);
    const streamed = await ask(vendor, true);
    expect(vendors.models[vendor].costOf(asked)?.usage).toEqual(usage);
    expect(vendors.models[vendor].costOf(streamed)?.usage).toEqual(usage);
  });

  it.each<[VendorName, unknown]>([
    ["openai", response(undefined)],
    ["openai-chat", chatAnswer(undefined)],
    ["google", gemini(undefined)],
    ["compatible", chatAnswer(undefined)],
    ["ollama", chatAnswer(undefined)],
  ])("are unknown, not nothing, when %s counts none", async (vendor, answer) => {
    server.answer = json(200, answer);
    expect(vendors.models[vendor].costOf(await ask(vendor, false))).toBeUndefined();
  });

  it("cost what the vendor's rates for each kind say", async () => {
    server.answer = json(200, message({ ...claudeInput, output_tokens: 50 }));
    const price = priceOf("anthropic/claude-haiku-4-5")!;
    const cost = vendors.models.anthropic.costOf(await ask("anthropic", false), price);
    expect(cost?.costMicroUsd).toBe(Math.ceil(50 * 1 + 40 * 0.1 + 10 * 1.25 + 50 * 5));
    expect(cost?.costMicroUsd).toBe(costOfTokens(price, cost!.usage));
  });
});

describe("an answer the vendor held back", () => {
  it.each<[VendorName, string, unknown]>([
    [
      "openai",
      "a filter",
      response(openaiUsage, { status: "incomplete", incomplete_details: { reason: "content_filter" } }),
    ],
    ["openai-chat", "a filter", chatAnswer(completionUsage, "content_filter")],
    ["anthropic", "a refusal", message({ input_tokens: 5, output_tokens: 1 }, "refusal")],
    ["google", "its safety", gemini(geminiUsage, "SAFETY")],
    ["google", "the prompt", { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: geminiUsage }],
    ["compatible", "a filter", chatAnswer(completionUsage, "content_filter")],
  ])("says so, with its tokens: %s for %s", async (vendor, _, answer) => {
    server.answer = json(200, answer);
    const given = await ask(vendor, false);
    expect(given.finishReason.unified).toBe("content-filter");
    expect(vendors.models[vendor].costOf(given)?.usage.inputTokens).toBeGreaterThan(0);
  });
});
