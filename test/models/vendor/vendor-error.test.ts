import { APICallError, JSONParseError, TypeValidationError } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { isFlockError, type ModelFailureCode, modelFailureOf } from "../../../src/core/errors/errors.ts";
import { modelError } from "../../../src/models/vendor/model-error.ts";

function failed(error: unknown) {
  const mapped = modelError(error, "openai/gpt-5");
  if (!isFlockError<ModelFailureCode>(mapped) || modelFailureOf(mapped) === undefined) throw mapped;
  return mapped;
}

function answerError(statusCode: number, responseBody: unknown): APICallError {
  return new APICallError({
    message: "Invalid JSON response",
    url: "https://api.test/v1",
    requestBodyValues: {},
    statusCode,
    responseHeaders: { "x-request-id": "req-1", "retry-after": "3" },
    responseBody: responseBody as string,
  });
}

const overloaded = { error: { message: "busy", type: "server_error", code: "server_error", param: null } };
const blamed = { error: { message: "no such field", type: "invalid_request_error", code: "invalid_prompt" } };

describe("an error object where the answer belongs", () => {
  it.each([
    ["kept as text at status 200", answerError(200, JSON.stringify(overloaded))],
    ["kept as data under a status that the client made up", answerError(400, overloaded)],
  ])("is that error, with the status its words mean: %s", (_, error) => {
    const { details, message } = failed(error);
    expect(details).toEqual({
      model: "openai/gpt-5",
      status: 500,
      retryable: true,
      progress: "sent",
      retryAfterMs: 3_000,
      requestId: "req-1",
      vendorCode: "server_error",
    });
    expect(message).toBe("openai/gpt-5 answered with status 500 (server_error): busy");
  });

  it("is not retryable when it blames the request", () => {
    expect(failed(answerError(200, JSON.stringify(blamed))).details).toMatchObject({
      retryable: false,
      vendorCode: "invalid_prompt",
    });
  });

  it.each([
    ["no JSON", "<html>"],
    ["JSON without an error", '{"hello":1}'],
    ["an error that is a word", '{"error":"busy"}'],
    ["JSON that is no object", "null"],
    ["more than an error ever is", JSON.stringify({ ...overloaded, rest: "x".repeat(70_000) })],
  ])("is not seen in %s: the answer was damaged", (_, body) => {
    expect(failed(answerError(200, body)).details).toMatchObject({ status: 200, retryable: true });
  });

  it("is left to its status where there is a real one", () => {
    expect(failed(answerError(404, JSON.stringify(overloaded))).details).toMatchObject({
      status: 404,
      retryable: false,
    });
  });
});

describe("an answer that could not be read", () => {
  it.each([
    ["is no JSON", new JSONParseError({ text: '{"private":"words', cause: new Error("at private") })],
    ["has another shape", new TypeValidationError({ value: { private: "words" }, cause: new Error("private") })],
    ["came first in Anthropic's stream", new Error("Expected a normalized Anthropic stream error")],
  ])("is retryable and not quoted when it %s", (_, error) => {
    const { details, message, cause } = failed(error);
    expect(details).toEqual({ model: "openai/gpt-5", retryable: true, progress: "answering" });
    expect(message).toContain("a piece of its answer was damaged");
    expect(`${message}${(cause as Error).stack}`).not.toContain("private");
  });
});

it("says what to do about a redirect", () => {
  const { details, message } = failed(answerError(308, ""));
  expect(details).toMatchObject({ status: 308, retryable: false });
  expect(message).toContain("status 308; redirects are not followed");
});
