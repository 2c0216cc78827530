/** What a model's tokens cost, as plain data that layers can reckon with. */

/** Whole micro-dollars for a million tokens of each kind; reasoning counts as output. */
export interface TokenRates {
  /** Input that neither came from the vendor's cache nor went into it. */
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** The price of one model. */
export interface ModelPrice {
  readonly microUsdPerMillion: TokenRates;
  /** What the whole request costs once its input is longer than a limit. @default the same at every length */
  readonly longContext?: { readonly aboveInputTokens: number; readonly microUsdPerMillion: TokenRates };
  /** Where it was read: the vendor's page, `prices` for a Flock's own, `local` for what runs on one's own machine. */
  readonly source: string;
  /** The day it was known to hold, such as `2026-09-23`. */
  readonly asOf?: string;
  /** Milliseconds since 1970 from which another price holds. @default no change is announced */
  readonly validUntilMs?: number;
}

/** Rates above this, 1,000 dollars for a million tokens, are no prices; below it the arithmetic is exact. */
export const highestRate = 1_000_000_000;
/** Counts above this are no counts of tokens; below it the arithmetic is exact. */
export const mostTokens = 1_000_000_000_000;

/** Gives a reported number when it can be a count of tokens. */
export function countOf(reported: number | undefined): number | undefined {
  return Number.isSafeInteger(reported) && reported! >= 0 && reported! <= mostTokens ? reported : undefined;
}
