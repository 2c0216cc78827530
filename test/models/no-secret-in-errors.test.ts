import { inspect } from "node:util";
import { APICallError } from "@ai-sdk/provider";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modelError } from "../../src/models/vendor/model-error.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { callContext, callModel } from "./call-context.ts";
import { type VendorName, vendorModels } from "./vendor-models.ts";
import { events, json, startVendorServer } from "./vendor-server.ts";

/** Forty strings that look as secrets do, of many makers; all made up. */
const canaries: readonly string[] = [
  "sk-Tr0ub4dorTr0ub4dor",
  "sk-proj-aB3dE5fG7hJ9kL1mN3pQ5",
  "sk-ant-api03-Xy9ZwV8uT7sR6qP5oN4",
  "sk_live_51HxCanaryCanary99",
  "rk-9f8e7d6c5b4a39281706",
  "gsk_aBcDeFgHiJkLmNoP12345678",
  "xai-0a1b2c3d4e5f60718293a4b5",
  "hf_QwErTyUiOpAsDfGh1234",
  "ghp_0123456789abcdefghijABCDEFGHIJ012345",
  "gho_zZ9yY8xX7wW6vV5uU4tT3sS2rR1qQ0pP9oO8",
  "AIzaSyD-1a2B3c4D5e6F7g8H9i0JkLmNoPqRsTu",
  "ya29.a0AfH6SMBx1234567890abcdefgh",
  "AKIA5XQ7ZCANARY2EXAMPLE9",
  "wJalrXUtnFEMIK7MDENGbPxRfiCYCANARY00KEY1",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkxMjMifQ.c2lnbmF0dXJlMTIzNDU2Nzg5",
  "0123456789abcdef0123456789abcdef",
  "deadbeef1deadbeef2deadbeef3deadbeef4",
  "5f4dcc3b5aa765d61d8327deb882cf99",
  "9b2e4f70-1c3d-4e5f-8a9b-0c1d2e3f4a5b",
  "canary-9b2e4f701c3d4e5f8a9b",
  "Canary_Secret_Value_0001_abcdef",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345",
  "a1B2c3D4e5F6g7H8i9J0k1L2",
  "token-of-appreciation-4711-4711",
  "pk-lf-12345678-90ab-cdef-1234",
  "rk-test-canary-4711",
  "sk-1234.5678*90",
  "xai_canary_4711_canary",
  "ZmFrZS1jYW5hcnktc2VjcmV0LTEyMzQ1Njc4OTA",
  "Y2FuYXJ5OmNhbmFyeTEyMzQ1Njc4OTAxMjM0NTY3",
  "t0ken_with_underscores_and_1_digit",
  "00000000000000000000000000000a",
  "nvapi-aBcD1234eFgH5678iJkL9012",
  "r8_1234567890abcdefABCDEF1234567890",
  "fw_3ZCanary1234567890abcd",
  "pplx-0123456789abcdef0123456789",
  "csk-4f5g6h7j8k9l0m1n2b3v",
  "api-key-4711-4711-4711-4711",
  "SG.abcdefghijklmnop1234.qrstuvwxyzABCDEF5678",
  "glpat-1234567890abcdefXYZ",
];

/** Everything that can be read of an error, however it is printed. */
function allOf(error: Error): string {
  const seen: string[] = [inspect(error, { depth: 12, showHidden: true, getters: true })];
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    seen.push(current.message, current.stack ?? "", String(current), JSON.stringify(current));
    for (const name of Object.getOwnPropertyNames(current)) {
      seen.push(JSON.stringify((current as unknown as Record<string, unknown>)[name]) ?? "");
    }
  }
  return seen.join("\n");
}

/** The secret itself, and each long part of it: half a key is no longer a secret only by luck. */
function expectNone(error: Error, secret: string): void {
  const seen = allOf(error);
  for (const part of [secret, ...secret.split(/[.*]/).filter((piece) => piece.length >= 12)])
    expect(seen).not.toContain(part);
}

const sentences: readonly ((secret: string) => string)[] = [
  (secret) => `Incorrect API key provided: ${secret}. You can find your key in the settings.`,
  (secret) => `invalid x-api-key ${secret}`,
  (secret) => `Authorization: Bearer ${secret} was refused`,
  (secret) => `Basic ${secret} is not allowed`,
  (secret) => `GET https://user:${secret}@host.test/v1?api_key=${secret}#${secret} failed`,
  (secret) => `{"error":{"api_key":"${secret}"}}`,
  (secret) => `password = ${secret}`,
  (secret) => `the token '${secret}' has expired`,
];

describe("no error of a model", () => {
  it("knows forty different secrets", () => {
    expect(new Set(canaries).size).toBe(40);
  });

  it.each(canaries)("tells the secret %s, wherever the vendor's error held it", (secret) => {
    for (const sentence of sentences) {
      const error = new APICallError({
        message: sentence(secret),
        url: `https://user:${secret}@api.test/v1/${secret}?key=${secret}#${secret}`,
        statusCode: 401,
        requestBodyValues: { prompt: secret, headers: { authorization: secret } },
        responseHeaders: { "set-cookie": secret, authorization: secret, "retry-after": secret },
        responseBody: JSON.stringify({ error: { message: sentence(secret), code: secret, param: secret } }),
        data: { error: { message: sentence(secret), code: secret, type: secret, details: [{ secret }] } },
        cause: new Error(sentence(secret), { cause: { config: { headers: { "x-api-key": secret } } } }),
      });
      Object.assign(error, { config: { apiKey: secret }, code: secret });
      expectNone(modelError(error, "acme/m"), secret);
    }
    expectNone(modelError({ type: "error", error: { type: secret, code: secret, message: secret } }, "acme/m"), secret);
    expectNone(modelError(`could not connect with ${secret}`, "acme/m"), secret);
  });

  it("tells the value of a key variable, short and plain as it may be", () => {
    const word = fc
      .stringMatching(/^[a-z]{6,12}$/)
      .filter((text) => !/error|failed|answered|status|vendor|message/.test(text));
    fc.assert(
      fc.property(word, fc.nat(sentences.length - 1), (secret, at) => {
        const key = `q${secret}z`;
        const runtime = createTestRuntime({ variables: { MISTRAL_API_KEY: key } });
        const error = new APICallError({
          message: sentences[at]!(key),
          url: `https://api.test/?key=${key}`,
          statusCode: 400,
          requestBodyValues: {},
          responseHeaders: { "x-request-id": key },
          data: { error: { code: key, message: key } },
        });
        expectNone(modelError(error, "mistral/m", runtime), key);
      }),
    );
  });

  const vendors: readonly VendorName[] = ["openai", "openai-chat", "anthropic", "google", "compatible", "ollama"];

  it.each(vendors)("of %s tells what a server echoes: key, headers, request, body, address", async (vendor) => {
    await using server = await startVendorServer(json(500, {}));
    for (const secret of canaries) {
      const address = server.url.replace("//", `//user:${secret}@`);
      for (const url of vendor === "openai-chat" ? [server.url] : [server.url, address]) {
        const { models, runtime } = vendorModels(url, secret);
        const body = { error: { message: `refused ${secret}`, type: secret, code: secret, status: secret } };
        for (const deltas of [false, true]) {
          const headers = { "set-cookie": secret, "x-request-id": secret, "request-id": secret };
          server.answer = deltas && secret.length % 2 === 0 ? events([body]) : json(401, body, headers);
          const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: secret }] }];
          const call = callModel(models[vendor], { prompt }, callContext({ deltas, runtime }).context);
          const error = await call.then(
            () => undefined,
            (caught: unknown) => caught,
          );
          expect(error).toBeInstanceOf(Error);
          expectNone(error as Error, secret);
        }
      }
    }
  });
});
