/** Tells which kind of failure an event tells of, live or as it was written down. */

import { describeFailure } from "../../core/events/describe-failure.ts";
import type { AttemptEndEvent, CallEndEvent } from "../../core/events/event.ts";
import { FailureReference } from "../../core/events/failure-reference.ts";

/** What makes a kind. */
export interface FailureKind {
  readonly fingerprint: string;
  readonly code: string;
  readonly title: string;
}

/** The kind of a failure: of the live error, as it was written down, or, in records without either, its code alone. */
export function kindOf(event: AttemptEndEvent | CallEndEvent): FailureKind {
  const failure: unknown = event.failure;
  const code = event.code ?? "unknown";
  if (failure instanceof FailureReference) {
    const { fingerprint, title } = describeFailure(failure.read());
    return { fingerprint, code, title: title || code };
  }
  const { fingerprint, title } = (failure ?? {}) as { readonly fingerprint?: unknown; readonly title?: unknown };
  return {
    fingerprint: typeof fingerprint === "string" ? fingerprint : code,
    code,
    title: typeof title === "string" && title !== "" ? title : code,
  };
}
