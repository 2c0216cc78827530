/** Reads one quoted string of loosely written JSON, and decides which quote really ends it. */

import { closersOf, isSpace } from "./tolerant-text.ts";

/** Where a string stands; it decides what may follow its end. */
export interface StringPlace {
  readonly role: "key" | "field" | "item" | "root";
  /** Containers open around it, by the character that closes them. */
  readonly open: { readonly braces: number; readonly brackets: number; readonly parens: number };
  /** An item whose list lies in an object may really be the next key, when the list was never closed. */
  readonly listInObject: boolean;
}

/** A string that was read. */
export interface StringToken {
  readonly value: string;
  /** Offset after it. */
  readonly next: number;
  /** False when the text ended inside it. */
  readonly closed: boolean;
}

/**
 * Reads the string whose opening quote is at `at`. A quote ends it only when what follows fits its place, so quotes that
 * were not escaped stay part of the content. Every look ahead is bounded: time is linear in the string's length.
 */
export function readString(text: string, at: number, place: StringPlace): StringToken {
  const closers = closersOf(text.charCodeAt(at));
  const plainCloser = closers.charCodeAt(0);
  const hasMore = closers.length > 1;
  const length = text.length;
  let value = "";
  let from = at + 1;
  let index = from;
  while (index < length) {
    const code = text.charCodeAt(index);
    if (code === 92) {
      const escaped = readEscape(text, index);
      value += text.slice(from, index) + escaped.value;
      index = escaped.next;
      from = index;
    } else if (code === 10 && place.role === "field" && lostItsQuote(text, at + 1, index)) {
      return { value: value + withoutComma(text.slice(from, index)), next: index, closed: true };
    } else if (code === plainCloser || (hasMore && closers.includes(text[index]!))) {
      if (endsHere(text, index, place))
        return { value: value + text.slice(from, index), next: index + 1, closed: true };
      if (place.role === "field" && startsNextKey(text, index)) {
        return { value: value + withoutComma(text.slice(from, index)), next: index, closed: true };
      }
      index++;
    } else index++;
  }
  return { value: value + text.slice(from), next: length, closed: false };
}

function readEscape(text: string, at: number): { value: string; next: number } {
  const code = text.charCodeAt(at + 1);
  const plain = escapes.get(code);
  if (plain !== undefined) return { value: plain, next: at + 2 };
  if (code === 117 || code === 120) {
    const digits = text.slice(at + 2, at + (code === 117 ? 6 : 4));
    if (digits.length === (code === 117 ? 4 : 2) && /^[\da-fA-F]+$/.test(digits)) {
      return { value: String.fromCharCode(Number.parseInt(digits, 16)), next: at + 2 + digits.length };
    }
    // A `\u` the text ends in is a cut-off escape; anywhere else it is content, such as a path.
    if (at + 2 + digits.length === text.length && /^[\da-fA-F]*$/.test(digits)) return { value: "", next: text.length };
    return { value: "\\", next: at + 1 };
  }
  if (code === 13 && text.charCodeAt(at + 2) === 10) return { value: "", next: at + 3 };
  if (code === 10 || Number.isNaN(code)) return { value: "", next: at + 2 };
  // A backslash before a letter or digit is content (paths, patterns); before punctuation it only escapes.
  const word = (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return word ? { value: "\\", next: at + 1 } : { value: text[at + 1]!, next: at + 2 };
}

const escapes: ReadonlyMap<number, string> = new Map([
  [34, '"'],
  [92, "\\"],
  [47, "/"],
  [98, "\b"],
  [102, "\f"],
  [110, "\n"],
  [114, "\r"],
  [116, "\t"],
]);

/** Tells whether the quote at `at` ends a string of this place, by what follows it. */
function endsHere(text: string, at: number, place: StringPlace): boolean {
  const next = skipSpace(text, at + 1);
  if (next >= text.length) return true;
  const { role, open } = place;
  if (role === "root") return false;
  const code = text.charCodeAt(next);
  switch (code) {
    case 58: // :
      return role === "key" || place.listInObject;
    case 61: // =
      return role === "key";
    case 125: // }
      return open.braces > 0;
    case 93: // ]
      return open.brackets > 0;
    case 41: // )
      return open.parens > 0;
    case 44: // ,
      return role === "key" || separates(text, next + 1, role);
    case 47: // comments
      return text.charCodeAt(next + 1) === 47 || text.charCodeAt(next + 1) === 42;
    case 35: // #
      return true;
    case 43: // + joins two strings
      return closersOf(text.charCodeAt(skipSpace(text, next + 1))) !== "";
    case 92: // an escaped line break between tokens
      return /[nrt]/.test(text[next + 1] ?? "");
  }
  if (text.startsWith("```", next)) return true;
  if (role === "key")
    return code === 123 || code === 91 || (next > at + 1 && (closersOf(code) !== "" || isDigit(code)));
  if (closersOf(code) !== "") return next > at + 1 && (role === "item" || looksLikeKey(text, next));
  if (role === "item") return next > at + 1 && (code === 123 || code === 91);
  return looksLikeKey(text, next);
}

/** Tells whether a comma before `at` separates two entries instead of belonging to a sentence. */
function separates(text: string, at: number, role: "field" | "item"): boolean {
  const next = skipSpace(text, at);
  if (next >= text.length) return true;
  const code = text.charCodeAt(next);
  if (code === 34 || code === 125 || code === 93 || code === 41 || code === 44) return true;
  if (code === 35 || code === 47 || code === 92 || text.startsWith("```", next)) return true;
  if (role === "field") return closersOf(code) !== "" || looksLikeKey(text, next);
  if (closersOf(code) !== "" || code === 123 || code === 91 || code === 40 || code === 45 || isDigit(code)) return true;
  itemWord.lastIndex = next;
  return itemWord.test(text);
}

const itemWord = /(?:true|false|null|None|True|False|NaN|Infinity|\.{3})\b|\.{3}/y;
const quotedKey =
  /(?:"(?:[^"\\\n]|\\.){1,128}"|'(?:[^'\\\n]|\\.){1,128}'|`[^`\n]{1,128}`|[\u201c\u2018][^"'\u201d\u2019\n]{1,128}["'\u201d\u2019])\s{0,32}:/y;
const bareKey = /[A-Za-z_$][\w$-]{0,64}\s{0,32}:(?!\/\/)/y;

/** Tells whether a key and its colon start at `at`. Looks at most 200 characters ahead. */
export function looksLikeKey(text: string, at: number): boolean {
  const pattern = closersOf(text.charCodeAt(at)) === "" ? bareKey : quotedKey;
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** A quote that follows a comma and opens a key: the string before the comma was never closed. */
function startsNextKey(text: string, at: number): boolean {
  let before = at - 1;
  while (before > 0 && isSpace(text.charCodeAt(before))) before--;
  return text.charCodeAt(before) === 44 && looksLikeKey(text, at);
}

/** A line that ends in a comma while the next one starts with a key: the string was never closed. */
function lostItsQuote(text: string, start: number, lineEnd: number): boolean {
  let before = lineEnd - 1;
  if (text.charCodeAt(before) === 13) before--;
  if (before < start || text.charCodeAt(before) !== 44) return false;
  const next = skipSpace(text, lineEnd);
  return closersOf(text.charCodeAt(next)) !== "" && looksLikeKey(text, next);
}

function withoutComma(value: string): string {
  let end = value.length;
  while (end > 0 && isSpace(value.charCodeAt(end - 1))) end--;
  return value.charCodeAt(end - 1) === 44 ? value.slice(0, end - 1) : value.slice(0, end);
}

function skipSpace(text: string, at: number): number {
  let index = at;
  while (index < text.length && isSpace(text.charCodeAt(index))) index++;
  return index;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
