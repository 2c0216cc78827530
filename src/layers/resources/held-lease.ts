/** The handle to what was acquired: nobody but the manager makes one, and it works once. */

import type { Hold } from "./hold.ts";
import type { ActualUse, Lease } from "./lease.ts";
import { checkActualUse } from "./read-request.ts";
import { leaseInvalid } from "./refusals.ts";
import type { ResourceTree } from "./resource-tree.ts";

/** A lease that was or will be given out. */
export class HeldLease implements Lease {
  readonly #hold: Hold;
  readonly #tree: ResourceTree;

  constructor(hold: Hold, tree: ResourceTree) {
    this.#hold = hold;
    this.#tree = tree;
    hold.handle = this;
  }

  get owner(): string {
    return HeldLease.#own(this).#hold.owner;
  }

  settle(actual: ActualUse): void {
    const { owner, phase } = HeldLease.#own(this).#hold;
    if (phase === "settled") throw leaseInvalid("settled", owner);
    if (phase !== "held") throw leaseInvalid("released", owner);
    checkActualUse(actual);
    this.#tree.settle(this.#hold, actual);
  }

  release(): void {
    const { owner, phase } = HeldLease.#own(this).#hold;
    if (phase !== "held" && phase !== "settled") throw leaseInvalid("released", owner);
    this.#tree.release(this.#hold);
  }

  [Symbol.dispose](): void {
    const { phase } = HeldLease.#own(this).#hold;
    if (phase === "held" || phase === "settled") this.#tree.release(this.#hold);
  }

  /** Methods may be called on anything; only what was made here has a hold. */
  static #own(value: unknown): HeldLease {
    if (typeof value === "object" && value !== null && #hold in value) return value;
    throw leaseInvalid("foreign");
  }
}
