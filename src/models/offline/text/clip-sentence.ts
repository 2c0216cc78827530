/** Makes a long sentence readable without changing a word of it: a clause of it that still holds the topic. */

import { stemOf, wordsOf } from "./words.ts";

/** Where a long sentence may be cut, best first by how well the pieces read. */
const cuts = [
  /(?<=[;:])\s/g,
  /\s(?=--|[—–]\s)|(?<=--|[—–])\s/g,
  /(?<=,)\s(?=(?:and|but|or|which|while|whereas|so|yet)\s)/g,
  /(?<=,)\s/g,
];

/**
 * Gives a part of the sentence of at most `longest` characters, always a verbatim run of whole words: the sentence itself
 * when it is short enough, else the run of clauses that holds most of the wanted stems, the earlier one on a tie.
 */
export function clipSentence(sentence: string, wanted: ReadonlySet<string>, longest = 320): string {
  if (sentence.length <= longest) return sentence;
  for (const cut of cuts) {
    const best = bestRun(sentence, cut, wanted, longest);
    if (best !== undefined) return best;
  }
  const space = sentence.lastIndexOf(" ", longest);
  return sentence.slice(0, space > longest / 2 ? space : safeEnd(sentence, longest)).replace(/[\s,;:–—-]+$/, "");
}

function bestRun(sentence: string, cut: RegExp, wanted: ReadonlySet<string>, longest: number): string | undefined {
  const starts = [0, ...[...sentence.matchAll(cut)].slice(0, 200).map((match) => match.index + match[0].length)];
  const ends = [...starts.slice(1), sentence.length];
  let best: string | undefined;
  let bestWorth = 0;
  for (let from = 0; from < starts.length; from++) {
    for (let to = from; to < ends.length && ends[to]! - starts[from]! <= longest; to++) {
      const run = sentence
        .slice(starts[from], ends[to])
        .trim()
        .replace(/[\s,;:–—-]{1,8}$/, "");
      if (run.length < 40) continue;
      const worth = worthOf(run, wanted) + (from === 0 ? 0.9 : 0) + Math.min(run.length, 200) / 400;
      if (worth > bestWorth) {
        best = run;
        bestWorth = worth;
      }
    }
  }
  return best;
}

function worthOf(run: string, wanted: ReadonlySet<string>): number {
  const held = new Set<string>();
  for (const word of wordsOf(run)) {
    const stem = stemOf(word);
    if (wanted.has(stem)) held.add(stem);
  }
  return held.size;
}

function safeEnd(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}
