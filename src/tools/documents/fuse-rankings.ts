/** Brings rankings together that measure with different rulers. */

import type { ScoredRow } from "../../store/best-rows.ts";

/** Scored rows, best first, and how much the ranking counts. */
export interface Ranking {
  readonly rows: readonly ScoredRow[];
  readonly weight: number;
  /** The score that means "no better than any other"; below the best score. */
  readonly floor: number;
}

/**
 * Fuses rankings by a weighted sum of their scores, each scaled so that its best is 1 and its floor 0; a row that a ranking does
 * not have gets 0 from it. A sum of 1 is first place in every ranking. Best first; equal sums in order of row.
 *
 * Source: S. Bruch, S. Gai, A. Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", ACM TOIS 42(1), 2023, which finds
 * it better than reciprocal rank fusion, since that forgets by how much one row is better than the next.
 */
export function fuseRankings(rankings: readonly Ranking[]): readonly ScoredRow[] {
  const sums = new Map<number, number>();
  let total = 0;
  for (const { rows, weight, floor } of rankings) {
    total += weight;
    const span = (rows[0]?.score ?? 0) - floor;
    for (const { row, score } of rows) {
      const scaled = span > 0 ? (score - floor) / span : 1;
      sums.set(row, (sums.get(row) ?? 0) + weight * scaled);
    }
  }
  return [...sums]
    .map(([row, sum]) => ({ row, score: sum / total }))
    .sort((one, other) => other.score - one.score || one.row - other.row);
}
