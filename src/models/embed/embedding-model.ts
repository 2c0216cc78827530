/** The one doorway for embedding models: whatever version of the AI SDK's interface comes in, version 4 goes on. */

import type { EmbeddingModelV2, EmbeddingModelV3, EmbeddingModelV4 } from "@ai-sdk/provider";
import { optionError } from "../../core/errors/options.ts";

/** An embedding model of any version that is taken. */
export type AnyEmbeddingModel = EmbeddingModelV4 | EmbeddingModelV3 | EmbeddingModelV2<string>;

type OlderOptions = Parameters<EmbeddingModelV2<string>["doEmbed"]>[0];

/** Tells whether a value is an embedding model of the AI SDK, version 2, 3 or 4, by its shape. */
export function isEmbeddingModel(value: unknown): value is AnyEmbeddingModel {
  if (typeof value !== "object" || value === null) return false;
  const model = value as Partial<AnyEmbeddingModel>;
  return (
    typeof model.specificationVersion === "string" &&
    /^v[234]$/.test(model.specificationVersion) &&
    typeof model.provider === "string" &&
    typeof model.modelId === "string" &&
    typeof model.doEmbed === "function"
  );
}

/**
 * Gives an embedding model as version 4: itself when it is one, else an adapter. Older versions know no `dimensions`; that
 * option is left out for them.
 *
 * @throws option_invalid for anything that is no embedding model.
 */
export function adaptEmbedder(model: unknown): EmbeddingModelV4 {
  if (!isEmbeddingModel(model)) {
    throw optionError("embedder", "embedder", "an embedding model of the AI SDK (version 2, 3 or 4)", model);
  }
  if (model.specificationVersion === "v4") return model;
  const { provider, modelId, maxEmbeddingsPerCall, supportsParallelCalls } = model;
  return {
    specificationVersion: "v4",
    provider,
    modelId,
    maxEmbeddingsPerCall,
    supportsParallelCalls,
    async doEmbed({ dimensions: _, ...options }) {
      // Both older versions take these same options.
      const result = await (model as EmbeddingModelV2<string>).doEmbed(options as OlderOptions);
      return { warnings: [], ...result } as Awaited<ReturnType<EmbeddingModelV4["doEmbed"]>>;
    },
  };
}
