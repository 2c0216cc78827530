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
  const links = vectors.map((a, i) => vectors.map((b, j) => (i === j ? 0 : weak(cosine(a, b)))));
  const sums = links.map((row) => row.reduce((sum, weight) => sum + weight, 0));
  let ranks = vectors.map(() => 1);
  for (let round = 0; round < 24; round++) {
    ranks = ranks.map((_, i) => {
      let flow = 0;
      for (let j = 0; j < count; j++) if (sums[j]! > 0) flow += (links[j]![i]! / sums[j]!) * ranks[j]!;
      return 0.15 + 0.85 * flow;
    });
  }
  const best = Math.max(1e-9, ...ranks);
  return ranks.map((rank) => rank / best);
}

/** Faint likeness is noise, as in LexRank's threshold. */
function weak(similarity: number): number {
  return similarity < 0.05 ? 0 : similarity;
}
