/** Proposes dates: as they are written, or as ISO days and timestamps where the schema asks for these. */

import { datesIn, timestampsIn } from "./dates-and-figures.ts";
import { yearOfSentence } from "./evidence.ts";
import { nameTokens } from "./field-intent.ts";
import { shareOf } from "./material.ts";
import { firstText } from "./passages.ts";
import { spread, type TextCandidate, type TextRequest } from "./text-candidate.ts";
import { stemOf } from "./words.ts";

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

const deadline = /\b(?:deadline|due|until|by|before|no later than|expires?|ends?)\b/i;

/**
 * A list takes every date; one field takes a date from a sentence that speaks of what the field's name says (`launch_date`),
 * or the only date there is: any other would be a guess.
 */
function aimed(request: TextRequest, found: TextCandidate[]): TextCandidate[] {
  if (!request.single || request.place.focus !== undefined || found.length <= 1) return found;
  const { place, intent } = request;
  const named = new Set(
    nameTokens(place.name)
      .map(stemOf)
      .filter((stem) => intent.about.has(stem)),
  );
  const due = /deadline|due|expir/i.test(place.name);
  if (named.size === 0 && !due) return found;
  return found.filter(({ from: [ranked] }) => {
    if (ranked === undefined) return false;
    return due ? deadline.test(ranked.sentence.text) : shareOf(named, ranked) > 0;
  });
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
