/** Fills lists: distinct texts, numbers, labels, or objects of which each is told by one sentence. */

import type { Json } from "../../../core/json/json.ts";
import { yearOfSentence } from "../evidence/evidence.ts";
import {
  type Filled,
  type FillNode,
  type Material,
  type Place,
  type Subject,
  sampleOf,
  sentencesFor,
} from "../evidence/material.ts";
import { sourceOf } from "../evidence/passages.ts";
import type { RankedSentence } from "../evidence/rank-sentences.ts";
import { scoreLabels } from "../language/classify.ts";
import { hasCue } from "../language/cues.ts";
import { datesIn, quantitiesIn } from "../language/dates-and-figures.ts";
import { entitiesIn } from "../language/entities.ts";
import { keyPhrasesOf } from "../language/key-phrases.ts";
import type { FieldIntent } from "./field-intent.ts";
import { proposeNumbers } from "./fill-numbers.ts";
import { proposeTexts } from "./fill-strings.ts";
import { boundOf, fits, type SchemaNode, schemaNode, typesOf } from "./schema-check.ts";

const usualCounts: Readonly<Record<string, number>> = {
  keyword: 8,
  entity: 10,
  date: 10,
  year: 10,
  figure: 8,
  source: 20,
  email: 20,
  url: 20,
  phone: 20,
};

/** Fills a list; empty when nothing was found and the schema allows it. */
export function fillList(
  node: SchemaNode,
  place: Place,
  material: Material,
  intent: FieldIntent,
  fillNode: FillNode,
): Filled {
  const { schema, root } = node;
  if (Array.isArray(schema.prefixItems)) return fillTuple(schema.prefixItems, node, place, material, fillNode);
  const most = boundOf(schema, "maxItems", Infinity);
  const least = boundOf(schema, "minItems", 0);
  const count = Math.min(most, Math.max(least, intent.wanted ?? usualCounts[intent.intent] ?? 5));
  const item = schemaNode(schema.items, root);
  const values: Json[] = [];
  const seen = new Set<string>();
  for (const value of itemsFor(
    item,
    { ...place, depth: place.depth + 1 },
    material,
    intent,
    Math.min(count, 200),
    fillNode,
  )) {
    const key = JSON.stringify(value);
    if (values.length >= count || seen.has(key)) continue;
    seen.add(key);
    values.push(value);
  }
  return fits(values, node) ? { value: values } : { missing: place.path };
}

function* itemsFor(
  item: SchemaNode,
  place: Place,
  material: Material,
  intent: FieldIntent,
  count: number,
  fillNode: FillNode,
): Generator<Json> {
  const { schema } = item;
  const types = typesOf(schema);
  if (Array.isArray(schema.enum)) return yield* labels(schema.enum, place, material);
  if (types[0] === "string" || (types.length === 0 && Object.keys(schema).length === 0)) {
    const request = {
      intent,
      place,
      material,
      count,
      single: false,
      format: schema.format,
      maxLength: boundOf(schema, "maxLength", Infinity),
    };
    for (const { text, from } of proposeTexts(request)) {
      if (text === "" || !fits(text, item)) continue;
      for (const ranked of from) material.used.add(ranked);
      yield text;
    }
  } else if (types[0] === "integer" || types[0] === "number") {
    for (const { value } of proposeNumbers({ intent, place, material, schema, siblings: new Map() })) {
      if (fits(value, item)) yield value;
    }
  } else {
    yield* elements(item, place, material, intent, count, fillNode);
  }
}

/** Every label the text speaks for. */
function* labels(options: readonly Json[], place: Place, material: Material): Generator<Json> {
  const text = place.focus?.sentence.text ?? sampleOf(material.subjectText);
  const named = options.filter((option): option is string => typeof option === "string");
  for (const { label } of scoreLabels({ labels: named, name: place.name, description: place.description, text }))
    yield label;
}

/** Each element is filled from one sentence alone, so that its text, source and year belong together. */
function* elements(
  item: SchemaNode,
  place: Place,
  material: Material,
  intent: FieldIntent,
  count: number,
  fillNode: FillNode,
): Generator<Json> {
  let made = 0;
  const before = new Set(material.used);
  for (const { focus, subject } of foci(place, material, intent, count * 3)) {
    if (made >= count) return;
    const filled = fillNode(item, { ...place, name: "", focus, subject }, material, new Map());
    if ("missing" in filled || isHollow(filled.value)) {
      if (!before.has(focus)) material.used.delete(focus);
      continue;
    }
    made++;
    material.used.add(focus);
    yield filled.value;
  }
}

function isHollow(value: Json): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((part) => part === null || (Array.isArray(part) && part.length === 0))
  );
}

interface Focus {
  readonly focus: RankedSentence;
  readonly subject: Subject | undefined;
}

/** The sentences, one each, that the elements are to be about. */
function foci(place: Place, material: Material, intent: FieldIntent, count: number): Focus[] {
  if (place.focus !== undefined) return [{ focus: place.focus, subject: place.subject }];
  const plainly = (ranked: RankedSentence): Focus => ({ focus: ranked, subject: undefined });
  switch (intent.intent) {
    case "source":
      return onePerSource(material, sentencesFor(material, place, intent, count)).map(plainly);
    case "date":
    case "year": {
      const dated = sentencesFor(material, place, intent, count, ({ sentence }) => datesIn(sentence.text).length > 0);
      const order = (ranked: RankedSentence) =>
        datesIn(ranked.sentence.text)[0]?.day ?? `${yearOfSentence(ranked.sentence) ?? ""}`;
      return dated.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0)).map(plainly);
    }
    case "figure":
      return sentencesFor(material, place, intent, count, ({ sentence }) => quantitiesIn(sentence.text).length > 0).map(
        plainly,
      );
    case "entity":
      return subjects(
        material,
        entitiesIn(texts(material))
          .filter((entity) => intent.entity === "any" || entity.kind === intent.entity)
          .map(({ text }) => ({ text, weight: 0 })),
        count,
      );
    case "keyword":
      return subjects(
        material,
        keyPhrasesOf(
          material.ranked.map((ranked) => ranked.sentence),
          count,
          material.wanted,
        ),
        count,
      );
    default:
      return sentencesFor(
        material,
        place,
        intent,
        count,
        ({ sentence }) => intent.cue === undefined || hasCue(intent.cue, sentence.text),
      ).map(plainly);
  }
}

function texts(material: Material): string[] {
  return material.ranked.map((ranked) => ranked.sentence.text);
}

/** Joins each name or phrase to the best sentence that holds it. */
function subjects(material: Material, found: readonly Subject[], count: number): Focus[] {
  return found.slice(0, count).flatMap((subject) => {
    const focus = material.ranked.find((ranked) => ranked.sentence.text.includes(subject.text));
    return focus === undefined
      ? []
      : [{ focus, subject: { text: subject.text, weight: subject.weight || focus.relevance } }];
  });
}

function onePerSource(material: Material, chosen: readonly RankedSentence[]): RankedSentence[] {
  const pool = material.used.size > 0 ? [...material.used] : chosen;
  const first = new Map<string, RankedSentence>();
  for (const ranked of pool) {
    const source = sourceOf(ranked.sentence.passage);
    if (source !== undefined && !first.has(source)) first.set(source, ranked);
  }
  return [...first.values()];
}

function fillTuple(
  items: readonly Json[],
  node: SchemaNode,
  place: Place,
  material: Material,
  fillNode: FillNode,
): Filled {
  const values: Json[] = [];
  for (const item of items) {
    const inner = schemaNode(item, node.root);
    const description = inner.schema.description;
    const described = typeof description === "string" ? `${description} ${place.description}` : place.description;
    const filled = fillNode(inner, { ...place, description: described, depth: place.depth + 1 }, material, new Map());
    if ("missing" in filled) return filled;
    values.push(filled.value);
  }
  return { value: values };
}
