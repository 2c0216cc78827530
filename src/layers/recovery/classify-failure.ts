/** Says what a failure means for whoever might try again. */

import { codeOf, isFlockError } from "../../core/errors/errors.ts";

/** What is known of a failure. */
export interface Classified {
  readonly code: string;
  /** The same call may come through later. */
  readonly retryable: boolean;
  /** How long whoever failed asked to wait. */
  readonly retryAfterMs?: number;
}

/** Classifies any error. */
export function classifyFailure(error: unknown): Classified {
  const code = codeOf(error);
  if (isFlockError(error, "model_failed")) return { code, ...error.details };
  return { code, retryable: isFlockError(error, "timeout") && error.details.limit === "attempt" };
}
