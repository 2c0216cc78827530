/** Follows references inside one JSON Schema document. */

import type { Json, JsonSchema } from "../../core/json/json.ts";

/** Gives what a `#/…` reference points at; undefined for one that leads nowhere or outside. */
export function resolveReference(reference: string, root: JsonSchema): Json | undefined {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let place: Json | undefined = root;
  for (const step of reference.slice(2).split("/")) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof place !== "object" || place === null || !Object.hasOwn(place, key)) return undefined;
    place = (place as Record<string, Json>)[key];
  }
  return place;
}
