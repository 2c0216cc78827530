/** Reads one quoted string of loosely written JSON, and decides which quote really ends it. */

import {
  boldColon,
  closersToEnd,
  colonAhead,
  ellipsis,
  itemContent,
  itemEndAhead,
  itemWord,
  loneScalar,
  looksLikeKey,
  matches,
  nextEntry,
  quotedItem,
  strayBeforeColon,
} from "./entry-patterns.ts";
import { semicolonSeparates, separates } from "./entry-separator.ts";
import type { KnownKeys } from "./known-keys.ts";
import { entryEndBefore } from "./lost-end.ts";
import { readEscape } from "./string-escape.ts";
import { asciiOf, closersOf, isDigit, isSpace, skipSpace } from "./tolerant-text.ts";

/** Where a string stands; it decides what may follow its end. */
export type StringRole = "key" | "field" | "item" | "root";

/** How many containers are open around a string, by the character that closes them. */
export interface OpenContainers {
  readonly braces: number;
  readonly brackets: number;
  readonly parens: number;
}

/**
 * A cursor over strings. A quote ends one only when what follows fits its place, so quotes that were not escaped stay part
 * of the content. Every look ahead is bounded: time is linear in the string's length.
 */
export class StringCursor {
  /** What was read of the string. */
  value = "";
  /** Offset of its opening quote. */
  start = 0;
  /** Offset after it. */
  next = 0;
  /** False when the text ended inside it. */
  closed = false;
  role: StringRole = "root";
  /** An item whose list lies in an object may really be the next key, when the list was never closed. */
  listInObject = false;

  readonly #text: string;
  readonly #open: OpenContainers;
  readonly #keys: KnownKeys;
  #closers = "";
  /** Unescaped quotes that are content so far, and where the last of them stands. */
  #quotes = 0;
  #lastQuote = 0;
  #from = 0;
  #index = 0;

  constructor(text: string, open: OpenContainers, keys: KnownKeys) {
    this.#text = text;
    this.#keys = keys;
    this.#open = open;
  }

  /** Goes to the string whose opening quote is at `start`. */
  begin(start: number, role: StringRole, listInObject: boolean): void {
    this.#closers = closersOf(this.#text.charCodeAt(start));
    this.start = start;
    this.role = role;
    this.listInObject = listInObject;
    this.value = "";
    this.closed = false;
    this.#quotes = 0;
    this.#from = start + 1;
    this.#index = start + 1;
  }

  /** Reads on, past at most so many quotes, escapes and line breaks; true once the string is read. */
  run(steps = Number.POSITIVE_INFINITY): boolean {
    const text = this.#text;
    if (this.#index === this.start + 1 && this.#tripled()) return true;
    for (let left = steps; left > 0; left--) {
      const at = this.#closers.length === 1 ? this.#nextOfOne() : this.#nextOfMany();
      if (at >= text.length) return this.#end(text.length, text.length, false);
      const code = text.charCodeAt(at);
      if (code === 92) {
        if (this.#escapedEnd(at)) return true;
        this.#escape(at);
      } else if (code === 10 ? this.#lostAtLineEnd(at) : this.#endsAt(at)) return true;
      else {
        if (code !== 10) {
          this.#quotes++;
          this.#lastQuote = at;
        }
        this.#index = at + 1;
      }
    }
    return false;
  }

  /** Gives the offset of the next character that may end the string, is escaped or breaks the line. */
  #nextOfOne(): number {
    const text = this.#text;
    const close = this.#closers.charCodeAt(0);
    let at = this.#index;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === close || code === 92 || code === 10) break;
    }
    return at;
  }

  /** The same where several kinds of quotes end it. */
  #nextOfMany(): number {
    const special = specials.get(this.#closers)!;
    special.lastIndex = this.#index;
    return special.test(this.#text) ? special.lastIndex - 1 : this.#text.length;
  }

  #end(contentEnd: number, next: number, closed = true): true {
    if (this.role === "key" && this.value === "" && contentEnd > this.#from) {
      this.value = this.#keys.between(this.#from, contentEnd);
    } else this.value += this.#text.slice(this.#from, contentEnd);
    this.next = next;
    this.closed = closed;
    return true;
  }

  #escape(at: number): void {
    const escaped = readEscape(this.#text, at);
    this.value += this.#text.slice(this.#from, at) + escaped.value;
    this.#index = escaped.next;
    this.#from = escaped.next;
  }

  /** Decides what the closing kind of quote at `at` is: the end, the start of what follows a lost end, or content. */
  #endsAt(at: number): boolean {
    const text = this.#text;
    if (this.#fits(at)) return this.#endWithoutDoubles(at);
    if (this.role === "key") return this.#keyLostItsQuote(at) || this.#strayInKey(at);
    if (this.role === "root") return false;
    const before = lastCharacter(text, at);
    const code = text.charCodeAt(before);
    if (this.role === "field" && (code === 58 || code === 123)) return this.#endBeforeEntry(at, code === 123);
    if (code !== 44 || before <= this.start) return false;
    if (this.role === "field" ? !looksLikeKey(text, at) : !matches(quotedItem, text, at)) return false;
    return this.#endBeforeComma(before, at);
  }

  /** Ends it where the next entry, or the next object of a list, began without a closing quote before. */
  #endBeforeEntry(at: number, isKey: boolean): boolean {
    if (isKey && !looksLikeKey(this.#text, at)) return false;
    const end = entryEndBefore(this.#text, this.start, at, isKey);
    return end !== -1 && this.#end(Math.max(this.#from, end), end);
  }

  /** Ends the string at `at`, less a second quote at its begin or end. Behind a digit it may stand for inches. */
  #endWithoutDoubles(at: number): true {
    const isValue = this.role === "field" || this.role === "item";
    const doubled = isValue && this.#quotes === 1 && this.#text.charCodeAt(this.#lastQuote) === 34;
    const last = doubled && this.#lastQuote === at - 1 && !isDigit(this.#text.charCodeAt(at - 2));
    this.#end(last ? Math.max(this.#from, at - 1) : at, at + 1);
    if (doubled && !last && this.#lastQuote === this.start + 1) this.value = this.value.slice(1);
    return true;
  }

  /** Leaves out a double quote inside a key, where it never belongs, and blanks before it. */
  #strayInKey(at: number): false {
    if (this.#text.charCodeAt(at) !== 34) return false;
    this.value += this.#text.slice(this.#from, at);
    if (this.value.trim() === "") this.value = "";
    this.#from = at + 1;
    return false;
  }

  /** A string whose opening quote has a backslash before it may end in such a quote. */
  #escapedEnd(at: number): boolean {
    const text = this.#text;
    if (text.charCodeAt(this.start - 1) !== 92 || text.charCodeAt(at + 1) !== text.charCodeAt(this.start)) return false;
    return this.#fits(at + 1) && this.#end(at, at + 2);
  }

  #endBeforeComma(comma: number, next: number): true {
    const end = lastCharacter(this.#text, comma) + 1;
    return this.#end(Math.max(this.#from, end), next);
  }

  /** Takes `{"key:"value"}` for a key whose closing quote was left out. */
  #keyLostItsQuote(at: number): boolean {
    const text = this.#text;
    const colon = lastCharacter(text, at);
    if (at - this.start > 70 || text.charCodeAt(colon) !== 58 || colon <= this.start + 1) return false;
    return this.#end(Math.max(this.#from, colon), colon);
  }

  /** A line that ends in a comma while the next one starts with a key or item: the string was never closed. */
  #lostAtLineEnd(lineEnd: number): boolean {
    if (this.role !== "field" && this.role !== "item") return false;
    const text = this.#text;
    if (this.role === "field" && matches(nextEntry, text, lineEnd)) return this.#end(lineEnd, lineEnd);
    const before = lastCharacter(text, lineEnd);
    if (before <= this.start || text.charCodeAt(before) !== 44) return false;
    const next = skipSpace(text, lineEnd);
    if (closersOf(text.charCodeAt(next)) === "") return false;
    if (this.role === "field" ? !looksLikeKey(text, next) : !matches(itemContent, text, next)) return false;
    return this.#endBeforeComma(before, lineEnd);
  }

  /** Reads Python's triple quotes, which hold anything up to the next three. */
  #tripled(): boolean {
    const { start } = this;
    const text = this.#text;
    const code = text.charCodeAt(start);
    if (text.charCodeAt(start + 1) !== code || text.charCodeAt(start + 2) !== code || code > 39) return false;
    const marks = text.slice(start, start + 3);
    const close = text.indexOf(marks, start + 3);
    if (close === -1 || this.role === "root" || this.role === "key" || !this.#fits(close + 2)) return false;
    this.#from = start + 3;
    return this.#end(close, close + 3);
  }

  /** Tells whether the quote at `at` ends a string of this place, by what follows it. */
  #fits(at: number): boolean {
    const text = this.#text;
    const { role } = this;
    const open = this.#open;
    const next = skipSpace(text, at + 1);
    if (next >= text.length) return true;
    const code = asciiOf(text.charCodeAt(next));
    if (role === "root") return code === 43 && closersOf(text.charCodeAt(skipSpace(text, next + 1))) !== "";
    switch (code) {
      case 58: // :
        return role === "key" || this.listInObject || (role === "item" && at - this.start < 66);
      case 61: // =
        return role === "key";
      case 125: // }
        return open.braces > 0 || matches(closersToEnd, text, next) || this.#colonBehind(next);
      case 93: // ]
        return open.brackets > 0 || matches(closersToEnd, text, next) || this.#colonBehind(next);
      case 41: // )
        return open.parens > 0;
      case 44: // ,
        return role === "key" || separates(text, next + 1, role, this.#quotes > 0);
      case 59: // ;
        return role !== "key" && semicolonSeparates(text, next + 1, role);
      case 47: // comments
        return text.charCodeAt(next + 1) === 47 || text.charCodeAt(next + 1) === 42;
      case 35: // #
        return true;
      case 42: // bold text
        return role === "key" && matches(boldColon, text, next);
      case 43: // + joins two strings
        return closersOf(text.charCodeAt(skipSpace(text, next + 1))) !== "";
      case 92: // an escaped line break between tokens
        return /[nrt:,}\]]/.test(text[next + 1] ?? "");
    }
    if (text.startsWith("```", next) || matches(ellipsis, text, next)) return true;
    return this.#fitsBeforeValue(at, next, code);
  }

  /** Tells whether only a mark or word too many stands between a key and its colon. */
  #colonBehind(bracket: number): boolean {
    return this.role === "key" && matches(strayBeforeColon, this.#text, bracket);
  }

  /** Tells whether the string ends where the next token follows without a comma or colon. */
  #fitsBeforeValue(at: number, next: number, code: number): boolean {
    const text = this.#text;
    const apart = next > at + 1;
    const quotes = closersOf(code) !== "";
    // Two quotes at once are a token left out between them, unless every quote of this text is doubled.
    const isJoint = quotes && !apart && at > this.start + 1 && text.charCodeAt(this.start + 1) !== code;
    if (this.role === "key") {
      if (isJoint) return !matches(colonAhead, text, next + 1);
      if (isDigit(code) && !apart) return matches(loneScalar, text, next);
      if (this.#colonBehind(next)) return true;
      return code === 123 || code === 91 || (apart && (quotes || isDigit(code) || matches(itemWord, text, next)));
    }
    if (isJoint) return this.role === "field" ? looksLikeKey(text, next) : !matches(itemEndAhead, text, next + 1);
    if (quotes && this.role === "field") return (apart || at === this.start + 1) && looksLikeKey(text, next);
    if (quotes) return apart;
    if (this.role === "item") return apart && (code === 123 || code === 91 || matches(loneScalar, text, next));
    return looksLikeKey(text, next);
  }
}

/** By the characters that close a string, where it is not one alone: what its cursor stops at. */
const specials: ReadonlyMap<string, RegExp> = new Map(
  [96, 0x201c, 0x2018].map((code) => {
    const closers = closersOf(code);
    return [closers, new RegExp(`[${closers}\\\\\n]`, "g")];
  }),
);

/** Gives the offset of the last character before `at` that is not white space; -1 when there is none near. */
function lastCharacter(text: string, at: number): number {
  const limit = Math.max(0, at - 64);
  let before = at - 1;
  while (before >= limit && isSpace(text.charCodeAt(before))) before--;
  return before < limit ? -1 : before;
}
