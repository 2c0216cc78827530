/** The vendors a model string may name: which package speaks to them, and which variables they need. */

import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { Runtime } from "../core/runtime/runtime.ts";

/** What must be there before a vendor's models can be used. */
export interface VendorNeeds {
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
}

/** How one vendor's models are made from a string such as `openai/gpt-5-mini`. */
export interface Vendor extends VendorNeeds {
  /** Imports the package and makes the model. Called once for each model, at its first call. */
  load(modelId: string, runtime: Runtime): Promise<LanguageModelV4>;
}

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
  vendor("openai", "OPENAI_API_KEY"),
  vendor("anthropic", "ANTHROPIC_API_KEY"),
  vendor("google", "GOOGLE_GENERATIVE_AI_API_KEY"),
  vendor("ollama", undefined, "openai-compatible"),
  { ...vendor("openai-compatible", undefined), addressVariable: "OPENAI_COMPATIBLE_BASE_URL" },
];

/** Local files, named `llama:path`; the model id it loads is the path. */
export const llama: Vendor = { ...vendor("llama", undefined), package: "node-llama-cpp" };

type ClientName = keyof typeof import("./vendor/vendor-clients.ts").vendorClients;

function vendor(name: ClientName, keyVariable: string | undefined, client: string = name): Vendor {
  return {
    name,
    package: `@ai-sdk/${client}`,
    keyVariable,
    async load(modelId, runtime) {
      const { vendorClients } = await import("./vendor/vendor-clients.ts");
      return (await vendorClients[name](runtime, `${name}/${modelId}`)).languageModel(modelId);
    },
  };
}
