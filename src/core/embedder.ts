/** The port for what turns texts into vectors, for whoever must not know models. */

/** An embedding model of the AI SDK, as far as it is used here. */
export interface EmbeddingModelShape {
  readonly modelId: string;
  doEmbed(options: { values: string[]; abortSignal?: AbortSignal }): PromiseLike<{ readonly embeddings: number[][] }>;
}

/** Turns texts into vectors of one length, in their order: a function, or an embedding model of the AI SDK. */
export type Embedder =
  | ((texts: readonly string[], signal: AbortSignal) => PromiseLike<readonly (readonly number[])[]>)
  | EmbeddingModelShape;
