/** Answers "what does this model cost?" for a Flock: its own prices first, then the package's table. */

import { costOfTokens } from "../../core/cost-of-tokens.ts";
import type { ModelPrice } from "../../core/model-price.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import type { Runtime } from "../../core/runtime.ts";
import { priceNames } from "./price-names.ts";
import { priceOf, toRates } from "./price-of.ts";
import type { PriceOverrides } from "./price-options.ts";

export { costOfTokens };

/** The prices of one Flock, which has checked them. */
export class PriceBook {
  readonly #own: PriceOverrides;
  readonly #runtime: Pick<Runtime, "now">;
  /** What was found for a runnable; null for a model without a price. */
  readonly #found = new WeakMap<AnyRunnable, ModelPrice | null>();

  constructor(own: PriceOverrides | undefined, runtime: Pick<Runtime, "now">) {
    this.#own = own ?? {};
    this.#runtime = runtime;
  }

  /** Gives the price of a model; undefined for what is no model or has no known price. */
  priceOf(runnable: AnyRunnable): ModelPrice | undefined {
    if (runnable.kind !== "model") return undefined;
    const found = this.#found.get(runnable);
    if (found === null) return undefined;
    if (found?.validUntilMs !== undefined && this.#runtime.now() >= found.validUntilMs) return this.#find(runnable);
    return found ?? this.#find(runnable);
  }

  #find(runnable: AnyRunnable): ModelPrice | undefined {
    const price = this.#ownPrice(runnable.name) ?? priceOf(runnable.name, { runtime: this.#runtime });
    this.#found.set(runnable, price ?? null);
    return price;
  }

  #ownPrice(name: string): ModelPrice | undefined {
    const names = priceNames(name);
    const vendor = names.at(-1)!.split("/", 1)[0];
    const known = [...names, `${vendor}/*`].find((candidate) => Object.hasOwn(this.#own, candidate));
    if (known === undefined) return undefined;
    const { input, output, cacheRead, cacheWrite } = this.#own[known]!;
    return { microUsdPerMillion: toRates(input, output, cacheRead, cacheWrite), source: "prices" };
  }
}
