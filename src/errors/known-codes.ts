/** Knows every code of an error, so that a misspelt one is told when it is written, not when it was needed. */

import { type ErrorMatcher, isErrorClass } from "../core/errors/error-matcher.ts";
import { FlockError, type FlockErrorCode } from "../core/errors/errors.ts";
import { nearestName } from "../core/errors/nearest-name.ts";
import { optionError } from "../core/errors/options.ts";

const codes = {
  ...{
    signature_invalid: true,
    type_invalid: true,
    input_invalid: true,
    output_invalid: true,
    output_unreadable: true,
  },
  ...{ option_invalid: true, model_not_configured: true, model_unknown: true, model_package_missing: true },
  ...{ model_key_missing: true, rate_limited: true, quota_exhausted: true, overloaded: true, model_unreachable: true },
  ...{ model_unauthorized: true, context_too_long: true, content_blocked: true, model_request_invalid: true },
  ...{ model_failed: true, model_stopped: true, tool_unknown: true, tool_failed: true, tool_not_approved: true },
  ...{ steps_exhausted: true, pattern_invalid: true, no_evidence: true, timeout: true, circuit_open: true },
  ...{ limit_exceeded: true, budget_exceeded: true, price_unknown: true, queue_full: true, lease_invalid: true },
  ...{ deadlock: true, cancelled: true, documents_unavailable: true, path_forbidden: true, store_mismatch: true },
  ...{
    store_failed: true,
    history_invalid: true,
    cache_cycle: true,
    package_missing: true,
    provider_failed: true,
    name_invalid: true,
  },
  ...{ knob_invalid: true, recovery_failed: true, internal: true },
} satisfies Record<FlockErrorCode, true>;

/** Codes of your own are fine; one that looks like a known one is not. */
const knownCodes: readonly string[] = [...Object.keys(codes), "unknown"];

/** What an option for failures takes. */
export const matcherWords = "codes of errors, classes of errors, or functions of an error";

/**
 * Reads an option that says which failures are meant: one matcher, or a list.
 *
 * @throws option_invalid for anything else, for an empty list, and for a code that is nearly a known one.
 */
export function readMatchers(
  owner: string,
  value: ErrorMatcher | readonly ErrorMatcher[] | undefined,
  option = "on",
): readonly ErrorMatcher[] | undefined {
  if (value === undefined) return undefined;
  const matchers: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (matchers.length === 0) throw optionError(owner, option, matcherWords, value);
  return matchers.map((matcher) => readMatcher(owner, matcher, option));
}

/**
 * Reads one matcher.
 *
 * @throws option_invalid as {@link readMatchers}.
 */
export function readMatcher(owner: string, matcher: unknown, option: string): ErrorMatcher {
  if (typeof matcher === "function") return matcher as ErrorMatcher;
  if (typeof matcher !== "string" || matcher.trim() === "") throw optionError(owner, option, matcherWords, matcher);
  const suggestion = knownCodes.includes(matcher) ? undefined : nearestName(matcher, knownCodes);
  if (suggestion === undefined) return matcher;
  const message = `${owner}: "${option}" names "${matcher.slice(0, 64)}", which is no code; did you mean "${suggestion}"?`;
  throw new FlockError("option_invalid", message, {
    details: { option, expected: "a code of an error", received: matcher.slice(0, 64), suggestion },
  });
}

/** Gives a matcher in words. */
export function matcherName(matcher: ErrorMatcher): string {
  if (typeof matcher === "string") return matcher;
  return matcher.name || (isErrorClass(matcher) ? "an error" : "a condition");
}
