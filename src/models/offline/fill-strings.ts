/** Proposes texts for a string field, the best first; whoever asks takes the first that fits the schema. */

import type { Json } from "../../core/json.ts";
import { clipSentence } from "./clip-sentence.ts";
import { hasCue } from "./cues.ts";
import { datesIn, emailsIn, phonesIn, quantitiesIn, timestampsIn, urlsIn } from "./dates-and-figures.ts";
import { detectLanguage } from "./detect-language.ts";
import { entitiesIn, isCountry, isFirstName } from "./entities.ts";
import { headingOf, yearOfSentence } from "./evidence.ts";
import { type FieldIntent, nameTokens } from "./field-intent.ts";
import { keyPhrasesOf } from "./key-phrases.ts";
import { type Material, type Place, sentencesFor, shareOf } from "./material.ts";
import { firstText, sourceOf } from "./passages.ts";
import type { RankedSentence } from "./rank-sentences.ts";
import { withoutStageMarks } from "./sentences.ts";
import { sentimentLabel, sentimentOf } from "./sentiment.ts";
import { stemOf } from "./words.ts";

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

/** Proposes texts for one string: of a summary, shorter ones follow the whole. */
export function proposeText(request: TextRequest): TextCandidate[] {
  const { intent, place } = request;
  if (request.format === "date") return aimed(request, daysFound(request));
  if (request.format === "date-time") return timestamps(request);
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
      return aimed(request, request.format === "date" ? daysFound(request) : dates(request));
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

const summarySentences: readonly (readonly [RegExp, number])[] = [
  [/tldr|gist|brief|short|one.?(?:line|sentence)/i, 1],
  [/report|article|essay|content|body|detailed|full/i, 6],
  [/answer|response|reply|result|output/i, 2],
];

function summaries(request: TextRequest): TextCandidate[] {
  const { place, material, intent } = request;
  const about = `${place.name} ${place.description}`;
  const most = sentencesAsked(place.description) ?? summarySentences.find(([pattern]) => pattern.test(about))?.[1] ?? 3;
  const chosen = sentencesFor(material, place, intent, most);
  const candidates: TextCandidate[] = [];
  for (let count = chosen.length; count > 0; count--) {
    const part = chosen.slice(0, count).sort((a, b) => a.sentence.index - b.sentence.index);
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

function titles(request: TextRequest): TextCandidate[] {
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
  for (const phrase of keyPhrasesOf(material.evidence.sentences, 2, material.wanted))
    found.push(plain(capital(phrase.text)));
  return found.filter((candidate) => candidate.text.length <= 160);
}

function capital(text: string): string {
  const [first = ""] = text;
  return first.toUpperCase() + text.slice(first.length);
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

/** Whoever is named most is not therefore the author: such a name must stand in a sentence that speaks of the role. */
const roles = new Set(["author", "speaker", "president", "employee", "customer", "owner"].map(stemOf));

function names(request: TextRequest): TextCandidate[] {
  const { intent, place, count } = request;
  const beside =
    place.focus && firstText(place.focus.sentence.passage, ["author", "speaker", "name", "president", "by"]);
  if (beside !== undefined && intent.entity === "person") return [plain(beside)];
  const inSource =
    place.focus && intent.entity === "person"
      ? personInSource(sourceOf(place.focus.sentence.passage) ?? "")
      : undefined;
  if (inSource !== undefined) return [plain(inSource)];
  const tokens = nameTokens(place.name);
  const role =
    request.single && place.focus === undefined ? tokens.map(stemOf).find((stem) => roles.has(stem)) : undefined;
  const country = tokens.some((token) => /^countr(?:y|ies)$/.test(token));
  const pool = sentencePool(request).filter(
    (sentence) => role === undefined || sentence.words.some((word) => stemOf(word) === role),
  );
  return entitiesIn(pool.map((sentence) => sentence.text))
    .filter((entity) => intent.entity === "any" || entity.kind === intent.entity)
    .filter((entity) => !country || isCountry(entity.text))
    .slice(0, count)
    .map((entity) => plain(entity.text));
}

/** `1903_theodore_roosevelt.txt` names its author; a file name without a known first name names nobody. */
function personInSource(source: string): string | undefined {
  const parts = source
    .slice(0, 200)
    .replace(/\.\w{1,5}$/, "")
    .split(/[^\p{L}]+/u);
  const start = parts.findIndex(isFirstName);
  if (start === -1) return undefined;
  const name = [parts[start]!];
  for (const [at, part] of parts.slice(start + 1, start + 4).entries()) {
    const initial = part.length === 1 && (parts[start + at + 2]?.length ?? 0) > 2;
    if (part.length < 3 && !initial) break;
    name.push(part);
  }
  return name.length < 2 ? undefined : name.map(capital).join(" ");
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

/** Collects what a reader finds in each sentence, best sentence first, each text once. */
function spread(
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

function sentencePool({ place, material }: TextRequest) {
  if (place.focus !== undefined) return [place.focus.sentence];
  return material.topic?.strict
    ? material.ranked.slice(0, 120).map((ranked) => ranked.sentence)
    : material.evidence.sentences;
}

function textOf({ place, material }: TextRequest): string {
  return place.focus?.sentence.text ?? material.subjectText;
}

function readable(ranked: RankedSentence, request: TextRequest): TextCandidate {
  return whole(ranked, clip(withoutStageMarks(ranked.sentence.text), request, 320));
}

function clip(text: string, { material, intent, maxLength }: TextRequest, longest: number): string {
  const wanted = intent.about.size > 0 ? new Set([...material.wanted, ...intent.about]) : material.wanted;
  return clipSentence(text, wanted, Math.min(longest, maxLength));
}

function whole(ranked: RankedSentence, text: string): TextCandidate {
  return { text, from: [ranked] };
}

function plain(text: string): TextCandidate {
  return { text, from: [] };
}
