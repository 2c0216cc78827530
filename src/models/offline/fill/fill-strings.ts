/** Proposes texts for a string field, the best first; whoever asks takes the first that fits the schema. */

import { headingOf, yearOfSentence } from "../evidence/evidence.ts";
import { sampleOf, sentencesFor, shareOf } from "../evidence/material.ts";
import { firstText, sourceOf } from "../evidence/passages.ts";
import type { RankedSentence } from "../evidence/rank-sentences.ts";
import { hasCue } from "../language/cues.ts";
import { emailsIn, phonesIn, quantitiesIn, urlsIn } from "../language/dates-and-figures.ts";
import { keyPhrasesOf } from "../language/key-phrases.ts";
import { sentimentLabel, sentimentOf } from "../language/sentiment.ts";
import { detectLanguage } from "../text/detect-language.ts";
import { proposeDates } from "./propose-dates.ts";
import { names } from "./propose-names.ts";
import { summaries, titles } from "./propose-summary.ts";
import {
  clip,
  plain,
  readable,
  sentencePool,
  spread,
  type TextCandidate,
  type TextRequest,
  whole,
} from "./text-candidate.ts";

/** Proposes texts for one string: of a summary, shorter ones follow the whole. */
export function proposeText(request: TextRequest): TextCandidate[] {
  const { intent, place } = request;
  if (request.format === "date" || request.format === "date-time") return proposeDates(request);
  if (place.focus === undefined && (intent.intent === "summary" || intent.intent === "answer"))
    return summaries(request);
  if (place.subject !== undefined && /^(?:keyword|entity|title|unknown)$/.test(intent.intent)) {
    return [{ text: place.subject.text, from: place.focus ? [place.focus] : [] }];
  }
  if (intent.intent === "title") return titles(request);
  if (intent.intent === "sentiment") {
    const label = sentimentLabel(sentimentOf(textOf(request)), ["positive", "negative", "neutral", "mixed"]);
    return textOf(request) === "" || label === undefined ? [] : [plain(label)];
  }
  if (intent.intent === "language") {
    const language = detectLanguage(textOf(request));
    return language ? [plain(/code|lang$|locale/i.test(place.name) ? language.code : language.name)] : [];
  }
  if (intent.intent === "unknown") return proposeTexts({ ...request, count: 3 });
  return proposeTexts({ ...request, count: Math.max(3, request.count) });
}

/** Proposes the texts of a list of strings, distinct, in the order they should stand. */
export function proposeTexts(request: TextRequest): TextCandidate[] {
  const { intent, place, material, count } = request;
  if (request.format === "date" || request.format === "date-time") return proposeDates(request);
  switch (intent.intent) {
    case "source":
      return sources(request);
    case "heading":
      return spread(request, (ranked) => [headingOf(ranked.sentence)]);
    case "keyword":
      return keyPhrasesOf(sentencePool(request), count, material.wanted).map((phrase) => plain(phrase.text));
    case "entity":
      return names(request);
    case "date":
      return proposeDates(request);
    case "year":
      return spread(request, (ranked) => [yearOfSentence(ranked.sentence)?.toString()]);
    case "figure":
      return figures(request);
    case "email":
      return spread(request, (ranked) => emailsIn(ranked.sentence.text), false);
    case "url":
      return spread(
        request,
        (ranked) => [
          firstText(ranked.sentence.passage, ["url", "uri", "link", "href"]),
          ...urlsIn(ranked.sentence.text),
        ],
        false,
      );
    case "phone":
      return spread(request, (ranked) => phonesIn(ranked.sentence.text), false);
    case "quote":
      return sentencesFor(material, place, intent, count).map((ranked) =>
        whole(ranked, clip(ranked.sentence.text, request, 600)),
      );
    case "language":
    case "sentiment":
      return proposeText(request);
    case "count":
    case "score":
      return [];
    case "unknown":
      if (place.focus !== undefined && intent.about.size === 0) return [];
      return sentencesFor(material, place, intent, count, (ranked) => shareOf(intent.about, ranked) > 0).map((ranked) =>
        readable(ranked, request),
      );
    default: {
      const cue = place.focus === undefined ? intent.cue : undefined;
      const chosen = sentencesFor(
        material,
        place,
        intent,
        count,
        (ranked) => cue === undefined || hasCue(cue, ranked.sentence.text),
      );
      return chosen.map((ranked) => readable(ranked, request));
    }
  }
}

/** What the answer used so far, else what ranks best; each document once. */
function sources(request: TextRequest): TextCandidate[] {
  const { place, material, count } = request;
  if (place.focus !== undefined) {
    const { passage } = place.focus.sentence;
    const url = /url|link|href/i.test(place.name) ? firstText(passage, ["url", "uri", "link", "href"]) : undefined;
    return [whole(place.focus, url ?? sourceOf(passage) ?? passage.from)];
  }
  const pool = material.used.size > 0 ? [...material.used] : sentencesFor(material, place, request.intent, 5);
  const found = new Map<string, TextCandidate>();
  for (const ranked of pool) {
    const source = sourceOf(ranked.sentence.passage);
    if (source !== undefined && !found.has(source)) found.set(source, whole(ranked, source));
  }
  return [...found.values()].slice(0, Math.max(count, 20));
}

/** `statistics` wants the sentence around the number; `amounts` the number with its unit. */
function figures(request: TextRequest): TextCandidate[] {
  const { intent, place, material, count } = request;
  const fits = (ranked: RankedSentence) =>
    quantitiesIn(ranked.sentence.text).some((figure) => intent.figure === "any" || figure.kind === intent.figure);
  if (place.focus === undefined && count > 1 && /stat|figure|metric/i.test(place.name)) {
    return sentencesFor(material, place, intent, count, fits).map((ranked) => readable(ranked, request));
  }
  return spread(request, (ranked) =>
    quantitiesIn(ranked.sentence.text)
      .filter((figure) => intent.figure === "any" || figure.kind === intent.figure)
      .map((figure) => {
        const unit = figure.kind === "plain" ? /^ \p{Ll}{3,20}/u.exec(ranked.sentence.text.slice(figure.end))?.[0] : "";
        return figure.text + (unit ?? "");
      }),
  );
}

function textOf({ place, material }: TextRequest): string {
  return place.focus?.sentence.text ?? sampleOf(material.subjectText);
}
