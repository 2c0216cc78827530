/** The vendors an embedding model's string may name, apart from the language models so that agents do not carry them. */

import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import type { Runtime } from "../core/runtime.ts";
import {
  compatibleProvider,
  compatibleSettings,
  ollamaAddressOf,
  settings,
  type Vendor,
  type VendorNeeds,
  vendors,
} from "./vendors.ts";

/** How one vendor's embedding models are made from a string such as `openai/text-embedding-3-small`. */
export interface EmbeddingVendor extends VendorNeeds {
  /** Imports the package and makes the model. Called once for each model, at its first call. */
  load(modelId: string, runtime: Runtime): Promise<EmbeddingModelV4>;
}

type Load = EmbeddingVendor["load"];

/** Every vendor that has embedding models, in the order error messages list them. */
export const embeddingVendors: readonly EmbeddingVendor[] = [
  { ...needsOf("offline"), modelIds: ["lexical", "sentence-en"], load: loadOffline },
  embeds("openai", async (modelId, runtime) => {
    const { createOpenAI } = await import("@ai-sdk/openai");
    return createOpenAI(settings(runtime, "OPENAI_API_KEY", "OPENAI_BASE_URL")).embeddingModel(modelId);
  }),
  embeds("google", async (modelId, runtime) => {
    const { createGoogleGenerativeAI } = await import("@ai-sdk/google");
    const google = settings(runtime, "GOOGLE_GENERATIVE_AI_API_KEY", "GOOGLE_GENERATIVE_AI_BASE_URL");
    return createGoogleGenerativeAI(google).embeddingModel(modelId);
  }),
  embeds("ollama", async (modelId, runtime) => {
    const provider = await compatibleProvider("ollama", ollamaAddressOf(runtime), undefined, runtime);
    return provider.embeddingModel(modelId);
  }),
  embeds("openai-compatible", async (modelId, runtime) => {
    const { address, key } = compatibleSettings(runtime);
    const provider = await compatibleProvider("openai-compatible", address, key, runtime);
    return provider.embeddingModel(modelId);
  }),
];

async function loadOffline(modelId: string): Promise<EmbeddingModelV4> {
  if (modelId === "lexical") return (await import("./offline/lexical-embedder.ts")).lexicalEmbedder();
  return (await import("./sentence-embedder.ts")).sentenceEmbedder();
}

function embeds(name: string, load: Load): EmbeddingVendor {
  return { ...needsOf(name), load };
}

/** What a vendor needs for embedding is what it needs for language: the same package, key and address. */
function needsOf(name: string): VendorNeeds {
  const { load: _, modelIds: __, ...needs }: Vendor = vendors.find((vendor) => vendor.name === name)!;
  return needs;
}
