import { Flock } from "flock-ts";
import { embeddingModel, type ModelPrice, priceOf } from "flock-ts/models";
import { VectorStoreProvider } from "flock-ts/providers";
import { openDocuments } from "flock-ts/tools";
import { describe, expectTypeOf, it } from "vitest";

describe("prices", () => {
  it("are whole micro-dollars, or unknown", () => {
    expectTypeOf(priceOf("openai/gpt-5")).toEqualTypeOf<ModelPrice | undefined>();
    expectTypeOf<ModelPrice["microUsdPerMillion"]["cacheWrite"]>().toEqualTypeOf<number>();
  });

  it("of a Flock name input and output, and nothing they do not know", () => {
    new Flock({ prices: { "acme/x": { input: 1, output: 2, cacheRead: 0.1, cacheWrite: 1.25 } } });
    // @ts-expect-error output is missing
    new Flock({ prices: { "acme/x": { input: 1 } } });
    // @ts-expect-error no such rate
    new Flock({ prices: { "acme/x": { input: 1, output: 2, cached: 1 } } });
  });
});

describe("embedders", () => {
  it("are strings or models", () => {
    expectTypeOf(embeddingModel("offline/lexical").specificationVersion).toEqualTypeOf<"v4">();
    new VectorStoreProvider({ embedder: "offline/lexical" });
    new VectorStoreProvider({ embedder: embeddingModel("offline/lexical") });
    expectTypeOf(() => openDocuments("docs", { embedder: "offline/lexical" })).returns.resolves.toBeObject();
    // @ts-expect-error neither
    embeddingModel(3);
  });
});
