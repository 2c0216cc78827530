/** Finds the phrases a text turns on, spelt as they stand in it. */

import type { EvidenceSentence } from "../evidence/evidence.ts";
import { type NounPhrase, nounPhrasesIn } from "./noun-phrases.ts";

/** A phrase of a text with its weight; 1 for the heaviest. */
export interface KeyPhrase {
  readonly text: string;
  readonly weight: number;
  readonly count: number;
}

const mostSentences = 4_000;
/** A list of this many phrases takes only strong ones more. */
const enough = 5;

interface Candidate {
  readonly stems: readonly string[];
  readonly first: number;
  count: number;
  /** It once stood alone between other words, not only as part of a longer run. */
  whole: boolean;
  sure: boolean;
  readonly vague: boolean;
  /** Several capitals, as in `Supreme Court`. */
  readonly name: boolean;
  /** How often it was written each way; spellings at the start of a sentence count little. */
  readonly spellings: Map<string, number>;
}

interface Weighed {
  readonly candidate: Candidate;
  readonly weight: number;
}

/**
 * Gives the key phrases of some sentences, heaviest first, at most `count`. Candidates are noun-like runs of content words
 * (see `nounPhrasesIn`); a word weighs its degree over its frequency (RAKE: Rose, Engel, Cramer and Cowley 2010) and a
 * phrase its words times how often it occurs, twice that when it shares a word with `focus`. Singular and plural are one
 * phrase; of two phrases that share half of the shorter one's words only the heavier stays; a lone word must be a noun by
 * its form, its place or the focus.
 */
export function keyPhrasesOf(
  sentences: readonly EvidenceSentence[],
  count: number,
  focus: ReadonlySet<string> = new Set(),
): KeyPhrase[] {
  const candidates = new Map<string, Candidate>();
  for (const { text } of sentences.slice(0, mostSentences)) {
    for (const phrase of nounPhrasesIn(text, focus)) add(phrase, text, candidates);
  }
  const kept = [...candidates.values()].filter(
    ({ whole, sure, count: times, stems }) => (whole || times > 1) && (sure || stems.some((stem) => focus.has(stem))),
  );
  const weighed = weigh(kept, focus);
  weighed.sort((a, b) => b.weight - a.weight || a.candidate.first - b.candidate.first);
  const chosen: Weighed[] = [];
  for (const entry of weighed) {
    if (chosen.length >= count) break;
    if (chosen.length >= enough && isFaint(entry.candidate, focus)) continue;
    if (!chosen.some((other) => overlaps(other.candidate, entry.candidate))) chosen.push(entry);
  }
  const best = chosen[0]?.weight ?? 1;
  return chosen.map(({ candidate, weight }) => ({
    text: spellingOf(candidate),
    weight: weight / best,
    count: candidate.count,
  }));
}

/** A lone word or vague phrase said once fills a short list up and no more. */
function isFaint({ stems, count, vague }: Candidate, focus: ReadonlySet<string>): boolean {
  return count === 1 && (vague || stems.length === 1) && !stems.some((stem) => focus.has(stem));
}

function weigh(candidates: readonly Candidate[], focus: ReadonlySet<string>): Weighed[] {
  const degree = new Map<string, number>();
  const frequency = new Map<string, number>();
  for (const { stems, count: times } of candidates) {
    for (const stem of stems) {
      degree.set(stem, (degree.get(stem) ?? 0) + stems.length * times);
      frequency.set(stem, (frequency.get(stem) ?? 0) + times);
    }
  }
  return candidates.map((candidate) => {
    const { stems, count } = candidate;
    const own = stems.reduce((sum, stem) => sum + degree.get(stem)! / frequency.get(stem)!, 0);
    const spread = stems.reduce((sum, stem) => sum + Math.log1p(frequency.get(stem)!), 0) / stems.length;
    const held = stems.filter((stem) => focus.has(stem)).length;
    const near = 1 + held / stems.length + (held > 0 && held === focus.size ? 1 : 0);
    const form = (count === 1 ? 0.6 : 1) * (stems.length === 1 ? 0.7 : 1) * (candidate.vague ? 0.2 : 1);
    return { candidate, weight: Math.sqrt(own) * spread * count * near * form };
  });
}

/**
 * Tells whether two phrases say the same: they share half of the shorter one's words, or one is spelt within the other, as
 * `healthcare` and `health care`. A common noun is no repetition of a name that holds it: `courts`, `Supreme Court`.
 */
function overlaps(one: Candidate, other: Candidate): boolean {
  const [a, b] = [one.stems, other.stems];
  if ((one.name && isCommonNoun(other)) || (other.name && isCommonNoun(one))) return false;
  const shared = new Set(a.filter((stem) => b.includes(stem))).size;
  if (shared >= Math.min(a.length, b.length) / 2) return true;
  const [short, long] = [a.join(""), b.join("")].sort((one, other) => one.length - other.length) as [string, string];
  return short.length >= 5 && long.includes(short);
}

function isCommonNoun({ stems, spellings }: Candidate): boolean {
  return stems.length === 1 && [...spellings.keys()].some((spelling) => /^\p{Ll}/u.test(spelling));
}

function add(phrase: NounPhrase, text: string, candidates: Map<string, Candidate>): void {
  const key = phrase.stems.join(" ");
  const candidate = candidates.get(key) ?? {
    stems: phrase.stems,
    first: candidates.size,
    count: 0,
    whole: false,
    sure: false,
    vague: phrase.vague,
    name: /^\p{Lu}\S* (?:\p{Lu}\S* ?)+$/u.test(phrase.text),
    spellings: new Map(),
  };
  candidates.set(key, candidate);
  candidate.count++;
  candidate.whole ||= phrase.whole;
  candidate.sure ||= phrase.sure;
  const inside = /[\p{L}\p{N},]\s$/u.test(text.slice(Math.max(0, phrase.at - 2), phrase.at));
  candidate.spellings.set(phrase.text, (candidate.spellings.get(phrase.text) ?? 0) + (inside ? 1 : 0.1));
}

/** The most frequent spelling; the first of equals. */
function spellingOf(candidate: Candidate): string {
  let best = "";
  let most = 0;
  for (const [spelling, count] of candidate.spellings) if (count > most) [best, most] = [spelling, count];
  return best;
}
