/** Chooses few sentences out of the ranking that together say most. */

import { sourceOf } from "./passages.ts";
import type { RankedSentence } from "./rank-sentences.ts";
import { cosine } from "./sentence-graph.ts";

/** What a choice of sentences may ask for. */
export interface SelectOptions {
  readonly count: number;
  /** Leaves out sentences it refuses. */
  readonly accept?: (ranked: RankedSentence) => boolean;
  /** Multiplies the score. */
  readonly boost?: (ranked: RankedSentence) => number;
}

/**
 * Chooses sentences that say different things: maximal marginal relevance (Carbonell and Goldstein 1998) with weight 0.7
 * on the score and a little off for each sentence already taken from the same document; a near repetition of a chosen one
 * (cosine over 0.75) is never chosen.
 */
export function selectSentences(ranked: readonly RankedSentence[], options: SelectOptions): RankedSentence[] {
  const pool = ranked
    .filter((entry) => options.accept?.(entry) ?? true)
    .map((entry) => ({ entry, score: entry.score * (options.boost?.(entry) ?? 1), nearest: 0 }))
    .sort((a, b) => b.score - a.score || a.entry.sentence.index - b.entry.sentence.index)
    .slice(0, Math.max(60, options.count * 4));
  const best = Math.max(1e-9, pool[0]?.score ?? 0);
  const chosen: RankedSentence[] = [];
  const perSource = new Map<string, number>();
  const sourceKey = ({ sentence }: RankedSentence) => sourceOf(sentence.passage) ?? sentence.passage.from;
  while (chosen.length < options.count) {
    let winner: (typeof pool)[number] | undefined;
    let winning = -Infinity;
    for (const option of pool) {
      if (option.nearest > 0.75) continue;
      const value =
        0.7 * (option.score / best) -
        0.3 * option.nearest -
        0.05 * Math.min(3, perSource.get(sourceKey(option.entry)) ?? 0);
      if (value > winning) {
        winner = option;
        winning = value;
      }
    }
    if (winner === undefined) break;
    chosen.push(winner.entry);
    perSource.set(sourceKey(winner.entry), (perSource.get(sourceKey(winner.entry)) ?? 0) + 1);
    for (const option of pool)
      option.nearest = Math.max(option.nearest, cosine(option.entry.vector, winner.entry.vector));
    winner.nearest = 2;
  }
  return chosen;
}
