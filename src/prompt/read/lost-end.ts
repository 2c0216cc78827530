/** Finds where a string ends whose closing quote was lost, once nothing else in the text has ended it. */

/** Closing brackets and the comma of what follows them, or a comma and the next key. */
const fieldEnd =
  /[}\]][\s}\]]{0,64},|,\s{0,64}(?:["'][^"'\n]{1,64}["']\s{0,16}:|[A-Za-z_$][\w$-]{0,64}\s{0,16}:(?=\s))/g;
/** The same with the next item of a list. */
const itemEnd = /[}\]][\s}\]]{0,64},|,\s{0,64}(?:["'{[\d-]|true\b|false\b|null\b)/g;

/** Gives the offset of what follows the string that opens at `start`, or -1 when all of the text may belong to it. */
export function lostEnd(text: string, start: number, isItem: boolean): number {
  const pattern = isItem ? itemEnd : fieldEnd;
  pattern.lastIndex = start + 1;
  return pattern.exec(text)?.index ?? -1;
}

/** Takes closing brackets, a comma before them and the escaped quote that should have ended it off a string's end. */
export function withoutTail(value: string): string {
  const text = value.replace(/,?[\s}\])]{1,256}$/, "");
  const escaped = text.endsWith('"') && text.split('"').length % 2 === 0;
  return escaped ? text.slice(0, -1) : text;
}

/** A comma, a line break and a key without quotes, right before the quote of its value. */
const entryBefore = /,\s{0,16}\n\s{0,64}[A-Za-z_$][\w$-]{0,40}\s{0,8}:\s{0,8}$/;
/** The end of an object and the start of the next, right before the quote of its first key. */
const objectBefore = /\}\s{0,64},\s{0,64}\{\s{0,64}$/;

/** Gives the offset of the entry or object end that stands right before the quote at `at`, or -1. */
export function entryEndBefore(text: string, start: number, at: number, isKey: boolean): number {
  const from = Math.max(start + 1, at - 160);
  const found = (isKey ? objectBefore : entryBefore).exec(text.slice(from, at));
  return found === null ? -1 : from + found.index;
}
