/** Finds passages in indexed documents: by words and by vectors, fused, without repeating itself. */

import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import { FlockError } from "../../core/errors/errors.ts";
import { nearestName } from "../../core/errors/nearest-name.ts";
import { checkOptions, describeValue, type OptionCheck, objectOption } from "../../core/errors/options.ts";
import type { JsonObject } from "../../core/json/json.ts";
import type { VectorStore } from "../../core/vector-store.ts";
import { embedderId, embedTexts } from "../../models/embed/embed-texts.ts";
import { termsOf } from "../../models/offline/text/words.ts";
import type { ScoredRow } from "../../store/best-rows.ts";
import type { Bm25Index } from "./bm25-index.ts";
import { type ExtractedText, type Mark, markAt, marksUpTo } from "./extracted-text.ts";
import { fuseRankings } from "./fuse-rankings.ts";
import type { SkippedFile } from "./skipped-file.ts";

/** A passage that answers a query. */
export interface DocumentMatch {
  /** Path inside the folder, with `/` between its parts, or the name of the given document. */
  readonly file: string;
  /** The heading the best part of the passage stands under; for JSON the path of keys. */
  readonly heading?: string;
  /** Where the passage begins, in UTF-16 units of the document's text (see `textOf`). */
  readonly offset: number;
  readonly text: string;
  /** From 0 to 1; 1 means best by words and by vector. Comparable within one search only. */
  readonly score: number;
  /** The page of a PDF the best part of the passage is on, from 1. */
  readonly page?: number;
  /** What was given with the document. */
  readonly metadata?: JsonObject;
}

/** How to search documents. */
export interface DocumentSearchOptions {
  /** Most passages to give, from 1 to 100. @default 5 */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** What was indexed, and how long it took. */
export interface DocumentStats {
  readonly files: number;
  readonly chunks: number;
  readonly characters: number;
  readonly milliseconds: number;
}

/** A document with its text. */
export interface IndexedFile extends ExtractedText {
  readonly file: string;
  readonly metadata?: JsonObject;
}

/** A passage: part of one of the files. */
export interface IndexedChunk {
  /** Number of its file. */
  readonly owner: number;
  readonly start: number;
  readonly end: number;
}

/** All that a search needs; `openDocuments` makes it. Chunk c is passage c of `words` and has the id `c` in `vectors`. */
export interface DocumentIndex {
  readonly files: readonly IndexedFile[];
  readonly chunks: readonly IndexedChunk[];
  readonly words: Bm25Index;
  readonly vectors: VectorStore;
  readonly embedder: EmbeddingModelV4;
  readonly skipped: readonly SkippedFile[];
  readonly stats: DocumentStats;
}

/** What is read of a query, in UTF-16 units, and the words used of it. */
const longestQuery = 10_000;
const mostTerms = 500;
/** What vectors weigh beside the words' 1. Lexical ones know nothing the words do not, and more noise: they only settle what is close. */
const lexicalWeight = 0.1;
const semanticWeight = 0.5;
/** Below this, two lexical vectors of 512 numbers may be alike by accident. */
const lexicalNoise = 0.2;
/** A word nobody wrote is read as the nearest one somebody did, at this weight. */
const guessWeight = 0.5;
/** Every short word is near to another one by accident. */
const shortestGuessed = 5;

const limitOption: OptionCheck = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 100
    ? undefined
    : "a whole number from 1 to 100";

/** Documents that can be searched. They live in memory and never change; open them again to see changed files. */
export class Documents {
  readonly #index: DocumentIndex;
  readonly #lexical: boolean;

  constructor(index: DocumentIndex) {
    this.#index = index;
    this.#lexical = embedderId(index.embedder) === "offline/lexical";
  }

  /** The names of the indexed documents, in order. */
  get files(): readonly string[] {
    return this.#index.files.map(({ file }) => file);
  }

  /** The files that were not indexed, and why. */
  get skipped(): readonly SkippedFile[] {
    return this.#index.skipped;
  }

  get stats(): DocumentStats {
    return this.#index.stats;
  }

  /** Gives the text a document's offsets count in: as written for txt and md, the extracted text for others. */
  textOf(file: string): string | undefined {
    return this.#index.files.find((known) => known.file === file)?.text;
  }

  /**
   * Finds the passages that fit a query best, best first: BM25 over word stems, fused with nearest vectors. Passages do not
   * overlap and none is given twice. A word that occurs nowhere is read as its nearest spelling. Nothing fitting gives an empty list.
   * Of a query, the first 10,000 characters count.
   *
   * @throws input_invalid for a query that is no string; model_failed when the embedder fails; the signal's own reason.
   */
  async search(query: string, options: DocumentSearchOptions = {}): Promise<DocumentMatch[]> {
    checkQuery(query);
    checkOptions("Documents.search", options, { limit: limitOption, signal: objectOption });
    options.signal?.throwIfAborted();
    const limit = options.limit ?? 5;
    const asked = query.slice(0, longestQuery);
    const weights = this.#weigh(asked);
    const candidates = Math.max(50, limit * 5);
    const byWords = this.#index.words.search(weights, candidates);
    const byVector = await this.#searchVectors(asked, weights, candidates, options.signal);
    const fused = fuseRankings([
      { rows: byWords, weight: 1, floor: 0 },
      {
        rows: byVector,
        weight: this.#lexical ? lexicalWeight : semanticWeight,
        // The last of a full list stands for all the others, which are hardly worse.
        floor: byVector.length === candidates ? byVector.at(-1)!.score : 0,
      },
    ]);
    const terms = new Set(weights.keys());
    return this.#chooseDifferent(fused, limit).map(({ row, score }) => this.#describe(row, score, terms));
  }

  #weigh(query: string): Map<string, number> {
    const weights = new Map<string, number>();
    const { words } = this.#index;
    for (const term of termsOf(query)) {
      if (weights.size === mostTerms) break;
      if (words.has(term)) weights.set(term, 1);
      else if (term.length >= shortestGuessed) {
        const guess = nearestName(term, startingLike(term, words.terms()));
        if (guess !== undefined && !weights.has(guess)) weights.set(guess, guessWeight);
      }
    }
    return weights;
  }

  async #searchVectors(
    query: string,
    weights: ReadonlyMap<string, number>,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<ScoredRow[]> {
    const { embedder, vectors } = this.#index;
    // The lexical embedder works on words alone, so it gets them with their spelling mended.
    const text = this.#lexical ? [...weights.keys()].join(" ") : query;
    if (text.trim() === "") return [];
    const [vector] = await embedTexts(embedder, [text], signal);
    const found = await vectors.search(vector!, { limit });
    const least = this.#lexical ? lexicalNoise : Number.MIN_VALUE;
    return found.filter(({ score }) => score >= least).map(({ id, score }) => ({ row: Number(id), score }));
  }

  #chooseDifferent(ranked: readonly ScoredRow[], limit: number): readonly ScoredRow[] {
    const chosen: ScoredRow[] = [];
    const texts = new Set<string>();
    for (const candidate of ranked) {
      if (chosen.length === limit) break;
      const chunk = this.#index.chunks[candidate.row]!;
      if (chosen.some(({ row }) => overlap(this.#index.chunks[row]!, chunk))) continue;
      const text = this.#textOfChunk(chunk).trim();
      if (texts.has(text)) continue;
      texts.add(text);
      chosen.push(candidate);
    }
    return chosen;
  }

  #textOfChunk(chunk: IndexedChunk): string {
    return this.#index.files[chunk.owner]!.text.slice(chunk.start, chunk.end);
  }

  #describe(row: number, score: number, terms: ReadonlySet<string>): DocumentMatch {
    const chunk = this.#index.chunks[row]!;
    const file = this.#index.files[chunk.owner]!;
    const { heading, page } = bestMark(file, chunk, terms) ?? {};
    return {
      file: file.file,
      ...(heading === undefined ? {} : { heading }),
      offset: chunk.start,
      text: this.#textOfChunk(chunk),
      score,
      ...(page === undefined ? {} : { page }),
      ...(file.metadata === undefined ? {} : { metadata: file.metadata }),
    };
  }
}

/** A passage may hold several small sections: the mark of the one with most of the query's words, the first among equals. */
function bestMark(file: IndexedFile, chunk: IndexedChunk, terms: ReadonlySet<string>): Mark | undefined {
  const { marks, text } = file;
  let best = markAt(marks, chunk.start);
  let most = -1;
  let start = chunk.start;
  for (let next = marksUpTo(marks, start); start < chunk.end; next++) {
    const end = Math.min(chunk.end, marks[next]?.offset ?? chunk.end);
    const found = new Set(termsOf(text.slice(start, end)).filter((term) => terms.has(term))).size;
    if (found > most) {
      most = found;
      best = marks[next - 1];
    }
    start = end;
  }
  return best;
}

function overlap(one: IndexedChunk, other: IndexedChunk): boolean {
  return one.owner === other.owner && one.start < other.end && other.start < one.end;
}

/** Misspellings seldom begin with a wrong letter, and comparing with all words would take long. */
function* startingLike(term: string, known: Iterable<string>): Generator<string> {
  for (const candidate of known) if (candidate[0] === term[0]) yield candidate;
}

function checkQuery(query: unknown): void {
  if (typeof query === "string") return;
  const received = describeValue(query);
  const message = `Documents.search: the query must be a string, not ${received}`;
  throw new FlockError("input_invalid", message, {
    details: { pointer: "/query", issues: [{ pointer: "/query", message, expected: "a string", received }] },
  });
}
