import { inspect } from "node:util";
import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { FlockError, isFlockError } from "../../../src/core/errors/errors.ts";
import { embedderId, embedderOption, embeddingBatchSize, embedTexts } from "../../../src/models/embed/embed-texts.ts";
import { lexicalEmbedder } from "../../../src/models/offline/lexical-embedder.ts";

function answering(answer: () => unknown): EmbeddingModelV4 {
  return { ...lexicalEmbedder(), provider: "vendor", modelId: "m-1", doEmbed: async () => answer() as never };
}

describe("embedTexts", () => {
  it("gives one vector a text", async () => {
    const vectors = await embedTexts(lexicalEmbedder({ dimension: 16 }), ["tax", "war"]);
    expect(vectors.map((vector) => vector.length)).toEqual([16, 16]);
  });

  it.each([
    ["too few vectors", { embeddings: [[1]] }],
    ["no vectors", {}],
    ["vectors of different length", { embeddings: [[1], [1, 2]] }],
    ["an empty vector", { embeddings: [[], []] }],
    ["something else than a vector", { embeddings: ["x", "y"] }],
    ["a vector with no number", { embeddings: [[1], [Number.NaN]] }],
  ])("refuses %s", async (_, answer) => {
    const call = embedTexts(
      answering(() => answer),
      ["tax", "war"],
    );
    await expect(call).rejects.toSatisfy((error: unknown) => isFlockError(error, "model_failed"));
    await expect(call).rejects.toThrow('the embedding model "vendor/m-1" gave');
  });

  it("wraps what a vendor throws, keeps the framework's own errors, and prefers the abort", async () => {
    const vendor = Object.assign(new Error("busy"), { name: "AI_APICallError", isRetryable: true });
    const throwing = (error: unknown) =>
      answering(() => {
        throw error;
      });
    await expect(embedTexts(throwing(vendor), ["x"])).rejects.toMatchObject({
      code: "model_failed",
      details: { model: "vendor/m-1", retryable: true },
    });
    await expect(embedTexts(throwing("odd"), ["x"])).rejects.toThrow("vendor/m-1 failed: odd");
    const leaky = Object.assign(new Error("Bearer sk-abcdefghijklmnop"), {
      requestBodyValues: { key: "sk-abcdefghijklmnop" },
    });
    const clean = await embedTexts(throwing(leaky), ["x"]).catch((caught: unknown) => caught);
    expect(inspect(clean, { depth: 9, showHidden: true })).not.toContain("sk-abcdefghijklmnop");
    const own = new FlockError("internal", "x", { details: { reason: "x" } });
    await expect(embedTexts(throwing(own), ["x"])).rejects.toBe(own);
    const reason = new Error("enough");
    await expect(embedTexts(throwing(vendor), ["x"], AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const aborting = answering(() => {
      controller.abort(reason);
      throw vendor;
    });
    await expect(embedTexts(aborting, ["x"], controller.signal)).rejects.toBe(reason);
  });
});

describe("embedderId", () => {
  it("names provider and model", () => {
    expect(embedderId(lexicalEmbedder())).toBe("offline/lexical");
    expect(embedderId(answering(() => 0))).toBe("vendor/m-1");
  });
});

describe("embeddingBatchSize", () => {
  it("is what the model takes, from 1 to 32", async () => {
    const of = (most: EmbeddingModelV4["maxEmbeddingsPerCall"]) =>
      embeddingBatchSize({ ...lexicalEmbedder(), maxEmbeddingsPerCall: most });
    expect(await Promise.all([of(0), of(5), of(Promise.resolve(7)), of(2_048), of(undefined)])).toEqual([
      1, 5, 7, 32, 32,
    ]);
  });
});

describe("embedderOption", () => {
  it("accepts strings and embedding models only", () => {
    for (const value of [lexicalEmbedder(), "openai/x"]) expect(embedderOption(value)).toBeUndefined();
    for (const value of [3, {}, null, undefined]) expect(embedderOption(value)).toContain("embedding model");
  });
});
