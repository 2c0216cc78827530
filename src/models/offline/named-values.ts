/** Finds values that carry the field's own name: an input, a field beside the text, a `name: value` line. */

import type { Json } from "../../core/json.ts";
import { nameTokens } from "./field-intent.ts";
import type { Material, Place } from "./material.ts";

/**
 * Gives the values of this name, the nearest first: beside the element's sentence, the input field of the same name, a
 * `name: value` line of the evidence, one field of that name beside the texts when all texts agree on it.
 */
export function namedValues(material: Material, place: Place): Json[] {
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
