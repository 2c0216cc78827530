/** Parses the parts of a broken text that are JSON at native speed, which is most of it as a rule. */

import { makeDeepSafe } from "./deep-value.ts";
import { beginsAsJson, hasJsonEnds } from "./near-json.ts";

/** Longest part parsed in one go: about half a millisecond. */
const longest = 65_536;
const shortest = 1_024;
/** Shorter texts are read as fast without. */
const worthwhile = 4_096;
/** What a thrown SyntaxError costs, in characters looked at. */
const costOfError = 8_192;
/** Characters that may be looked at in vain before anything was found. */
const advance = 262_144;

/**
 * Finds containers that are JSON as they stand. What is looked at in vain is bounded by what was found, so a text is read
 * in linear time whatever it holds. One for all readings of a text.
 */
export class NativeSpans {
  /** The container that was found last. */
  value: object | undefined;
  /** Offset after it. */
  end = 0;

  readonly #text: string;
  #limit = longest;
  #credit: number;
  #last = 0;

  constructor(text: string) {
    this.#text = text;
    this.#credit = Math.min(advance, text.length);
  }

  /** Parses the object or list that opens at `start`; false when it is too long or no JSON. */
  find(start: number, maxDepth: number): boolean {
    this.#credit += Math.max(0, start - this.#last) >> 2;
    this.#last = start;
    if (this.#text.length < worthwhile) return false;
    if (this.#credit < 0 || !beginsAsJson(this.#text, start)) return false;
    const stop = Math.min(this.#text.length, start + this.#limit);
    const end = closingOf(this.#text, start, stop);
    if (end === -1) return this.#miss(stop - start);
    const span = this.#text.slice(start, end);
    if (!hasJsonEnds(span)) return this.#miss(span.length);
    const value = parsed(span);
    if (value === undefined || !makeDeepSafe(value, span, maxDepth)) return this.#miss(2 * span.length + costOfError);
    this.#credit = Math.min(this.#credit + span.length, 4 * advance);
    this.#limit = Math.min(longest, this.#limit * 2);
    this.value = value;
    this.end = end;
    return true;
  }

  #miss(looked: number): false {
    this.#credit -= looked;
    this.#limit = Math.max(shortest, this.#limit >> 1);
    return false;
  }
}

function parsed(span: string): object | undefined {
  try {
    return JSON.parse(span) as object;
  } catch {
    return undefined;
  }
}

/** Gives the offset after the bracket that closes the one at `start`, or -1 when there is none before `stop`. */
function closingOf(text: string, start: number, stop: number): number {
  let depth = 0;
  for (let at = start; at < stop; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      at = stringEnd(text, at, stop);
      if (at === -1) return -1;
    } else if (code === 123 || code === 91) depth++;
    else if ((code === 125 || code === 93) && --depth === 0) return at + 1;
  }
  return -1;
}

/** Gives the offset of the quote that ends the string at `start`, or -1. */
function stringEnd(text: string, start: number, stop: number): number {
  for (let at = start + 1; at < stop; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) return at;
    if (code === 92) at++;
  }
  return -1;
}
