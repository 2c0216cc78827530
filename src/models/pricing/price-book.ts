/** Answers what a model costs in a Flock, its own prices first, then the package's table, and what an answer cost. */

import type { LanguageModelV4Usage } from "@ai-sdk/provider";
import { costOfTokens } from "../../core/cost-of-tokens.ts";
import type { Usage } from "../../core/events/event.ts";
import { countOf, type ModelPrice } from "../../core/model-price.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { priceNames } from "./price-names.ts";
import { priceOf, toRates } from "./price-of.ts";
import type { PriceOverrides } from "./price-options.ts";

/** Names come from outside; past this many nobody reads the complaints. */
const mostComplaints = 1_000;

/** The prices of one Flock, which has checked them. */
export class PriceBook {
  readonly #own: PriceOverrides;
  readonly #runtime: Pick<Runtime, "now" | "shared">;
  /** What was found for a runnable; null for a model without a price. */
  readonly #found = new WeakMap<AnyRunnable, ModelPrice | null>();

  constructor(own: PriceOverrides | undefined, runtime: Pick<Runtime, "now" | "shared">) {
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

  /** Gives the sentence for a model without a price, once for each name and runtime. */
  complain(runnable: AnyRunnable): string | undefined {
    const { kind, name } = runnable;
    if (kind !== "model" || this.priceOf(runnable) !== undefined) return undefined;
    const told = this.#runtime.shared("models:unpriced", () => new Set<string>());
    if (told.size >= mostComplaints || told.has(name)) return undefined;
    told.add(name);
    return `no price is known for ${name}; give one to the Flock: prices: { "${name}": { input, output } }, in dollars for a million tokens`;
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

/** Gives whole micro-dollars; undefined when input or output was not counted, since a cost without them would be too low. */
export function costOfAnswer(counted: LanguageModelV4Usage, usage: Usage, price: ModelPrice): number | undefined {
  const { inputTokens, outputTokens } = counted;
  const input = countOf(inputTokens.total) ?? countOf(inputTokens.noCache);
  const output = countOf(outputTokens.total) ?? countOf(outputTokens.text);
  return input === undefined || output === undefined ? undefined : costOfTokens(price, usage);
}
