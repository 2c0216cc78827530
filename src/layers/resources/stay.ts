/** What one attempt holds while it runs, and how it gives it back. */

import { modelFailureOf } from "../../core/errors/errors.ts";
import type { LayerCall } from "../../core/layer.ts";
import type { Lease } from "./lease.ts";
import { isOverload, type ModelPace } from "./pace/model-pace.ts";
import type { TokenEstimate } from "./token-estimate.ts";

/** What an attempt that never went out used. */
const nothing = Object.freeze({ requests: 0, tokens: 0, usd: 0 });
/** A model that refused the work read no tokens of it. */
const refusedWork = Object.freeze({ tokens: 0, usd: 0 });

/** The leases of an attempt. Ending it is synchronous and happens once. */
export class Stay {
  /** What is learnt from a model's attempt. */
  readonly pace: ModelPace | undefined;
  readonly estimate: TokenEstimate | undefined;
  characters = 0;
  startedAt = 0;
  /** Closes what was opened for calls below. */
  onEnd: (() => void) | undefined = undefined;
  #lease: Lease | undefined = undefined;
  #more: Lease[] | undefined = undefined;

  constructor(pace: ModelPace | undefined, estimate: TokenEstimate | undefined) {
    this.pace = pace;
    this.estimate = estimate;
  }

  hold(lease: Lease): void {
    if (this.#lease === undefined) this.#lease = lease;
    else {
      this.#more ??= [];
      this.#more.push(lease);
    }
  }

  /** Everything is held: the attempt goes out. */
  begin(now: number): void {
    this.startedAt = now;
    this.pace?.began();
  }

  /** Gives all back as if it had never been taken. */
  undo(): void {
    this.#giveBack(nothing);
  }

  /** Settles by what the attempt gave, gives back, and learns. What is not known was used as it was asked for. */
  end(call: LayerCall, error: unknown): void {
    this.onEnd?.();
    const { cost } = call;
    if (cost !== undefined) {
      const { inputTokens, outputTokens } = cost.usage;
      const tokens = inputTokens + outputTokens;
      this.#giveBack(cost.costMicroUsd === undefined ? { tokens } : { tokens, usd: cost.costMicroUsd / 1e6 });
      this.estimate?.learn(this.characters, cost.usage);
    } else this.#giveBack(wasRefused(error) ? refusedWork : undefined);
    this.pace?.ended(call, this.startedAt, error);
  }

  #giveBack(actual: { readonly requests?: number; readonly tokens?: number; readonly usd?: number } | undefined): void {
    const lease = this.#lease;
    const more = this.#more;
    this.#lease = undefined;
    this.#more = undefined;
    for (const one of more === undefined ? [lease] : [lease, ...more]) {
      if (one === undefined) continue;
      if (actual !== undefined) one.settle(actual);
      one.release();
    }
  }
}

function wasRefused(error: unknown): boolean {
  return isOverload(modelFailureOf(error)?.status);
}
