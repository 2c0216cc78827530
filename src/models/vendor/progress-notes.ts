/** Remembers how far a request had come when reading its answer failed: vendors' clients pass the error on, and nothing else. */

import type { FailureProgress } from "../../core/errors/errors.ts";
import { peek } from "../../core/runtime/system-failure.ts";

const notes = new WeakMap<object, FailureProgress>();

/** Notes how far the request of an error had come. The first note stays: it is nearest to the wire. */
export function noteProgress(error: unknown, progress: FailureProgress): void {
  if (typeof error === "object" && error !== null && !notes.has(error)) notes.set(error, progress);
}

/** Finds a note on an error or its causes. */
export function notedProgress(error: unknown): FailureProgress | undefined {
  let current = error;
  for (let depth = 0; depth < 8 && typeof current === "object" && current !== null; depth++) {
    const noted = notes.get(current);
    if (noted !== undefined) return noted;
    current = peek(current, "cause");
  }
  return undefined;
}
