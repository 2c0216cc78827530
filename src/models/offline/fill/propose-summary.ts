/** Proposes summaries and titles. */

import { headingOf } from "../evidence/evidence.ts";
import { sentencesFor } from "../evidence/material.ts";
import { firstText } from "../evidence/passages.ts";
import { inReadingOrder } from "../evidence/select-sentences.ts";
import { keyPhrasesOf } from "../language/key-phrases.ts";
import { leansBack } from "../text/sentence-quality.ts";
import { capital, clip, plain, readable, type TextCandidate, type TextRequest, whole } from "./text-candidate.ts";

const summarySentences: readonly (readonly [RegExp, number])[] = [
  [/tldr|gist|brief|short|one.?(?:line|sentence)/i, 1],
  [/report|article|essay|content|body|detailed|full/i, 6],
  [/answer|response|reply|result|output/i, 2],
];

/**
 * Proposes the best sentences, by year when all their documents have one, else in the order of the text, then fewer of
 * them for a field that allows less. Sentences that stand alone come before those that lean on what is not quoted.
 */
export function summaries(request: TextRequest): TextCandidate[] {
  const { place, material, intent } = request;
  const about = `${place.name} ${place.description}`;
  const asked = sentencesAsked(place.description);
  const most = asked ?? summarySentences.find(([pattern]) => pattern.test(about))?.[1] ?? 3;
  const chosen = sentencesFor(material, place, intent, most, ({ sentence }) => !leansBack(sentence.text));
  const least = asked ?? (most > 3 ? most : Math.min(most, 2));
  if (chosen.length < least) {
    const known = new Set(chosen);
    const more = sentencesFor(material, place, intent, most).filter((ranked) => !known.has(ranked));
    chosen.push(...more.slice(0, least - chosen.length));
  }
  const candidates: TextCandidate[] = [];
  for (let count = chosen.length; count > 0; count--) {
    const part = inReadingOrder(chosen.slice(0, count));
    const text = part.map((ranked) => ended(readable(ranked, request).text)).join(" ");
    if (text.length <= request.maxLength) candidates.push({ text, from: part });
  }
  return candidates;
}

function sentencesAsked(description: string): number | undefined {
  const match =
    /\b(\d|one|two|three|four|five|six)(?: to | or |-)?(?:\d|one|two|three|four|five|six)? sentences?\b/i.exec(
      description.slice(0, 400),
    );
  if (match === null) return undefined;
  const index = ["one", "two", "three", "four", "five", "six"].indexOf(match[1]!.toLowerCase());
  return index === -1 ? Math.max(1, Number(match[1])) : index + 1;
}

/** A clause cut out of a longer sentence has lost its full stop. */
function ended(text: string): string {
  return /[.!?。！？]["'”’)\]]*$/.test(text) ? text : `${text.replace(/[\s,;:]+$/, "")}.`;
}

/** Proposes headings: the document's own, the topic, the heaviest key phrase, the best sentence; within a list element only its sentence's. */
export function titles(request: TextRequest): TextCandidate[] {
  const { place, material } = request;
  const top = place.focus ?? material.ranked[0];
  const found: TextCandidate[] = [];
  if (top !== undefined && place.focus !== undefined) {
    const beside = firstText(top.sentence.passage, ["title", "headline", "name"]);
    if (beside !== undefined) found.push(whole(top, beside));
    for (const phrase of keyPhrasesOf([top.sentence], 2, material.wanted)) found.push(whole(top, capital(phrase.text)));
    return found;
  }
  if (material.topic !== undefined && material.ranked.length > 0) found.push(plain(capital(material.topic.text)));
  if (top === undefined) return found;
  const heading = headingOf(material.evidence.sentences[0] ?? top.sentence);
  if (heading !== undefined && heading.length <= 100) found.unshift(plain(heading));
  for (const phrase of keyPhrasesOf(material.pool, 2, material.wanted)) found.push(plain(capital(phrase.text)));
  found.push(whole(top, clip(top.sentence.text, request, 100).replace(/[.,;:]$/, "")));
  return found.filter((candidate) => candidate.text.length <= 160);
}
