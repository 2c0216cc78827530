/** Turns text into vectors without a model to download: texts that share words, or parts of words, come out near. */

import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import { checkOptions } from "../../core/errors/options.ts";
import { stemOf, termsOf, wordsOf } from "./text/words.ts";

/** How the lexical embedder is made. */
export interface LexicalEmbedderOptions {
  /** Numbers in a vector; more of them means fewer accidental meetings. @default 512 */
  readonly dimension?: number;
}

const defaultDimension = 512;

/**
 * Makes the offline embedder: an AI SDK embedding model with the id `offline/lexical` that needs no package, no network
 * and no key. It knows spelling, not meaning: "car" and "automobile" are strangers to it.
 *
 * @throws option_invalid for a dimension that is no whole number from 8 to 65,536.
 */
export function lexicalEmbedder(options: LexicalEmbedderOptions = {}): EmbeddingModelV4 {
  checkOptions("lexicalEmbedder", options, { dimension: checkDimension });
  const dimension = options.dimension ?? defaultDimension;
  return {
    specificationVersion: "v4",
    provider: "offline",
    modelId: "offline/lexical",
    // Some milliseconds of work: a call is one step of whoever paces its work.
    maxEmbeddingsPerCall: 16,
    supportsParallelCalls: true,
    async doEmbed({ values, dimensions, abortSignal }) {
      if (dimensions !== undefined) checkOptions("lexicalEmbedder", { dimensions }, { dimensions: checkDimension });
      const embeddings: number[][] = [];
      for (const value of values) {
        abortSignal?.throwIfAborted();
        embeddings.push(embedLexically(value, dimensions ?? dimension));
      }
      return { embeddings, warnings: [] };
    },
  };
}

/**
 * Gives a text's lexical vector: every stem, and every run of three and four letters of it, adds its sublinear frequency
 * (1 + ln tf) to one place of the vector, with a sign; both are chosen by a hash. Deterministic, of unit length; a text
 * without any word gives the zero vector. Stopwords count only in a text that has nothing else.
 *
 * Source: signed feature hashing, K. Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
 */
export function embedLexically(text: string, dimension: number = defaultDimension): number[] {
  const vector = new Array<number>(dimension).fill(0);
  const terms = termsOf(text);
  const frequencies = new Map<string, number>();
  for (const term of terms.length > 0 ? terms : wordsOf(text).map(stemOf)) {
    frequencies.set(term, (frequencies.get(term) ?? 0) + 1);
  }
  for (const [term, frequency] of frequencies) {
    const features = featuresOf(term);
    const weight = 1 + Math.log(frequency);
    const partWeight = (weight * shareOfParts) / Math.sqrt(Math.max(1, features.length - 1));
    for (let index = 0; index < features.length; index++) {
      const hash = features[index]!;
      const place = (hash >>> 1) % dimension;
      const value = index === 0 ? weight : partWeight;
      vector[place] = vector[place]! + ((hash & 1) === 0 ? value : -value);
    }
  }
  return toUnitLength(vector);
}

/** How much all parts of a word weigh together, as a length beside the word's own 1. */
const shareOfParts = 0.5;

/** Hashes are kept in two generations of this many words: the older one is dropped when the younger is full. */
const generationSize = 10_000;
let young = new Map<string, Uint32Array>();
let old = new Map<string, Uint32Array>();

/** Hashes of the word itself (first) and of its parts; `<` and `>` mark where it begins and ends. */
function featuresOf(term: string): Uint32Array {
  const known = young.get(term);
  if (known !== undefined) return known;
  const features = old.get(term) ?? computeFeatures(term);
  if (young.size >= generationSize) {
    old = young;
    young = new Map();
  }
  young.set(term, features);
  return features;
}

function computeFeatures(term: string): Uint32Array {
  const marked = `<${term.slice(0, 64)}>`;
  const hashes = [hashOf(marked)];
  for (const size of [3, 4]) {
    for (let start = 0; start + size <= marked.length; start++) {
      if (size < marked.length) hashes.push(hashOf(marked.slice(start, start + size)));
    }
  }
  return Uint32Array.from(hashes);
}

/** FNV-1a over UTF-16 code units, mixed at the end so that the lowest bits are as good as the highest (MurmurHash3's finaliser). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function toUnitLength(vector: number[]): number[] {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) return vector;
  const length = Math.sqrt(sum);
  for (let index = 0; index < vector.length; index++) vector[index] = vector[index]! / length;
  return vector;
}

function checkDimension(value: unknown): string | undefined {
  const good = Number.isSafeInteger(value) && (value as number) >= 8 && (value as number) <= 65_536;
  return good ? undefined : "a whole number from 8 to 65,536";
}
