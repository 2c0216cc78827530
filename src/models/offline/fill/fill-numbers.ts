/** Proposes numbers and truth values for a field: only what can be read or counted, never an estimate of the unseen. */

import type { Json, JsonSchema } from "../../../core/json/json.ts";
import { yearOfSentence } from "../evidence/evidence.ts";
import { type Material, type Place, sampleOf, shareOf } from "../evidence/material.ts";
import { sourceOf } from "../evidence/passages.ts";
import type { RankedSentence } from "../evidence/rank-sentences.ts";
import { isSaid, questionWords } from "../language/classify.ts";
import { datesIn, emailsIn, type Figure, quantitiesIn, urlsIn } from "../language/dates-and-figures.ts";
import { sentimentOf } from "../language/sentiment.ts";
import { sentencesOf } from "../text/sentences.ts";
import { stemOf, wordsOf } from "../text/words.ts";
import { type FieldIntent, nameTokens } from "./field-intent.ts";
import { boundOf } from "./schema-check.ts";

/** A number with the sentence it was read from, if it was read. */
export interface NumberCandidate {
  readonly value: number;
  readonly from: readonly RankedSentence[];
}

/** What decides which numbers are proposed. */
export interface NumberRequest {
  readonly intent: FieldIntent;
  readonly place: Place;
  readonly material: Material;
  readonly schema: JsonSchema;
  /** The values of the same object that are already filled. */
  readonly siblings: ReadonlyMap<string, Json>;
}

/** Proposes numbers, the best first. */
export function proposeNumbers(request: NumberRequest): NumberCandidate[] {
  const { intent, place, material, schema } = request;
  switch (intent.intent) {
    case "score": {
      const value = place.focus ? (place.subject?.weight ?? place.focus.relevance) : confidenceOf(material);
      return value === undefined ? [] : [derived(scaled(value, 0, boundOf(schema, "maximum", 1)))];
    }
    case "sentiment": {
      const text = place.focus?.sentence.text ?? sampleOf(material.subjectText);
      if (text === "") return [];
      const low = boundOf(schema, "minimum", -1);
      const high = boundOf(schema, "maximum", 1);
      return [derived(scaled((sentimentOf(text).polarity + 1) / 2, low, high))];
    }
    case "count": {
      const count = countOf(request);
      return count === undefined ? [] : [derived(count)];
    }
    case "year":
      return pool(request).flatMap((ranked) => {
        const year = yearOfSentence(ranked.sentence);
        return year === undefined ? [] : [{ value: year, from: [ranked] }];
      });
    default:
      return figuresNear(request);
  }
}

/**
 * Computes confidence: the mean relevance of the sentences used, times 1 - 0.5^n for n of them, so that one sentence alone
 * gives at most a half; for labels the mean of how clearly each was decided. 0 when nothing was used, undefined when there
 * was nothing to read.
 */
export function confidenceOf(material: Material): number | undefined {
  const used = [...material.used];
  if (used.length > 0) {
    const mean = used.reduce((sum, ranked) => sum + ranked.relevance, 0) / used.length;
    return mean * (1 - 0.5 ** used.length);
  }
  if (material.clarity.length > 0) {
    return material.clarity.reduce((sum, share) => sum + share, 0) / material.clarity.length;
  }
  return material.evidence.sentences.length > 0 ? 0 : undefined;
}

/** Proposes an answer to a question-like name; undefined when the text does not say. */
export function proposeBoolean({ place, material }: NumberRequest): boolean | undefined {
  const text = place.focus?.sentence.text ?? material.subjectText;
  const tokens = nameTokens(place.name);
  const asked = tokens.slice(1).join(" ") || tokens.join(" ");
  if (text === "" || tokens.length === 0) return undefined;
  if (/^(?:has|have|contains?|includes?)$/.test(tokens[0]!)) {
    const marks = markIn(asked, text);
    if (marks !== undefined) return marks;
  }
  if (/^(?:positive|favou?rable|good|happy|satisfied)$/.test(asked)) return sentimentOf(sampleOf(text)).polarity > 0;
  if (/^(?:negative|unfavou?rable|bad|unhappy|dissatisfied)$/.test(asked))
    return sentimentOf(sampleOf(text)).polarity < 0;
  if (/^(?:relevant|on topic|related)$/.test(asked) && material.topic !== undefined) {
    return place.focus ? place.focus.relevance >= 0.5 : material.ranked.length > 0;
  }
  if (/^(?:question)$/.test(asked)) return text.trimEnd().endsWith("?");
  if (/^(?:evidence|answer|sources?|results?|findings?|found)$/.test(asked)) return material.ranked.length > 0;
  const said = isSaid(questionWords(tokens.join(" ")), text);
  if (said !== undefined) return said;
  return /^(?:mentions?|contains?|includes?|has|have|about)$/.test(tokens[0]!) ? false : undefined;
}

function markIn(asked: string, text: string): boolean | undefined {
  if (/^(?:numbers?|figures?|statistics)$/.test(asked)) return quantitiesIn(text).length > 0;
  if (/^dates?$/.test(asked)) return datesIn(text).length > 0;
  if (/^(?:emails?|mail)$/.test(asked)) return emailsIn(text).length > 0;
  if (/^(?:urls?|links?)$/.test(asked)) return urlsIn(text).length > 0;
  return /^questions?$/.test(asked) ? text.includes("?") : undefined;
}

function countOf({ place, material, siblings }: NumberRequest): number | undefined {
  const asked = nameTokens(place.name)
    .filter((token) => !/^(?:count|number|of|num|total)$/.test(token))
    .map(stemOf);
  const [what] = asked.slice(-1);
  const text = place.focus?.sentence.text ?? material.subjectText;
  for (const [name, value] of siblings) {
    if (Array.isArray(value) && nameTokens(name).map(stemOf).join(" ") === asked.join(" ")) return value.length;
  }
  const documents = material.evidence.passages.filter((passage) => passage.text !== "");
  if (what === undefined || (text === "" && documents.length === 0)) return undefined;
  if (what === "word") return wordsOf(text).length;
  if (what === "charact" || what === "char") return [...text].length;
  if (what === "sentenc") return [...sentencesOf(text)].length;
  if (what === "paragraph") return text.split(/\n\s*\n/).filter((part) => part.trim() !== "").length;
  if (what === "line") return text.split("\n").length;
  if (what === stemOf("source") || what === stemOf("document") || what === stemOf("file")) {
    return new Set(documents.map((passage) => sourceOf(passage) ?? passage.from)).size;
  }
  if (what === stemOf("passage") || what === stemOf("result") || what === stemOf("chunk")) return documents.length;
  if (what === stemOf("mention") || what === stemOf("occurrence")) {
    const wanted = asked.length > 1 ? new Set(asked.slice(0, -1)) : carrying(material);
    if (wanted.size === 0) return undefined;
    return material.evidence.sentences.reduce(
      (sum, one) => sum + one.terms.filter((term) => wanted.has(term)).length,
      0,
    );
  }
  return undefined;
}

function carrying(material: Material): ReadonlySet<string> {
  return new Set(material.topic?.terms.filter((term) => term.weight === 1).map((term) => term.stem));
}

/** Words between a number and the word that says what it counts. */
const reach = 6;

/** Numbers of the kind the name asks for, or near a word of the name; nearer is better. Of several amounts none is a total but the one called so. */
function figuresNear(request: NumberRequest): NumberCandidate[] {
  const { intent, place } = request;
  const own = new Set(nameTokens(place.name).map(stemOf));
  const about = new Set([...intent.about, ...own]);
  const qualified = new Set([...own].filter((stem) => intent.about.has(stem)));
  const found: (NumberCandidate & { readonly distance: number })[] = [];
  for (const ranked of pool(request)) {
    const { text } = ranked.sentence;
    for (const figure of quantitiesIn(text)) {
      if (intent.figure !== "any" && figure.kind !== "plain" && figure.kind !== intent.figure) continue;
      const distance = distanceTo(about, text, figure);
      const onMatter = qualified.size === 0 || shareOf(qualified, ranked) > 0;
      const kindSpeaks = onMatter && intent.figure !== "any" && figure.kind === intent.figure;
      const anyFigure = place.focus !== undefined && intent.intent === "figure" && figure.kind !== "plain";
      if (distance > reach && !kindSpeaks && !anyFigure) continue;
      found.push({ value: figure.value, from: [ranked], distance: Math.min(distance, reach + 1) });
    }
  }
  found.sort((a, b) => a.distance - b.distance);
  const isSum = nameTokens(place.name).some((token) => /^(?:sub)?total$|^sum$|^balance$/.test(token));
  if (!isSum || found.every(({ value }) => value === found[0]!.value)) return found;
  return found.filter(({ distance }) => distance <= reach);
}

function distanceTo(about: ReadonlySet<string>, text: string, figure: Figure): number {
  const before = wordsOf(text.slice(Math.max(0, figure.at - 120), figure.at)).reverse();
  const after = wordsOf(text.slice(figure.end, figure.end + 120));
  const first = (words: readonly string[]) => words.slice(0, reach).findIndex((word) => about.has(stemOf(word)));
  const distances = [first(before), first(after)].filter((distance) => distance !== -1);
  return distances.length === 0 ? Infinity : Math.min(...distances);
}

function pool({ place, material, intent }: NumberRequest): readonly RankedSentence[] {
  if (place.focus !== undefined) return [place.focus];
  const ranked = [...material.ranked];
  if (material.topic?.strict !== true) {
    const known = new Set(ranked.map((entry) => entry.sentence));
    for (const sentence of material.evidence.sentences.slice(0, 5_000)) {
      if (!known.has(sentence)) ranked.push({ sentence, score: 0, relevance: 0, vector: new Map() });
    }
  }
  return ranked.sort((a, b) => shareOf(intent.about, b) - shareOf(intent.about, a));
}

function scaled(share: number, low: number, high: number): number {
  return low + (high - low) * Math.min(1, Math.max(0, share));
}

function derived(value: number): NumberCandidate {
  return { value: Math.round(value * 100) / 100, from: [] };
}
