/** What a lease holds, as the manager knows it; the lease itself is only a handle to it. */

import type { Lease } from "./lease.ts";
import {
  concurrencyDimension,
  customDimension,
  type Limit,
  requestsDimension,
  tokensDimension,
  usdDimension,
} from "./limits/limit.ts";
import type { Scope } from "./limits/scope.ts";

/** Permits of one limit on their way from a holder to one below it. */
export interface Loan {
  readonly limit: Limit;
  readonly lender: Hold;
  readonly borrower: Hold;
  amount: number;
}

/** What was used, by dimension; undefined where it was what was asked. */
export type UsedAmounts = readonly (number | undefined)[];

/** The part of a lease that processes share. It is told of in the background. */
export interface SharedPart {
  settle(limits: readonly Limit[], used: UsedAmounts): void;
  release(): void;
}

/** One acquisition: asked for, then held, then over. */
export class Hold {
  readonly scope: Scope;
  owner: string;
  concurrency = 0;
  requests = 0;
  tokens = 0;
  microUsd = 0;
  /** Amounts of custom resources by their number in the tree. */
  custom: number[] | undefined = undefined;
  /** Counts up in a tree, in the order things were taken. */
  serial = 0;
  /** Monotonic milliseconds at which it was taken. */
  since = 0;
  phase: "asked" | "held" | "settled" | "over" = "asked";
  /** Let go of once it is old, so that a lease nobody can release any more is noticed. */
  handle: Lease | undefined = undefined;
  /** The lease was collected as garbage: it can never be released. */
  lost = false;
  reported = false;
  /** Permits borrowed from holders above, and lent to those below. */
  loans: Loan[] | undefined = undefined;
  /** Its own part of shared limits first, then those of released holders whose permits it still has. */
  shared: SharedPart[] | undefined = undefined;
  previous: Hold | undefined = undefined;
  next: Hold | undefined = undefined;

  constructor(scope: Scope, owner: string) {
    this.scope = scope;
    this.owner = owner;
  }

  /** Gives what it asked for in one dimension. */
  amountOf(dimension: number): number {
    switch (dimension) {
      case concurrencyDimension:
        return this.concurrency;
      case requestsDimension:
        return this.requests;
      case tokensDimension:
        return this.tokens;
      case usdDimension:
        return this.microUsd;
      default:
        return this.custom?.[dimension - customDimension] ?? 0;
    }
  }
}

/**
 * Tells whether an owner's path lies below another's, as `run/flow#0/search#0` lies below `run/flow#0`. Further attempts
 * of a call, `run/flow#0@2`, count as below it.
 */
export function isBelow(owner: string, above: string): boolean {
  if (owner.length <= above.length) return false;
  const next = owner.charCodeAt(above.length);
  return (next === slash || next === at) && owner.startsWith(above);
}

const slash = 47;
const at = 64;
