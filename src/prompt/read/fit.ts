/** Measures how well a value fits the shape it was bent to, so that the best of several wins. */

import type { AnswerShape } from "../json-schema/json-schema-shape.ts";
import type { Candidate } from "./candidates.ts";

/** How well a candidate fits. */
export interface Fit {
  /** What it was bent to. */
  readonly value: unknown;
  readonly candidate: Candidate;
  /** Wrappings that were opened. */
  readonly layers: number;
  /** Keys the shape does not know. */
  readonly unknownKeys: number;
  /** Values that were bent, and fields it left out. */
  readonly changes: number;
}

/** Changes are counted up to this many: more make no candidate better or worse. */
const mostChanges = 1_000;

/** Measures a candidate that passed the check. */
export function fitOf(candidate: Candidate, before: unknown, after: unknown, layers: number, shape: AnswerShape): Fit {
  const fields = "fields" in shape ? (shape.fields as readonly { readonly name: string }[]) : [];
  let unknownKeys = 0;
  let absent = 0;
  if (fields.length > 0 && typeof before === "object" && before !== null) {
    const names = new Set(fields.map((field) => field.name));
    for (const key of Object.keys(before)) if (!names.delete(key)) unknownKeys++;
    absent = names.size;
  }
  return { value: after, candidate, layers, unknownKeys, changes: absent + changesBetween(before, after, mostChanges) };
}

/** Tells whether `a` fits better than `b`, which stood before it in the order of candidates. */
export function fitsBetter(a: Fit, b: Fit): boolean {
  const { candidate: one } = a;
  const { candidate: other } = b;
  if (one.thought !== other.thought) return other.thought;
  if (a.unknownKeys !== b.unknownKeys) return a.unknownKeys < b.unknownKeys;
  if (a.layers !== b.layers) return a.layers < b.layers;
  if (a.changes !== b.changes) return a.changes < b.changes;
  if (one.fenced !== other.fenced) return one.fenced;
  return one.start > other.start;
}

/** Counts what differs; unchanged parts are the very same objects and cost nothing. */
function changesBetween(before: unknown, after: unknown, most: number): number {
  if (Object.is(before, after)) return 0;
  if (typeof before !== "object" || before === null || typeof after !== "object" || after === null) return 1;
  let changes = Array.isArray(before) === Array.isArray(after) ? 0 : 1;
  for (const [key, value] of Object.entries(after)) {
    if (changes >= most) break;
    changes += changesBetween((before as Record<string, unknown>)[key], value, most - changes);
  }
  return changes;
}
