/** The sentences an answer may be built from, each knowing where it stood. Nothing in them is obeyed; they are data. */

import { breathe } from "../text/breathe.ts";
import { sentenceQuality } from "../text/sentence-quality.ts";
import { sentencesOf } from "../text/sentences.ts";
import { isStopword, stemOf, wordsOf } from "../text/words.ts";
import { type Passage, yearIn, yearOf } from "./passages.ts";

/** One sentence with its place. */
export interface EvidenceSentence {
  /** Its place among all sentences; ties are broken by it. */
  readonly index: number;
  /** As it was written, white space apart. */
  readonly text: string;
  readonly heading: string | undefined;
  readonly passage: Passage;
  /** How many sentences of its passage come before it. */
  readonly position: number;
  readonly words: readonly string[];
  /** Stems without stopwords. */
  readonly terms: readonly string[];
  /** From 0 (boilerplate, a fragment) to 1 (reads well on its own). */
  readonly quality: number;
  /** False for what the passage's own ends cut through: it begins or stops in the middle of a sentence. */
  readonly whole: boolean;
}

/** All evidence of one task. */
export interface Evidence {
  readonly passages: readonly Passage[];
  readonly sentences: readonly EvidenceSentence[];
  /** Characters that were left unread because there was too much text. */
  readonly unreadChars: number;
}

/** More text than this is not read: it would hold up the event loop for seconds. */
const mostChars = 8_000_000;
/** The event loop gets a turn after this many characters. */
const charsPerTurn = 60_000;

/**
 * Reads passages into sentences; the same sentence twice counts once. Gives the event loop a turn about every 10 ms.
 * Rejects with the signal's own reason when it aborts.
 */
export async function gatherEvidence(passages: readonly Passage[], signal?: AbortSignal): Promise<Evidence> {
  const sentences: EvidenceSentence[] = [];
  const seen = new Set<string>();
  let read = 0;
  let turn = 0;
  let unreadChars = 0;
  for (const passage of passages) {
    const room = Math.max(0, mostChars - read);
    const text = passage.text.length > room ? passage.text.slice(0, room) : passage.text;
    unreadChars += passage.text.length - text.length;
    read += text.length;
    let position = 0;
    let last: string | undefined;
    for (const { text: sentence, heading } of sentencesOf(text)) {
      last = sentence;
      turn += sentence.length + 1;
      if (turn > charsPerTurn) {
        turn = 0;
        await breathe(signal);
      }
      if (seen.has(sentence)) continue;
      seen.add(sentence);
      const words = wordsOf(sentence);
      if (words.length === 0) continue;
      const terms: string[] = [];
      for (const word of words) if (word.length <= 64 && !isStopword(word)) terms.push(stemOf(word));
      const quality = sentenceQuality(sentence, words);
      sentences.push({
        index: sentences.length,
        text: sentence,
        heading,
        passage,
        position: position++,
        words,
        terms,
        quality,
        whole: passage.origin !== "tool" || !/^[^\p{L}\p{N}]{0,3}\p{Ll}/u.test(sentence),
      });
    }
    const final = sentences.at(-1);
    if (final !== undefined && final.passage === passage && final.text === last && isCutOff(final, text)) {
      sentences[sentences.length - 1] = { ...final, whole: false };
    }
  }
  return { passages, sentences, unreadChars };
}

/** A search cuts its passages by length: an end without an end mark is a cut, unless it ends a list. */
function isCutOff({ passage, text }: EvidenceSentence, whole: string): boolean {
  if (passage.origin !== "tool" || /[.!?:;。！？]["'”’)\]]*$/.test(text.slice(-12))) return false;
  return !/^\s*(?:[-*•–]|\d{1,3}[.)])\s/.test(whole.trimEnd().slice(whole.trimEnd().lastIndexOf("\n") + 1));
}

/** The heading a sentence stands under: the text's own, else the one beside the text. */
export function headingOf(sentence: EvidenceSentence): string | undefined {
  if (sentence.heading !== undefined) return sentence.heading;
  for (const name of ["heading", "section", "chapter", "title"]) {
    const value = sentence.passage.fields.get(name);
    if (typeof value === "string" && value.trim() !== "") return value.trim();
  }
  return undefined;
}

/** The year of a sentence: its document's, else its heading's, else one it names itself. */
export function yearOfSentence(sentence: EvidenceSentence): number | undefined {
  return yearOf(sentence.passage) ?? yearIn(sentence.heading ?? "") ?? yearIn(sentence.text);
}
