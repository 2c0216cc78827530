/** Compares sentences with each other and finds those that most others resemble. */

import type { EvidenceSentence } from "./evidence.ts";

/** Weighs the terms of a sentence (count times inverse frequency) and scales them to unit length. */
export function vectorOf(sentence: EvidenceSentence, idf: (stem: string) => number): Map<string, number> {
  const vector = new Map<string, number>();
  for (const stem of sentence.terms) vector.set(stem, (vector.get(stem) ?? 0) + idf(stem));
  let square = 0;
  for (const weight of vector.values()) square += weight * weight;
  const length = Math.sqrt(square) || 1;
  for (const [stem, weight] of vector) vector.set(stem, weight / length);
  return vector;
}

/** Likeness of two unit vectors, from 0 to 1. */
export function cosine(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let sum = 0;
  for (const [stem, weight] of small) sum += weight * (large.get(stem) ?? 0);
  return sum;
}

/**
 * Damped random walk over the similarities, 24 rounds; the most central gets 1. Source: TextRank, Mihalcea and Tarau 2004,
 * with the cosine and threshold of LexRank, Erkan and Radev 2004.
 */
export function centrality(vectors: readonly ReadonlyMap<string, number>[]): number[] {
  const count = vectors.length;
  const links = linksOf(vectors);
  const sums = vectors.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += links[i * count + j]!;
    return sum;
  });
  let ranks = vectors.map(() => 1);
  for (let round = 0; round < 24; round++) {
    const shares = ranks.map((rank, j) => (sums[j]! > 0 ? rank / sums[j]! : 0));
    ranks = ranks.map((_, i) => {
      let flow = 0;
      for (let j = 0; j < count; j++) flow += links[i * count + j]! * shares[j]!;
      return 0.15 + 0.85 * flow;
    });
  }
  const best = Math.max(1e-9, ...ranks);
  return ranks.map((rank) => rank / best);
}

/** Likeness of each pair, row by row, by way of the terms they share; faint likeness is noise. */
function linksOf(vectors: readonly ReadonlyMap<string, number>[]): Float64Array {
  const count = vectors.length;
  const links = new Float64Array(count * count);
  const holders = new Map<string, { readonly at: number; readonly weight: number }[]>();
  for (const [at, vector] of vectors.entries()) {
    for (const [stem, weight] of vector) {
      const known = holders.get(stem) ?? [];
      if (known.length === 0) holders.set(stem, known);
      for (const other of known) links[at * count + other.at]! += weight * other.weight;
      known.push({ at, weight });
    }
  }
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      const likeness = links[i * count + j]!;
      links[i * count + j] = likeness < 0.05 ? 0 : likeness;
      links[j * count + i] = links[i * count + j]!;
    }
  }
  return links;
}
