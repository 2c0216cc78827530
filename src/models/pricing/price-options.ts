/** Checks the prices a Flock is given, so that a wrong one is told when it is built and not on a bill. */

import { highestRate } from "../../core/model-price.ts";
import { checkOptions, numberBetween } from "../../core/options.ts";

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

const rate = numberBetween(0, highestRate / 1_000_000);
const rates = { input: rate, output: rate, cacheRead: rate, cacheWrite: rate };

/**
 * Checks prices.
 *
 * @throws option_invalid for a name that is neither `vendor/model id` nor `vendor/*`, a missing, negative or absurd number,
 * or an unknown key, with the nearest known one.
 */
export function checkPrices(prices: PriceOverrides): void {
  const checks: Record<string, (price: unknown) => string | undefined> = {};
  for (const name of Object.keys(prices)) {
    checks[name] = (price) => {
      if (!/^[^/\s]+\/\S+$/.test(name)) return 'keyed by "vendor/model id" or "vendor/*"';
      checkOptions(`prices["${name}"]`, price, rates);
      const { input, output } = price as PriceOverride;
      return input === undefined || output === undefined ? "a price with input and output" : undefined;
    };
  }
  checkOptions("Flock prices", prices, checks);
}
