/** Reads one value of loosely written JSON in a single pass: what models write when they mean JSON. */

import { isForbiddenKey } from "../../signature/grammar/grammar-names.ts";
import { looksLikeKey, readString, type StringPlace } from "./tolerant-string.ts";
import { closersOf, cutOffWord, isSpace, wordValue } from "./tolerant-text.ts";

/** Stands for "nothing here": no value, or one that is still being written. */
export const missing: unique symbol = Symbol("missing");

type Closer = 125 | 93 | 41;

/**
 * A cursor that reads one value and never fails: what is missing is added, what does not belong is passed over. It goes
 * forward only (a cut-off look ahead and up to 8 second looks at a string aside), so time is linear.
 */
export class TolerantReader {
  /** Offset after what was read. */
  at: number;
  /** Keys, items and scalars that were read; of two readings of one text the one with more wins. */
  entries = 0;
  /** False when the text ended before the value did. */
  complete = true;
  /** True when what looked like an object is not one, such as `{a, b}` in prose. */
  abandoned = false;
  /** True when containers are nested deeper than allowed. */
  tooDeep = false;
  /** How many of the entries are plain words without quotes; a list of nothing else is prose in brackets. */
  plainWords = 0;

  readonly #text: string;
  readonly #partial: boolean;
  #depthLeft: number;
  #end: number;
  #secondLooks = 8;
  readonly #open = { braces: 0, brackets: 0, parens: 0 };

  constructor(text: string, at: number, options: { readonly maxDepth: number; readonly partial: boolean }) {
    this.#text = text;
    this.at = at;
    this.#depthLeft = options.maxDepth;
    this.#partial = options.partial;
    this.#end = text.length;
  }

  /** Reads the container, or the single scalar, at the cursor. */
  read(): unknown {
    return this.#value("root", false);
  }

  #value(role: "field" | "item" | "root", listInObject: boolean): unknown {
    this.#skip();
    if (this.at >= this.#end) {
      this.complete = false;
      return missing;
    }
    const code = this.#text.charCodeAt(this.at);
    if (code === 123) return this.#object();
    if (code === 91) return this.#list(93, listInObject || role === "field");
    if (code === 40) return this.#list(41, role === "field");
    if (code === 125 || code === 93 || code === 41 || code === 44 || code === 58) return missing;
    this.entries++;
    if (closersOf(code) !== "") return this.#joined(role, listInObject);
    return this.#word(role);
  }

  #object(): unknown {
    if (!this.#enter("braces")) return missing;
    const result: Record<string, unknown> = {};
    const start = ++this.at;
    let pairs = 0;
    while (!this.abandoned && !this.tooDeep) {
      this.#skip();
      if (this.at >= this.#end) {
        this.complete = false;
        break;
      }
      const code = this.#text.charCodeAt(this.at);
      if (code === 44 || code === 59 || code === 58) this.at++;
      else if (code === 125 || code === 93 || code === 41) {
        if (this.#closes(code, 125)) break;
      } else if (this.#pair(result)) pairs++;
      else if (pairs === 0 && this.at < this.#end) return this.#setOrProse(start);
    }
    this.#leave("braces");
    return result;
  }

  /** Reads braces without a colon: a Python set becomes a list, prose in braces at the root is no value at all. */
  #setOrProse(start: number): unknown {
    const { braces, brackets, parens } = this.#open;
    const root = braces + brackets + parens === 1;
    if (root && closersOf(this.#text.charCodeAt(start)) === "") this.abandoned = true;
    else if (this.#secondLooks-- > 0) this.at = start;
    const items = this.abandoned ? [] : this.#items(125, false);
    this.#leave("braces");
    return items;
  }

  /** Reads `key: value` into the object; gives false for a key that turned out to be none. */
  #pair(into: Record<string, unknown>): boolean {
    const start = this.at;
    const quoted = closersOf(this.#text.charCodeAt(start)) !== "";
    const key = quoted ? this.#quoted("key", false) : this.#bareKey();
    this.#skip();
    const code = this.at < this.#end ? this.#text.charCodeAt(this.at) : -1;
    if (code === 58) this.at++;
    else if (code === 61) this.at += this.#text.charCodeAt(this.at + 1) === 62 ? 2 : 1;
    else if (code === -1) {
      this.complete = false;
      return false;
    } else if (!quoted || code === 44 || code === 125 || code === 93) {
      if (this.at === start) this.at++;
      return false;
    }
    const value = this.#value("field", false);
    if (value === missing && (this.at >= this.#end || this.tooDeep)) return false;
    if (!isForbiddenKey(key)) into[key] = value === missing ? null : value;
    return true;
  }

  #list(closer: 93 | 41, inObject: boolean): unknown {
    const kind = closer === 93 ? "brackets" : "parens";
    if (!this.#enter(kind)) return missing;
    this.at++;
    const items = this.#items(closer, inObject);
    this.#leave(kind);
    return items;
  }

  #items(closer: Closer, inObject: boolean): unknown[] {
    const result: unknown[] = [];
    while (!this.abandoned && !this.tooDeep) {
      this.#skip();
      if (this.at >= this.#end) {
        this.complete = false;
        break;
      }
      const code = this.#text.charCodeAt(this.at);
      if (code === 44 || code === 59 || code === 58) this.at++;
      else if (code === 125 || code === 93 || code === 41) {
        if (this.#closes(code, closer)) break;
      } else if (!this.#item(result, code, inObject && result.length > 0)) break;
    }
    return result;
  }

  /** Reads an item; gives false, and goes back, when it is the next key of the object around a list that was not closed. */
  #item(into: unknown[], code: number, mayBeKey: boolean): boolean {
    const start = this.at;
    if (mayBeKey && isLetter(code) && looksLikeKey(this.#text, start)) return false;
    const item = this.#value("item", mayBeKey);
    if (mayBeKey && closersOf(code) !== "") {
      this.#skip();
      if (this.#text.charCodeAt(this.at) === 58) {
        this.at = start;
        return false;
      }
    }
    if (item !== missing) into.push(item);
    return true;
  }

  #enter(kind: "braces" | "brackets" | "parens"): boolean {
    if (this.#depthLeft === 0) {
      this.tooDeep = true;
      return false;
    }
    this.#depthLeft--;
    this.#open[kind]++;
    return true;
  }

  #leave(kind: "braces" | "brackets" | "parens"): void {
    this.#depthLeft++;
    this.#open[kind]--;
  }

  /** Handles a closing bracket: its own ends the container, an outer one ends it too but is left, a stray one is passed over. */
  #closes(code: Closer, own: Closer): boolean {
    if (code === own) {
      this.at++;
      return true;
    }
    const { braces, brackets, parens } = this.#open;
    if ((code === 125 ? braces : code === 93 ? brackets : parens) > 0) return true;
    this.at++;
    return false;
  }

  #quoted(role: StringPlace["role"], listInObject: boolean): string {
    const start = this.at;
    const token = readString(this.#text, start, { role, open: this.#open, listInObject });
    this.at = token.next;
    if (token.closed) return token.value;
    return this.#unclosed(start, token.value, role);
  }

  /** Decides what a string without an end is: cut off, or one whose closing quote or bracket was misread. */
  #unclosed(start: number, value: string, role: StringPlace["role"]): string {
    const text = this.#text;
    const tail = /[}\])]\s{0,256}$/.test(text.slice(Math.max(0, this.#end - 257), this.#end));
    if (!tail || role === "root" || this.#partial) {
      this.complete = false;
      return value;
    }
    const quote = this.#secondLooks > 0 ? text.indexOf(text[start]!, start + 1) : -1;
    if (quote !== -1 && quote < this.#end && text[quote - 1] !== "\\") {
      this.#secondLooks--;
      this.at = quote + 1;
      return text.slice(start + 1, quote);
    }
    this.complete = false;
    return value.replace(/[\s}\])]{1,256}$/, "");
  }

  /** Reads a string and those joined to it by `+`. */
  #joined(role: "field" | "item" | "root", listInObject: boolean): unknown {
    let value = this.#quoted(role, listInObject);
    for (;;) {
      const after = this.at;
      this.#skip();
      if (this.#text.charCodeAt(this.at) !== 43) return value;
      this.at++;
      this.#skip();
      if (closersOf(this.#text.charCodeAt(this.at)) === "") {
        this.at = after;
        return value;
      }
      value += this.#quoted(role, listInObject);
    }
  }

  #bareKey(): string {
    const start = this.at;
    const text = this.#text;
    while (this.at < this.#end && keyStops[text.charCodeAt(this.at)] !== 1) this.at++;
    return text.slice(start, this.at).trim();
  }

  /** Reads an unquoted value: a literal, a number, a call such as `ObjectId("…")`, or plain words. */
  #word(role: "field" | "item" | "root"): unknown {
    const text = this.#text;
    const start = this.at;
    let at = start;
    for (; at < this.#end; at++) {
      const code = text.charCodeAt(at);
      if (wordStops[code] === 1) break;
      if (isSpace(code) && this.#wordEnds(at, role)) break;
    }
    this.at = at;
    if (at === start) {
      this.at++;
      return missing;
    }
    const word = text.slice(start, at).trim();
    if (text[at] === "(" && /^(?:new\s{1,8})?[A-Za-z_][\w.]{0,64}$/.test(word)) return this.#call();
    if (closersOf(text.charCodeAt(at)) !== "" && /^[A-Za-z]{1,2}$/.test(word)) return this.#quoted(role, false);
    if (at >= this.#end) {
      this.complete = false;
      if (this.#partial) return missing;
      const cut = cutOffWord(word);
      if (cut !== undefined) return cut;
    }
    const value = wordValue(word);
    if (value !== undefined) return value;
    this.plainWords++;
    return word;
  }

  #call(): unknown {
    const inside = this.#list(41, false);
    return Array.isArray(inside) && inside.length > 0 ? inside[0] : null;
  }

  /** Tells whether an unquoted value ends at the white space at `at`. */
  #wordEnds(at: number, role: "field" | "item" | "root"): boolean {
    const text = this.#text;
    let next = at;
    const limit = Math.min(this.#end, at + 64);
    while (next < limit && isSpace(text.charCodeAt(next))) {
      if (text.charCodeAt(next) === 10) return true;
      next++;
    }
    if (next >= this.#end) return true;
    const char = text[next]!;
    if (char === "#" || text.startsWith("//", next) || text.startsWith("/*", next)) return true;
    return closersOf(char.charCodeAt(0)) !== "" || (role === "field" && looksLikeKey(text, next));
  }

  /** Passes over white space, comments, escaped line breaks and ellipses; a closing code fence ends the text. */
  #skip(): void {
    const text = this.#text;
    while (this.at < this.#end) {
      const code = text.charCodeAt(this.at);
      if (isSpace(code)) this.at++;
      else if (code === 47 && text.charCodeAt(this.at + 1) === 47) this.#skipPast("\n");
      else if (code === 47 && text.charCodeAt(this.at + 1) === 42) this.#skipPast("*/");
      else if (code === 35) this.#skipPast("\n");
      else if (code === 92 && /[nrt]/.test(text[this.at + 1] ?? "")) this.at += 2;
      else if (code === 0x2026) this.at++;
      else if (code === 46 && text.startsWith("...", this.at)) this.at += 3;
      else if (code === 96 && text.startsWith("```", this.at)) this.#end = this.at;
      else return;
    }
  }

  #skipPast(mark: string): void {
    const found = this.#text.indexOf(mark, this.at + mark.length);
    this.at = found === -1 ? this.#end : Math.min(this.#end, found + mark.length);
  }
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 36;
}

/** A table with a 1 at the code of each character that ends a bare word. */
function stopTable(characters: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

const keyStops = stopTable(":=,{}[]()\"'\n");
const wordStops = stopTable(',{}[]()"\n');
