/** Tells several values that are one answer, such as a value on each line, from a draft and its correction. */

/** Collects values for as long as nothing but separators, comments and one fence stand between and around them. */
export class RowGroup {
  readonly #text: string;
  #values: unknown[] = [];
  #end = 0;
  #clean = true;
  #inFence = false;
  #fenced: readonly unknown[] | undefined;
  #fences = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Takes the next value and where it stands. */
  add(value: unknown, start: number, end: number): void {
    if (this.#clean && onlySeparators(this.#text, this.#end, start)) this.#values.push(value);
    else this.spoil();
    this.#end = end;
  }

  /** Something else stands here. */
  spoil(): void {
    this.#clean = false;
    this.#values = [];
  }

  /** Starts again at an opening fence, and keeps what a closing one ends. */
  atFence(start: number, end: number, opens: boolean): void {
    this.#fences++;
    if (opens) {
      if (this.#values.length > 0 || !onlySeparators(this.#text, this.#end, start)) this.spoil();
      const line = /[\w+-]{0,16}/y;
      line.lastIndex = end;
      line.test(this.#text);
      this.#values = [];
      this.#clean = true;
      this.#inFence = true;
      this.#end = line.lastIndex;
    } else {
      if (onlySeparators(this.#text, this.#end, start)) this.#fenced = this.#rows();
      this.#inFence = false;
      this.spoil();
      this.#end = end;
    }
  }

  /** Gives the rows once the text is read: those of its one fence, else those it consists of. */
  atEnd(): readonly unknown[] | undefined {
    if (this.#fences > (this.#inFence ? 1 : 2)) return undefined;
    if (this.#fences > 0 && !this.#inFence) return this.#fenced;
    // A list that lost its opening bracket still has the closing one.
    const closed = /\]\s{0,64}$/.exec(this.#text.slice(-65))?.[0].length ?? 0;
    return onlySeparators(this.#text, this.#end, this.#text.length - closed) ? this.#rows() : undefined;
  }

  #rows(): readonly unknown[] | undefined {
    return this.#clean && this.#values.length > 1 ? this.#values : undefined;
  }
}

/** Tells whether a part of the text is white space, commas, semicolons and comments alone. */
function onlySeparators(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code <= 32 || code === 44 || code === 59 || code === 0xfeff) continue;
    let mark = "";
    if (code === 35 || (code === 47 && text.charCodeAt(at + 1) === 47)) mark = "\n";
    else if (code === 47 && text.charCodeAt(at + 1) === 42) mark = "*/";
    else return false;
    const end = text.indexOf(mark, at + mark.length);
    at = end === -1 ? to : end + mark.length - 1;
  }
  return true;
}
