/** Says what the end of an attempt tells of the health of what was called. */

import { isFlockError } from "../../../core/errors/errors.ts";
import { classifyFailure } from "../classify-failure.ts";

/** It failed; it answered, if only with a no; or nothing is known, since the attempt never came so far. */
export type HealthVerdict = "failed" | "answered" | "unknown";

/**
 * Judges a failure. Servers that err, are overloaded or out of reach, damaged answers and attempts that hang are failures
 * of health. A refusal by status (a wrong request, a wrong key, too many requests) is an answer: the other side is well.
 * Everything else says nothing: limits of our own, the caller's deadline, aborts, mistakes in code.
 */
export function healthVerdict(error: unknown): HealthVerdict {
  const told = isFlockError(error, "tool_failed") && error.cause !== undefined ? error.cause : error;
  const { code, retryable } = classifyFailure(told);
  if (code === "rate_limited") return "answered";
  if (code === "circuit_open") return "unknown";
  if (code === "server_failed") return "failed";
  const { status } = (isFlockError(told) ? told.details : {}) as { readonly status?: number };
  if (status !== undefined) return status >= 500 || status === 408 ? "failed" : "answered";
  return retryable ? "failed" : "unknown";
}
