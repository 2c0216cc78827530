/** Declares a value that stands in for a failed answer. */

import type { ErrorMatcher } from "../../core/errors/error-matcher.ts";
import { checkOptions, optionError } from "../../core/errors/options.ts";
import type { Failure } from "../../core/failure.ts";
import { canonicalText } from "../../core/json/canonical-key.ts";
import { copyJson } from "../../core/json/copy-json.ts";
import type { AnswerStep } from "../../core/recovery-settings.ts";
import { readMatchers } from "../known-codes.ts";
import { mayBeReplaced } from "../never-replaced.ts";
import type { FallbackOptions } from "./fallback.ts";

/**
 * Gives a value instead of failing: the one given, each caller a copy of its own, or what a function makes of the failure
 * (`undefined` declines). It must fit the output of what declares it; where it does not, the next step is asked.
 *
 * @throws option_invalid for no value, one that is no plain JSON, and unknown options.
 */
export function fallbackValue(
  value: object | ((failure: Failure) => unknown),
  options: FallbackOptions = {},
): AnswerStep {
  checkOptions("fallbackValue", options, { on: () => undefined });
  const on: readonly ErrorMatcher[] | undefined = readMatchers("fallbackValue", options.on);
  const make = typeof value === "function" ? (value as (failure: Failure) => unknown) : copierOf(value);
  return Object.freeze({
    step: "answer",
    name: "fallback-value",
    at: "here",
    answer: (failure: Failure) => (mayBeReplaced(on, failure.error) ? make(failure) : undefined),
  } satisfies AnswerStep);
}

function copierOf(value: unknown): () => unknown {
  const expected = "a plain JSON object keyed by field name, or a function of the failure";
  if (typeof value !== "object" || value === null) throw optionError("fallbackValue", "value", expected, value);
  try {
    canonicalText(value);
    const kept = copyJson(value);
    return () => copyJson(kept);
  } catch {
    throw optionError("fallbackValue", "value", expected, value);
  }
}
