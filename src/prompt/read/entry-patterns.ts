/** What keys and items of loosely written JSON look like, as sticky patterns that look ahead a bounded way. */

import { closersOf } from "./tolerant-text.ts";

/** A literal, as an item. */
export const itemWord = /(?:true|false|null|None|True|False|NaN|Infinity|undefined)\b/y;
/** A number or literal that stands alone up to the next comma or bracket. */
export const loneScalar = /(?:-?\d[\w.+-]{0,40}|true|false|null|None|True|False)\s{0,32}(?:[,\]}]|$)/y;
/** A word that a quote ends: its opening quote was left out. */
export const itemWithoutQuote = /[\w-](?:[\w -]{0,64}[\w.!?-])?"\s{0,16}[,\]]/y;
/** A mark or word between a quoted key and its colon. */
export const strayBeforeColon = /(?:[\]})\\,{]|\w{1,16})\s{0,16}:/y;
/** A word that does not belong, before a quoted item. */
export const strayWord = /[\w-]{1,64}\s{0,32}"[^"\n]{1,128}"\s{0,16}[,\]]/y;
/** A key with one quote too many in it or before it. */
export const brokenKey = /"[\w$ -]{0,64}"(?:[\w$ -]{0,64}"|\w{1,16})\s{0,16}:/y;
/** A word that does not belong, before a key. */
export const wordBeforeKey = /\w{1,16}\s{1,16}"[^"\n]{1,64}"\s{0,16}:/y;
/** A quoted word with the next word of a sentence behind it. */
export const quotedInSentence =
  /"(?!\s{0,64}")(?:[^"\\\n]|\\.){1,128}"\s{0,8}(?!true|false|null|True|False|None|NaN)[A-Za-z]/y;
/** A quoted item and the comma, quote or bracket behind it. */
export const quotedItem = /["'][^"'\n]{0,200}["']\s{0,16}(?:\]|,\s{0,16}["'\d\]{[])/y;
/** A quote that opens something instead of ending a line of text. */
export const itemContent = /["'][^\s,\]}"']/y;
const quotedKey =
  /(?:"(?:[^"\\\n]|\\.){1,128}"|'(?:[^'\\\n]|\\.){1,128}'|`[^`\n]{1,128}`|[\u201c\u2018\uff02][^"'\u201d\u2019\uff02\n]{1,128}["'\u201d\u2019\uff02])\s{0,32}[:\uff1a]/y;
const bareKey = /[A-Za-z_$][\w$-]{0,64}\s{0,32}:(?!\/\/)/y;
/** An unquoted key that may have lost its opening quote, or stands in a list item or bold. */
const markedKey = /(?:[-*]{1,2}\s?)?[\w$][\w$-]{0,64}(?:["']|\*\*)?\s{0,32}:(?!\/\/)/y;

/** Tells whether a key and its colon start at `at`. Looks at most 200 characters ahead. */
export function looksLikeKey(text: string, at: number): boolean {
  return matches(closersOf(text.charCodeAt(at)) === "" ? bareKey : quotedKey, text, at);
}

/** A key without quotes that the text was cut off in or behind. */
export const keyAtEnd = /[\w$][\w$-]{0,64}\s{0,32}$/y;
/** Nothing but closing brackets up to the end of the text. */
export const closersToEnd = /[\]})\s;]{1,64}$/y;
/** The rest of a doubled quote: a colon. */
export const colonAhead = /\s{0,16}[:\uff1a]/y;

/** The rest of a doubled quote: the end of an item. */
export const itemEndAhead = /\s{0,16}[,\]]/y;
/** The dots of "and so on" where an entry would stand. */
export const ellipsis = /(?:\.{3}|\u2026)\s{0,16}[,}\]]/y;
/** A line of closing brackets, and the key of the entry behind them. */
export const nextEntry = /\n[\s}\]]{0,32}[}\]]\s{0,16},\s{0,32}[{[]?\s{0,32}"[^"\n]{1,64}"\s{0,16}:/y;

/** Tells the same after a comma, where a key may also lack its opening quote or have marks of a list or bold text. */
export function entryFollows(text: string, at: number): boolean {
  if (closersOf(text.charCodeAt(at)) !== "") return matches(quotedKey, text, at);
  return matches(markedKey, text, at) || matches(markedQuotedKey, text, at);
}

const markedQuotedKey = /(?:[-•]\s{1,4}|\*{1,2}\s{0,4})"[^"\n]{1,128}"\*{0,2}\s{0,32}:/y;
/** A bare key with an equals sign. */
export const assignedKey = /[A-Za-z_$][\w$-]{0,64}\s{0,32}=(?!=)/y;
/** The end of bold text, and the colon of the key. */
export const boldColon = /\*{1,2}\s{0,8}:/y;

/** Tells whether a sticky pattern matches at an offset. */
export function matches(sticky: RegExp, text: string, at: number): boolean {
  sticky.lastIndex = at;
  return sticky.test(text);
}
