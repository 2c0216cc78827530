/** Checks the prices a Flock is given, so that a wrong one is told when it is built and not on a bill. */

import { checkOptions, numberBetween, optionError } from "../../core/errors/options.ts";

/** The price of a model in US dollars for a million tokens, to six decimals. */
export interface PriceOverride {
  readonly input: number;
  /** Reasoning included. */
  readonly output: number;
  /** Input that came from the vendor's cache. @default input */
  readonly cacheRead?: number | undefined;
  /** Input that went into the vendor's cache. @default input */
  readonly cacheWrite?: number | undefined;
}

/** Prices by `vendor/model id`, or by `vendor/*` for all models of a vendor that have none of their own. */
export type PriceOverrides = Readonly<Record<string, PriceOverride>>;

/** The highest rate that is reckoned with exactly. */
const rate = numberBetween(0, 1_000);
const rates = { input: rate, output: rate, cacheRead: rate, cacheWrite: rate };

/**
 * Checks prices.
 *
 * @throws option_invalid for a name that is neither `vendor/model id` nor `vendor/*`, a missing, negative or absurd number,
 * or an unknown key, with the nearest known one.
 */
export function checkPrices(prices: PriceOverrides): void {
  for (const [name, price] of Object.entries(prices)) {
    const owner = `Flock prices["${name}"]`;
    checkOptions(owner, price, rates);
    if (price.input === undefined) throw optionError(owner, "input", "given", undefined);
    if (price.output === undefined) throw optionError(owner, "output", "given", undefined);
    if (!/.\/./.test(name)) throw optionError(owner, "name", '"vendor/model id" or "vendor/*"', name);
  }
}
