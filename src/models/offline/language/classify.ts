/** Chooses among the labels of an enum by what the text says, or chooses none. */

import { detectLanguage } from "../text/detect-language.ts";
import { isStopword, stemOf, wordsOf } from "../text/words.ts";
import { wordsForLabel } from "./label-words.ts";
import { areSentimentLabels, sentimentLabel, sentimentOf } from "./sentiment.ts";

/** What is sorted into which labels. */
export interface ClassifyOptions {
  readonly labels: readonly string[];
  /** The field's name and description; `label: its words` or `label (its words)` in it speaks for the label. */
  readonly name: string;
  readonly description: string;
  /** The text itself. */
  readonly text: string;
}

/** A label with what speaks for it. */
export interface LabelScore {
  readonly label: string;
  readonly score: number;
  /** Index of the first word that speaks for it. */
  readonly first: number;
}

const rest = new Set(
  `other others unknown none neutral general misc miscellaneous n/a na unspecified unclear default`.split(" "),
);
const yes = /^(?:yes|true|y)$/i;
const no = /^(?:no|false|n)$/i;

/**
 * Chooses one label. Sentiment labels go by sentiment, language labels by language, yes and no by whether the field's own
 * words occur; else the label with most words in the text, the earliest on a tie. When nothing speaks for any, a label
 * that means "none of them" (`other`, `unknown`), else undefined: never a guess.
 */
export function classify(options: ClassifyOptions): string | undefined {
  const { labels, text } = options;
  if (text.trim() === "") return undefined;
  if (areSentimentLabels(labels)) {
    const label = sentimentLabel(sentimentOf(text), labels);
    if (label !== undefined) return label;
  }
  const language = languageLabel(options);
  if (language !== undefined) return language;
  if (labels.some((label) => yes.test(label)) && labels.some((label) => no.test(label))) {
    const said = isSaid(questionWords(options.name), text);
    if (said !== undefined) return labels.find((label) => (said ? yes : no).test(label));
  }
  const best = scoreLabels(options)[0];
  return best?.label ?? labels.find((label) => rest.has(label.toLowerCase()));
}

/** Gives the labels the text speaks for, strongest first. */
export function scoreLabels({ labels, description, text }: ClassifyOptions): LabelScore[] {
  const positions = new Map<string, { count: number; first: number }>();
  for (const [index, word] of wordsOf(text).entries()) {
    const stem = word.length <= 64 ? stemOf(word) : word;
    const known = positions.get(stem);
    if (known === undefined) positions.set(stem, { count: 1, first: index });
    else known.count++;
  }
  const scores: LabelScore[] = [];
  for (const label of labels) {
    if (rest.has(label.toLowerCase())) continue;
    const own = stemsOf(spaced(label));
    const related = new Set([
      ...wordsForLabel(spaced(label).toLowerCase()),
      ...describedWords(label, labels, description),
    ]);
    let score = 0;
    let first = Infinity;
    for (const stem of new Set([...own, ...related])) {
      const found = positions.get(stem);
      if (found === undefined) continue;
      score += Math.log1p(found.count) * (own.includes(stem) ? 2 / Math.max(1, own.length) : 1);
      first = Math.min(first, found.first);
    }
    if (score > 0) scores.push({ label, score, first });
  }
  return scores.sort(
    (a, b) => b.score - a.score || a.first - b.first || labels.indexOf(a.label) - labels.indexOf(b.label),
  );
}

const negation =
  /^(?:not|no|never|isn't|aren't|wasn't|weren't|doesn't|don't|didn't|cannot|can't|won't|without|hardly|nor)$/;

/**
 * Tells whether a text says something of these stems: true when all occur unnegated in one place, false when they occur
 * within four words after a negation, undefined when they do not occur.
 */
export function isSaid(stems: readonly string[], text: string): boolean | undefined {
  if (stems.length === 0) return undefined;
  let said: boolean | undefined;
  const words = wordsOf(text);
  const wanted = new Set(stems);
  const seen = new Set<string>();
  let negated = -10;
  for (const [index, word] of words.entries()) {
    if (negation.test(word)) negated = index;
    const stem = word.length <= 64 ? stemOf(word) : word;
    if (!wanted.has(stem)) continue;
    seen.add(stem);
    if (index - negated > 4) said = true;
    else said ??= false;
  }
  return seen.size === wanted.size ? said : undefined;
}

/** The words of a question-like name: `is_urgent` asks for `urgent`. */
export function questionWords(name: string): string[] {
  return stemsOf(
    spaced(name).replace(
      /^(?:is|are|was|has|have|had|mentions?|contains?|includes?|needs?|does|do|should|can|about|requires?) /i,
      "",
    ),
  );
}

function languageLabel({ labels, name, text }: ClassifyOptions): string | undefined {
  const language = /lang|locale/i.test(name) ? detectLanguage(text) : undefined;
  if (language === undefined) return undefined;
  return labels.find((label) => {
    const lower = label.toLowerCase();
    return lower === language.code || lower === language.name.toLowerCase() || lower.startsWith(`${language.code}-`);
  });
}

/** Finds what a description says about one label: from `label:`, `label =` or `label (` to the next label or stop. */
function describedWords(label: string, labels: readonly string[], description: string): string[] {
  const lower = description.toLowerCase();
  const at = lower.indexOf(label.toLowerCase());
  if (at === -1) return [];
  const after = description.slice(at + label.length, at + label.length + 200);
  const opened = /^["'”’]?\s*(?:[:=(–—-]|for\b|means\b|if\b|when\b)/.exec(after);
  if (opened === null) return [];
  let end = after.search(/[;.)\n]/);
  if (end === -1) end = after.length;
  const following = after.toLowerCase();
  for (const other of labels) {
    const next = following.indexOf(other.toLowerCase(), opened[0].length);
    if (other !== label && next !== -1) end = Math.min(end, next);
  }
  return stemsOf(after.slice(opened[0].length, end));
}

function spaced(name: string): string {
  return name
    .replace(/[_-]+/g, " ")
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .trim();
}

function stemsOf(text: string): string[] {
  return wordsOf(text)
    .filter((word) => !isStopword(word) && word.length <= 64)
    .map(stemOf);
}
