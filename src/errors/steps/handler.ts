/** Declares a function that answers for one kind of failure. */

import { type ErrorMatcher, matchOf } from "../../core/errors/error-matcher.ts";
import type { FlockError, FlockErrorCode } from "../../core/errors/errors.ts";
import { checkOptions, optionError, positiveNumber } from "../../core/errors/options.ts";
import type { Failure } from "../../core/failure.ts";
import type { AnswerStep } from "../../core/recovery-settings.ts";
import { bounded, defaultHandlerMs, patient } from "../bounded.ts";
import { matcherName, readMatcher } from "../known-codes.ts";

/** The error a handler gets, by what it was declared for. */
export type MatchedError<Matcher> = Matcher extends FlockErrorCode
  ? FlockError<Matcher>
  : Matcher extends abstract new (
        ...parameters: never[]
      ) => infer Instance
    ? Instance
    : Matcher extends (error: unknown) => error is infer Narrowed
      ? Narrowed
      : unknown;

/**
 * Answers for a failure: gives a value, which is checked like any output; `undefined` declines. To try again or to call
 * something else, give what `failure.retry()` or `failure.callInstead(…)` gives.
 */
export type ErrorHandler<Matcher = unknown> = (error: MatchedError<Matcher>, failure: Failure) => unknown;

/** How a {@link handler} is bounded. */
export interface HandlerOptions {
  /** Most milliseconds it may take, beside the calls it makes. @default 30000 */
  readonly timeoutMs?: number | undefined;
}

/**
 * Answers for failures of a class, of a code, or that a function says yes to, of what declares it. For a tool's failure the
 * class is that of what the tool threw. All handlers of one list are one set at the place of the first: a function goes
 * before a code, a code before a class, a class before those above it; equal ones in the order written. One that throws or
 * hangs hides nothing: the failure goes on, and what the handler did is told beside it. To end with another error, throw
 * one whose `cause` is the failure.
 *
 * @throws option_invalid for a matcher or function of the wrong shape, and unknown options.
 */
export function handler<const Matcher extends ErrorMatcher>(
  matcher: Matcher,
  handle: ErrorHandler<Matcher>,
  options: HandlerOptions = {},
): AnswerStep {
  checkOptions("handler", options, { timeoutMs: positiveNumber });
  const handles = readMatcher("handler", matcher, "matcher");
  if (typeof handle !== "function") throw optionError("handler", "handle", "a function", handle);
  const { timeoutMs = defaultHandlerMs } = options;
  const name = `handler for ${matcherName(handles)}`;
  return Object.freeze({
    step: "answer",
    name,
    at: "here",
    handles,
    answer(failure: Failure) {
      const match = matchOf(handles, failure.error);
      if (match === undefined) return undefined;
      const { runtime, signal } = failure;
      return bounded({ name, timeoutMs, runtime, signal }, (during) =>
        handle(match.error as MatchedError<Matcher>, patient(failure, during)),
      );
    },
  } satisfies AnswerStep);
}
