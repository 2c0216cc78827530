/** Says which failures nothing else should answer for unless somebody names them. */

import { type ErrorMatcher, matchesAny } from "../core/errors/error-matcher.ts";
import { codeOf, isFlockError } from "../core/errors/errors.ts";

/** Whoever was called instead would get the same input, overspend the same money, or get around a "no". */
const final: ReadonlySet<string> = new Set([
  "cancelled",
  "input_invalid",
  "option_invalid",
  "signature_invalid",
  "type_invalid",
  "pattern_invalid",
  "name_invalid",
  "knob_invalid",
  "budget_exceeded",
  "price_unknown",
  "tool_not_approved",
  "path_forbidden",
]);

/**
 * Tells whether something else may answer for a failure: one of those named, or without names all but a cancelled call, a
 * wrong input or option, a used up budget, a refused approval and a deadline.
 */
export function mayBeReplaced(on: readonly ErrorMatcher[] | undefined, error: unknown): boolean {
  if (on !== undefined) return matchesAny(on, error);
  if (isFlockError(error, "timeout") && error.details.limit === "deadline") return false;
  return !final.has(codeOf(error));
}
