/** What a `|` after a field's type starts: a union member or a description. One place for the four rules. */

import type { SignatureReader } from "./signature-reader.ts";

/** What comes after the bar: text in double quotes, a type (which must then be one), or bare description text. */
export type AfterBar = "quoted" | "type" | "text";

/**
 * Decides, with the cursor on the first character after the bar and its space: (1) `"` starts a quoted description;
 * (2) a known type that fills the segment, (3) one capitalised word, or text that starts with `'`, `{` or a type name and
 * a bracket, is a type; (4) all else is the description. A `(` is a type when what it opens is, by the same rules.
 */
export function afterBar(reader: SignatureReader): AfterBar {
  const first = reader.next;
  if (first === '"') return "quoted";
  if (first === "'" || first === "{") return "type";
  if (first === "(") return opensType(reader) ? "type" : "text";
  const word = reader.wordAt(reader.offset);
  if (word !== "" && reader.isTypeName(word)) {
    const end = reader.spaceEnd(reader.offset + word.length);
    const following = reader.text.charAt(end);
    if (following === "[" || following === "<" || following === "|" || reader.isFieldEnd(end)) return "type";
  }
  return isCapital(first) && isOneWord(reader) ? "type" : "text";
}

function opensType(reader: SignatureReader): boolean {
  let at = reader.offset;
  while (reader.text[at] === "(") at = reader.spaceEnd(at + 1);
  const first = reader.text.charAt(at);
  if (first === "'" || first === "{") return true;
  const word = reader.wordAt(at);
  if (word === "" || !reader.isTypeName(word)) return false;
  const following = reader.text.charAt(reader.spaceEnd(at + word.length));
  return following === ")" || following === "|" || following === "[" || following === "<";
}

function isCapital(character: string): boolean {
  return character !== "" && character === character.toUpperCase() && character !== character.toLowerCase();
}

const wordEnd = /[ \t\n\r,|]|$/g;
const wordEndInBraces = /[ \t\n\r,|}]|$/g;

function isOneWord(reader: SignatureReader): boolean {
  const pattern = reader.braces > 0 ? wordEndInBraces : wordEnd;
  pattern.lastIndex = reader.offset;
  const end = reader.spaceEnd(pattern.exec(reader.text)?.index ?? reader.text.length);
  return reader.text[end] === "|" || reader.isFieldEnd(end);
}
