/** Keeps the few best of many scored rows, so that a search never sorts all it looked at. */

/** A row number with its score. */
export interface ScoredRow {
  readonly row: number;
  readonly score: number;
}

/** The best rows offered so far, best first. Meant for limits up to some hundreds, where insertion beats a heap. */
export class BestRows {
  readonly rows: ScoredRow[] = [];
  readonly #limit: number;
  readonly #comesFirst: (row: number, other: number) => boolean;

  /** `comesFirst` orders rows of equal score; by default the lower row number comes first. */
  constructor(limit: number, comesFirst: (row: number, other: number) => boolean = (row, other) => row < other) {
    this.#limit = limit;
    this.#comesFirst = comesFirst;
  }

  /** Takes a row in if it is among the best. */
  offer(row: number, score: number): void {
    const { rows } = this;
    if (rows.length === this.#limit && !this.#beats(row, score, rows[rows.length - 1]!)) return;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#beats(row, score, rows[middle]!)) high = middle;
      else low = middle + 1;
    }
    rows.splice(low, 0, { row, score });
    if (rows.length > this.#limit) rows.pop();
  }

  #beats(row: number, score: number, other: ScoredRow): boolean {
    return score > other.score || (score === other.score && this.#comesFirst(row, other.row));
  }
}
