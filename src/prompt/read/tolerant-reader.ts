/** Reads one value of loosely written JSON in a single pass: what models write when they mean JSON. */

import { isForbiddenKey } from "../../signature/grammar/grammar-names.ts";
import { looksLikeKey, matches, strayBeforeColon } from "./entry-patterns.ts";
import { KnownKeys } from "./known-keys.ts";
import { lostEnd, withoutTail } from "./lost-end.ts";
import { isBraceForBracket, isStrayBrace, isStrayBracket } from "./misplaced-bracket.ts";
import { NativeSpans } from "./native-span.ts";
import { unescaped } from "./string-escape.ts";
import { StringCursor, type StringRole } from "./tolerant-string.ts";
import { asciiOf, closersOf, cutOffWord, isSpace, skipSpace, wordValue } from "./tolerant-text.ts";
import { bareKeyName, keyEnd, wordEnd } from "./tolerant-word.ts";

/** Stands for "nothing here": no value, or one that is still being written. */
export const missing: unique symbol = Symbol("missing");
/** Stands for a value that comes later: its container or string has only begun. */
const begun: unique symbol = Symbol("begun");

type Closer = 125 | 93 | 41;
type Role = Exclude<StringRole, "key">;

/** Settings of a {@link TolerantReader}. */
export interface TolerantReaderOptions {
  /** Most containers in one another. */
  readonly maxDepth: number;
  /** Leaves out a scalar that is still being written. */
  readonly partial: boolean;
  /** Leaves a literal that was cut off, such as `tr`, the word it is. @default false */
  readonly cutWords?: boolean | undefined;
  /** What finds JSON in the text, shared by all readings of it. @default its own */
  readonly spans?: NativeSpans | undefined;
}

/** Stands for the items of an object, which are never touched. */
const none: unknown[] = [];

/** A container that is being read. */
interface Frame {
  readonly fields: Record<string, unknown> | undefined;
  readonly items: unknown[];
  readonly closer: Closer;
  readonly start: number;
  /** The list stands in an object, so that what looks like a key ends it. */
  readonly inObject: boolean;
  /** `call`: the arguments of `name(…)`; `more`: items that belong to the list before. */
  readonly kind: "plain" | "call" | "more";
  key: string;
  pairs: number;
  /** Braces that opened it beside the first. */
  extra: number;
}

/**
 * A cursor that reads one value and never fails: what is missing is added, what does not belong is passed over. It goes
 * forward only (a cut-off look ahead and up to 8 second looks at a string aside), so time is linear. It keeps its own
 * stack, so depth costs no call stack and reading can be put aside between any two tokens.
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
  /** True when the text ended in a literal that was completed, and may be a word as well. */
  completedLiteral = false;
  /** How many strings were joined to one by `+`. */
  joins = 0;
  /** What was read, once `run` has given true. */
  value: unknown = missing;

  readonly #text: string;
  readonly #partial: boolean;
  readonly #maxDepth: number;
  readonly #cutWords: boolean;
  readonly #spans: NativeSpans;
  readonly #cursor: StringCursor;
  readonly #keys: KnownKeys;
  readonly #stack: Frame[] = [];
  readonly #open = { braces: 0, brackets: 0, parens: 0 };
  #end: number;
  #secondLooks = 8;
  #done = false;
  #inString = false;
  #joined = "";

  constructor(text: string, at: number, options: TolerantReaderOptions) {
    this.#text = text;
    this.at = at;
    this.#maxDepth = options.maxDepth;
    this.#partial = options.partial;
    this.#cutWords = options.cutWords ?? false;
    this.#end = text.length;
    this.#spans = options.spans ?? new NativeSpans(text);
    this.#keys = new KnownKeys(text);
    this.#cursor = new StringCursor(text, this.#open, this.#keys);
  }

  /** Reads the container, or the single scalar, at the cursor. */
  read(): unknown {
    this.run(Number.POSITIVE_INFINITY);
    return this.value;
  }

  /** Reads on for about so many tokens; true once the value is read. */
  run(tokens: number): boolean {
    for (let left = tokens; left > 0 && !this.#done; left--) {
      if (!this.#inString) this.#step();
      else if (this.#cursor.run(tokens)) this.#stringRead();
      else return false;
      if (this.abandoned || this.tooDeep) this.#done = true;
    }
    return this.#done;
  }

  #step(): void {
    this.#skip();
    const frame = this.#stack.at(-1);
    if (frame === undefined) {
      const value = this.#value("root", false);
      if (value !== begun) this.#finish(value);
    } else if (this.at >= this.#end) {
      this.complete = false;
      while (this.#stack.length > 0) this.#close();
    } else if (frame.fields === undefined) this.#inList(frame);
    else this.#inObject(frame, frame.fields);
  }

  #finish(value: unknown): void {
    this.value = value;
    this.#done = true;
  }

  /** Reads a value up to its end, or begins one. */
  #value(role: Role, listInObject: boolean): unknown {
    this.#skip();
    if (this.at >= this.#end) {
      this.complete = false;
      return missing;
    }
    const raw = this.#text.charCodeAt(this.at);
    const code = asciiOf(raw);
    if (code === 123 || code === 91) {
      if (raw === code && this.#nativeValue()) return this.#spans.value;
      return this.#begin(code === 123 ? 125 : 93, code === 91 && (listInObject || role === "field"), code === 123);
    }
    if (code === 40) return this.#begin(41, role === "field", false);
    if (code === 125 || code === 93 || code === 41 || code === 44 || code === 58) return missing;
    this.entries++;
    if (closersOf(raw) === "") return this.#word(role);
    this.#joined = "";
    return this.#beginString(role, listInObject);
  }

  /** Takes the container at the cursor as JSON when it is. */
  #nativeValue(): boolean {
    if (!this.#spans.find(this.at, this.#maxDepth - this.#stack.length)) return false;
    // A root that closes too early is read token by token, which takes in the fields behind it.
    if (this.#stack.length === 0 && this.#fieldsFollow(this.#spans.end)) return false;
    this.entries++;
    this.at = this.#spans.end;
    return true;
  }

  #begin(closer: Closer, inObject: boolean, isObject: boolean, kind: Frame["kind"] = "plain"): unknown {
    if (this.#stack.length >= this.#maxDepth) {
      this.tooDeep = true;
      return missing;
    }
    this.#count(closer, 1);
    if (this.#stack.length > 0) this.entries++;
    this.#push(isObject ? {} : undefined, isObject ? none : [], closer, this.at, inObject, kind);
    this.at++;
    return begun;
  }

  #push(
    fields: Frame["fields"],
    items: unknown[],
    closer: Closer,
    start: number,
    inObject: boolean,
    kind: Frame["kind"],
  ): void {
    this.#stack.push({ fields, items, closer, start, inObject, kind, key: "", pairs: 0, extra: 0 });
  }

  #count(closer: Closer, by: 1 | -1): void {
    if (closer === 125) this.#open.braces += by;
    else if (closer === 93) this.#open.brackets += by;
    else this.#open.parens += by;
  }

  /** Ends the innermost container and gives it to the one around it. */
  #close(): void {
    const frame = this.#stack.pop()!;
    this.#count(frame.closer, -1);
    if (frame.kind === "more") return;
    const { items } = frame;
    const isCall = frame.kind === "call";
    // Several arguments stand for no one value: the call stays text.
    const called = items.length > 1 ? this.#text.slice(frame.start, this.at).trim() : (items[0] ?? null);
    this.#deliver(isCall ? called : (frame.fields ?? items));
  }

  #deliver(value: unknown): void {
    const frame = this.#stack.at(-1);
    if (frame === undefined) this.#finish(value);
    else if (frame.fields === undefined) frame.items.push(value);
    else this.#put(frame, frame.fields, value);
  }

  #put(frame: Frame, fields: Record<string, unknown>, value: unknown): void {
    frame.pairs++;
    if (!isForbiddenKey(frame.key)) fields[frame.key] = value;
  }

  #inObject(frame: Frame, fields: Record<string, unknown>): void {
    const code = asciiOf(this.#text.charCodeAt(this.at));
    if (code === 44 || code === 59 || code === 58) this.at++;
    else if (code === 125 || code === 93 || code === 41) {
      if (code === 125 && this.#stack.length === 1 && this.#fieldsFollow(this.at + 1)) this.at++;
      else if (code === 93 && matches(nextObject, this.#text, this.at) && this.#stack.at(-2)?.closer === 93) {
        // A brace written as a bracket: another object of the list follows.
        this.at++;
        this.#close();
      } else if (code === 93 && isStrayBracket(this.#text, this.at, this.#stack)) this.at++;
      else if (this.#closes(code, 125)) this.#closeObject(frame, code);
    } else if (code === 123 && frame.pairs === 0) {
      // An opening brace too many, as in templates.
      this.at++;
      frame.extra++;
    } else if (code === 123 && frame.pairs > 0 && this.#stack.at(-2)?.fields === undefined && this.#stack.length > 1) {
      // The next item of the list around: this one's closing brace was left out.
      this.#close();
    } else if (code === 91 && frame.pairs > 0 && Array.isArray(fields[frame.key])) this.#moreItems(frame, fields);
    else this.#key(frame);
  }

  /** Ends an object, with as many braces as opened it; of several behind one brace it was a list. */
  #closeObject(frame: Frame, code: Closer): void {
    if (frame.extra > 0 && code === 125) {
      if (this.#stack.at(-2)?.closer !== 93 && matches(objectBehind, this.#text, this.at) && this.#secondLooks-- > 0) {
        this.at = frame.start + 1;
        this.#stack.pop();
        this.#push(undefined, [], 125, frame.start, false, "plain");
        return;
      }
      for (let left = frame.extra; left > 0; left--) {
        const next = skipSpace(this.#text, this.at);
        if (this.#text.charCodeAt(next) === 125) this.at = next + 1;
      }
    }
    this.#close();
  }

  /** Reads `"a": [1], [2]` as one list. */
  #moreItems(frame: Frame, fields: Record<string, unknown>): void {
    if (this.#stack.length >= this.#maxDepth) {
      this.tooDeep = true;
      return;
    }
    this.#count(93, 1);
    const items = fields[frame.key] as unknown[];
    this.#push(undefined, items, 93, this.at, true, "more");
    // A list of lists was closed too early: this is its next item.
    if (!Array.isArray(items[0])) this.at++;
  }

  /** Tells whether a comma and a quoted key follow at `at`: the brace before them closed the root too early. */
  #fieldsFollow(at: number): boolean {
    const comma = skipSpace(this.#text, at);
    if (asciiOf(this.#text.charCodeAt(comma)) !== 44) return false;
    const key = skipSpace(this.#text, comma + 1);
    return closersOf(this.#text.charCodeAt(key)) !== "" && looksLikeKey(this.#text, key);
  }

  #key(frame: Frame): void {
    const start = this.at;
    this.#stars();
    if (this.at < this.#end && closersOf(this.#text.charCodeAt(this.at)) !== "") {
      this.#beginString("key", false);
      return;
    }
    this.at = start;
    const end = keyEnd(this.#text, start, this.#end);
    this.at = end;
    const code = this.#text.charCodeAt(end);
    // A quote right before the colon ends a key whose opening quote was left out.
    if (end > start && (code === 34 || code === 39)) {
      const colon = skipSpace(this.#text, end + 1);
      if (this.#text.charCodeAt(colon) === 58) this.at = colon;
    }
    this.#keyRead(frame, end > start ? bareKeyName(this.#keys.between(start, end)) : "", start, false);
  }

  /** Passes over marks of bold text or a list item before a quoted key. */
  #stars(): void {
    const text = this.#text;
    const first = text.charCodeAt(this.at);
    if (first === 34 || first === 39 || first > 62) return;
    let at = this.at;
    const limit = Math.min(this.#end, at + 8);
    while (at < limit && marks.includes(text[at]!)) at++;
    if (at > this.at && closersOf(text.charCodeAt(at)) !== "") this.at = at;
  }

  /** Goes on after a key: to its value, or back when it was none. */
  #keyRead(frame: Frame, key: string, start: number, quoted: boolean): void {
    frame.key = key;
    this.#skip();
    while (quoted && this.#text.charCodeAt(this.at) === 42) this.at++;
    if (quoted && matches(strayBeforeColon, this.#text, this.at)) this.at = strayBeforeColon.lastIndex - 1;
    const code = this.at < this.#end ? asciiOf(this.#text.charCodeAt(this.at)) : -1;
    if (code === -1) {
      this.complete = false;
      return;
    }
    if (code === 58) this.at++;
    else if (code === 61) this.at += this.#text.charCodeAt(this.at + 1) === 62 ? 2 : 1;
    else if (!quoted || code === 44 || code === 125 || code === 93) {
      if (this.at === start) this.at++;
      const isStray = this.at > start && closersOf(code) !== "" && looksLikeKey(this.#text, this.at);
      if (frame.pairs === 0 && this.at < this.#end && !isStray) this.#setOrProse(frame);
      return;
    }
    this.#fieldValue(frame);
  }

  #fieldValue(frame: Frame): void {
    this.#skip();
    while (mayBeStray(this.#text.charCodeAt(this.at)) && matches(strayBeforeValue, this.#text, this.at)) {
      const next = strayBeforeValue.lastIndex;
      if (this.#text.charCodeAt(this.at) !== 58 && looksLikeKey(this.#text, next)) break;
      this.at = next;
    }
    const value = this.#value("field", false);
    if (value === begun || (value === missing && (this.at >= this.#end || this.tooDeep))) return;
    this.#put(frame, frame.fields!, value === missing ? null : value);
  }

  /** Reads braces without a colon: a Python set becomes a list, prose in braces at the root is no value at all. */
  #setOrProse(frame: Frame): void {
    const first = frame.start + 1;
    if (this.#stack.length === 1 && closersOf(this.#text.charCodeAt(first)) === "") {
      this.abandoned = true;
      return;
    }
    if (this.#secondLooks-- > 0) this.at = first;
    this.#stack.pop();
    this.#push(undefined, [], 125, frame.start, false, "plain");
  }

  #inList(frame: Frame): void {
    const raw = this.#text.charCodeAt(this.at);
    const code = asciiOf(raw);
    if (code === 44 || code === 59 || code === 58) this.at++;
    else if (code === 125 || code === 93 || code === 41) {
      const root = this.#stack[0]!.fields !== undefined && this.#stack.length === 2;
      if (code === 125 && isStrayBrace(this.#text, this.at, this.#stack, this.#open.brackets)) {
        this.at++;
        return;
      }
      if (code === 125 && isBraceForBracket(this.#text, this.at, this.#stack)) this.at++;
      else if (code === 125 && root && frame.closer === 93 && this.#fieldsFollow(this.at + 1)) this.at++;
      else if (!this.#closes(code, frame.closer)) return;
      this.#close();
    } else {
      const mayBeKey = frame.inObject && frame.items.length > 0;
      if (mayBeKey && isLetter(raw) && looksLikeKey(this.#text, this.at)) {
        this.#close();
        return;
      }
      const item = this.#value("item", mayBeKey);
      if (item !== begun && item !== missing) frame.items.push(item);
    }
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

  #beginString(role: StringRole, listInObject: boolean): typeof begun {
    this.#cursor.begin(this.at, role, listInObject);
    this.#inString = true;
    return begun;
  }

  #stringRead(): void {
    this.#inString = false;
    const cursor = this.#cursor;
    this.at = cursor.next;
    const text = cursor.closed ? cursor.value : this.#unclosed();
    const frame = this.#stack.at(-1);
    if (cursor.role === "key") this.#keyRead(frame!, text, cursor.start, true);
    else if (!this.#joins(text)) this.#stringValue(this.#joined + text, frame);
  }

  /** Goes on to a string that `+` joins to this one. */
  #joins(text: string): boolean {
    const after = this.at;
    this.#skip();
    if (this.#text.charCodeAt(this.at) !== 43) return false;
    this.at++;
    this.#skip();
    if (closersOf(this.#text.charCodeAt(this.at)) === "") {
      this.at = after;
      // The plus joined nothing: it is passed over.
      while (this.at < this.#end && this.#text.charCodeAt(this.at) !== 43) this.at++;
      this.at++;
      return false;
    }
    this.#joined += text;
    this.joins++;
    this.#beginString(this.#cursor.role, this.#cursor.listInObject);
    return true;
  }

  #stringValue(value: string, frame: Frame | undefined): void {
    if (frame === undefined) this.#finish(value);
    else if (frame.fields !== undefined) this.#put(frame, frame.fields, value);
    else if (asciiOf(this.#text.charCodeAt(this.at)) !== 58) frame.items.push(value);
    else if (this.#cursor.listInObject) {
      // The next key of the object around: this list was never closed.
      this.at = this.#cursor.start;
      this.#close();
    } else this.#objectInList(value);
  }

  /** Reads `["key": …` as an object whose opening brace was left out. */
  #objectInList(key: string): void {
    if (this.#begin(125, false, true) !== begun) return;
    const frame = this.#stack.at(-1)!;
    frame.key = key;
    this.#fieldValue(frame);
  }

  /** Decides what a string without an end is: cut off, or one whose closing quote or bracket was misread. */
  #unclosed(): string {
    const text = this.#text;
    const { start, value, role } = this.#cursor;
    const tail = /[}\])]\s{0,256}$/.test(text.slice(Math.max(0, this.#end - 257), this.#end));
    if (!tail || role === "root" || this.#partial) {
      this.complete = false;
      return value;
    }
    const quote = this.#secondLooks > 0 ? text.indexOf(text[start]!, start + 1) : -1;
    if (quote !== -1 && quote < this.#end && text[quote - 1] !== "\\") {
      this.#secondLooks--;
      this.at = quote + 1;
      return unescaped(text.slice(start + 1, quote));
    }
    const lost = role !== "key" && this.#secondLooks > 0 ? lostEnd(text, start, role === "item") : -1;
    if (lost !== -1 && lost < this.#end) {
      this.#secondLooks--;
      this.at = lost;
      return unescaped(text.slice(start + 1, lost).trimEnd());
    }
    const colon = role === "key" ? text.slice(start, start + 70).indexOf(":") : -1;
    if (colon > 1 && this.#secondLooks-- > 0) {
      this.at = start + colon;
      return text.slice(start + 1, this.at);
    }
    this.complete = false;
    return withoutTail(value);
  }

  /** Reads an unquoted value: a literal, a number, a call such as `ObjectId("…")`, or plain words. */
  #word(role: Role): unknown {
    const text = this.#text;
    const start = this.at;
    if (isLetter(text.charCodeAt(start)) && matches(stringPrefix, text, start)) {
      this.at = stringPrefix.lastIndex;
      this.#joined = "";
      return this.#beginString(role, false);
    }
    const at = wordEnd(text, start, this.#end, role);
    this.at = at;
    if (at === start) {
      this.at++;
      return missing;
    }
    const word = text.slice(start, at).trim();
    const stop = text.charCodeAt(at);
    if (stop === 40 && callee.test(word) && !isSpace(text.charCodeAt(at - 1))) {
      const call = this.#begin(41, false, false, "call");
      if (call === begun) this.#stack.push({ ...this.#stack.pop()!, start });
      return call;
    }
    if (closersOf(stop) !== "" && at < this.#end) {
      // A word that a quote ends: its opening quote was left out.
      if (this.#endsQuoted(at)) this.at++;
      else if (role === "field" && stop === 34 && shortWord.test(word) && !looksLikeKey(text, at)) {
        // A word right before a quoted value does not belong.
        this.#joined = "";
        return this.#beginString(role, false);
      }
    }
    if (at >= this.#end) {
      this.complete = false;
      if (this.#partial) return missing;
      const cut = this.#cutWords ? undefined : cutOffWord(word);
      if (cut !== undefined) {
        this.completedLiteral = wordValue(word) === undefined;
        return cut;
      }
    }
    if (word === "-" || word === "+") return missing;
    const value = wordValue(word);
    if (value !== undefined) return value;
    const scalar = strayQuoteBehind.test(word) ? wordValue(word.slice(0, -1)) : undefined;
    if (scalar !== undefined) return scalar;
    this.plainWords++;
    return word;
  }

  #endsQuoted(at: number): boolean {
    const next = skipSpace(this.#text, at + 1);
    if (next >= this.#end) return true;
    const code = asciiOf(this.#text.charCodeAt(next));
    return code === 44 || code === 125 || code === 93 || code === 41;
  }

  /** Passes over white space, comments, escaped line breaks and ellipses; a closing code fence ends the text. */
  #skip(): void {
    const text = this.#text;
    const first = text.charCodeAt(this.at);
    // Most tokens have nothing before them.
    if (first < 128 && skippable[first] === 0) return;
    while (this.at < this.#end) {
      const code = text.charCodeAt(this.at);
      if (isSpace(code)) this.at++;
      else if (code === 47 && text.charCodeAt(this.at + 1) === 47) this.#skipPast("\n");
      else if (code === 47 && text.charCodeAt(this.at + 1) === 42) this.#skipPast("*/");
      else if (code === 35) this.#skipPast("\n");
      else if (code === 92 && /[nrt]/.test(text[this.at + 1] ?? "")) this.at += 2;
      else if (code === 92 && /["':,}\]{[\s\d]/.test(text[this.at + 1] ?? "")) this.at++;
      else if (code === 0x2026) this.at++;
      else if (code === 46 && text.startsWith("...", this.at)) this.at += 3;
      else if (code === 62 && text.charCodeAt(this.at - 1) === 10) this.at++;
      else if (code === 96 && text.startsWith("```", this.at)) this.#end = this.at;
      else return;
    }
  }

  #skipPast(mark: string): void {
    const found = this.#text.indexOf(mark, this.at + mark.length);
    this.at = found === -1 ? this.#end : Math.min(this.#end, found + mark.length);
  }
}

/** What ends an object, and another object. */
const objectBehind = /\s{0,64},\s{0,64}\{/y;
/** A second colon, or a closing bracket right before a text. */
const strayBeforeValue = /[:\uff1a]\s{0,16}|[\]})]\s{0,16}(?=["'{[\d-])/y;
/** What a token may have before it, by its ASCII code: white space and # . / > \\ ` */
const skippable = Uint8Array.from({ length: 128 }, (_, code) =>
  code <= 32 || "#./>\\`".includes(String.fromCharCode(code)) ? 1 : 0,
);

function mayBeStray(code: number): boolean {
  return code === 58 || code === 93 || code === 125 || code === 41 || code === 0xff1a;
}

const shortWord = /^[A-Za-z]{1,16}$/;
const strayQuoteBehind = /^[\w.+-]{1,40}['`]$/;
const nextObject = /\]\s{0,64},\s{0,64}\{/y;
const callee = /^(?:new\s{1,8})?[A-Za-z_][\w.]{0,64}$/;
const marks = "*-•> \t";

/** What Python may write before a string, and no closing quote behind it. */
const stringPrefix = /[bBrRuUfF]{1,2}(?=["'][^,}\]\s])/y;

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 36;
}
