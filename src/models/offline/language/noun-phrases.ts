/** Cuts a text into runs of words that read like noun phrases, by the words around them and their forms. */

import { isGenericWord } from "../evidence/topic.ts";
import { isStopword, stemOf, wordsOf } from "../text/words.ts";
import { canBeHead, endsLikeNoun, isFiller, isVerbAfter, isWeakModifier, partsPhrases } from "./word-classes.ts";

/** A noun-like phrase as it stands in a text. */
export interface NounPhrase {
  readonly text: string;
  readonly at: number;
  readonly stems: readonly string[];
  /** Its form or the word before it says that it is a noun: an article, a preposition, a capital within a sentence. */
  readonly sure: boolean;
  /** Its head fits any text: `unsuccessful efforts`. */
  readonly vague: boolean;
  /** The whole run between other words, not a part of a longer one. */
  readonly whole: boolean;
}

interface Token {
  readonly text: string;
  readonly lower: string;
  readonly at: number;
}

const longestPhrase = 3;
/** Names may be longer: `International Atomic Energy Agency`. */
const longestName = 5;

/** Words with what parts them; a run of anything but one space or hyphen breaks a phrase. */
const tokens = /[\p{L}\p{M}\p{N}]+(?:['’.-][\p{L}\p{M}\p{N}]+)*/gu;

/**
 * Gives the noun-like phrases of a text in order: the runs of one to three content words (names: five) without adverbs,
 * verbs and participles, without weak adjectives in front and without adjectives at the end; of longer runs also their
 * pairs. Generic words count only when `focus` holds their stem. English heuristics by word form; text in other scripts
 * passes whole.
 */
export function* nounPhrasesIn(text: string, focus: ReadonlySet<string>): Generator<NounPhrase> {
  let run: Token[] = [];
  let before = "";
  let last = "";
  let end = -1;
  for (const { 0: word, index } of text.matchAll(tokens)) {
    const token = { text: word, lower: word.toLowerCase().replaceAll("’", "'"), at: index };
    const apart = end !== -1 && text.slice(end, index) !== " ";
    if (apart || (run.length > 0 && endsName(run, token))) {
      yield* phrasesOf(text, run, before);
      run = [];
      if (apart) last = "";
    }
    end = index + word.length;
    if (isOutside(token, text, focus)) {
      yield* phrasesOf(text, run, before);
      run = [];
    } else {
      if (run.length === 0) before = last;
      if (run.length > 0 || !isVerbAfter(before, token.lower) || isCapital(token)) run.push(token);
    }
    last = token.lower;
  }
  yield* phrasesOf(text, run, before);
}

/** A name of several words ends where a word in small letters follows. */
function endsName(run: readonly Token[], next: Token): boolean {
  return run.length > 1 && !isCapital(next) && run.every(isCapital);
}

function isOutside({ text: word, lower, at }: Token, text: string, focus: ReadonlySet<string>): boolean {
  if (word.length < 2 || word.length > 64 || !/^\p{L}/u.test(word) || isStopword(lower)) return true;
  if (/[@/]/.test(text.slice(Math.max(0, at - 1), at) + text.slice(at + word.length, at + word.length + 1)))
    return true;
  if (/\p{L}{2}\.\p{L}{2}/u.test(word)) return true;
  if (focus.has(stemOf(lower))) return false;
  if (isGenericWord(lower)) return true;
  return /^\p{Ll}/u.test(word) && partsPhrases(lower);
}

function isCapital({ text }: Token): boolean {
  return /^\p{Lu}/u.test(text);
}

/** An adjective taken off the front says as much as an article: a noun follows. */
const anArticle = "the";

function* phrasesOf(text: string, run: readonly Token[], before: string): Generator<NounPhrase> {
  const trimmed = trim(run);
  const most = trimmed.every(isCapital) ? longestName : longestPhrase;
  if (trimmed.length > 0 && trimmed.length <= most)
    yield* phrase(text, trimmed, trimmed[0] === run[0] ? before : anArticle, true);
  for (let at = 0; trimmed.length > 2 && at + 1 < trimmed.length; at++) {
    const pair = trim(trimmed.slice(at, at + 2));
    if (pair.length === 2) yield* phrase(text, pair, "", false);
  }
}

/** Takes weak adjectives off the front and what cannot be a head off the end; capitals are names and stay. */
function trim(run: readonly Token[]): readonly Token[] {
  let from = 0;
  let to = run.length;
  while (to > from && !isCapital(run[to - 1]!) && !canBeHead(run[to - 1]!.lower)) to--;
  while (from < to && !(isCapital(run[from]!) && to - from > 1) && isWeakModifier(run[from]!.lower)) from++;
  return run.slice(from, to);
}

const beforeNouns =
  /^(?:a|an|the|this|these|those|our|their|its|his|her|my|your|of|in|for|on|from|with|without|by|against|between|among|into|over|under|about|through|toward|towards|no|any|every|each|some|many|more|most|all|such|both|us|whose)$/;

function* phrase(text: string, run: readonly Token[], before: string, whole: boolean): Generator<NounPhrase> {
  const [first] = run;
  const last = run.at(-1)!;
  if (run.every((token) => isFiller(token.lower))) return;
  const written = text.slice(first!.at, last.at + last.text.length);
  const short = run.length === 1 && written.length < 4 && !/^\p{Lu}{2,}$/u.test(written);
  if (short || (run.length === 1 && written.includes("-") && !isCapital(first!))) return;
  const inside = /[\p{L}\p{N},]\s$/u.test(text.slice(Math.max(0, first!.at - 2), first!.at));
  const stems = run.flatMap((token) => wordsOf(token.text).map(stemOf));
  const sure = run.length > 1 || beforeNouns.test(before) || endsLikeNoun(last.lower) || (isCapital(first!) && inside);
  if (stems.length === 0) return;
  const vague = !isCapital(last) && isFiller(last.lower);
  yield { text: written, at: first!.at, stems, sure: sure || !/[a-z]/i.test(written), vague, whole };
}
