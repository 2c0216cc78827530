/** The one doorway for language models: whatever version of the AI SDK's interface comes in, version 4 goes on. */

import type {
  LanguageModelV2,
  LanguageModelV3,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
} from "@ai-sdk/provider";
import { describeValue, optionError } from "../core/errors/options.ts";

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
    adapter = new OlderModel(model);
    adapted.set(model, adapter);
  }
  return adapter;
}

/** An older model as version 4. The translation is imported at the first call: most programs never need it. */
class OlderModel implements LanguageModelV4 {
  readonly specificationVersion = "v4";
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: LanguageModelV4["supportedUrls"];
  readonly #model: LanguageModelV3 | LanguageModelV2;
  #translated: Promise<LanguageModelV4> | undefined;

  constructor(model: LanguageModelV3 | LanguageModelV2) {
    this.provider = model.provider;
    this.modelId = model.modelId;
    this.supportedUrls = model.supportedUrls;
    this.#model = model;
  }

  async doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    return (await this.#translate()).doGenerate(options);
  }

  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    return (await this.#translate()).doStream(options);
  }

  #translate(): Promise<LanguageModelV4> {
    this.#translated ??= translated(this.#model);
    return this.#translated;
  }
}

async function translated(model: LanguageModelV3 | LanguageModelV2): Promise<LanguageModelV4> {
  if (model.specificationVersion === "v3") return (await import("./adapt-model-v3.ts")).fromV3(model);
  return (await import("./adapt-model-v2.ts")).fromV2(model);
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
