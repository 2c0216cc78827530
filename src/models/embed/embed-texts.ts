/** Asks any embedding model for the vectors of many texts, in calls it can take, and checks what comes back. */

import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import { FlockError } from "../../core/errors/errors.ts";
import { describeValue, type OptionCheck } from "../../core/errors/options.ts";
import { modelError } from "../vendor/model-error.ts";
import { isEmbeddingModel } from "./embedding-model.ts";

/** Accepts what {@link embeddingModel} takes: a string, or an embedding model of the AI SDK. */
export const embedderOption: OptionCheck = (value) =>
  typeof value === "string" || isEmbeddingModel(value)
    ? undefined
    : 'a string such as "offline/sentence-en", or an embedding model of the AI SDK';

/** Names an embedder for stores: its provider and model, such as `offline/lexical`. */
export function embedderId(embedder: EmbeddingModelV4): string {
  const { provider, modelId } = embedder;
  return modelId.startsWith(`${provider}/`) ? modelId : `${provider}/${modelId}`;
}

/** Tells how many texts to hand over at once: what the model takes, at most 32, so that no call holds the event loop long. */
export async function embeddingBatchSize(embedder: EmbeddingModelV4): Promise<number> {
  const most = await embedder.maxEmbeddingsPerCall;
  return Math.max(1, Math.min(most ?? 32, 32));
}

/**
 * Gives the vectors of texts in their order, all of one dimension. One call; keep to {@link embeddingBatchSize} texts.
 *
 * @throws model_failed when the model fails or answers with anything but one vector a text; the signal's own reason when it aborts.
 */
export async function embedTexts(
  embedder: EmbeddingModelV4,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<readonly (readonly number[])[]> {
  signal?.throwIfAborted();
  let embeddings: readonly (readonly number[])[];
  try {
    const result = await embedder.doEmbed({ values: [...texts], ...(signal ? { abortSignal: signal } : {}) });
    embeddings = result.embeddings;
  } catch (error) {
    signal?.throwIfAborted();
    throw modelError(error, embedderId(embedder));
  }
  const problem = problemOf(embeddings, texts.length);
  if (problem !== undefined) throw failed(embedder, problem);
  return embeddings;
}

function problemOf(embeddings: readonly (readonly number[])[], expected: number): string | undefined {
  if (!Array.isArray(embeddings) || embeddings.length !== expected) {
    return `gave ${describeValue(embeddings)} for ${expected} texts`;
  }
  const dimension = (embeddings[0] as unknown[] | undefined)?.length;
  for (const vector of embeddings) {
    if (!Array.isArray(vector) || vector.length === 0) return `gave ${describeValue(vector)} instead of a vector`;
    if (vector.length !== dimension) return `gave vectors of ${dimension} and of ${vector.length} numbers at once`;
    if (!vector.every(Number.isFinite)) return "gave a vector with something that is no finite number";
  }
  return undefined;
}

function failed(embedder: EmbeddingModelV4, problem: string): FlockError<"model_failed"> {
  const model = embedderId(embedder);
  return new FlockError("model_failed", `the embedding model "${model}" ${problem}`, {
    details: { model, retryable: false, progress: "answering" },
  });
}
