/** Gives the same string for the same key, which rows repeat: cutting it out and hashing it anew costs more than reading it. */

const slots = 64;
/** Shorter texts are read as fast without. */
const worthwhile = 4_096;

/** A small cache of the keys of one text. */
export class KnownKeys {
  readonly #text: string;
  readonly #keys: (string | undefined)[] | undefined;

  constructor(text: string) {
    this.#text = text;
    if (text.length >= worthwhile) this.#keys = new Array<string | undefined>(slots).fill(undefined);
  }

  /** Gives the text between two offsets, which is not empty. */
  between(start: number, end: number): string {
    const text = this.#text;
    if (this.#keys === undefined) return text.slice(start, end);
    const length = end - start;
    const slot = (text.charCodeAt(start) * 7 + text.charCodeAt(end - 1) + length * 13) % slots;
    const known = this.#keys[slot];
    if (known !== undefined && known.length === length && text.startsWith(known, start)) return known;
    const key = text.slice(start, end);
    if (length <= longestKey) this.#keys[slot] = key;
    return key;
  }
}

const longestKey = 64;
