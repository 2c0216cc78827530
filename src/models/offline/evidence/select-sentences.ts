/** Chooses few sentences out of the ranking that together say most. */

import { type Passage, sourceOf, yearOf } from "./passages.ts";
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
 * Chooses sentences that say different things: maximal marginal relevance (Carbonell and Goldstein 1998) with weight 0.65
 * on the score and a little off for each sentence already taken from the same document or the same decade; a near
 * repetition of a chosen one (cosine over 0.75) is never chosen, nor is what a passage's end cut off while any whole
 * sentence may be.
 */
export function selectSentences(ranked: readonly RankedSentence[], options: SelectOptions): RankedSentence[] {
  const accepted = ranked.filter((entry) => options.accept?.(entry) ?? true);
  const whole = accepted.filter(({ sentence }) => sentence.whole);
  const pool = (whole.length > 0 ? whole : accepted)
    .map((entry) => ({ entry, score: entry.score * (options.boost?.(entry) ?? 1), nearest: 0, origins: [""] }))
    .sort((a, b) => b.score - a.score || a.entry.sentence.index - b.entry.sentence.index)
    .slice(0, Math.max(60, options.count * 4));
  for (const option of pool) option.origins = originsOf(option.entry.sentence.passage);
  const best = Math.max(1e-9, pool[0]?.score ?? 0);
  const chosen: RankedSentence[] = [];
  const taken = new Map<string, number>();
  while (chosen.length < options.count) {
    let winner: (typeof pool)[number] | undefined;
    let winning = -Infinity;
    for (const option of pool) {
      if (option.nearest > 0.75) continue;
      const value = 0.65 * (option.score / best) - 0.35 * option.nearest - crowding(option.origins, taken);
      if (value > winning) {
        winner = option;
        winning = value;
      }
    }
    if (winner === undefined) break;
    chosen.push(winner.entry);
    for (const origin of winner.origins) taken.set(origin, (taken.get(origin) ?? 0) + 1);
    for (const option of pool)
      option.nearest = Math.max(option.nearest, cosine(option.entry.vector, winner.entry.vector));
    winner.nearest = 2;
  }
  return chosen;
}

/** Orders chosen sentences as a reader wants them: by year when all their documents have one, else as they were read. */
export function inReadingOrder(chosen: readonly RankedSentence[]): RankedSentence[] {
  const years = new Map(chosen.map((ranked) => [ranked, yearOf(ranked.sentence.passage)]));
  const dated = chosen.every((ranked) => years.get(ranked) !== undefined);
  const byYear = (a: RankedSentence, b: RankedSentence) => (dated ? years.get(a)! - years.get(b)! : 0);
  return [...chosen].sort((a, b) => byYear(a, b) || a.sentence.index - b.sentence.index);
}

/** The document and the decade a passage belongs to. */
function originsOf(passage: Passage): string[] {
  const document = `document ${sourceOf(passage) ?? passage.from}`;
  const year = yearOf(passage);
  return year === undefined ? [document] : [document, `decade ${Math.floor(year / 10)}`];
}

function crowding(origins: readonly string[], taken: ReadonlyMap<string, number>): number {
  return origins.reduce((sum, origin) => sum + 0.05 * Math.min(3, taken.get(origin) ?? 0), 0);
}
