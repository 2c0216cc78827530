/** The front door `flock-ts/models`: the offline engine, embedders, local models, and language models of any vendor. */

export type { ModelPrice, TokenRates } from "../core/model-price.ts";
export { type AnyLanguageModel, adaptModel, isLanguageModel } from "../models/adapt-model.ts";
export type { AnyEmbeddingModel } from "../models/embed/embedding-model.ts";
export { type EmbeddingModelOptions, embeddingModel } from "../models/embed/resolve-embedder.ts";
export { sentenceEmbedder } from "../models/embed/sentence-embedder.ts";
export { type LlamaModel, type LlamaModelOptions, llamaModel } from "../models/llama/llama-model.ts";
export {
  type CreateModelOptions,
  createModel,
  type ModelAnswer,
  type ModelRequest,
  type ModelRunnable,
} from "../models/model.ts";
export { lexicalEmbedder } from "../models/offline/lexical-embedder.ts";
export { offlineModel } from "../models/offline/offline-model.ts";
export { type PriceOfOptions, priceOf } from "../models/pricing/price-of.ts";
export type { PriceOverride, PriceOverrides } from "../models/pricing/price-options.ts";
