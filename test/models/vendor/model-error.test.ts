import {
  APICallError,
  InvalidResponseDataError,
  LoadAPIKeyError,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FlockError, isFlockError, modelFailureOf } from "../../../src/core/errors/errors.ts";
import { retryAfterOf } from "../../../src/core/runtime/retry-after.ts";
import { modelError } from "../../../src/models/vendor/model-error.ts";
import { redact } from "../../../src/models/vendor/redact.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

function apiError(parts: Partial<ConstructorParameters<typeof APICallError>[0]>): APICallError {
  return new APICallError({
    message: "failed",
    url: "https://api.test/v1?key=canary",
    requestBodyValues: { canary: 1 },
    ...parts,
  });
}

function detailsOf(error: unknown) {
  const mapped = modelError(error, "openai/gpt-5");
  const details = modelFailureOf(mapped);
  if (details === undefined) throw mapped;
  return details;
}

describe("modelError", () => {
  it("gives a FlockError back as it is", () => {
    const own = new FlockError("no_evidence", "x", { details: { field: "f" } });
    expect(modelError(own, "m")).toBe(own);
  });

  it("keeps a cleaned cause: name, message and frames, nothing else", () => {
    const error = modelError(
      apiError({
        message: "no\u001b[31m sk-proj-canary123",
        statusCode: 400,
        responseHeaders: { "set-cookie": "canary" },
        responseBody: "canary",
      }),
      "openai/gpt-5",
    );
    const cause = error.cause as Error;
    expect(cause.name).toBe("AI_APICallError");
    expect(Object.getOwnPropertyNames(cause).sort()).toEqual(["message", "name", "stack"]);
    expect(cause.stack).toMatch(/^AI_APICallError: no \[31m \[redacted\]\n\s+at /);
    expect(`${error.message}${cause.stack}${JSON.stringify(error)}`).not.toMatch(/canary|\u001b/);
  });

  it("knows errors of another copy of the package by their shape", () => {
    expect(detailsOf({ message: "busy", statusCode: 503, responseHeaders: { "Retry-After": "2" } })).toMatchObject({
      status: 503,
      retryable: true,
      retryAfterMs: 2000,
    });
    expect(detailsOf({ message: "no", status: 404 })).toMatchObject({ status: 404, retryable: false });
  });

  it.each([
    ["a damaged answer", new InvalidResponseDataError({ data: {} }), true],
    ["a request the vendor cannot take", new UnsupportedFunctionalityError({ functionality: "images" }), false],
    ["a mistake in code", new TypeError("x is not a function"), false],
    ["fetch's own complaint", new TypeError("fetch failed"), true],
    ["a network error without a status", apiError({ message: "Cannot connect to API", isRetryable: true }), true],
    ["words of overload", new Error("the service is temporarily unavailable"), true],
    ["an unknown error", new Error("boom"), false],
    ["an error part of a stream", { type: "error", error: { type: "rate_limit_error", message: "slow" } }, true],
    ["a final error part", { error: { code: "invalid_prompt", message: "no" } }, false],
    ["a thrown string", "connection lost", true],
    ["nothing at all", undefined, false],
  ])("says whether %s is retryable", (_, error, retryable) => {
    expect(detailsOf(error).retryable).toBe(retryable);
  });

  const unreachable = "m/x could not be reached at api.test:8443";
  const network = "check the address and the network";
  const untrusted = "its certificate is not trusted: check the address, or name its authority in NODE_EXTRA_CA_CERTS";
  it.each([
    [
      "ECONNRESET",
      true,
      "the connection to m/x at api.test:8443 broke before it answered",
      "try again, or check the network",
    ],
    [
      "UND_ERR_BODY_TIMEOUT",
      true,
      "the connection to m/x at api.test:8443 broke in the middle of its answer",
      "try again",
    ],
    ["ENOTFOUND", true, unreachable, network],
    ["EAI_AGAIN", true, unreachable, network],
    ["UND_ERR_CONNECT_TIMEOUT", true, unreachable, network],
    ["CERT_HAS_EXPIRED", false, unreachable, untrusted],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", false, unreachable, untrusted],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", false, unreachable, untrusted],
    ["ERR_TLS_CERT_ALTNAME_INVALID", false, unreachable, untrusted],
    ["HPE_INVALID_CONSTANT", true, "the answer of m/x at api.test:8443 was damaged on its way", "try again"],
    ["ENOENT", false, "m/x could not be used", "check this machine's files and limits"],
  ])("finds the system's code %s below all causes", (code, retryable, what, todo) => {
    const deepest = Object.assign(new Error("socket"), { code });
    const error = new TypeError("fetch failed", { cause: new AggregateError([deepest], "all failed") });
    const mapped = modelError(Object.assign(error, { url: "https://user:pw@api.test:8443/v1?key=canary" }), "m/x");
    expect(mapped).toMatchObject({ details: { vendorCode: code, retryable } });
    expect(mapped.message).toBe(`${what} (${code}); ${todo}`);
  });

  it("believes the vendor's own word on retrying", () => {
    const told = (value: string) => apiError({ statusCode: 400, responseHeaders: { "x-should-retry": value } });
    expect(detailsOf(told("true")).retryable).toBe(true);
    expect(detailsOf(apiError({ statusCode: 500, responseHeaders: { "x-should-retry": "false" } })).retryable).toBe(
      false,
    );
  });

  it("names the variable of a key the vendor's client did not find", () => {
    const error = new LoadAPIKeyError({
      message: "Mistral API key is missing. Pass it or set the MISTRAL_API_KEY variable.",
    });
    expect(modelError(error, "mistral/small")).toMatchObject({
      code: "model_key_missing",
      details: { variable: "MISTRAL_API_KEY" },
    });
    expect(modelError(new LoadAPIKeyError({ message: "no key" }), "anthropic.messages/x")).toMatchObject({
      details: { variable: "ANTHROPIC_API_KEY" },
    });
  });

  it.each([
    [401, "check OPENAI_API_KEY"],
    [403, "may use this model"],
    [404, "the model's name"],
    [429, "slow down"],
  ])("hints at what to do for status %i", (statusCode, hint) => {
    expect(modelError(apiError({ statusCode }), "openai/gpt-5").message).toContain(hint);
  });

  it("hints without a variable for vendors it does not know", () => {
    expect(modelError(apiError({ statusCode: 401 }), "acme/x").message).toContain("the key it was created with");
  });

  it("leaves out request ids and codes that are not plain", () => {
    const details = detailsOf(
      apiError({
        statusCode: 400,
        responseHeaders: { "x-request-id": "a b <script>" },
        data: { error: { code: "<x>" } },
      }),
    );
    expect(details).toEqual({ model: "openai/gpt-5", status: 400, retryable: false, progress: "sent" });
  });

  it("maps anything that can be thrown to a typed error", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (thrown) => {
        expect(isFlockError(modelError(thrown, "m"))).toBe(true);
      }),
    );
  });
});

describe("redact", () => {
  const runtime = createTestRuntime({ variables: { OPENAI_API_KEY: "plainword" } });

  it.each([
    ["Incorrect API key provided: sk-abcd1234", "Incorrect API key provided: [redacted]"],
    ["Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"],
    ['{"api_key": "abc"}', '{"api_key": "[redacted]"}'],
    ["password=hunter2, next", "password=[redacted], next"],
    ["at https://user:pw@host.test/a?key=1 now", "at https://[redacted]@host.test/a[redacted] now"],
    ["token AIzaSyA1234567890abcdef", "token [redacted]"],
    ["word plainword here", "word [redacted] here"],
    ["id 0123456789abcdef0123456789", "id [redacted]"],
    ["two\nlines\u0007", "two lines"],
    ["nothing to hide: rate limit of 60 requests", "nothing to hide: rate limit of 60 requests"],
  ])("cleans %j", (text, clean) => {
    expect(redact(text, [], runtime)).toBe(clean);
  });

  it("keeps the model's own name, long as it is", () => {
    const text = "model claude-sonnet-4-5-20250929 not found";
    expect(redact(text, ["anthropic/claude-sonnet-4-5-20250929"])).toBe(text);
  });

  it("gives at most 300 characters", () => {
    expect(redact("a ".repeat(10_000), [])).toHaveLength(300);
  });

  it("lets no key through, wherever it stands", () => {
    const secret = fc.stringMatching(/^sk-[a-z0-9]{16,40}$/);
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), secret, fc.string({ maxLength: 80 }), (before, key, after) => {
        expect(redact(`${before} ${key} ${after}`, [])).not.toContain(key);
      }),
    );
  });
});

describe("retryAfterOf", () => {
  const now = Date.UTC(2026, 0, 1);
  it.each([
    [{ "retry-after": "3" }, 3000],
    [{ "retry-after": " 0.25 " }, 250],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:05 GMT" }, 5000],
    [{ "retry-after": "Wed, 31 Dec 2025 23:59:00 GMT" }, 0],
    [{ "retry-after-ms": "12.1", "retry-after": "9" }, 13],
    [{ "retry-after-ms": "soon", "retry-after": "9" }, 9000],
    [{ "retry-after": "-5" }, 0],
    [{ "retry-after": "99999999999" }, 86_400_000],
    [{ "retry-after": "1e9" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "Infinity" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{}, undefined],
  ])("reads %j", (headers, expected) => {
    expect(retryAfterOf(headers as Record<string, string>, undefined, now)).toBe(expected);
  });

  it("reads Google's delay in the body", () => {
    const body = { error: { details: [null, { "@type": "x" }, { retryDelay: "34.5s" }] } };
    expect(retryAfterOf({}, body, now)).toBe(34_500);
    expect(retryAfterOf({}, { error: { details: [{ retryDelay: "long" }] } }, now)).toBeUndefined();
  });

  it("leaves dates out without a clock", () => {
    expect(retryAfterOf({ "retry-after": "Thu, 01 Jan 2026 00:00:05 GMT" }, undefined, undefined)).toBeUndefined();
  });
});
