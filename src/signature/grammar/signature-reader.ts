/** A cursor over a signature's text that knows where it is and how to complain. */

import { FlockError, type SourcePosition } from "../../core/errors/errors.ts";
import { nearestName } from "../../core/errors/nearest-name.ts";
import type { RegisteredType } from "../field.ts";
import { foreignNames, genericTypes, plainTypes } from "./grammar-names.ts";

/** Where the parser looks up names that are not of the grammar. */
export interface NamedTypes {
  get(name: string): RegisteredType | undefined;
  /** All names, for suggestions. */
  readonly names: readonly string[];
}

/** How a complaint differs from the usual one. */
export interface ComplaintOptions {
  /** Where it is about. @default the reader's place */
  readonly at?: number;
  /** What stands there. @default the word or character at that place */
  readonly found?: string;
  readonly suggestion?: string | undefined;
  /** What to do about it, as a clause. */
  readonly hint?: string;
}

const wordPattern = /[\p{L}\p{M}\p{N}_.]+/uy;
const notSpace = /[^ \t\n\r]/g;
const shownCharacters = 40;
const quotesHint = "if this is a description, put it in double quotes";

/** Reads a signature from left to right; every method moves forward or throws. */
export class SignatureReader {
  readonly text: string;
  readonly types: NamedTypes | undefined;
  offset = 0;
  /** How many brackets, braces and parentheses are open. */
  depth = 0;
  /** How many of the open ones are braces; inside them `}` ends a field. */
  braces = 0;
  /** A type is being read after a `|`, where a description may have been meant. */
  afterBar = false;
  readonly #owner: string;

  constructor(text: string, owner: string, types: NamedTypes | undefined) {
    this.text = text;
    this.#owner = owner;
    this.types = types;
  }

  /** The character at the cursor, `""` at the end. */
  get next(): string {
    return this.text.charAt(this.offset);
  }

  /** Moves over spaces, tabs and line ends, and gives the character there. */
  skipSpace(): string {
    this.offset = this.spaceEnd(this.offset);
    return this.next;
  }

  /** Gives the first place from `at` that is not space. */
  spaceEnd(at: number): number {
    notSpace.lastIndex = at;
    return notSpace.test(this.text) ? notSpace.lastIndex - 1 : this.text.length;
  }

  /** Skips space and moves over `character` when it comes next. */
  take(character: string): boolean {
    if (this.skipSpace() !== character) return false;
    this.offset++;
    return true;
  }

  /** Gives the letters, digits, `_` and dots that start at `at`. */
  wordAt(at: number): string {
    wordPattern.lastIndex = at;
    return wordPattern.exec(this.text)?.[0] ?? "";
  }

  /** Tells whether a field ends at this place: a comma, the end, or `}` inside braces. */
  isFieldEnd(at: number): boolean {
    const character = this.text.charAt(at);
    return character === "" || character === "," || (character === "}" && this.braces > 0);
  }

  /** Tells whether a word names a type: the grammar's or a registered one. */
  isTypeName(word: string): boolean {
    return plainTypes.has(word) || genericTypes.has(word) || this.types?.get(word) !== undefined;
  }

  /** Finds the type name a person meant, among the grammar's and the registered ones. */
  nearestType(word: string): string | undefined {
    const foreign = foreignNames.get(word.toLowerCase());
    if (foreign !== undefined) return foreign;
    const names = [...plainTypes.keys(), ...genericTypes.keys(), ...(this.types?.names ?? [])];
    // Of equally near names the first wins: those that begin alike come before the others.
    const alike = names.filter((name) => name[0] === word[0]);
    return nearestName(word, [...alike, ...names]);
  }

  /** Reads text in quotes; a quote after a backslash belongs to the text. The cursor stands on the opening quote. */
  quoted(what: string): string {
    const start = this.offset;
    const quote = this.next;
    let end = start;
    do {
      end = this.text.indexOf(quote, end + 1);
      if (end < 0) {
        this.fail(`${quote} at the end of ${what}`, {
          at: this.text.length,
          hint: `it opened at ${placeOf(this.text, start)}`,
        });
      }
    } while (this.text[end - 1] === "\\");
    this.offset = end + 1;
    return this.text.slice(start + 1, end).replaceAll(`\\${quote}`, quote);
  }

  /** Throws the one error of the parser. */
  fail(expected: string, options: ComplaintOptions = {}): never {
    const at = options.at ?? this.offset;
    const position = positionOf(this.text, at);
    const found = options.found ?? this.#describe(at);
    const { suggestion } = options;
    const hints = [
      ...(this.text.startsWith("->", at) ? [arrowHint] : []),
      ...(suggestion === undefined ? [] : [`did you mean '${suggestion}'?`]),
      ...(options.hint === undefined ? [] : [options.hint]),
      ...(this.afterBar ? [quotesHint] : []),
    ];
    const sentence = `${this.#owner}, line ${position.line}, column ${position.column}: expected ${expected}, found ${found}`;
    throw new FlockError("signature_invalid", [sentence, ...hints].join("; "), {
      details: { position, source: this.text, expected, found, ...(suggestion === undefined ? {} : { suggestion }) },
    });
  }

  #describe(at: number): string {
    if (at >= this.text.length) return "the end of the signature";
    if (this.text.startsWith("->", at)) return "'->'";
    const word = this.wordAt(at);
    const shown = word === "" ? String.fromCodePoint(this.text.codePointAt(at) ?? 0) : word;
    return shownText(shown);
  }
}

const arrowHint =
  "a signature is one side only: write the fields before '->' as 'input' and the fields after it as 'output'";

/** Quotes a piece of source for a message: cut to 40 characters, control characters made visible. */
export function shownText(text: string): string {
  const cut = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
  return `'${cut.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`)}'`;
}

function placeOf(text: string, at: number): string {
  const { line, column } = positionOf(text, at);
  return `line ${line}, column ${column}`;
}

function positionOf(text: string, at: number): SourcePosition {
  const offset = Math.min(at, text.length);
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1, offset };
}
