/** What a file becomes before it is cut: its plain text, and marks that say what begins where. */

/** A place in the text where a section, a value or a page begins. */
export interface Mark {
  /** UTF-16 units from the start of the text. */
  readonly offset: number;
  readonly heading?: string;
  /** From 1. */
  readonly page?: number;
  /** A passage should not run across this place. */
  readonly cut: boolean;
}

/** A file's text. Marks are in order of offset. */
export interface ExtractedText {
  readonly text: string;
  readonly marks: readonly Mark[];
}

/** Gives the last mark at or before a place, or undefined. */
export function markAt(marks: readonly Mark[], offset: number): Mark | undefined {
  return marks[marksUpTo(marks, offset) - 1];
}

/** Counts the marks at or before a place. */
export function marksUpTo(marks: readonly Mark[], offset: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks[middle]!.offset <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
