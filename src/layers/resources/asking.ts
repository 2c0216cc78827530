/** What one attempt asks for: permits and a request, and a guess of the tokens and the money where these are limited. */

import { costOfTokens } from "../../core/cost-of-tokens.ts";
import { FlockError, isFlockError } from "../../core/errors/errors.ts";
import type { LayerCall, LayerHost } from "../../core/layer.ts";
import type { ModelPrice } from "../../core/model-price.ts";
import type { ResourceNeeds } from "../../core/resource-settings.ts";
import type { AcquireOptions, ResourceRequest } from "./lease.ts";
import type { Counted, CountingManager } from "./managers.ts";
import type { ResourceManager } from "./resource-manager.ts";
import { charactersOf, maxOutputOf, type TokenGuess } from "./token-estimate.ts";
import { unitsOf } from "./units.ts";

/** What is asked of one manager. */
export interface Ask {
  readonly manager: ResourceManager;
  request: ResourceRequest;
}

/** The requests of one attempt, one for each tree of managers. */
export class Asking {
  readonly options: AcquireOptions;
  readonly asks: readonly Ask[];
  /** Length of the request to a model; 0 where nobody counts tokens or money. */
  readonly characters: number = 0;
  readonly #call: LayerCall;
  readonly #counted: Counted;
  readonly #host: LayerHost;
  readonly #maxOutput: number | undefined;
  readonly #countsMoney: boolean;
  readonly #preparing: Promise<unknown> | undefined;
  #price: ModelPrice | undefined;
  #tokens: number | undefined;
  #usd: number | undefined;
  /** What the call needs of custom resources, by the manager that is asked. */
  #units: readonly (ResourceNeeds | undefined)[] | undefined;

  constructor(call: LayerCall, counted: Counted, host: LayerHost) {
    this.#call = call;
    this.#counted = counted;
    this.#host = host;
    this.#preparing = call.runnable.prepare?.();
    this.options = { owner: counted.owner, priority: call.run.priority };
    const { estimate } = counted;
    this.#countsMoney = estimate !== undefined && counted.managers.some(({ manager }) => manager.counts("usd"));
    const countsTokens = estimate !== undefined && counted.managers.some(({ manager }) => manager.counts("tokens"));
    if (this.#countsMoney || countsTokens) {
      this.characters = charactersOf(call.input);
      this.#maxOutput = maxOutputOf(call.input);
    }
    if (countsTokens) this.#tokens = sum(estimate.likely(this.characters, this.#maxOutput));
    this.#price = this.#countsMoney ? host.priceOf(call.runnable) : undefined;
    this.#reckon();
    const needs = call.runnable.policy?.needs;
    if (needs !== undefined) this.#units = unitsOf(call.runnable, needs, counted.managers);
    const asks = counted.managers.map(({ manager, counts }, index) => ({
      manager,
      request: this.#request(counts, index),
    }));
    // Those of units come last, and are asked only where they count any.
    const units = this.#units;
    this.asks =
      units === undefined ? asks : asks.filter((_, at) => counted.managers[at]!.counts !== "units" || units[at]);
  }

  /** False while the model's price or its vendor's package is still to be fetched. */
  get isReady(): boolean {
    return this.#preparing === undefined && (!this.#countsMoney || this.#price !== undefined);
  }

  /**
   * Fetches what is missing, so that a rate counts requests and not the imports before them. Rejects with price_unknown
   * when there is no price: nothing runs unaccounted under a budget.
   */
  async getReady(): Promise<void> {
    await this.#preparing;
    if (!this.#countsMoney) return;
    await this.#host.loadPrices();
    this.#price = this.#host.priceOf(this.#call.runnable);
    if (this.#price === undefined) throw priceUnknown(this.#call.runnable.name);
    this.#reckon();
    for (const [index, { counts }] of this.#counted.managers.entries()) {
      this.asks[index]!.request = this.#request(counts, index);
    }
  }

  /**
   * After a refusal for want of money: asks for less, when more is known of the model by now, or for all that is left, so
   * that the attempt runs alone on it. False when that would not be enough, or the most it can cost is known.
   */
  askLess(ask: Ask, error: unknown): boolean {
    const { estimate } = this.#counted;
    if (estimate === undefined || this.#price === undefined || !isFlockError(error, "budget_exceeded")) return false;
    const { askedMicroUsd, limitMicroUsd, spentMicroUsd } = error.details;
    const careful = this.#cost(estimate.careful(this.characters, this.#maxOutput));
    const left = limitMicroUsd - spentMicroUsd;
    const least = this.#maxOutput === undefined ? this.#cost(estimate.least(this.characters)) : careful;
    const next = careful < askedMicroUsd ? careful : left >= least && left < askedMicroUsd ? left : undefined;
    if (next === undefined) return false;
    ask.request = { ...ask.request, usd: next / 1e6 };
    return true;
  }

  #reckon(): void {
    const { estimate } = this.#counted;
    if (estimate === undefined || this.#price === undefined) return;
    this.#usd = this.#cost(estimate.careful(this.characters, this.#maxOutput)) / 1e6;
  }

  /** Where writing to the vendor's cache is dearer than reading, all of it may be written. */
  #cost({ input, output }: TokenGuess): number {
    const price = this.#price!;
    const usage = { inputTokens: input, outputTokens: output, cacheReadTokens: 0, reasoningTokens: 0 };
    return Math.max(
      costOfTokens(price, { ...usage, cacheWriteTokens: 0 }),
      costOfTokens(price, { ...usage, cacheWriteTokens: input }),
    );
  }

  #request(counts: CountingManager["counts"], index: number): ResourceRequest {
    const spending: ResourceRequest = {
      ...(this.#tokens === undefined ? {} : { tokens: this.#tokens }),
      ...(this.#usd === undefined ? {} : { usd: this.#usd }),
    };
    if (counts === "spending") return spending;
    const custom = this.#units?.[index];
    if (counts === "units") return { custom: custom ?? {} };
    const request = { concurrency: 1, requests: 1, ...spending };
    return custom === undefined ? request : { ...request, custom };
  }
}

function sum({ input, output }: TokenGuess): number {
  return input + output;
}

function priceUnknown(model: string): FlockError<"price_unknown"> {
  return new FlockError(
    "price_unknown",
    `${model} is called under a limit of dollars and its price is not known; give it with ` +
      `new Flock({ prices: { "${model}": { input: …, output: … } } }), or take the limit away`,
    { details: { model } },
  );
}
