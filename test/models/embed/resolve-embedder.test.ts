import { inspect } from "node:util";
import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import { systemRuntime } from "../../../src/core/runtime/system-runtime.ts";
import { embedTexts } from "../../../src/models/embed/embed-texts.ts";
import type { AnyEmbeddingModel } from "../../../src/models/embed/embedding-model.ts";
import { embeddingModel } from "../../../src/models/embed/resolve-embedder.ts";
import { lexicalEmbedder } from "../../../src/models/offline/lexical-embedder.ts";
import { VectorStoreProvider } from "../../../src/providers/vector-store-provider.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { openDocuments } from "../../../src/tools/documents/open-documents.ts";
import { json, startVendorServer, type VendorAnswer, type VendorServer } from "../vendor-server.ts";

const key = "canary-key-4711";
let server: VendorServer;

function runtimeFor(url: string) {
  return createTestRuntime({
    fetch: systemRuntime.fetch,
    variables: {
      OPENAI_API_KEY: key,
      OPENAI_BASE_URL: url,
      GOOGLE_GENERATIVE_AI_API_KEY: key,
      GOOGLE_GENERATIVE_AI_BASE_URL: url,
      OPENAI_COMPATIBLE_BASE_URL: url,
      OPENAI_COMPATIBLE_API_KEY: key,
      OLLAMA_BASE_URL: url,
    },
  });
}

/** Answers as OpenAI's or Google's endpoint does, a vector a text: its length and 1. */
const embedding: VendorAnswer = (response, request) => {
  const vector = (text: string) => [text.length, 1];
  const { input, requests, content } = request.body as {
    input?: string | string[];
    requests?: { content: { parts: { text: string }[] } }[];
    content?: { parts: { text: string }[] };
  };
  const textOf = (part: { parts: { text: string }[] }) => part.parts.map(({ text }) => text).join("");
  const body =
    requests !== undefined
      ? { embeddings: requests.map((part) => ({ values: vector(textOf(part.content)) })) }
      : content !== undefined
        ? { embedding: { values: vector(textOf(content)) } }
        : {
            object: "list",
            model: "embedder",
            data: [input ?? []].flat().map((text, index) => ({ object: "embedding", index, embedding: vector(text) })),
            usage: { prompt_tokens: 9, total_tokens: 9 },
          };
  json(200, body)(response, request);
};

beforeEach(async () => {
  server = await startVendorServer(embedding);
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

describe("an embedding model named by a string", () => {
  it.each([
    ["openai/text-embedding-3-small", "/v1/embeddings", "authorization"],
    ["openai-compatible/embedder", "/v1/embeddings", "authorization"],
    ["ollama/nomic-embed-text", "/v1/embeddings", undefined],
    ["google/gemini-embedding-001", "/v1/models/gemini-embedding-001:batchEmbedContents", "x-goog-api-key"],
  ])("embeds with %s: one request, one vector a text, the key where it belongs", async (name, path, header) => {
    const model = embeddingModel(name, { runtime: runtimeFor(server.url) });
    expect(`${model.provider}/${model.modelId}`).toBe(name);
    const { embeddings } = await model.doEmbed({ values: ["one", "three"] });
    expect(embeddings).toEqual([
      [3, 1],
      [5, 1],
    ]);
    expect(server.requests.map((request) => request.path)).toEqual([path]);
    if (header === undefined) expect(server.requests[0]?.headers.authorization).toBeUndefined();
    else expect(server.requests[0]?.headers[header]).toContain(key);
  });

  it.each(["openai/text-embedding-3-small", "openai-compatible/embedder", "ollama/nomic-embed-text"])(
    "tells the tokens that %s counted",
    async (name) => {
      const model = embeddingModel(name, { runtime: runtimeFor(server.url) });
      expect((await model.doEmbed({ values: ["one"] })).usage).toEqual({ tokens: 9 });
    },
  );

  it.each(["offline/lexical", "offline"])("finds the offline embedder as %s, without network or key", async (name) => {
    const model = embeddingModel(name, { runtime: createTestRuntime() });
    const [vector] = await embedTexts(model, ["high tide"]);
    expect([vector]).toEqual((await lexicalEmbedder().doEmbed({ values: ["high tide"] })).embeddings);
    expect(await model.supportsParallelCalls).toBe(await lexicalEmbedder().supportsParallelCalls);
  });

  it("finds the sentence encoder", async () => {
    const model = embeddingModel("offline/sentence-en", { runtime: createTestRuntime() });
    expect((await embedTexts(model, ["high tide"]))[0]).toHaveLength(512);
    expect(await model.maxEmbeddingsPerCall).toBe(64);
  });

  it("is one model for one string and runtime", () => {
    const runtime = createTestRuntime();
    expect(embeddingModel("offline/lexical", { runtime })).toBe(embeddingModel("offline/lexical", { runtime }));
    expect(embeddingModel("offline/lexical", { runtime })).not.toBe(
      embeddingModel("offline/lexical", { runtime: createTestRuntime() }),
    );
  });

  it.each([
    ["opnai/text-embedding-3-small", "openai/text-embedding-3-small"],
    ["text-embedding-3-small", "openai/text-embedding-3-small"],
    ["gemini-embedding-001", "google/gemini-embedding-001"],
    ["offline/lexicla", "offline/lexical"],
    ["offline/extractive", "offline/lexical"],
    ["openai", undefined],
    ["", undefined],
  ])("is refused when the vendor is not known: %j", (name, suggestion) => {
    const resolve = () => embeddingModel(name, { runtime: runtimeFor(server.url) });
    expect(resolve).toThrowError(expect.objectContaining({ code: "model_unknown" }));
    try {
      resolve();
    } catch (error) {
      expect((error as { details: object }).details).toEqual({ model: name, ...(suggestion ? { suggestion } : {}) });
    }
  });

  it("says that Anthropic has none, and who has some", () => {
    expect(() => embeddingModel("anthropic/claude-haiku-4-5", { runtime: createTestRuntime() })).toThrowError(
      "anthropic has no embedding models; vendors that have some are offline, openai, google, ollama, openai-compatible",
    );
  });

  it.each([
    ["openai/text-embedding-3-small", "OPENAI_API_KEY"],
    ["google/gemini-embedding-001", "GOOGLE_GENERATIVE_AI_API_KEY"],
    ["openai-compatible/embedder", "OPENAI_COMPATIBLE_BASE_URL"],
  ])("names the variable that %s needs", (name, variable) => {
    expect(() => embeddingModel(name, { runtime: createTestRuntime() })).toThrowError(
      expect.objectContaining({ code: "model_key_missing", details: { model: name, variable } }),
    );
  });

  it.each([
    [401, false, "model_unauthorized"],
    [429, true, "rate_limited"],
    [503, true, "overloaded"],
  ])("turns status %i into a typed error without the key, and repeats nothing", async (status, retryable, code) => {
    const body = { error: { message: `refused ${key}`, type: "some_type", code: "some_code" } };
    for (const name of ["openai/e", "google/e", "openai-compatible/e", "ollama/e"]) {
      server.answer = json(status, body, { "retry-after": "2", "x-request-id": "req-7" });
      const before = server.requests.length;
      const model = embeddingModel(name, { runtime: runtimeFor(server.url) });
      const error = await embedTexts(model, ["canary-text"]).catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code,
        details: { model: name, status, retryable, retryAfterMs: 2_000, requestId: "req-7" },
      });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("canary");
      expect(server.requests.length - before).toBe(1);
    }
  });

  it("ends with the signal's own reason, before the call and in it, and closes the connection", async () => {
    const model = embeddingModel("openai/e", { runtime: runtimeFor(server.url) });
    const reason = new Error("the user left");
    await expect(model.doEmbed({ values: ["x"], abortSignal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.requests).toHaveLength(0);
    server.answer = () => {};
    const controller = new AbortController();
    const closed = server.nextAbort();
    const pending = model.doEmbed({ values: ["x"], abortSignal: controller.signal });
    while (server.requests.length === 0) await new Promise(setImmediate);
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    await closed;
  });

  it("loads again at the next call when loading failed", async () => {
    let broken = true;
    const runtime = runtimeFor(server.url);
    const variable = (name: string) => {
      if (broken && name === "OPENAI_BASE_URL") throw new Error("variables cannot be read");
      return runtime.variable(name);
    };
    const model = embeddingModel("openai/e", { runtime: { ...runtime, variable } });
    await expect(model.doEmbed({ values: ["x"] })).rejects.toMatchObject({
      code: "model_failed",
      message: "openai/e failed: variables cannot be read",
    });
    broken = false;
    expect((await model.doEmbed({ values: ["x"] })).embeddings).toEqual([[1, 1]]);
  });

  it.each([
    ["another shape", { hello: 1 }],
    ["a vector too few", { data: [{ embedding: [1] }], usage: { prompt_tokens: 1 } }],
  ])("fails with a typed error for %s", async (_, body) => {
    server.answer = json(200, body);
    const model = embeddingModel("openai/e", { runtime: runtimeFor(server.url) });
    await expect(embedTexts(model, ["a", "b"])).rejects.toSatisfy((error: unknown) =>
      isFlockError(error, "model_failed"),
    );
  });
});

describe("an embedding model that is given", () => {
  function older(version: "v2" | "v3"): AnyEmbeddingModel {
    const model = {
      specificationVersion: version,
      provider: "acme",
      modelId: "e",
      maxEmbeddingsPerCall: 7,
      supportsParallelCalls: true,
      doEmbed: async ({ values }: { values: string[] }) => ({
        embeddings: values.map(() => [1, 2]),
        usage: { tokens: 3 },
      }),
    };
    return model as unknown as AnyEmbeddingModel;
  }

  it.each(["v2", "v3"] as const)("may be of version %s", async (version) => {
    const given = older(version);
    const model = embeddingModel(given);
    expect(model).toMatchObject({ specificationVersion: "v4", provider: "acme", modelId: "e" });
    expect(await model.doEmbed({ values: ["x"] })).toMatchObject({ embeddings: [[1, 2]], usage: { tokens: 3 } });
    expect([await model.maxEmbeddingsPerCall, await model.supportsParallelCalls]).toEqual([7, true]);
    expect(embeddingModel(given)).toBe(model);
    expect(embeddingModel(model)).toBe(model);
  });

  it("gets typed errors without keys", async () => {
    const failing: EmbeddingModelV4 = {
      ...lexicalEmbedder(),
      provider: "acme",
      modelId: "e",
      doEmbed: () => Promise.reject(Object.assign(new Error(`bad key ${key}`), { statusCode: 401 })),
    };
    const error = await Promise.resolve(
      embeddingModel(failing, { runtime: runtimeFor(server.url) }).doEmbed({ values: ["x"] }),
    ).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: "model_unauthorized",
      details: { model: "acme/e", status: 401, retryable: false },
    });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key);
  });

  it.each([3, null, undefined, {}])("is refused when it is none: %j", (value) => {
    expect(() => embeddingModel(value as never)).toThrowError(expect.objectContaining({ code: "option_invalid" }));
  });
});

describe("who embeds", () => {
  it("takes a string and sends texts in calls the model can take", async () => {
    const sizes = () => server.requests.map(({ body }) => (body.input as string[] | undefined)?.length);
    const documents = Array.from({ length: 70 }, (_, at) => ({
      name: `d${at}.md`,
      text: `Tide number ${at} came in.`,
    }));
    const opened = await openDocuments({ documents }, { embedder: "ollama/e", runtime: runtimeFor(server.url) });
    expect(opened.stats.chunks).toBe(70);
    expect(sizes()).toEqual([32, 32, 6]);
  });

  it("tells a wrong string when it is built", () => {
    expect(() => new VectorStoreProvider({ embedder: "opnai/e" })).toThrowError(
      expect.objectContaining({ code: "model_unknown" }),
    );
    const runtime = createTestRuntime();
    expect(() => new VectorStoreProvider({ embedder: "openai/e", runtime })).toThrowError(
      expect.objectContaining({ code: "model_key_missing" }),
    );
    expect(() => new VectorStoreProvider({ embedder: "offline/lexical", runtime })).not.toThrow();
  });
});
