/** The one doorway for language models: whatever version of the AI SDK's interface comes in, version 4 goes on. */

import type { LanguageModelV2, LanguageModelV3, LanguageModelV4 } from "@ai-sdk/provider";
import { describeValue, optionError } from "../core/options.ts";
import { fromV2 } from "./adapt-model-v2.ts";
import { fromV3 } from "./adapt-model-v3.ts";

/** A language model of any version that is taken. */
export type AnyLanguageModel = LanguageModelV4 | LanguageModelV3 | LanguageModelV2;

const adapted = new WeakMap<object, LanguageModelV4>();

/** Tells whether a value is a language model of the AI SDK, version 2, 3 or 4, by its shape. */
export function isLanguageModel(value: unknown): value is AnyLanguageModel {
  if (typeof value !== "object" || value === null) return false;
  const model = value as Partial<AnyLanguageModel>;
  return (
    typeof model.specificationVersion === "string" &&
    /^v[234]$/.test(model.specificationVersion) &&
    typeof model.provider === "string" &&
    typeof model.modelId === "string" &&
    typeof model.doGenerate === "function" &&
    typeof model.doStream === "function"
  );
}

/**
 * Gives a model as version 4: itself when it is one, else an adapter, the same one for the same model.
 *
 * @throws option_invalid for anything that is no language model; a version that is not known yet is named.
 */
export function adaptModel(model: unknown): LanguageModelV4 {
  if (!isLanguageModel(model)) throw notAModel(model);
  if (model.specificationVersion === "v4") return model;
  let adapter = adapted.get(model);
  if (adapter === undefined) {
    adapter = model.specificationVersion === "v3" ? fromV3(model) : fromV2(model);
    adapted.set(model, adapter);
  }
  return adapter;
}

function notAModel(value: unknown): Error {
  const version = (value as { specificationVersion?: unknown } | null | undefined)?.specificationVersion;
  const isVersion = typeof version === "string" && /^v\d{1,3}$/.test(version);
  const expected = 'a model string such as "openai/gpt-5-mini" or a language model of the AI SDK (version 2, 3 or 4)';
  if (!isVersion) return optionError("model", "model", expected, value);
  return optionError(
    "model",
    "model",
    `${expected}; this one has version ${version} and is ${describeValue(value)}`,
    value,
  );
}
