/** Reads what a field is for out of its name, then its description. */

import { isGenericWord } from "../evidence/topic.ts";
import type { EntityKind } from "../language/entities.ts";
import { isStopword, stemOf, wordsOf } from "../text/words.ts";

/** What a field asks for. */
export type Intent =
  | "summary"
  | "answer"
  | "title"
  | "finding"
  | "quote"
  | "source"
  | "heading"
  | "keyword"
  | "entity"
  | "date"
  | "year"
  | "figure"
  | "count"
  | "sentiment"
  | "score"
  | "language"
  | "email"
  | "url"
  | "phone"
  | "unknown";

/** Sentences of one sort: only those that hold one of its words may fill the field. */
export type Cue =
  | "recommendation"
  | "risk"
  | "benefit"
  | "drawback"
  | "question"
  | "cause"
  | "decision"
  | "definition"
  | "change";

/** A field as the fillers see it. */
export interface FieldIntent {
  readonly intent: Intent;
  readonly entity: EntityKind | "any";
  readonly cue: Cue | undefined;
  readonly figure: "money" | "percent" | "any";
  /** Stems of name and description that are neither intent nor filler: what the field is about. */
  readonly about: ReadonlySet<string>;
  /** How many the description asks for ("top 3", "five key points"), if it does. */
  readonly wanted: number | undefined;
}

const intents: Readonly<Record<Exclude<Intent, "unknown">, string>> = {
  summary:
    "summary abstract overview conclusion synopsis digest tldr gist brief explanation rationale reasoning reason justification background context introduction description narrative report content text body analysis essay article bio draft post review critique feedback assessment evaluation interpretation research story memo",
  answer: "answer response reply result output solution verdict opinion",
  title: "title headline caption subject",
  finding:
    "finding point insight highlight evidence fact claim takeaway observation statement argument lesson passage sentence excerpt detail note item bullet learning implication consequence outcome topic_sentence recommendation advice action suggestion proposal step risk threat danger concern warning challenge problem pro benefit advantage strength opportunity con drawback disadvantage weakness limitation question cause driver decision definition change trend development effect impact thesis policy event message hypothesis found match hit material information info knowledge discovery news mention learned",
  quote: "quote quotation verbatim snippet citation_text",
  source:
    "source reference citation file document doc link bibliography filename speech publication origin provenance paper article_title book path",
  heading: "heading section chapter",
  keyword: "keyword topic tag phrase concept term theme hashtag subject_area category keyphrase",
  entity:
    "entity people person name organization organisation company institution agency place location country city state region author speaker president employee customer actor participant stakeholder team brand owner",
  date: "date deadline timeline when day due",
  year: "year",
  figure:
    "figure number statistic stat amount money price percent percentage metric cost total subtotal sum balance budget value quantity rate salary revenue share fee age duration weight height distance",
  count: "count",
  sentiment: "sentiment polarity tone mood attitude",
  score: "confidence score relevance certainty probability likelihood coverage relevancy similarity",
  language: "language lang locale",
  email: "email mail e-mail",
  url: "url website homepage href",
  phone: "phone telephone mobile fax",
};

const entityWords: Readonly<Record<EntityKind, string>> = {
  person: "people person author speaker president employee customer actor participant stakeholder owner",
  organisation: "organization organisation company institution agency brand team",
  place: "place location country city state region",
  other: "",
};

const cueNames: Readonly<Record<Cue, string>> = {
  recommendation: "recommendation advice action suggestion proposal step",
  risk: "risk threat danger concern warning challenge problem",
  benefit: "pro benefit advantage strength opportunity",
  drawback: "con drawback disadvantage weakness limitation",
  question: "question",
  cause: "cause driver",
  decision: "decision",
  definition: "definition",
  change: "change trend",
};

/** Names that, alone, mean an amount of money. */
const totals = new Set("total subtotal sum balance grand net gross due".split(" "));

const byStem = invert(intents);
const entityByStem = invert(entityWords);
const cueByStem = invert(cueNames);
const ambiguousAsLast = new Set(["score", "list", "text", "info", "data", "field", "string", "array", "valu"]);

/** Reads a field's intent: the last word of its name that is known decides, else the first known word of its description. */
export function readIntent(name: string, description: string): FieldIntent {
  const tokens = nameTokens(name);
  const stems = tokens.map(stemOf);
  const spoken = wordsOf(description.slice(0, 400)).filter((word) => word.length <= 64);
  const fromName = decide(stems);
  const described = fromName === undefined ? spoken.map(stemOf).find((stem) => byStem.has(stem)) : undefined;
  const key = fromName ?? described;
  const intent = isCount(tokens) ? "count" : key === undefined ? "unknown" : byStem.get(key)!;
  const all = [...stems, ...spoken.map(stemOf)];
  return {
    intent,
    entity: (key !== undefined && entityByStem.get(key)) || firstOf(all, entityByStem) || "any",
    cue:
      key === undefined
        ? undefined
        : (cueByStem.get(key) ?? (intent === "finding" ? firstOf(stems, cueByStem) : undefined)),
    figure: tokens.every((token) => totals.has(token)) ? "money" : figureKind([...tokens, ...spoken]),
    about: aboutOf(tokens, spoken),
    wanted: wantedCount(spoken),
  };
}

/** Splits a field name at `_`, `-`, `.`, digits and capitals, lower-cased. */
export function nameTokens(name: string): string[] {
  return name
    .slice(0, 200)
    .split(/[^\p{L}]+|(?<=\p{Ll})(?=\p{Lu})/u)
    .filter((token) => token !== "")
    .map((token) => token.toLowerCase());
}

function decide(stems: readonly string[]): string | undefined {
  const known = stems.filter((stem) => byStem.has(stem));
  const last = known.at(-1);
  return last !== undefined && ambiguousAsLast.has(last) && known.length > 1 ? known.at(-2) : last;
}

function isCount(tokens: readonly string[]): boolean {
  const [first, second] = tokens;
  return tokens.at(-1) === "count" || first === "count" || first === "num" || (first === "number" && second === "of");
}

function figureKind(words: readonly string[]): FieldIntent["figure"] {
  if (words.some((word) => /^(?:percent|percentage|percentages|rate|share)$/.test(word))) return "percent";
  if (
    words.some((word) =>
      /^(?:money|price|cost|costs|amount|amounts|budget|revenue|salary|fee|usd|eur|dollars)$/.test(word),
    )
  )
    return "money";
  return "any";
}

const spelledCounts = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** "top 3", "up to five", "3 to 5 points": the last number before the first noun decides, 1 to 50. */
function wantedCount(words: readonly string[]): number | undefined {
  for (let at = words.length - 1; at >= 0; at--) {
    const word = words[at]!;
    const value = spelledCounts.includes(word)
      ? spelledCounts.indexOf(word) + 1
      : /^\d{1,2}$/.test(word)
        ? Number(word)
        : 0;
    if (value < 1 || value > 50 || at === words.length - 1) continue;
    const counted =
      byStem.has(stemOf(words[at + 1]!)) ||
      byStem.has(stemOf(words[at + 2] ?? "")) ||
      /^(?:top|to|exactly)$/.test(words[at - 1] ?? "");
    if (counted) return value;
  }
  return undefined;
}

function aboutOf(tokens: readonly string[], spoken: readonly string[]): ReadonlySet<string> {
  const about = new Set<string>();
  for (const word of [...tokens, ...spoken]) {
    const stem = stemOf(word);
    if (totals.has(word)) continue;
    if (word.length > 2 && !isStopword(word) && !isGenericWord(word) && !byStem.has(stem)) about.add(stem);
  }
  return about;
}

function firstOf<Value>(stems: readonly string[], table: ReadonlyMap<string, Value>): Value | undefined {
  for (const stem of stems) {
    const value = table.get(stem);
    if (value !== undefined) return value;
  }
  return undefined;
}

function invert<Key extends string>(table: Readonly<Record<Key, string>>): ReadonlyMap<string, Key> {
  const inverted = new Map<string, Key>();
  for (const [key, list] of Object.entries(table) as [Key, string][]) {
    for (const word of list.split(" ")) if (word !== "" && !inverted.has(stemOf(word))) inverted.set(stemOf(word), key);
  }
  return inverted;
}
