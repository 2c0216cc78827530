/** The vendors a model string may name: which package speaks to them, and which variables they need. */

import { findPackageJSON } from "node:module";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { Runtime } from "../core/runtime.ts";

/** How one vendor's models are made from a string such as `openai/gpt-5-mini`. */
export interface Vendor {
  /** The part of the string before the first slash. */
  readonly name: string;
  /** The npm package that speaks to it; undefined for what is built in. */
  readonly package: string | undefined;
  /** The variable that must hold its key. */
  readonly keyVariable: string | undefined;
  /** The variable that must hold its address. */
  readonly addressVariable?: string;
  /** The only models it has, the default first. @default any */
  readonly modelIds?: readonly string[];
  /** Imports the package and makes the model. Called once for each model, at its first call. */
  load(modelId: string, runtime: Runtime): Promise<LanguageModelV4>;
}

const ollamaAddress = "http://127.0.0.1:11434/v1";

/** Every vendor a string may name, in the order error messages list them. */
export const vendors: readonly Vendor[] = [
  {
    name: "offline",
    package: undefined,
    keyVariable: undefined,
    modelIds: ["extractive"],
    async load() {
      const { offlineModel } = await import("./offline/offline-model.ts");
      return offlineModel();
    },
  },
  {
    name: "openai",
    package: "@ai-sdk/openai",
    keyVariable: "OPENAI_API_KEY",
    async load(modelId, runtime) {
      const { createOpenAI } = await import("@ai-sdk/openai");
      return createOpenAI(
        await settings(runtime, `openai/${modelId}`, "OPENAI_API_KEY", "OPENAI_BASE_URL"),
      ).languageModel(modelId);
    },
  },
  {
    name: "anthropic",
    package: "@ai-sdk/anthropic",
    keyVariable: "ANTHROPIC_API_KEY",
    async load(modelId, runtime) {
      const { createAnthropic } = await import("@ai-sdk/anthropic");
      return createAnthropic(
        await settings(runtime, `anthropic/${modelId}`, "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
      ).languageModel(modelId);
    },
  },
  {
    name: "google",
    package: "@ai-sdk/google",
    keyVariable: "GOOGLE_GENERATIVE_AI_API_KEY",
    async load(modelId, runtime) {
      const { createGoogleGenerativeAI } = await import("@ai-sdk/google");
      const key = "GOOGLE_GENERATIVE_AI_API_KEY";
      return createGoogleGenerativeAI(
        await settings(runtime, `google/${modelId}`, key, "GOOGLE_GENERATIVE_AI_BASE_URL"),
      ).languageModel(modelId);
    },
  },
  {
    name: "ollama",
    package: "@ai-sdk/openai-compatible",
    keyVariable: undefined,
    load: (modelId, runtime) =>
      loadCompatible("ollama", modelId, runtime.variable("OLLAMA_BASE_URL") ?? ollamaAddress, undefined, runtime),
  },
  {
    name: "openai-compatible",
    package: "@ai-sdk/openai-compatible",
    keyVariable: undefined,
    addressVariable: "OPENAI_COMPATIBLE_BASE_URL",
    load(modelId, runtime) {
      const address = runtime.variable("OPENAI_COMPATIBLE_BASE_URL") ?? "";
      const key = runtime.variable("OPENAI_COMPATIBLE_API_KEY");
      return loadCompatible("openai-compatible", modelId, address, key, runtime);
    },
  },
];

/**
 * Tells whether a vendor's package can be imported. Where even the framework's own dependency cannot be found the program
 * is bundled into a file, and what is in the bundle shows at the import only: then it says yes.
 */
export function isInstalled(name: string): boolean {
  return canFind(name) || !canFind("@ai-sdk/provider");
}

function canFind(name: string): boolean {
  try {
    return findPackageJSON(name, import.meta.url) !== undefined;
  } catch {
    return false;
  }
}

/** Gives the variable that holds the key for a model's name, such as `openai.responses/gpt-5` or `openai/gpt-5`. */
export function keyVariableOf(model: string): string | undefined {
  const vendor = /^[^./]*/.exec(model)![0];
  if (vendor === "openai-compatible") return "OPENAI_COMPATIBLE_API_KEY";
  return vendors.find((known) => known.name === vendor)?.keyVariable;
}

async function settings(runtime: Runtime, model: string, keyVariable: string, addressVariable: string) {
  const apiKey = runtime.variable(keyVariable);
  const baseURL = runtime.variable(addressVariable);
  return {
    fetch: await fetchOf(runtime, model),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(baseURL === undefined ? {} : { baseURL }),
  };
}

/** Imported with the first vendor's package: what runs offline never needs it. */
async function fetchOf(runtime: Runtime, model: string): Promise<typeof globalThis.fetch> {
  const { boundedFetch } = await import("./bounded-fetch.ts");
  return boundedFetch(runtime, model);
}

async function loadCompatible(
  name: string,
  modelId: string,
  baseURL: string,
  apiKey: string | undefined,
  runtime: Runtime,
): Promise<LanguageModelV4> {
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  const provider = createOpenAICompatible({
    name,
    baseURL,
    fetch: await fetchOf(runtime, `${name}/${modelId}`),
    includeUsage: true,
    supportsStructuredOutputs: true,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
  return provider.languageModel(modelId);
}
