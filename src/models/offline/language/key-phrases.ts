/** Finds the phrases a text turns on, spelt as they stand in it. */

import type { EvidenceSentence } from "../evidence/evidence.ts";
import { isGenericWord } from "../evidence/topic.ts";
import { isStopword, stemOf, wordsOf } from "../text/words.ts";

/** A phrase of a text with its weight; 1 for the heaviest. */
export interface KeyPhrase {
  readonly text: string;
  readonly weight: number;
  readonly count: number;
}

const longestPhrase = 3;
const mostSentences = 4_000;

/** Words so common in any text that alone they are no key phrase. */
const commonWords = new Set(
  `year years day days time times week month months today tonight last first second third next new old good better best great
   greater greatest little small large larger big long short high low come comes coming came go goes going gone went take
   takes taken taking took want wants need needs needed think thinks believe know known see seen look work works working
   worked call called keep kept put set bring brought ask asked help helps helped become became begin began start started
   continue continues continued remain remains let right left part parts place end hand case cases fact number numbers
   order measure measures means object objects subject present past whole several different certain various one two three
   four five six seven eight nine ten hundred thousand million billion percent per cent recommend recommended made found
   given said done full well back ago soon later early around every person persons man men woman women lot able own
   possible necessary proper true real ready clear sure due require required requires referred attention opinion view
   regard respect manner throughout heretofore everything everyone something anything nothing existing exist exists whatever point course degree extent result results`.split(
    /\s+/,
  ),
);

interface Candidate {
  readonly stems: readonly string[];
  readonly first: number;
  count: number;
  /** It once stood alone between stopwords, not only as part of a longer run. */
  alone: boolean;
  /** How often it was written each way; spellings at the start of a sentence count little. */
  readonly spellings: Map<string, number>;
}

/**
 * Gives the key phrases of some sentences, heaviest first, at most `count`. Candidates are runs of one to three content
 * words between stopwords and punctuation; a word weighs its degree over its frequency (RAKE: Rose, Engel, Cramer and
 * Cowley 2010) and a phrase its words times how often it occurs, twice that when it shares a word with `focus`. Phrases
 * inside a chosen one are left out.
 */
export function keyPhrasesOf(
  sentences: readonly EvidenceSentence[],
  count: number,
  focus: ReadonlySet<string> = new Set(),
): KeyPhrase[] {
  const candidates = new Map<string, Candidate>();
  for (const sentence of sentences.slice(0, mostSentences)) collect(sentence.text, candidates);
  const degree = new Map<string, number>();
  const frequency = new Map<string, number>();
  for (const { stems, count: times } of candidates.values()) {
    for (const stem of stems) {
      degree.set(stem, (degree.get(stem) ?? 0) + stems.length * times);
      frequency.set(stem, (frequency.get(stem) ?? 0) + times);
    }
  }
  const weighed = [...candidates.values()]
    .filter((candidate) => candidate.alone || candidate.count > 1)
    .map((candidate) => {
      const own = candidate.stems.reduce((sum, stem) => sum + degree.get(stem)! / frequency.get(stem)!, 0);
      const spread = candidate.stems.reduce((sum, stem) => sum + Math.log1p(frequency.get(stem)!), 0);
      const near = candidate.stems.some((stem) => focus.has(stem)) ? 2 : 1;
      return {
        candidate,
        weight:
          Math.sqrt(own) *
          (spread / candidate.stems.length) *
          candidate.count *
          near *
          (candidate.count === 1 ? 0.6 : 1),
      };
    });
  weighed.sort((a, b) => b.weight - a.weight || a.candidate.first - b.candidate.first);
  const chosen: typeof weighed = [];
  const covered: string[] = [];
  for (const entry of weighed) {
    if (chosen.length >= count) break;
    const key = ` ${entry.candidate.stems.join(" ")} `;
    if (covered.some((other) => other.includes(key) || key.includes(other))) continue;
    covered.push(key);
    chosen.push(entry);
  }
  const best = chosen[0]?.weight ?? 1;
  return chosen.map(({ candidate, weight }) => ({
    text: spellingOf(candidate),
    weight: weight / best,
    count: candidate.count,
  }));
}

/** Words with what parts them; a run of anything but one space or hyphen breaks a phrase. */
const tokens = /[\p{L}\p{M}\p{N}]+(?:['’.-][\p{L}\p{M}\p{N}]+)*/gu;

function collect(text: string, candidates: Map<string, Candidate>): void {
  let run: { readonly text: string; readonly at: number }[] = [];
  let end = -1;
  const flush = () => {
    for (const phrase of phrasesOf(run)) add(text, phrase, candidates, phrase.length === run.length);
    run = [];
  };
  for (const { 0: word, index } of text.matchAll(tokens)) {
    if (end !== -1 && text.slice(end, index) !== " ") flush();
    end = index + word.length;
    const lower = word.toLowerCase().replaceAll("’", "'");
    if (
      /..ly$/.test(lower) ||
      isStopword(lower) ||
      isGenericWord(lower) ||
      word.length < 2 ||
      word.length > 64 ||
      !/^\p{L}/u.test(word)
    )
      flush();
    else {
      if (run.length > 1 && /^\p{Ll}/u.test(word) && run.every((token) => /^\p{Lu}/u.test(token.text))) flush();
      run.push({ text: word, at: index });
    }
  }
  flush();
}

function* phrasesOf<Token>(run: readonly Token[]): Generator<readonly Token[]> {
  if (run.length > 0 && run.length <= longestPhrase) yield run;
  for (let at = 0; run.length > 2 && at + 1 < run.length; at++) yield run.slice(at, at + 2);
}

function add(
  text: string,
  run: readonly { text: string; at: number }[],
  candidates: Map<string, Candidate>,
  alone: boolean,
): void {
  const start = run[0]!.at;
  const last = run.at(-1)!;
  const written = text.slice(start, last.at + last.text.length);
  if (run.every((token) => commonWords.has(token.text.toLowerCase()))) return;
  if (run.length === 1 && written.length < 4 && !/^\p{Lu}{2,}$/u.test(written)) return;
  const stems = run.map((token) => stemOf(wordsOf(token.text)[0] ?? token.text.toLowerCase()));
  const key = stems.join(" ");
  const inside = /[\p{L}\p{N},]\s$/u.test(text.slice(Math.max(0, start - 2), start));
  const candidate = candidates.get(key) ?? {
    stems,
    first: candidates.size,
    count: 0,
    alone: false,
    spellings: new Map(),
  };
  candidates.set(key, candidate);
  candidate.count++;
  candidate.alone ||= alone;
  candidate.spellings.set(written, (candidate.spellings.get(written) ?? 0) + (inside ? 1 : 0.1));
}

/** The most frequent spelling; the first of equals. */
function spellingOf(candidate: Candidate): string {
  let best = "";
  let most = 0;
  for (const [spelling, count] of candidate.spellings) if (count > most) [best, most] = [spelling, count];
  return best;
}
