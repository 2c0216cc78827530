/** Proposes dates: as they are written, or as ISO days and timestamps where the schema asks for these. */

import { yearOfSentence } from "../evidence/evidence.ts";
import { shareOf } from "../evidence/material.ts";
import { firstText } from "../evidence/passages.ts";
import type { RankedSentence } from "../evidence/rank-sentences.ts";
import { datesIn, timestampsIn } from "../language/dates-and-figures.ts";
import { stemOf } from "../text/words.ts";
import { nameTokens } from "./field-intent.ts";
import { spread, type TextCandidate, type TextRequest } from "./text-candidate.ts";

/** Proposes what the schema's format asks for; a date without a time is no timestamp. */
export function proposeDates(request: TextRequest): TextCandidate[] {
  if (request.format === "date-time") return timestamps(request);
  return aimed(request, request.format === "date" ? daysFound(request) : dates(request));
}

function dates(request: TextRequest): TextCandidate[] {
  const found = spread(request, (ranked) => datesIn(ranked.sentence.text).map((date) => date.text));
  return found.length > 0 || request.place.focus === undefined
    ? found
    : spread(request, (ranked) => [
        firstText(ranked.sentence.passage, ["date", "published", "created", "year"]),
        yearOfSentence(ranked.sentence)?.toString(),
      ]);
}

const deadlineWord = /\b(?:deadline|due|no later than|expir(?:es?|y|ation))\b/i;
const deadlineBefore = /\b(?:by|before|until)\s(?:the\s)?$/i;

function isDeadline(text: string, { sentence }: RankedSentence): boolean {
  if (deadlineWord.test(sentence.text)) return true;
  const date = datesIn(sentence.text).find((found) => found.day === text || found.text === text);
  return date !== undefined && deadlineBefore.test(sentence.text.slice(Math.max(0, date.at - 20), date.at));
}

/**
 * A list takes every date; one field takes a date from a sentence that speaks of what the field's name says (`launch_date`),
 * or the only date of a text that speaks of it elsewhere: any other would be a guess.
 */
function aimed(request: TextRequest, found: TextCandidate[]): TextCandidate[] {
  const { place, intent, material } = request;
  if (!request.single || place.focus !== undefined) return found;
  if (/deadline|due|expir/i.test(place.name)) {
    return found.filter(({ text, from: [ranked] }) => ranked !== undefined && isDeadline(text, ranked));
  }
  const named = nameTokens(place.name)
    .map(stemOf)
    .filter((stem) => intent.about.has(stem));
  if (named.length === 0) return found;
  const wanted = new Set(named);
  const near = found.filter(({ from: [ranked] }) => ranked !== undefined && shareOf(wanted, ranked) > 0);
  if (near.length > 0 || found.length !== 1) return near;
  return material.ranked.some((ranked) => shareOf(wanted, ranked) > 0) ? found : [];
}

function daysFound(request: TextRequest): TextCandidate[] {
  return spread(request, (ranked) => {
    const beside = firstText(ranked.sentence.passage, ["date", "published", "created"]);
    const days = datesIn(ranked.sentence.text).map((date) => date.day);
    return request.place.focus === undefined ? days : [...days, ...datesIn(beside ?? "").map((date) => date.day)];
  });
}

function timestamps(request: TextRequest): TextCandidate[] {
  return spread(request, (ranked) => [
    ...timestampsIn(ranked.sentence.text),
    ...timestampsIn(firstText(ranked.sentence.passage, ["timestamp", "date", "created", "published"]) ?? ""),
  ]);
}
