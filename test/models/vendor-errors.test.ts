import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FlockError, isFlockError, type ModelFailureCode, modelFailureOf } from "../../src/core/errors/errors.ts";
import { callContext, callModel } from "./call-context.ts";
import { type VendorModels, type VendorName, vendorKey, vendorModels } from "./vendor-models.ts";
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

async function failureOf(vendor: VendorName, deltas = false): Promise<FlockError<ModelFailureCode>> {
  const { runtime, models } = vendors;
  const request = { prompt: [{ role: "user" as const, content: [{ type: "text" as const, text: "canary-input" }] }] };
  const call = callModel(models[vendor], request, callContext({ deltas, runtime }).context);
  const error = await call.then(
    (answer) => new Error(`it answered: ${JSON.stringify(answer.content)}`),
    (caught: unknown) => caught,
  );
  if (!isFlockError<ModelFailureCode>(error) || modelFailureOf(error) === undefined) throw error;
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/canary|authorization|api-key/i);
  return error;
}

const refused = `${vendorKey} was refused`;
const openai = (code: string | null, type: string, message = refused) => ({
  error: { message, type, param: null, code },
});
const anthropic = (type: string, message = refused) => ({
  type: "error",
  error: { type, message },
  request_id: "req_body",
});
const google = (code: number, status: string, details: readonly object[] = []) => ({
  error: { code, message: refused, status, details },
});
const quota = (id: string) => ({
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: [{ quotaMetric: "generativelanguage.googleapis.com/requests", quotaId: id }],
});
const retryIn = (delay: string) => ({ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: delay });
const badKey = {
  "@type": "type.googleapis.com/google.rpc.ErrorInfo",
  reason: "API_KEY_INVALID",
  domain: "googleapis.com",
};
const html = "<html><body>upstream canary</body></html>";

type Case = [
  vendor: VendorName,
  status: number,
  body: unknown,
  expected: { code?: string; retryable: boolean; says?: string },
];

describe("an error a vendor answers with", () => {
  it.each<Case>([
    ["openai", 400, openai(null, "invalid_request_error"), { code: "invalid_request_error", retryable: false }],
    [
      "openai",
      400,
      openai("context_length_exceeded", "invalid_request_error"),
      { code: "context_length_exceeded", retryable: false, says: "send less" },
    ],
    ["openai", 400, openai("invalid_prompt", "invalid_request_error"), { code: "invalid_prompt", retryable: false }],
    [
      "openai",
      400,
      openai("content_policy_violation", "invalid_request_error"),
      { code: "content_policy_violation", retryable: false },
    ],
    [
      "openai",
      401,
      openai("invalid_api_key", "invalid_request_error"),
      { code: "invalid_api_key", retryable: false, says: "check OPENAI_API_KEY" },
    ],
    [
      "openai",
      403,
      openai("unsupported_country_region_territory", "request_forbidden"),
      { code: "unsupported_country_region_territory", retryable: false, says: "OPENAI_API_KEY may use" },
    ],
    [
      "openai",
      404,
      openai("model_not_found", "invalid_request_error"),
      { code: "model_not_found", retryable: false, says: "the model's name" },
    ],
    ["openai", 413, html, { retryable: false, says: "send less" }],
    [
      "openai",
      429,
      openai("rate_limit_exceeded", "requests"),
      { code: "rate_limit_exceeded", retryable: true, says: "slow down" },
    ],
    [
      "openai",
      429,
      openai("insufficient_quota", "insufficient_quota"),
      { code: "insufficient_quota", retryable: false, says: "credit is used up" },
    ],
    ["openai", 500, openai(null, "server_error"), { code: "server_error", retryable: true }],
    ["openai", 503, openai(null, "service_unavailable_error"), { code: "service_unavailable_error", retryable: true }],
    ["openai", 502, html, { retryable: true }],
    [
      "openai-chat",
      400,
      openai("context_length_exceeded", "invalid_request_error"),
      { code: "context_length_exceeded", retryable: false },
    ],
    [
      "openai-chat",
      401,
      openai("invalid_api_key", "invalid_request_error"),
      { code: "invalid_api_key", retryable: false },
    ],
    [
      "openai-chat",
      429,
      openai("insufficient_quota", "insufficient_quota"),
      { code: "insufficient_quota", retryable: false },
    ],
    ["openai-chat", 500, openai(null, "server_error"), { code: "server_error", retryable: true }],
    [
      "anthropic",
      400,
      anthropic("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
      { code: "invalid_request_error", retryable: false, says: "prompt is too long" },
    ],
    [
      "anthropic",
      401,
      anthropic("authentication_error"),
      { code: "authentication_error", retryable: false, says: "check ANTHROPIC_API_KEY" },
    ],
    [
      "anthropic",
      402,
      anthropic("billing_error"),
      { code: "billing_error", retryable: false, says: "credit is used up" },
    ],
    ["anthropic", 403, anthropic("permission_error"), { code: "permission_error", retryable: false }],
    ["anthropic", 404, anthropic("not_found_error"), { code: "not_found_error", retryable: false }],
    [
      "anthropic",
      413,
      anthropic("request_too_large"),
      { code: "request_too_large", retryable: false, says: "send less" },
    ],
    ["anthropic", 429, anthropic("rate_limit_error"), { code: "rate_limit_error", retryable: true }],
    ["anthropic", 500, anthropic("api_error"), { code: "api_error", retryable: true }],
    ["anthropic", 504, anthropic("timeout_error"), { code: "timeout_error", retryable: true }],
    ["anthropic", 529, anthropic("overloaded_error"), { code: "overloaded_error", retryable: true }],
    ["google", 400, google(400, "INVALID_ARGUMENT"), { code: "INVALID_ARGUMENT", retryable: false }],
    [
      "google",
      400,
      google(400, "INVALID_ARGUMENT", [badKey]),
      { code: "INVALID_ARGUMENT", retryable: false, says: "check GOOGLE_GENERATIVE_AI_API_KEY" },
    ],
    ["google", 403, google(403, "PERMISSION_DENIED"), { code: "PERMISSION_DENIED", retryable: false }],
    ["google", 404, google(404, "NOT_FOUND"), { code: "NOT_FOUND", retryable: false }],
    [
      "google",
      429,
      google(429, "RESOURCE_EXHAUSTED", [quota("GenerateRequestsPerMinutePerProjectPerModel")]),
      { code: "RESOURCE_EXHAUSTED", retryable: true },
    ],
    [
      "google",
      429,
      google(429, "RESOURCE_EXHAUSTED", [quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), retryIn("51s")]),
      { code: "RESOURCE_EXHAUSTED", retryable: false, says: "the day's quota" },
    ],
    ["google", 500, google(500, "INTERNAL"), { code: "INTERNAL", retryable: true }],
    ["google", 503, google(503, "UNAVAILABLE"), { code: "UNAVAILABLE", retryable: true }],
    ["google", 504, google(504, "DEADLINE_EXCEEDED"), { code: "DEADLINE_EXCEEDED", retryable: true }],
    [
      "compatible",
      400,
      {
        object: "error",
        message: "maximum context length is 8 tokens",
        type: "BadRequestError",
        param: null,
        code: 400,
      },
      { code: "BadRequestError", retryable: false, says: "maximum context length is 8 tokens" },
    ],
    ["compatible", 422, { detail: "field required" }, { retryable: false, says: "field required" }],
    [
      "compatible",
      402,
      { error: { message: "Insufficient Balance", type: "unknown_error", code: "invalid_request_error" } },
      { code: "invalid_request_error", retryable: false, says: "Insufficient Balance" },
    ],
    ["compatible", 503, { error: "loading the model" }, { retryable: true }],
    [
      "ollama",
      404,
      openai(null, "api_error", 'model "llama3.2" not found, try pulling it first'),
      { code: "api_error", retryable: false, says: "ollama pull llama3.2" },
    ],
    ["ollama", 500, openai(null, "api_error", "model runner has stopped"), { code: "api_error", retryable: true }],
  ])("is typed: %s %i %j", async (vendor, status, body, expected) => {
    const requestHeader = vendor === "anthropic" ? "request-id" : "x-request-id";
    server.answer = json(status, body, { [requestHeader]: "req_7", "retry-after": "3", "set-cookie": "canary=1" });
    const { details, message } = await failureOf(vendor);
    expect(details).toEqual({
      model: vendors.models[vendor].name,
      status,
      retryable: expected.retryable,
      retryAfterMs: 3_000,
      requestId: "req_7",
      progress: "sent",
      ...(expected.code === undefined ? {} : { vendorCode: expected.code }),
    });
    expect(message).toContain(`status ${status}`);
    if (expected.says !== undefined) expect(message).toContain(expected.says);
    expect(server.requests).toHaveLength(1);
  });

  it.each<Case>([
    [
      "openai",
      500,
      {
        id: "r",
        object: "response",
        created_at: 1,
        status: "failed",
        model: "m",
        output: [],
        usage: null,
        error: { code: "server_error", message: "The model failed" },
      },
      { code: "server_error", retryable: true },
    ],
    ["compatible", 503, { error: { message: "upstream busy", code: 503 } }, { retryable: true, says: "upstream busy" }],
    [
      "compatible",
      429,
      { error: { message: "slow", type: "rate_limit_error" } },
      { code: "rate_limit_error", retryable: true },
    ],
  ])("is typed as what it means when the status line says 200: %s %i", async (vendor, status, body, expected) => {
    server.answer = json(200, body);
    const { details, message } = await failureOf(vendor);
    expect(details).toMatchObject({ status, retryable: expected.retryable });
    expect(details.vendorCode).toBe(expected.code);
    if (expected.says !== undefined) expect(message).toContain(expected.says);
  });

  it("takes the request's id out of the body where no header has it", async () => {
    server.answer = json(529, anthropic("overloaded_error"));
    expect((await failureOf("anthropic")).details.requestId).toBe("req_body");
  });
});

const created = {
  type: "response.created",
  sequence_number: 0,
  response: { id: "resp_1", object: "response", created_at: 1_700_000_000, model: "gpt-5-mini", service_tier: null },
};
const item = [
  {
    type: "response.output_item.added",
    sequence_number: 1,
    output_index: 0,
    item: { id: "msg_1", type: "message", status: "in_progress", role: "assistant", content: [] },
  },
  {
    type: "response.output_text.delta",
    sequence_number: 2,
    item_id: "msg_1",
    output_index: 0,
    content_index: 0,
    delta: "half",
  },
];
const failed = (code: string) => ({
  type: "response.failed",
  sequence_number: 3,
  response: {
    id: "resp_1",
    status: "failed",
    error: { code, message: refused },
    incomplete_details: null,
    usage: null,
  },
});
const plain = (code: string) => ({ type: "error", sequence_number: 3, code, message: refused, param: null });
const messageStart = {
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 5, output_tokens: 1 },
  },
};
const text = [
  messageStart,
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "half" } },
];
const half = chunk({ content: "half" });
const candidate = { candidates: [{ content: { parts: [{ text: "half" }], role: "model" } }] };

type StreamCase = [
  vendor: VendorName,
  what: string,
  parts: readonly unknown[],
  expected: { status?: number; code?: string; retryable: boolean },
];

describe("an error inside a stream that began well", () => {
  it.each<StreamCase>([
    [
      "openai",
      "an error event before the text",
      [created, plain("rate_limit_exceeded")],
      { status: 429, code: "rate_limit_exceeded", retryable: true },
    ],
    [
      "openai",
      "an error event in the text",
      [created, ...item, plain("server_error")],
      { status: 500, code: "server_error", retryable: true },
    ],
    [
      "openai",
      "a used-up quota",
      [created, plain("insufficient_quota")],
      { status: 429, code: "insufficient_quota", retryable: false },
    ],
    [
      "openai",
      "a failed response before the text",
      [created, failed("server_error")],
      { status: 500, code: "server_error", retryable: true },
    ],
    [
      "openai",
      "a failed response in the text",
      [created, ...item, failed("rate_limit_exceeded")],
      { status: 429, code: "rate_limit_exceeded", retryable: true },
    ],
    [
      "openai",
      "a refused prompt",
      [created, ...item, failed("invalid_prompt")],
      { status: 400, code: "invalid_prompt", retryable: false },
    ],
    [
      "openai-chat",
      "an error chunk",
      [half, openai(null, "server_error")],
      { status: 500, code: "server_error", retryable: true },
    ],
    [
      "openai-chat",
      "a rate limit",
      [half, openai("rate_limit_exceeded", "tokens")],
      { status: 429, code: "rate_limit_exceeded", retryable: true },
    ],
    [
      "anthropic",
      "overload before the text",
      [anthropic("overloaded_error")],
      { status: 529, code: "overloaded_error", retryable: true },
    ],
    [
      "anthropic",
      "overload in the text",
      [...text, anthropic("overloaded_error")],
      { status: 529, code: "overloaded_error", retryable: true },
    ],
    [
      "anthropic",
      "a rate limit",
      [...text, anthropic("rate_limit_error")],
      { status: 429, code: "rate_limit_error", retryable: true },
    ],
    [
      "anthropic",
      "a failure of its own",
      [...text, anthropic("api_error")],
      { status: 500, code: "api_error", retryable: true },
    ],
    [
      "anthropic",
      "a timeout",
      [...text, anthropic("timeout_error")],
      { status: 504, code: "timeout_error", retryable: true },
    ],
    [
      "anthropic",
      "a request it cannot take",
      [...text, anthropic("invalid_request_error")],
      { status: 400, code: "invalid_request_error", retryable: false },
    ],
    [
      "anthropic",
      "a word nobody knows",
      [...text, anthropic("unheard_of_error")],
      { code: "unheard_of_error", retryable: false },
    ],
    [
      "google",
      "overload in the text",
      [candidate, google(503, "UNAVAILABLE")],
      { status: 503, code: "UNAVAILABLE", retryable: true },
    ],
    [
      "google",
      "a quota before the text",
      [google(429, "RESOURCE_EXHAUSTED")],
      { status: 429, code: "RESOURCE_EXHAUSTED", retryable: true },
    ],
    [
      "google",
      "a failure of its own",
      [candidate, google(500, "INTERNAL")],
      { status: 500, code: "INTERNAL", retryable: true },
    ],
    ["compatible", "overload", [half, openai("overloaded", "x")], { status: 503, code: "overloaded", retryable: true }],
    [
      "compatible",
      "a rate limit",
      [half, openai("rate_limit_exceeded", "x")],
      { status: 429, code: "rate_limit_exceeded", retryable: true },
    ],
    [
      "compatible",
      "a used-up quota",
      [half, openai("insufficient_quota", "x")],
      { status: 429, code: "insufficient_quota", retryable: false },
    ],
    [
      "compatible",
      "too long an input",
      [half, openai("context_length_exceeded", "x")],
      { status: 400, code: "context_length_exceeded", retryable: false },
    ],
    [
      "compatible",
      "a number for a code",
      [half, { error: { message: refused, code: 502 } }],
      { status: 502, retryable: true },
    ],
    [
      "ollama",
      "a failure of its own",
      [half, openai(null, "api_error")],
      { status: 500, code: "api_error", retryable: true },
    ],
  ])("is typed: %s, %s", async (vendor, _, parts, { status, code, retryable }) => {
    server.answer = events(parts);
    const { details } = await failureOf(vendor, true);
    expect(details).toEqual({
      model: vendors.models[vendor].name,
      retryable,
      // OpenAI's client looks at what follows the first event before it gives a stream out.
      progress: parts.length > (vendor === "openai" ? 2 : 1) ? "answering" : "sent",
      ...(status === undefined ? {} : { status }),
      ...(code === undefined ? {} : { vendorCode: code }),
    });
    expect(server.requests).toHaveLength(1);
  });
});
