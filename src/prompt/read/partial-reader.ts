/** Reads JSON while it is being written, piece by piece, so that an answer can be shown before it is whole. */

import { isForbiddenKey } from "../../signature/grammar/grammar-names.ts";
import { defaultMaxDepth } from "./plain-json.ts";
import { unreadable } from "./source-position.ts";

/** Settings of a {@link PartialReader}. */
export interface PartialReaderOptions {
  /** Passes over text before the first bracket and after the value. @default true */
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
 * An incremental JSON parser. Each piece costs time in its own length only. It mends nothing: at the first character that
 * is not JSON it keeps what it has; the whole text is then for `readValue`. For valid JSON the end value is the same as
 * there. A number or word appears once it is complete, a string grows, a key without a value is left out.
 */
export class PartialReader {
  /** Offset of the first character that is not JSON, in all that was pushed. */
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
      if (this.#step === "failed" || (this.#step === "done" && this.#prose)) break;
      at = this.#step === "string" ? this.#inString(delta, at) : this.#between(delta, at);
    }
    this.#seen += delta.length;
  }

  /** Tells the reader that no more text comes, which ends a number at the root. Gives the value. */
  finish(): unknown {
    if (this.#step === "word" && this.#stack.length === 0) this.#endWord();
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
    const writing = this.#step === "string" && !this.#textIsKey;
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
      while (at < delta.length && code !== 34 && code !== 92 && code > 31) code = delta.charCodeAt(++at);
      if (at > from) this.#append(delta.slice(from, at));
      if (at >= delta.length) break;
      if (code === 34) {
        this.#endString();
        return at + 1;
      }
      if (code !== 92) return this.#fail(at);
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
    const plain = unicode ? String.fromCharCode(Number.parseInt(this.#escape.slice(2), 16)) : escapes[char];
    if (plain === undefined) return false;
    this.#append(plain);
    this.#escape = "";
    return true;
  }

  #append(piece: string): void {
    this.#text += piece;
    if (!this.#textIsKey) this.#fresh = true;
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
    if (this.#step === "word") {
      if (!isWordCharacter(code)) {
        this.#endWord();
        return at;
      }
      let end = at + 1;
      while (end < delta.length && isWordCharacter(delta.charCodeAt(end))) end++;
      this.#word += delta.slice(at, end);
      return end;
    }
    if (isJsonSpace(code)) return at + 1;
    if (this.#step === "start" && this.#prose && code !== 123 && code !== 91 && !this.#startsScalar(code)) {
      this.#inProse = true;
      return at + 1;
    }
    if (!this.#token(code)) return this.#fail(at);
    if (!isWordCharacter(code)) return at + 1;
    this.#wordStart = this.#seen + at;
    return at;
  }

  #startsScalar(code: number): boolean {
    if (this.#inProse) return false;
    return code === 34 || code === 45 || (code >= 48 && code <= 57) || code === 116 || code === 102 || code === 110;
  }

  #token(code: number): boolean {
    const step = this.#step;
    const open = this.#stack.at(-1);
    if (step === "colon" && code === 58) this.#step = "value";
    else if (step === "next" && code === 44) this.#step = open!.isList ? "value" : "key";
    else if (code === 125 && open?.isList === false && (step === "next" || step === "first-key")) this.#close();
    else if (code === 93 && open?.isList === true && (step === "next" || step === "first-item")) this.#close();
    else if (code === 34 && (step === "first-key" || step === "key")) this.#startString(true);
    else if (step === "start" || step === "value" || step === "first-item") return this.#startValue(code);
    else return false;
    return true;
  }

  #startValue(code: number): boolean {
    if (code === 34) this.#startString(false);
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

  #startString(isKey: boolean): void {
    this.#text = "";
    this.#textIsKey = isKey;
    this.#step = "string";
    if (!isKey) this.#fresh = true;
  }

  #endWord(): void {
    const word = this.#word;
    if (word === "true") this.#add(true);
    else if (word === "false") this.#add(false);
    else if (word === "null") this.#add(null);
    else if (jsonNumber.test(word)) this.#add(Number(word));
    else if (this.#prose && this.#stack.length === 0) {
      // Prose that began like a word: go on looking for a bracket.
      this.#step = "start";
      this.#inProse = true;
    } else {
      this.#step = "failed";
      this.failedAt = this.#wordStart;
    }
  }

  /** Stops for good at this offset of the piece. */
  #fail(at: number): number {
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
