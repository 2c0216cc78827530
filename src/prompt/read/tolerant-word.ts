/** Finds where an unquoted key or value of loosely written JSON ends. */

import { entryFollows, looksLikeKey, matches } from "./entry-patterns.ts";
import { asciiOf, closersOf, isSpace, wordValue } from "./tolerant-text.ts";

/** Gives the offset after the unquoted value that starts at `start`, at most `end`. Every look ahead is bounded. */
export function wordEnd(text: string, start: number, end: number, role: "field" | "item" | "root"): number {
  for (let at = start; at < end; at++) {
    const raw = text.charCodeAt(at);
    if (raw < 128 ? wordStops[raw] === 0 : (raw < 0x2000 && raw !== 0xa0) || !wordStop.test(text[at]!)) continue;
    const code = asciiOf(raw);
    if (isSpace(code)) {
      if (endsAtSpace(text, start, at, end, role)) return at;
    } else if (code === 47) {
      if (startsComment(text, at) && text.charCodeAt(at - 1) !== 58) return at;
    } else if (code === 44 || code === 59) {
      if (role !== "field" || !goesOn(text, start, at, end)) return at;
    } else if (code !== 40 || role !== "field" || !matches(aside, text, at - 1)) return at;
    else at = aside.lastIndex - 1;
  }
  return end;
}

/** Words in parentheses within a sentence. */
const aside = /\s\([\w ,.'-]{1,128}\)(?=[\s,.])/y;

/** Every character that may end a word; white space, slashes and separators only sometimes do. By ASCII code. */
const wordStops = stopsOf(' \t\n\v\f\r,;/{}[]()"');
const wordStop = /[\s\u200b-\u200d\u3001\uff08\uff09\uff0c\uff1b\uff3b\uff3d\uff5b\uff5d]/;

/** Tells whether an unquoted value ends at the white space at `at`. */
function endsAtSpace(text: string, start: number, at: number, end: number, role: "field" | "item" | "root"): boolean {
  let next = at;
  const limit = Math.min(end, at + 64);
  while (next < limit && isSpace(text.charCodeAt(next))) {
    if (text.charCodeAt(next) === 10) return true;
    next++;
  }
  if (next >= end) return true;
  const code = text.charCodeAt(next);
  if (code === 35 || startsComment(text, next) || closersOf(code) !== "") return true;
  if (role === "field") return looksLikeKey(text, next);
  return matches(scalarWord, text, next) && wordValue(text.slice(start, at)) !== undefined;
}

const scalarWord = /(?:-?\d[\w.+-]{0,40}|true|false|null|True|False|None)(?=[\s,\]]|$)/y;

function startsComment(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== 47) return false;
  const next = text.charCodeAt(at + 1);
  return next === 42 || next === 47;
}

/** Tells whether the comma or semicolon at `at` belongs to a field's value: a sentence, or a number's thousands. */
function goesOn(text: string, start: number, at: number, end: number): boolean {
  if (at - start < 32 && wordValue(text.slice(start, at).trim()) !== undefined) {
    return matches(thousands, text, at) && groups.test(text.slice(start, at));
  }
  let next = at + 1;
  const limit = Math.min(end, at + 64);
  while (next < limit && isSpace(text.charCodeAt(next))) {
    if (text.charCodeAt(next) === 10) return false;
    next++;
  }
  if (next >= end || next === limit) return false;
  return matches(sentence, text, next) && !entryFollows(text, next);
}

const groups = /^[+-]?[1-9]\d{0,2}(?:,\d{3})*$/;
const thousands = /,\d{3}(?:,\d{3}){0,6}(?:\.\d{1,40})?\s{0,32}(?:[,}\n]|$)/y;
const sentence = /[\p{L}\p{N}$€%&-]/uy;

/** Gives the offset after the unquoted key that starts at `start`, at most `end`. */
export function keyEnd(text: string, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (code < 128 ? keyStops[code] === 1 : code > 0xff00 && fullWidthStops.includes(text[at]!)) break;
    at++;
  }
  return at;
}

/** What ends a bare key, by ASCII code. */
const keyStops = stopsOf(":=,{}[]()\"'\n");
const fullWidthStops = "\uff1a\uff0c\uff5b\uff5d";

/** Takes list marks, quotation marks of mail and stars of bold text off an unquoted key. */
export function bareKeyName(key: string): string {
  if (isPlain(key.charCodeAt(0)) && isPlain(key.charCodeAt(key.length - 1))) return key;
  const name = key.trim();
  if (!marked.test(name)) return name;
  return name.replace(/^(?:[->•*]{1,3}\s{0,8}){1,3}(?=\S)/, "").replace(/\*{1,2}$/, "");
}

/** Tells a letter, digit or underscore, which no mark is. */
function isPlain(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}

const marked = /^[->•*]|\*$/;

/** Marks the codes of some ASCII characters in a table. */
function stopsOf(characters: string): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (characters.includes(String.fromCharCode(code)) ? 1 : 0));
}
