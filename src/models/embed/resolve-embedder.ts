/** Finds the embedding model that is meant: a string such as `openai/text-embedding-3-small`, or one of the AI SDK. */

import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import { importVendor } from "../lazy-model.ts";
import { checkReady, modelUnknown, parseName } from "../resolve-model.ts";
import { modelError } from "../vendor/model-error.ts";
import { vendors } from "../vendors.ts";
import { embedderId } from "./embed-texts.ts";
import { type AnyEmbeddingModel, adaptEmbedder } from "./embedding-model.ts";
import { type EmbeddingVendor, embeddingVendors } from "./embedding-vendors.ts";

/** What an embedding model is made with. */
export interface EmbeddingModelOptions {
  /** Gives keys, addresses and `fetch` to models named by a string. @default the system's */
  readonly runtime?: Runtime;
}

type Call = Parameters<EmbeddingModelV4["doEmbed"]>[0];
type Answer = Awaited<ReturnType<EmbeddingModelV4["doEmbed"]>>;

/**
 * Gives an embedding model, the same one for the same model or for the same string and runtime. A string is
 * `vendor/model id`: `offline/lexical`, `offline/sentence-en`, or a model of openai, google, ollama or openai-compatible;
 * the vendor's package is imported at the first call. Its errors are `model_failed` without keys or headers, an abort is
 * the signal's own reason. It sends one request a call and repeats none.
 *
 * @throws option_invalid for anything else; model_unknown for a string that names no vendor with embedding models, with the
 * nearest one; model_key_missing with the variable's name; model_package_missing with what to install.
 */
export function embeddingModel(
  model: string | AnyEmbeddingModel,
  options: EmbeddingModelOptions = {},
): EmbeddingModelV4 {
  const { runtime = systemRuntime } = options;
  if (typeof model === "string") return embedderNamed(model, runtime);
  if (model instanceof Embedder) return model;
  const known = runtime.shared("models:given-embedders", () => new WeakMap<object, EmbeddingModelV4>());
  let embedder = typeof model === "object" && model !== null ? known.get(model) : undefined;
  if (embedder === undefined) {
    const v4 = adaptEmbedder(model);
    embedder = new Embedder(v4, () => v4, runtime);
    known.set(model, embedder);
  }
  return embedder;
}

function embedderNamed(name: string, runtime: Runtime): EmbeddingModelV4 {
  const known = runtime.shared("models:embedders", () => new Map<string, EmbeddingModelV4>());
  let embedder = known.get(name);
  if (embedder === undefined) {
    const { vendor, modelId } = parseEmbedderName(name);
    checkReady(name, vendor, runtime);
    const load = () => importVendor(name, vendor, () => vendor.load(modelId, runtime));
    embedder = new Embedder({ provider: vendor.name, modelId }, load, runtime);
    known.set(name, embedder);
  }
  return embedder;
}

function parseEmbedderName(name: string): { vendor: EmbeddingVendor; modelId: string } {
  const vendorName = name.split("/", 1)[0]!;
  const isKnown = vendors.some((vendor) => vendor.name === vendorName);
  if (isKnown && !embeddingVendors.some((vendor) => vendor.name === vendorName)) {
    const names = embeddingVendors.map((vendor) => vendor.name).join(", ");
    throw modelUnknown(name, `${vendorName} has no embedding models; vendors that have some are ${names}`, undefined);
  }
  if (/^text-embedding-[\w-]{1,64}$/.test(name)) throw modelUnknown(name, "it is a model of openai", `openai/${name}`);
  return parseName(name, embeddingVendors);
}

/** Any embedding model, with typed errors, loaded when it is first needed. */
class Embedder implements EmbeddingModelV4 {
  readonly specificationVersion = "v4";
  readonly provider: string;
  readonly modelId: string;
  readonly #runtime: Runtime;
  readonly #load: () => EmbeddingModelV4 | Promise<EmbeddingModelV4>;
  #loading: Promise<EmbeddingModelV4> | undefined;

  constructor(
    { provider, modelId }: Pick<EmbeddingModelV4, "provider" | "modelId">,
    load: () => EmbeddingModelV4 | Promise<EmbeddingModelV4>,
    runtime: Runtime,
  ) {
    this.provider = provider;
    this.modelId = modelId;
    this.#load = load;
    this.#runtime = runtime;
  }

  get maxEmbeddingsPerCall(): Promise<number | undefined> {
    return this.#loaded().then((model) => model.maxEmbeddingsPerCall);
  }

  get supportsParallelCalls(): Promise<boolean> {
    return this.#loaded().then((model) => model.supportsParallelCalls);
  }

  async doEmbed(call: Call): Promise<Answer> {
    const { abortSignal } = call;
    abortSignal?.throwIfAborted();
    try {
      return await (await this.#loaded()).doEmbed(call);
    } catch (error) {
      abortSignal?.throwIfAborted();
      throw modelError(error, embedderId(this), this.#runtime);
    }
  }

  /** A later call may find installed what an earlier one did not. */
  async #loaded(): Promise<EmbeddingModelV4> {
    try {
      this.#loading ??= Promise.resolve(this.#load());
      return await this.#loading;
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }
}
