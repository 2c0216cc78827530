/** Finds values that carry the field's own name: an input, a field beside the text, a `name: value` line. */

import type { Json } from "../../../core/json/json.ts";
import type { Material, Place } from "../evidence/material.ts";
import { emailsIn, phonesIn, urlsIn } from "../language/dates-and-figures.ts";
import { type FieldIntent, nameTokens } from "./field-intent.ts";
import { fits, type SchemaNode } from "./schema-check.ts";

/**
 * Gives the values of this name, the nearest first: beside the element's sentence, the input field of the same name, a
 * `name: value` line of the evidence, one field of that name beside the texts when all texts agree on it.
 */
function namedValues(material: Material, place: Place): Json[] {
  const found: Json[] = [];
  const name = place.name.toLowerCase();
  if (place.focus !== undefined) {
    const beside = place.focus.sentence.passage.fields.get(name);
    return beside === undefined ? [] : [beside];
  }
  if (Object.hasOwn(material.inputs, place.name)) {
    const input = material.inputs[place.name]!;
    if (input !== "" && input !== null) found.push(input);
  }
  const line = lineValue(material, place.name);
  if (line !== undefined) found.push(line);
  const values = new Set<string | number | boolean>();
  for (const passage of material.evidence.passages) {
    const value = passage.fields.get(name);
    if (value !== undefined) values.add(value);
    if (values.size > 1) break;
  }
  if (values.size === 1) found.push([...values][0]!);
  return found;
}

/** Reads `Invoice number: 4711` for `invoice_number`, from sentences that begin with the name. */
function lineValue(material: Material, name: string): string | undefined {
  const wanted = nameTokens(name).join(" ");
  if (wanted === "") return undefined;
  for (const { text } of material.evidence.sentences) {
    const colon = text.slice(0, 60).indexOf(":");
    if (colon < 1 || text[colon + 1] !== " ") continue;
    if (nameTokens(text.slice(0, colon)).join(" ") !== wanted) continue;
    const value = text.slice(colon + 1).trim();
    if (value !== "" && value.length <= 300) return value;
  }
  return undefined;
}

/** `Website: see https://…` gives the address alone. */
const marks: { readonly [intent: string]: (text: string) => string[] } = {
  email: emailsIn,
  url: urlsIn,
  phone: phonesIn,
};

/** A value that carries the field's name and fits its schema; texts of numbers are read as numbers. */
export function namedValue(
  node: SchemaNode,
  place: Place,
  material: Material,
  { intent }: FieldIntent,
): Json | undefined {
  if (place.name === "") return undefined;
  for (const found of namedValues(material, place)) {
    const value = typeof found === "string" && Object.hasOwn(marks, intent) ? marks[intent]!(found)[0] : found;
    if (value === undefined) continue;
    if (fits(value, node)) return value;
    if (typeof value === "number" && fits(`${value}`, node)) return `${value}`;
    if (typeof value !== "string") continue;
    const number = Number(value.replace(/^[$€£]\s?/, "").replaceAll(",", ""));
    if (value.trim() !== "" && Number.isFinite(number) && fits(number, node)) return number;
  }
  return undefined;
}
