/** Makes models with the vendors' own packages; apart, because a program needs it at its first call and not at its start. */

import type { EmbeddingModelV4, LanguageModelV4 } from "@ai-sdk/provider";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { boundedFetch } from "./bounded-fetch.ts";
import { vendorFetch } from "./vendor-fetch.ts";

/** What a vendor's client makes models with. */
export interface VendorClient {
  languageModel(modelId: string): LanguageModelV4;
  embeddingModel(modelId: string): EmbeddingModelV4;
}

/** Imports a vendor's package and makes its client for a model, with the key and address of the runtime's variables. */
export const vendorClients = {
  async openai(runtime: Runtime, model: string): Promise<VendorClient> {
    const { createOpenAI } = await import("@ai-sdk/openai");
    return createOpenAI(settings(runtime, model, "OPENAI_API_KEY", "OPENAI_BASE_URL"));
  },
  async anthropic(runtime: Runtime, model: string): Promise<Pick<VendorClient, "languageModel">> {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    return createAnthropic(settings(runtime, model, "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"));
  },
  async google(runtime: Runtime, model: string): Promise<VendorClient> {
    const { createGoogleGenerativeAI } = await import("@ai-sdk/google");
    const key = "GOOGLE_GENERATIVE_AI_API_KEY";
    return createGoogleGenerativeAI(settings(runtime, model, key, "GOOGLE_GENERATIVE_AI_BASE_URL"));
  },
  ollama(runtime: Runtime, model: string): Promise<VendorClient> {
    return compatible(
      "ollama",
      runtime.variable("OLLAMA_BASE_URL") ?? "http://127.0.0.1:11434/v1",
      undefined,
      runtime,
      model,
    );
  },
  "openai-compatible"(runtime: Runtime, model: string): Promise<VendorClient> {
    const address = runtime.variable("OPENAI_COMPATIBLE_BASE_URL") ?? "";
    return compatible("openai-compatible", address, runtime.variable("OPENAI_COMPATIBLE_API_KEY"), runtime, model);
  },
  async llama(runtime: Runtime): Promise<Pick<VendorClient, "languageModel">> {
    const { llamaModel } = await import("../llama/llama-model.ts");
    return { languageModel: (path) => llamaModel({ path, runtime }) };
  },
} as const;

/** Follows no redirect, and holds neither an error nor an event without end. */
function fetchFor(runtime: Runtime, model: string): typeof globalThis.fetch {
  return vendorFetch({ fetch: boundedFetch(runtime, model) });
}

function settings(runtime: Runtime, model: string, keyVariable: string, addressVariable: string) {
  const apiKey = runtime.variable(keyVariable);
  const baseURL = runtime.variable(addressVariable);
  return {
    fetch: fetchFor(runtime, model),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(baseURL === undefined ? {} : { baseURL }),
  };
}

async function compatible(
  name: string,
  baseURL: string,
  apiKey: string | undefined,
  runtime: Runtime,
  model: string,
): Promise<VendorClient> {
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  return createOpenAICompatible({
    name,
    baseURL,
    fetch: fetchFor(runtime, model),
    includeUsage: true,
    supportsStructuredOutputs: true,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
}
