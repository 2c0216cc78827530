/** The vendors an embedding model's string may name. */

import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { vendorClients } from "../vendor/vendor-clients.ts";
import { type Vendor, type VendorNeeds, vendors } from "../vendors.ts";

/** How one vendor's embedding models are made from a string such as `openai/text-embedding-3-small`. */
export interface EmbeddingVendor extends VendorNeeds {
  /** Imports the package and makes the model. Called once for each model, at its first call. */
  load(modelId: string, runtime: Runtime): Promise<EmbeddingModelV4>;
}

/** Every vendor that has embedding models, in the order error messages list them. */
export const embeddingVendors: readonly EmbeddingVendor[] = [
  { ...needsOf("offline"), modelIds: ["lexical", "sentence-en"], load: loadOffline },
  embeds("openai"),
  embeds("google"),
  embeds("ollama"),
  embeds("openai-compatible"),
];

async function loadOffline(modelId: string): Promise<EmbeddingModelV4> {
  if (modelId === "lexical") return (await import("../offline/lexical-embedder.ts")).lexicalEmbedder();
  return (await import("./sentence-embedder.ts")).sentenceEmbedder();
}

function embeds(name: Exclude<keyof typeof vendorClients, "anthropic" | "llama">): EmbeddingVendor {
  return {
    ...needsOf(name),
    load: async (modelId, runtime) =>
      (await vendorClients[name](runtime, `${name}/${modelId}`)).embeddingModel(modelId),
  };
}

/** What a vendor needs for embedding is what it needs for language: the same package, key and address. */
function needsOf(name: string): VendorNeeds {
  const { load: _, modelIds: __, ...needs }: Vendor = vendors.find((vendor) => vendor.name === name)!;
  return needs;
}
