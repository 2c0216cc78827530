/** Fills records with open keys: counts of words, `name: value` lines; empty when nothing of the kind is there. */

import type { Json } from "../../../core/json/json.ts";
import type { EvidenceSentence } from "../evidence/evidence.ts";
import type { Filled, Material, Place } from "../evidence/material.ts";
import { entitiesIn } from "../language/entities.ts";
import { keyPhrasesOf } from "../language/key-phrases.ts";
import { isStopword } from "../text/words.ts";
import type { FieldIntent } from "./field-intent.ts";
import { boundOf, fits, type SchemaNode, schemaNode } from "./schema-check.ts";

const mostEntries = 10;

/** Fills `dict[str, T]`: numbers count names or key phrases, texts take the `name: value` lines of the evidence. */
export function fillRecord(node: SchemaNode, place: Place, material: Material, intent: FieldIntent): Filled {
  const { schema, root } = node;
  const value = schemaNode(schema.additionalProperties, root);
  const most = Math.min(mostEntries, boundOf(schema, "maxProperties", mostEntries));
  const entries = new Map<string, Json>();
  for (const [key, entry] of [...counts(place, material, intent), ...lines(place, material)]) {
    if (entries.size >= most) break;
    if (
      !entries.has(key) &&
      fits(entry, value) &&
      fits({ [key]: entry }, { schema: { ...schema, minProperties: 0, required: [] }, root })
    ) {
      entries.set(key, entry);
    }
  }
  const record = Object.fromEntries(entries);
  return fits(record, node) ? { value: record } : { missing: place.path };
}

function counts(place: Place, material: Material, intent: FieldIntent): readonly (readonly [string, Json])[] {
  const sentences = place.focus ? [place.focus.sentence] : material.pool;
  if (intent.intent === "entity") {
    const entities = entitiesIn(sentences.map((sentence) => sentence.text));
    return entities
      .filter((entity) => intent.entity === "any" || entity.kind === intent.entity)
      .map(({ text, count }) => [text, count]);
  }
  if (!/^(?:keyword|count)$/.test(intent.intent) && !/freq|occurrence|histogram/i.test(place.name)) return [];
  if (/word/i.test(place.name)) return wordCounts(sentences);
  return keyPhrasesOf(sentences, mostEntries, material.wanted).map(({ text, count }) => [text, count]);
}

function wordCounts(sentences: readonly EvidenceSentence[]): readonly (readonly [string, Json])[] {
  const found = new Map<string, number>();
  for (const { words } of sentences) {
    for (const word of words) if (!isStopword(word) && word.length <= 64) found.set(word, (found.get(word) ?? 0) + 1);
  }
  return [...found].sort(([, a], [, b]) => b - a);
}

function lines(place: Place, material: Material): readonly (readonly [string, Json])[] {
  const sentences = place.focus ? [place.focus.sentence] : material.evidence.sentences.slice(0, 5_000);
  return sentences.flatMap(({ text }) => {
    const colon = text.slice(0, 50).indexOf(": ");
    const key = text.slice(0, Math.max(0, colon)).trim();
    if (key === "" || key.split(" ").length > 4) return [];
    return [[key, text.slice(colon + 2).trim()] as const];
  });
}
