/** Brings rankings together that measure with different rulers. */

/** Rows in order, best first, and how much the ranking counts. */
export interface Ranking {
  readonly rows: readonly number[];
  readonly weight: number;
}

/** How quickly the rank stops to matter; the paper's own value. */
const k = 60;

/**
 * Fuses rankings by reciprocal rank: a row gets weight / (60 + rank) from each. Scores are scaled so that first place in
 * every ranking is 1. Best first; equal scores in order of row.
 *
 * Source: G. Cormack, C. Clarke, S. Büttcher, "Reciprocal Rank Fusion outperforms Condorcet", SIGIR 2009.
 */
export function fuseRankings(
  rankings: readonly Ranking[],
): readonly { readonly row: number; readonly score: number }[] {
  const scores = new Map<number, number>();
  let most = 0;
  for (const { rows, weight } of rankings) {
    most += weight / (k + 1);
    for (const [index, row] of rows.entries()) {
      scores.set(row, (scores.get(row) ?? 0) + weight / (k + index + 1));
    }
  }
  return [...scores]
    .map(([row, score]) => ({ row, score: score / most }))
    .sort((one, other) => other.score - one.score || one.row - other.row);
}
