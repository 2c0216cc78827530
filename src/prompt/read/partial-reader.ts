/** Reads JSON while it is being written, piece by piece, so that an answer can be shown before it is whole. */

import { isForbiddenKey } from "../../signature/grammar/grammar-names.ts";
import { defaultMaxDepth } from "./plain-json.ts";
import { unreadable } from "./source-position.ts";
import { isSpace, wordValue } from "./tolerant-text.ts";

/** Settings of a {@link PartialReader}. */
export interface PartialReaderOptions {
  /**
   * Passes over text before the first bracket and after the value, and takes what is not quite JSON but cannot be misread:
   * comments, commas too many, raw line breaks, one quote, bare keys, Python literals. False takes JSON alone. @default true
   */
  readonly prose?: boolean;
  /** More text than this is refused. @default 67_108_864 */
  readonly maxCharacters?: number;
  /** Most containers in one another. @default 256 */
  readonly maxDepth?: number;
}

type Step =
  | "start"
  | "value"
  | "first-item"
  | "first-key"
  | "key"
  | "bare-key"
  | "colon"
  | "next"
  | "string"
  | "word"
  | "done"
  | "failed";

interface Open {
  readonly holder: Record<string, unknown> | unknown[];
  readonly isList: boolean;
  key: string;
}

/**
 * An incremental parser of JSON and of what is nearly that. Each piece costs time in its own length only. Values only
 * grow: where more than one meaning is left it stops and keeps what it has; the whole text is then for `readValue`. While
 * `failedAt` is undefined the value is the one `readValue` gives. A number or word appears once it is complete, a string
 * grows, a key without a value is left out.
 */
export class PartialReader {
  /** Offset, in all that was pushed, of the first character that leaves more than one meaning: the value is no longer sure. */
  failedAt: number | undefined;

  readonly #prose: boolean;
  readonly #maxCharacters: number;
  readonly #maxDepth: number;
  readonly #stack: Open[] = [];
  #step: Step = "start";
  #seen = 0;
  #root: unknown;
  #text = "";
  #textIsKey = false;
  #quote = 34;
  #comment: "" | "/" | "//" | "/*" | "/**" = "";
  #tail = "";
  #thinking = false;
  #blackAfter = false;
  #stoppedInText = false;
  #bareColon = -2;
  #escape = "";
  #word = "";
  #wordStart = 0;
  #inProse = false;
  #fresh = true;
  #snapshot: unknown;

  constructor(options: PartialReaderOptions = {}) {
    this.#prose = options.prose ?? true;
    this.#maxCharacters = options.maxCharacters ?? 64 * 1024 * 1024;
    this.#maxDepth = options.maxDepth ?? defaultMaxDepth;
  }

  /** True once the value is complete. */
  get done(): boolean {
    return this.#step === "done";
  }

  /**
   * Takes the next piece of text.
   *
   * @throws output_unreadable when all pieces together are longer than `maxCharacters`.
   */
  push(delta: string): void {
    if (this.#seen + delta.length > this.#maxCharacters) {
      throw unreadable(`more than ${this.#maxCharacters} characters`, "", 0);
    }
    for (let at = 0; at < delta.length; ) {
      if (this.#step === "failed") break;
      if (this.#step === "done" && this.#prose) {
        this.#afterValue(delta, at);
        break;
      }
      if (this.#step === "string") at = this.#inString(delta, at);
      else if (this.#comment !== "") at = this.#inComment(delta, at);
      else at = this.#between(delta, at);
    }
    this.#seen += delta.length;
  }

  /** Tells the reader that no more text comes, which ends a number at the root. Gives the value. */
  finish(): unknown {
    if (this.#step === "word" && this.#stack.length === 0) this.#endWord(true);
    if (this.#comment === "/" && this.#step !== "failed") this.#fail(-1);
    return this.value();
  }

  /**
   * Gives the value so far, `undefined` before its first character. What was given never changes later; finished parts are
   * shared, so this costs time in the width of the unfinished containers only, and nothing when nothing was added.
   */
  value(): unknown {
    if (!this.#fresh) return this.#snapshot;
    this.#fresh = false;
    this.#snapshot = this.#copy();
    return this.#snapshot;
  }

  #copy(): unknown {
    const writing = (this.#step === "string" || this.#stoppedInText) && !this.#textIsKey;
    if (this.#stack.length === 0) return writing ? this.#text : this.#root;
    let inner: unknown = writing ? this.#text : undefined;
    for (let level = this.#stack.length - 1; level >= 0; level--) {
      const open = this.#stack[level]!;
      const copy = open.isList ? [...(open.holder as unknown[])] : { ...(open.holder as Record<string, unknown>) };
      if (inner !== undefined) put(copy, open, inner);
      inner = copy;
    }
    return inner;
  }

  /** Takes characters of a string up to its end or the end of the piece. */
  #inString(delta: string, start: number): number {
    let at = start;
    while (at < delta.length) {
      if (this.#escape !== "") {
        if (!this.#inEscape(delta[at]!)) return this.#fail(at);
        at++;
        continue;
      }
      const from = at;
      let code = delta.charCodeAt(at);
      while (at < delta.length && code !== this.#quote && code !== 92 && code > 31) code = delta.charCodeAt(++at);
      if (at > from) this.#append(delta.slice(from, at));
      if (at >= delta.length) break;
      if (code === this.#quote) {
        this.#endString();
        return at + 1;
      }
      if (code !== 92) {
        if (!this.#prose || (code === 10 && this.#mayBeLost())) return this.#fail(at);
        this.#append(delta[at]!);
        at++;
        continue;
      }
      this.#escape = "\\";
      at++;
    }
    return at;
  }

  #inEscape(char: string): boolean {
    this.#escape += char;
    const unicode = this.#escape[1] === "u";
    if (unicode && this.#escape.length === 2) return true;
    if (unicode && !/[\da-fA-F]/.test(char)) return false;
    if (unicode && this.#escape.length < 6) return true;
    const lenient = this.#prose && char === "'" ? char : undefined;
    const plain = unicode
      ? String.fromCharCode(Number.parseInt(this.#escape.slice(2), 16))
      : (escapes[char] ?? lenient);
    if (plain === undefined) return false;
    this.#append(plain);
    this.#escape = "";
    return true;
  }

  #append(piece: string): void {
    this.#text += piece;
    if (!this.#textIsKey) this.#fresh = true;
  }

  /** A line that ends in a comma may be a string whose closing quote was left out. */
  #mayBeLost(): boolean {
    if (this.#textIsKey) return false;
    let at = this.#text.length - 1;
    while (at >= 0 && isSpace(this.#text.charCodeAt(at))) at--;
    return this.#text.charCodeAt(at) === 44;
  }

  #endString(): void {
    if (this.#textIsKey) {
      this.#stack.at(-1)!.key = this.#text;
      this.#step = "colon";
    } else this.#add(this.#text);
  }

  /** Takes one character outside of strings, or a whole run of a number or word. */
  #between(delta: string, at: number): number {
    const code = delta.charCodeAt(at);
    if (this.#step === "word") return this.#inWord(delta, at);
    if (this.#step === "bare-key" && isKeyCharacter(code)) {
      if (this.#blackAfter) return this.#fail(at);
      this.#text += delta[at]!;
      return at + 1;
    }
    if (this.#prose ? isSpace(code) : isJsonSpace(code)) {
      if (this.#step === "bare-key") this.#blackAfter = true;
      if (this.#tail !== "") this.#tail = `${this.#tail.slice(-6)} `;
      return at + 1;
    }
    if (this.#step === "start" && this.#prose && this.#inProseAt(delta, at, code)) return at + 1;
    if (this.#prose && this.#step !== "start" && (code === 47 || code === 35)) {
      // An address may have lost its quotes.
      if (this.#step === "bare-key" || this.#bareColon === this.#seen + at - 1) return this.#fail(at);
      this.#comment = code === 47 ? "/" : "//";
      return at + 1;
    }
    if (this.#step === "bare-key") this.#bareColon = this.#seen + at;
    if (!this.#token(code)) return this.#fail(at);
    if ((this.#step as Step) !== "word") return at + 1;
    this.#wordStart = this.#seen + at;
    return at;
  }

  #inWord(delta: string, at: number): number {
    const code = delta.charCodeAt(at);
    if (!isWordCharacter(code)) {
      this.#endWord(false);
      // A mark right behind a word may belong to it, as in C#.
      return code === 35 && this.#stack.length > 0 ? this.#fail(at) : at;
    }
    let end = at + 1;
    while (end < delta.length && isWordCharacter(delta.charCodeAt(end))) end++;
    this.#word += delta.slice(at, end);
    return end;
  }

  /** Takes one character before the value; false for the one that begins it. */
  #inProseAt(delta: string, at: number, code: number): boolean {
    const isFirst = this.#tail.length < 6;
    this.#tail = this.#tail.slice(-6) + delta[at];
    if (isFirst && this.#tail === "<think") this.#thinking = true;
    else if (this.#thinking && this.#tail === "</think") this.#thinking = false;
    if (!this.#thinking && (code === 123 || code === 91 || code === 0xff5b || code === 0xff3b)) return false;
    if (!this.#thinking && this.#startsScalar(code)) return false;
    // Text that begins with a quoted key may be an object without its opening brace.
    if (code === 39 && !this.#inProse) return false;
    this.#inProse = true;
    return true;
  }

  #inComment(delta: string, at: number): number {
    const code = delta.charCodeAt(at);
    const comment = this.#comment;
    if (comment === "/") {
      if (code !== 47 && code !== 42) return this.#fail(at);
      this.#comment = code === 47 ? "//" : "/*";
    } else if (comment === "//") {
      const end = delta.indexOf("\n", at);
      if (end === -1) return delta.length;
      this.#comment = "";
      return end + 1;
    } else if (comment === "/**" && code === 47) this.#comment = "";
    else this.#comment = code === 42 ? "/**" : "/*";
    return at + 1;
  }

  /** Looks through what follows the value for what may change its meaning: more values, or fields after a brace too early. */
  #afterValue(delta: string, from: number): void {
    for (let at = from; at < delta.length && this.failedAt === undefined; at++) {
      const code = delta.charCodeAt(at);
      if (isSpace(code)) continue;
      const first = !this.#blackAfter;
      this.#blackAfter = true;
      const opens = code === 123 || code === 91 || code === 0xff5b || code === 0xff3b;
      const scalar = typeof this.#root !== "object" || this.#root === null;
      if (opens || scalar || (first && (code === 44 || code === 0xff0c))) this.failedAt = this.#seen + at;
    }
  }

  #startsScalar(code: number): boolean {
    if (this.#inProse) return false;
    return code === 34 || code === 45 || (code >= 48 && code <= 57) || code === 116 || code === 102 || code === 110;
  }

  #token(code: number): boolean {
    const step = this.#step;
    const open = this.#stack.at(-1);
    const list = open?.isList === true;
    if ((step === "colon" || step === "bare-key") && code === 58) {
      if (step === "bare-key") this.#endString();
      this.#step = "value";
    } else if (step === "next" && code === 44) this.#step = list ? "value" : "key";
    else if (code === 125 && open !== undefined && !list && (step === "next" || this.#mayEnd("first-key", "key")))
      this.#close();
    else if (code === 93 && list && (step === "next" || this.#mayEnd("first-item", "value"))) this.#close();
    else if (code === 44 && this.#prose && (list ? step !== "next" : step === "first-key" || step === "key"))
      return true;
    else if (step === "first-key" || step === "key") return this.#startKey(code);
    else if (step === "start" || step === "value" || step === "first-item") return this.#startValue(code);
    else return false;
    return true;
  }

  /** Tells whether a container may end here: an empty one, or one with a comma too many. */
  #mayEnd(first: Step, afterComma: Step): boolean {
    return this.#step === first || (this.#prose && this.#step === afterComma);
  }

  #startKey(code: number): boolean {
    if (this.#opensString(code)) this.#startString(code, true);
    else if (this.#prose && isKeyCharacter(code) && code !== 45) {
      this.#startString(code, true);
      this.#text = String.fromCharCode(code);
      this.#blackAfter = false;
      this.#step = "bare-key";
    } else return false;
    return true;
  }

  #opensString(code: number): boolean {
    return code === 34 || (code === 39 && this.#prose && this.#stack.length > 0);
  }

  #startValue(code: number): boolean {
    if (this.#opensString(code)) this.#startString(code, false);
    else if (code === 123 || code === 91) {
      if (this.#stack.length >= this.#maxDepth) return false;
      this.#stack.push({ holder: code === 91 ? [] : {}, isList: code === 91, key: "" });
      this.#step = code === 91 ? "first-item" : "first-key";
      this.#fresh = true;
    } else if (isWordCharacter(code)) {
      this.#word = "";
      this.#step = "word";
    } else return false;
    return true;
  }

  #startString(quote: number, isKey: boolean): void {
    this.#quote = quote;
    this.#text = "";
    this.#textIsKey = isKey;
    this.#step = "string";
    if (!isKey) this.#fresh = true;
  }

  #endWord(atEnd: boolean): void {
    const word = this.#word;
    const atRoot = this.#stack.length === 0;
    const value = this.#prose ? wordValue(word) : strictValue(word);
    // Text goes on behind a word at the root, so it was the start of prose: go on looking for a bracket.
    if (this.#prose && atRoot && !(atEnd && value !== undefined)) {
      this.#step = "start";
      this.#inProse = true;
    } else if (value !== undefined) this.#add(value);
    else {
      this.#step = "failed";
      this.failedAt = this.#wordStart;
    }
  }

  /** Stops for good at this offset of the piece. */
  #fail(at: number): number {
    this.#stoppedInText = this.#step === "string";
    this.#step = "failed";
    this.failedAt = this.#seen + at;
    return at;
  }

  #close(): void {
    const { holder } = this.#stack.pop()!;
    this.#add(holder);
  }

  #add(value: unknown): void {
    this.#fresh = true;
    const open = this.#stack.at(-1);
    if (open === undefined) {
      this.#root = value;
      this.#step = "done";
      this.#blackAfter = false;
      return;
    }
    put(open.holder, open, value);
    this.#step = "next";
  }
}

function put(holder: Record<string, unknown> | unknown[], open: Open, value: unknown): void {
  if (open.isList) (holder as unknown[]).push(value);
  else if (!isForbiddenKey(open.key)) (holder as Record<string, unknown>)[open.key] = value;
}

function isJsonSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

function isWordCharacter(code: number): boolean {
  return (
    (code >= 48 && code <= 57) ||
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    code === 43 ||
    code === 45 ||
    code === 46
  );
}

/** Characters of a key that needs no quotes. */
function isKeyCharacter(code: number): boolean {
  return (isWordCharacter(code) && code !== 43 && code !== 46) || code === 95 || code === 36;
}

function strictValue(word: string): boolean | number | null | undefined {
  if (word === "true") return true;
  if (word === "false") return false;
  if (word === "null") return null;
  return jsonNumber.test(word) ? Number(word) : undefined;
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
