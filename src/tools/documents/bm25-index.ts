/** Ranks passages by the words they share with a query, in typed arrays: some bytes a word, some milliseconds a search. */

import type { Pacer } from "../../core/runtime/pacer.ts";
import { BestRows, type ScoredRow } from "../../store/best-rows.ts";

/** How fast a repeated word stops to count. */
const k1 = 1.2;
/** How much a long passage is held against it, from 0 to 1. */
const b = 0.75;

/** Collects passages, given as their terms; `finish` makes the index. */
export class Bm25Builder {
  readonly #terms = new Map<string, number>();
  readonly #lengths: number[] = [];
  /** Pairs of term and frequency, passage after passage. */
  #pairs = new Uint32Array(1024);
  #pairCount = 0;
  /** Where each passage's pairs end. */
  readonly #ends: number[] = [];

  /** Adds the next passage; its number is how many were added before. */
  add(terms: readonly string[]): void {
    const counts = new Map<number, number>();
    for (const term of terms) {
      let id = this.#terms.get(term);
      if (id === undefined) {
        id = this.#terms.size;
        this.#terms.set(term, id);
      }
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    this.#reserve(this.#pairCount + counts.size);
    for (const [id, count] of counts) {
      this.#pairs[this.#pairCount * 2] = id;
      this.#pairs[this.#pairCount * 2 + 1] = count;
      this.#pairCount++;
    }
    this.#lengths.push(terms.length);
    this.#ends.push(this.#pairCount);
  }

  /** Makes the index, by a counting sort from passages to terms. */
  async finish(pacer: Pacer): Promise<Bm25Index> {
    const starts = new Uint32Array(this.#terms.size + 1);
    for (let pair = 0; pair < this.#pairCount; pair++) {
      const id = this.#pairs[pair * 2]!;
      starts[id + 1] = starts[id + 1]! + 1;
      if (pair % 65_536 === 0) await pacer.pause();
    }
    for (let id = 0; id < this.#terms.size; id++) starts[id + 1] = starts[id + 1]! + starts[id]!;
    const next = starts.slice();
    const passages = new Uint32Array(this.#pairCount);
    const frequencies = new Uint32Array(this.#pairCount);
    let pair = 0;
    for (let passage = 0; passage < this.#ends.length; passage++) {
      for (; pair < this.#ends[passage]!; pair++) {
        const id = this.#pairs[pair * 2]!;
        const place = next[id]!;
        next[id] = place + 1;
        passages[place] = passage;
        frequencies[place] = this.#pairs[pair * 2 + 1]!;
      }
      if (passage % 256 === 0) await pacer.pause();
    }
    return new Bm25Index(this.#terms, Uint32Array.from(this.#lengths), { starts, passages, frequencies });
  }

  #reserve(pairs: number): void {
    if (pairs * 2 <= this.#pairs.length) return;
    const grown = new Uint32Array(Math.max(pairs * 2, this.#pairs.length * 2));
    grown.set(this.#pairs);
    this.#pairs = grown;
  }
}

/** For term t, the passages `passages[starts[t]] … passages[starts[t + 1] - 1]` have it, as often as `frequencies` says. */
interface Postings {
  readonly starts: Uint32Array;
  readonly passages: Uint32Array;
  readonly frequencies: Uint32Array;
}

/**
 * Scores passages with Okapi BM25 (k1 1.2, b 0.75; inverse document frequency ln(1 + (N - n + 0.5) / (n + 0.5)), never
 * negative).
 *
 * Source: S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
 */
export class Bm25Index {
  readonly #terms: ReadonlyMap<string, number>;
  readonly #postings: Postings;
  /** Per passage, k1 (1 - b + b length / average length). */
  readonly #norms: Float64Array;
  readonly #scores: Float64Array;

  constructor(terms: ReadonlyMap<string, number>, lengths: Uint32Array, postings: Postings) {
    this.#terms = terms;
    this.#postings = postings;
    this.#scores = new Float64Array(lengths.length);
    let total = 0;
    for (const length of lengths) total += length;
    const average = total / lengths.length || 1;
    this.#norms = Float64Array.from(lengths, (length) => k1 * (1 - b + (b * length) / average));
  }

  /** Tells whether any passage has a term. */
  has(term: string): boolean {
    return this.#terms.has(term);
  }

  /** All terms there are. */
  terms(): Iterable<string> {
    return this.#terms.keys();
  }

  /** Gives the best passages for weighted terms, best first, equal scores in the order added; only passages with a term. */
  search(weights: ReadonlyMap<string, number>, limit: number): readonly ScoredRow[] {
    const { starts, passages, frequencies } = this.#postings;
    const touched: number[] = [];
    for (const [term, weight] of weights) {
      const id = this.#terms.get(term);
      if (id === undefined) continue;
      const start = starts[id]!;
      const end = starts[id + 1]!;
      const rarity = Math.log(1 + (this.#norms.length - (end - start) + 0.5) / (end - start + 0.5));
      const factor = weight * rarity * (k1 + 1);
      for (let place = start; place < end; place++) {
        const passage = passages[place]!;
        const frequency = frequencies[place]!;
        const before = this.#scores[passage]!;
        if (before === 0) touched.push(passage);
        this.#scores[passage] = before + (factor * frequency) / (frequency + this.#norms[passage]!);
      }
    }
    const best = new BestRows(limit);
    for (const passage of touched) {
      best.offer(passage, this.#scores[passage]!);
      this.#scores[passage] = 0;
    }
    return best.rows;
  }
}
