/** Fills a field that allows only some values: by its name, by what the text says, or not at all. */

import type { Json } from "../../../core/json/json.ts";
import { type Filled, type Material, type Place, sampleOf } from "../evidence/material.ts";
import { classify, scoreLabels } from "../language/classify.ts";
import { readIntent } from "./field-intent.ts";
import { proposeBoolean, proposeNumbers } from "./fill-numbers.ts";
import { namedValue } from "./named-values.ts";
import { fits, type SchemaNode } from "./schema-check.ts";

/** Chooses the option the evidence speaks for; the only option there is needs no evidence. How clear it was goes to the confidence. */
export function fillEnum(options: readonly Json[], node: SchemaNode, place: Place, material: Material): Filled {
  const fitting = options.filter((option) => fits(option, node));
  if (fitting.length === 1) return { value: fitting[0]! };
  const intent = readIntent(place.name, place.description);
  const named = namedValue(node, place, material, intent);
  if (named !== undefined) return { value: named };
  const text = place.focus?.sentence.text ?? sampleOf(material.subjectText);
  const labels = fitting.filter((option): option is string => typeof option === "string");
  const request = { labels, name: place.name, description: place.description, text };
  const label = labels.length > 0 ? classify(request) : undefined;
  if (label !== undefined) {
    const scores = scoreLabels(request);
    const whole = scores.reduce((sum, entry) => sum + entry.score, 0);
    const own = scores.find((entry) => entry.label === label)?.score;
    if (place.focus === undefined) material.clarity.push(own === undefined || whole === 0 ? 0.5 : own / whole);
    return { value: label };
  }
  const numbers = proposeNumbers({ intent, place, material, schema: node.schema, siblings: new Map() });
  const number = numbers.find(({ value }) => fitting.includes(value));
  if (number !== undefined) return { value: number.value };
  const said =
    fitting.includes(true) || fitting.includes(false)
      ? proposeBoolean({ intent, place, material, schema: node.schema, siblings: new Map() })
      : undefined;
  if (said !== undefined && fitting.includes(said)) return { value: said };
  return fitting.includes(null) ? { value: null } : { missing: place.path };
}
