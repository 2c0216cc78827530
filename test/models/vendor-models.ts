/** A model of each vendor's client, all speaking to one server of the test. */

import { createOpenAI } from "@ai-sdk/openai";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { createModel, type ModelRunnable } from "../../src/models/model.ts";
import { resolveModelName } from "../../src/models/resolve-model.ts";
import { createTestRuntime, type TestRuntime } from "../../src/testing/test-runtime.ts";

export const vendorKey = "canary-key-4711";

export type VendorName = "openai" | "openai-chat" | "anthropic" | "google" | "compatible" | "ollama";

export interface VendorModels {
  readonly runtime: TestRuntime;
  readonly models: Readonly<Record<VendorName, ModelRunnable>>;
}

/** `openai` is the responses endpoint, `openai-chat` chat completions of a client the user made. */
export function vendorModels(url: string, key = vendorKey): VendorModels {
  const runtime = createTestRuntime({
    fetch: systemRuntime.fetch,
    variables: {
      OPENAI_COMPATIBLE_BASE_URL: url,
      OPENAI_COMPATIBLE_API_KEY: key,
      OPENAI_BASE_URL: url,
      OPENAI_API_KEY: key,
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: key,
      OLLAMA_BASE_URL: url,
      GOOGLE_GENERATIVE_AI_BASE_URL: url,
      GOOGLE_GENERATIVE_AI_API_KEY: key,
    },
  });
  const chat = createOpenAI({ apiKey: key, baseURL: url, fetch: systemRuntime.fetch }).chat("gpt-4.1");
  return {
    runtime,
    models: {
      openai: resolveModelName("openai/gpt-5-mini", { runtime }),
      "openai-chat": createModel(chat as LanguageModelV4),
      anthropic: resolveModelName("anthropic/claude-haiku-4-5", { runtime }),
      google: resolveModelName("google/gemini-2.5-pro", { runtime }),
      compatible: resolveModelName("openai-compatible/served", { runtime }),
      ollama: resolveModelName("ollama/llama3.2", { runtime }),
    },
  };
}
