/** Tells whether a failure is one of those that something is meant for. */

import { codeOf } from "./errors.ts";

/** Which failures something is meant for: a code of an error, a class of errors, or whatever a function says yes to. */
// biome-ignore lint/suspicious/noExplicitAny: a variance bound; classes take what they like
export type ErrorMatcher = string | (abstract new (...parameters: any[]) => Error) | ((error: unknown) => boolean);

/** Tells whether an error is of a class, has a code, or is what a function says yes to; one that throws says no. */
export function matches(matcher: ErrorMatcher, error: unknown): boolean {
  if (typeof matcher === "string") return codeOf(error) === matcher;
  if (isErrorClass(matcher)) return error instanceof matcher;
  try {
    return (matcher as (error: unknown) => unknown)(error) === true;
  } catch {
    return false;
  }
}

/** Tells whether any of them matches; none does when there are none. */
export function matchesAny(matchers: readonly ErrorMatcher[] = [], error: unknown): boolean {
  return matchers.some((matcher) => matches(matcher, error));
}

/** Tells a class of errors from a function that decides. */
export function isErrorClass(matcher: unknown): matcher is abstract new () => Error {
  return typeof matcher === "function" && (matcher.prototype instanceof Error || matcher === Error);
}
