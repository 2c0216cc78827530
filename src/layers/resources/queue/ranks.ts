/** All waiters by priority, so that a full queue lets go of the least important one first. */

import type { Scope } from "../limits/scope.ts";
import { Chain } from "./chain.ts";
import type { Waiter } from "./waiter.ts";

/** Waiters of each priority in order of arrival. */
export class Ranks {
  readonly #chains = new Map<number, Chain<Waiter>>();

  add(waiter: Waiter): void {
    let chain = this.#chains.get(waiter.priority);
    if (chain === undefined) {
      chain = new Chain();
      this.#chains.set(waiter.priority, chain);
    }
    waiter.inRank = chain.add(waiter);
  }

  remove(waiter: Waiter): void {
    const chain = this.#chains.get(waiter.priority);
    if (chain === undefined || waiter.inRank === undefined) return;
    chain.remove(waiter.inRank);
    waiter.inRank = undefined;
    if (chain.isEmpty) this.#chains.delete(waiter.priority);
  }

  /** Gives the newest of the lowest priority within a scope, if that is below the priority given. */
  leastBelow(priority: number, scope: Scope): Waiter | undefined {
    const lower = [...this.#chains.keys()].filter((other) => other < priority).sort((a, b) => a - b);
    for (const other of lower) {
      for (const waiter of this.#chains.get(other)!.newestFirst()) {
        if (waiter.hold.scope.isWithin(scope)) return waiter;
      }
    }
    return undefined;
  }

  *[Symbol.iterator](): Generator<Waiter> {
    for (const chain of [...this.#chains.values()]) yield* chain;
  }
}
