/** Remembers how far a request had come when reading its answer failed: vendors' clients pass the error on, and nothing else. */

import type { FailureProgress } from "../../core/errors/errors.ts";
import { peek } from "../../core/runtime/system-failure.ts";

const notes = new WeakMap<object, FailureProgress>();

/** Notes how far the request of an error had come; `answering` stays. */
export function noteProgress(error: unknown, progress: FailureProgress): void {
  if (typeof error !== "object" || error === null || notes.get(error) === "answering") return;
  notes.set(error, progress);
}

/** Finds the notes on an error and its causes, and gives the furthest: the wire sees bytes before a client sees parts. */
export function notedProgress(error: unknown): FailureProgress | undefined {
  let current = error;
  let furthest: FailureProgress | undefined;
  for (let depth = 0; depth < 8 && typeof current === "object" && current !== null; depth++) {
    const noted = notes.get(current);
    if (noted === "answering") return noted;
    furthest ??= noted;
    current = peek(current, "cause");
  }
  return furthest;
}
