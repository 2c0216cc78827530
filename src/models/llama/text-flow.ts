/** Turns tokens into text as they come: whole characters only, and never a part of what ends the answer. */

/** Bytes of one character in UTF-8: more unreadable tokens than these are no character that is still to be finished. */
const longestCharacter = 4;

/** What tokens are read with. */
export type Decode = (tokens: readonly number[], before: readonly number[]) => string;

/** Collects tokens and hands out the text that is certain. */
export class TextFlow {
  readonly #decode: Decode;
  readonly #stops: readonly string[];
  #read: number[] = [];
  #pending: number[] = [];
  #held = "";
  /** A stop sequence came; nothing more follows. */
  stopped = false;

  constructor(decode: Decode, stops: readonly string[]) {
    this.#decode = decode;
    this.#stops = stops.filter((stop) => stop !== "");
  }

  /** Takes a token and gives the text that is certain now, often none. */
  push(token: number): string {
    this.#pending.push(token);
    const text = this.#decode(this.#pending, this.#read);
    if (text.endsWith("\uFFFD") && this.#pending.length < longestCharacter) return "";
    // Few tokens before are enough to know whether a space leads.
    this.#read = [...this.#read, ...this.#pending].slice(-longestCharacter);
    this.#pending = [];
    this.#held += text;
    return this.#release(false);
  }

  /** Gives the rest at the end of the answer. */
  end(): string {
    if (this.stopped) return "";
    if (this.#pending.length > 0) this.#held += this.#decode(this.#pending, this.#read);
    this.#pending = [];
    return this.#release(true);
  }

  #release(all: boolean): string {
    let cut = this.#held.length;
    for (const stop of this.#stops) {
      const at = this.#held.indexOf(stop);
      if (at !== -1 && at <= cut) {
        cut = at;
        this.stopped = true;
      }
    }
    if (!this.stopped && !all) cut = this.#certain();
    const text = this.#held.slice(0, cut);
    this.#held = this.stopped ? "" : this.#held.slice(cut);
    return text;
  }

  /** Keeps back an end that may be the beginning of a stop sequence. */
  #certain(): number {
    let certain = this.#held.length;
    for (const stop of this.#stops) {
      for (let length = Math.min(stop.length - 1, this.#held.length); length > 0; length--) {
        if (!this.#held.endsWith(stop.slice(0, length))) continue;
        certain = Math.min(certain, this.#held.length - length);
        break;
      }
    }
    return certain;
  }
}
