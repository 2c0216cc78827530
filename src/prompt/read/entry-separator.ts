/** Decides whether a comma behind a quote separates two entries, or belongs to a sentence whose quotes were not escaped. */

import {
  assignedKey,
  brokenKey,
  entryFollows,
  itemWithoutQuote,
  itemWord,
  keyAtEnd,
  loneScalar,
  looksLikeKey,
  matches,
  quotedInSentence,
  strayWord,
  wordBeforeKey,
} from "./entry-patterns.ts";
import { asciiOf, closersOf, isDigit, skipSpace } from "./tolerant-text.ts";

/** Tells whether a comma before `at` separates two entries instead of belonging to a sentence. */
export function separates(text: string, at: number, role: "field" | "item", inSentence: boolean): boolean {
  const next = skipSpace(text, at);
  if (next >= text.length) return true;
  const code = asciiOf(text.charCodeAt(next));
  if (code === 34) return role === "item" || !matches(quotedInSentence, text, next) || matches(brokenKey, text, next);
  if (code === 125 || code === 93 || code === 41 || code === 44) return true;
  if (code === 35 || code === 47 || code === 92 || text.startsWith("```", next)) return true;
  // The ellipsis of "and so on" stands where an entry would.
  if (code === 0x2026 || (code === 46 && text.startsWith("...", next))) return true;
  if (role === "field")
    return closersOf(code) !== "" || code === 123 || code === 91 || fieldFollows(text, next, inSentence);
  if (closersOf(code) !== "" || code === 123 || code === 91 || code === 40 || code === 45 || isDigit(code)) return true;
  if (matches(itemWord, text, next)) return true;
  if (inSentence) return false;
  return matches(itemWithoutQuote, text, next) || matches(strayWord, text, next) || matches(keyAtEnd, text, next);
}

/** Tells whether a semicolon before `at` separates two entries: only where one surely follows. */
export function semicolonSeparates(text: string, at: number, role: "field" | "item"): boolean {
  const next = skipSpace(text, at);
  const code = text.charCodeAt(next);
  if (role === "field") return code === 125 || looksLikeKey(text, next);
  return code === 93 || code === 123 || closersOf(code) !== "" || matches(loneScalar, text, next);
}

function fieldFollows(text: string, at: number, inSentence: boolean): boolean {
  if (entryFollows(text, at)) return true;
  if (inSentence) return false;
  return matches(keyAtEnd, text, at) || matches(assignedKey, text, at) || matches(wordBeforeKey, text, at);
}
