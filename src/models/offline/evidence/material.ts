/** What the fillers work from: the evidence in order of worth, and what has been used of it so far. */

import type { Json, JsonObject } from "../../../core/json/json.ts";
import type { FieldIntent } from "../fill/field-intent.ts";
import type { SchemaNode } from "../fill/schema-check.ts";
import type { Evidence, EvidenceSentence } from "./evidence.ts";
import { type RankedSentence, rankSentences } from "./rank-sentences.ts";
import { selectSentences } from "./select-sentences.ts";
import type { Topic } from "./topic.ts";

/** Everything one answer is made from. */
export interface Material {
  readonly inputs: JsonObject;
  readonly topic: Topic | undefined;
  readonly evidence: Evidence;
  /** Best first. */
  readonly ranked: readonly RankedSentence[];
  /** Where names and phrases come from: on a strict topic the best sentences, else the first 2,500. */
  readonly pool: readonly EvidenceSentence[];
  /** Stems of the topic. */
  readonly wanted: ReadonlySet<string>;
  /** What labels, sentiment, language and counts are read from. */
  readonly subjectText: string;
  /** Sentences the answer holds so far; sources and confidence are read from them. */
  readonly used: Set<RankedSentence>;
  /** How clearly labels were decided, each 0 to 1. */
  readonly clarity: number[];
}

/** The thing a list element is about, when it is a name, phrase, or label rather than a sentence. */
export interface Subject {
  readonly text: string;
  readonly weight: number;
}

/** Where a value goes. */
export interface Place {
  readonly name: string;
  /** Dotted names from the top, as errors name it. */
  readonly path: string;
  readonly description: string;
  /** Inside a list element: the one sentence all its fields come from. */
  readonly focus: RankedSentence | undefined;
  readonly subject: Subject | undefined;
  readonly depth: number;
}

/** A value, or the path of the field that nothing could be found for. */
export type Filled = { readonly value: Json } | { readonly missing: string };

/** Fills one schema at one place; lists and objects hand their parts back to it. */
export type FillNode = (
  node: SchemaNode,
  place: Place,
  material: Material,
  siblings: ReadonlyMap<string, Json>,
) => Filled;

const mostPooled = 2_500;
/** Sentiment and labels of a longer text are read from this much of its beginning. */
const longestSample = 200_000;

/** The beginning of a text, as far as its mood and matter need it. */
export function sampleOf(text: string): string {
  return text.length > longestSample ? text.slice(0, longestSample) : text;
}

/** Ranks the evidence once and keeps what the fillers share. */
export async function gatherMaterial(
  inputs: JsonObject,
  topic: Topic | undefined,
  evidence: Evidence,
  signal?: AbortSignal,
): Promise<Material> {
  const ranked = await rankSentences(evidence, topic, signal);
  return {
    inputs,
    topic,
    evidence,
    ranked,
    wanted: new Set(topic?.terms.map((term) => term.stem)),
    pool: topic?.strict
      ? ranked.slice(0, 120).map(({ sentence }) => sentence)
      : evidence.sentences.slice(0, mostPooled),
    subjectText: subjectOf(topic, evidence, ranked),
    used: new Set(),
    clarity: [],
  };
}

/**
 * Chooses sentences for a field: of its sort (cue), nearer to its own name and description first. Inside a list element
 * there is only the element's sentence.
 */
export function sentencesFor(
  material: Material,
  place: Place,
  intent: FieldIntent,
  count: number,
  accept: (ranked: RankedSentence) => boolean = () => true,
): RankedSentence[] {
  if (place.focus !== undefined) return accept(place.focus) ? [place.focus] : [];
  return selectSentences(material.ranked, {
    count,
    accept,
    boost: (ranked) => 1 + 0.6 * shareOf(intent.about, ranked),
  });
}

/** The share of some stems that a sentence holds; 0 when there are none. */
export function shareOf(stems: ReadonlySet<string>, { sentence }: RankedSentence): number {
  if (stems.size === 0) return 0;
  const held = new Set<string>();
  for (const term of sentence.terms) if (stems.has(term)) held.add(term);
  return held.size / stems.size;
}

/** Inputs that are texts speak for themselves; a topic of several words does; else the evidence that was found for it. */
function subjectOf(topic: Topic | undefined, evidence: Evidence, ranked: readonly RankedSentence[]): string {
  const own = evidence.passages.filter((passage) => passage.origin === "input" && passage.text !== "");
  if (own.length > 0) return own.map((passage) => passage.text).join("\n\n");
  if (topic !== undefined && (topic.text.split(" ").length >= 6 || ranked.length === 0)) return topic.text;
  return ranked
    .slice(0, 40)
    .map((entry) => entry.sentence.text)
    .join("\n\n");
}
