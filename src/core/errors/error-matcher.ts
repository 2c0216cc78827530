/** Tells whether a failure is one of those that something is meant for. */

import { codeOf, isFlockError } from "./errors.ts";

/** Which failures something is meant for: a code of an error, a class of errors, or whatever a function says yes to. */
// biome-ignore lint/suspicious/noExplicitAny: a variance bound; classes take what they like
export type ErrorMatcher = string | (abstract new (...parameters: any[]) => Error) | ((error: unknown) => boolean);

/**
 * Tells whether an error is of a class, has a code, or is what a function says yes to; one that throws says no. What a tool
 * threw counts beside the `tool_failed` around it.
 */
export function matches(matcher: ErrorMatcher, error: unknown): boolean {
  return matchOf(matcher, error) !== undefined;
}

/** Tells whether any of them matches; none does when there are none. */
export function matchesAny(matchers: readonly ErrorMatcher[] = [], error: unknown): boolean {
  return matchers.some((matcher) => matches(matcher, error));
}

/** How a matcher matched. */
export interface ErrorMatch {
  /** The error itself, or what a tool threw that it tells of. */
  readonly error: unknown;
  /** Less is more specific: 0 for a function, 1 for a code, 2 for the error's own class, 1 more for each class above it. */
  readonly rank: number;
}

/** Gives how a matcher matches an error; undefined where it does not. */
export function matchOf(matcher: ErrorMatcher, error: unknown): ErrorMatch | undefined {
  const thrown = isFlockError(error, "tool_failed") && error.cause !== undefined ? [error, error.cause] : [error];
  for (const one of thrown) {
    const rank = rankOf(matcher, one);
    if (rank !== undefined) return { error: one, rank };
  }
  return undefined;
}

/** Gives what matches an error, the most specific first, equal ones in the order given. */
export function mostSpecificFirst<Item>(
  items: readonly Item[],
  matcherOf: (item: Item) => ErrorMatcher,
  error: unknown,
): Item[] {
  return items
    .flatMap((item) => {
      const match = matchOf(matcherOf(item), error);
      return match === undefined ? [] : [{ item, rank: match.rank }];
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** Tells a class of errors from a function that decides. */
export function isErrorClass(matcher: unknown): matcher is abstract new () => Error {
  return typeof matcher === "function" && (matcher.prototype instanceof Error || matcher === Error);
}

function rankOf(matcher: ErrorMatcher, error: unknown): number | undefined {
  if (typeof matcher === "string") return codeOf(error) === matcher ? 1 : undefined;
  try {
    if (isErrorClass(matcher)) return error instanceof matcher ? distanceTo(matcher, error) : undefined;
    return (matcher as (error: unknown) => unknown)(error) === true ? 0 : undefined;
  } catch {
    return undefined;
  }
}

/** Counts the classes between an error and one above it; a class may also call its own what does not descend from it. */
function distanceTo(matcher: abstract new () => Error, error: Error): number {
  let rank = 2;
  let above: unknown = Object.getPrototypeOf(error);
  while (above !== matcher.prototype && above !== null && rank < farthest) {
    rank += 1;
    above = Object.getPrototypeOf(above);
  }
  return above === matcher.prototype ? rank : farthest;
}

const farthest = 1_000;
