/** Gathers documents into an index: cuts them, counts their words and embeds them, without holding up the event loop. */

import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import type { Pacer } from "../../core/runtime/pacer.ts";
import { embedderId, embeddingBatchSize, embedTexts } from "../../models/embed/embed-texts.ts";
import { termsOf } from "../../models/offline/text/words.ts";
import { MemoryVectorStore } from "../../store/memory-vectors.ts";
import { Bm25Builder, type Bm25Index } from "./bm25-index.ts";
import { type ChunkSize, cutChunks } from "./cut-chunks.ts";
import type { IndexedChunk, IndexedFile } from "./documents.ts";
import { markAt } from "./extracted-text.ts";

/** What the builder works with. */
export interface IndexBuilderOptions {
  readonly size: ChunkSize;
  readonly embedder: EmbeddingModelV4;
  readonly pacer: Pacer;
  readonly signal: AbortSignal | undefined;
}

/** Takes files one after another; `finish` makes them searchable. */
export class IndexBuilder {
  readonly files: IndexedFile[] = [];
  readonly chunks: IndexedChunk[] = [];
  readonly vectors = new MemoryVectorStore();
  characters = 0;
  readonly #options: IndexBuilderOptions;
  readonly #words = new Bm25Builder();
  /** Texts of the last chunks, which wait for a full call to the embedder. */
  #waiting: string[] = [];
  #batchSize: number | undefined;

  constructor(options: IndexBuilderOptions) {
    this.#options = options;
  }

  async add(file: IndexedFile): Promise<void> {
    const { pacer, size, embedder } = this.#options;
    this.#batchSize ??= await embeddingBatchSize(embedder);
    const owner = this.files.push(file) - 1;
    this.characters += file.text.length;
    const nameTerms = termsOf(file.file.replace(/\.\w+$/, ""));
    for (const { start, end } of cutChunks(file.text, file.marks, size)) {
      await pacer.pause();
      const text = file.text.slice(start, end);
      const heading = markAt(file.marks, start)?.heading;
      this.chunks.push({ owner, start, end });
      this.#words.add([...nameTerms, ...(heading === undefined ? [] : termsOf(heading)), ...termsOf(text)]);
      this.#waiting.push(heading === undefined ? text : `${heading}\n${text}`);
      if (this.#waiting.length === this.#batchSize) await this.#embedWaiting();
    }
  }

  /** Embeds what still waits, and gives the index of words. */
  async finish(): Promise<Bm25Index> {
    if (this.#waiting.length > 0) await this.#embedWaiting();
    return this.#words.finish(this.#options.pacer);
  }

  async #embedWaiting(): Promise<void> {
    const { embedder, signal, pacer } = this.#options;
    await pacer.pause();
    const vectors = await embedTexts(embedder, this.#waiting, signal);
    const first = this.chunks.length - vectors.length;
    await this.vectors.claim({ embedder: embedderId(embedder), dimension: vectors[0]!.length });
    await this.vectors.add(vectors.map((vector, index) => ({ id: `${first + index}`, vector, metadata: {} })));
    this.#waiting = [];
  }
}
