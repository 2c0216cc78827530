/** What the fillers of string fields share: a proposed text with its sentences, and the ways to make one. */

import type { Json } from "../../../core/json/json.ts";
import type { EvidenceSentence } from "../evidence/evidence.ts";
import { type Material, type Place, shareOf } from "../evidence/material.ts";
import type { RankedSentence } from "../evidence/rank-sentences.ts";
import { clipSentence } from "../text/clip-sentence.ts";
import { withoutStageMarks } from "../text/sentences.ts";
import type { FieldIntent } from "./field-intent.ts";

/** A text with the sentences it was taken from. */
export interface TextCandidate {
  readonly text: string;
  readonly from: readonly RankedSentence[];
}

/** What decides which texts are proposed. */
export interface TextRequest {
  readonly intent: FieldIntent;
  readonly place: Place;
  readonly material: Material;
  /** How many texts are wanted. */
  readonly count: number;
  /** One field, not a list: the text must be the one, not just one of them. */
  readonly single: boolean;
  readonly format: Json | undefined;
  readonly maxLength: number;
}

/** Collects what a reader finds in each sentence, best sentence first, each text once. */
export function spread(
  request: TextRequest,
  read: (ranked: RankedSentence) => readonly (string | undefined)[],
  rankedOnly = true,
): TextCandidate[] {
  const { place, material, intent, count } = request;
  const pool = place.focus ? [place.focus] : [...material.ranked];
  if (!place.focus) pool.sort((a, b) => shareOf(intent.about, b) - shareOf(intent.about, a));
  if (!place.focus && !rankedOnly) {
    const ranked = new Set(pool.map((entry) => entry.sentence));
    for (const sentence of material.evidence.sentences.slice(0, 20_000)) {
      if (!ranked.has(sentence)) pool.push({ sentence, score: 0, relevance: 0, vector: new Map() });
    }
  }
  const found = new Map<string, TextCandidate>();
  for (const ranked of pool) {
    for (const text of read(ranked)) {
      if (text !== undefined && text !== "" && !found.has(text)) found.set(text, whole(ranked, text));
    }
    if (found.size >= Math.max(count, 3)) break;
  }
  return [...found.values()].slice(0, Math.max(count, 3));
}

/** The sentences a phrase or name may come from. */
export function sentencePool({ place, material }: TextRequest): readonly EvidenceSentence[] {
  return place.focus === undefined ? material.pool : [place.focus.sentence];
}

/** A sentence as a finding: stage marks out, clipped to a readable length. */
export function readable(ranked: RankedSentence, request: TextRequest): TextCandidate {
  return whole(ranked, clip(withoutStageMarks(ranked.sentence.text), request, 320));
}

/** Cuts a text to the length that is readable and allowed, near what the field is about. */
export function clip(text: string, { material, intent, maxLength }: TextRequest, longest: number): string {
  const wanted = intent.about.size > 0 ? new Set([...material.wanted, ...intent.about]) : material.wanted;
  return clipSentence(text, wanted, Math.min(longest, maxLength));
}

/** A text with the sentence it came from. */
export function whole(ranked: RankedSentence, text: string): TextCandidate {
  return { text, from: [ranked] };
}

/** A text that belongs to no one sentence. */
export function plain(text: string): TextCandidate {
  return { text, from: [] };
}

/** Writes the first letter as a capital. */
export function capital(text: string): string {
  const [first = ""] = text;
  return first.toUpperCase() + text.slice(first.length);
}
