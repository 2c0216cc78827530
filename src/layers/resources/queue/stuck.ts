/** Finds waits that can never end: who would be served if everyone who can go on did, and gave everything back? */

import { type Hold, isBelow } from "../hold.ts";
import { concurrencyDimension, type Limit } from "../limits/limit.ts";
import { lendableOf } from "./loans.ts";
import type { Waiter } from "./waiter.ts";
import { anonymous, countDown, ownersAbove, type Waits } from "./waits.ts";

/**
 * Tells whether a holder waits for something itself: for a call below it, or as the owner of a wait for what it does not
 * hold yet. A name without `/` may stand for many at work, so there it must be the only lease and the only wait.
 */
export function holderWaits(hold: Hold, waits: Waits, holdsOfOwner: (owner: string) => number): boolean {
  if (hold.owner === anonymous) return false;
  if (waits.below.has(hold.owner)) return true;
  const same = waits.byOwner.get(hold.owner);
  if (same === undefined) return false;
  if (!hold.owner.includes("/") && (same.size > 1 || holdsOfOwner(hold.owner) > 1)) return false;
  for (const waiter of same) if (waitsElsewhere(waiter, hold)) return true;
  return false;
}

/** Tells whether everyone who holds some of a limit waits himself, so that nothing of it comes back soon. */
export function everyHolderWaits(limit: Limit, holds: Iterable<Hold>, waits: Waits): boolean {
  const count = (owner: string) => countOf(waits, owner);
  for (const hold of holds) {
    if (holdsOf(hold, limit) > 0 && !holderWaits(hold, waits, count)) return false;
  }
  return true;
}

/** Tells whether a holder cannot release before a waiter is served, as far as their owners say. */
export function blocksHolder(waiter: Waiter, holds: Iterable<Hold>): boolean {
  const { owner } = waiter.hold;
  for (const hold of holds) if (hold.owner === owner || isBelow(owner, hold.owner)) return true;
  return false;
}

/**
 * Gives the waiters that nobody will ever serve: the reduction of a graph of resources with many units (Holt, 1972).
 * Holders that wait for nobody release, whoever can be served then is, ends, and gives back; what is left is stuck.
 * Windows free by time and stop nobody for ever.
 */
export function stuckWaiters(waits: Waits, now: number): Set<Waiter> {
  const world = new World(waits, now);
  while (world.releaseHolders() || world.serveWaiters()) {
    // Each round frees holders or waiters; the last finds none.
  }
  return world.stuck;
}

/** Names those who hold a limit, and those anywhere who hold something and wait. */
export function waitingHolders(
  limit: Limit,
  waits: Waits,
  now: number,
): { owner: string; limit: string; ageMs: number }[] {
  const named: { owner: string; limit: string; ageMs: number }[] = [];
  for (const { holders } of waits.places) {
    for (const hold of holders) {
      if (holdsOf(hold, limit) === 0 && !holderWaits(hold, waits, () => 1)) continue;
      const held = hold.scope.path.find((candidate) => holdsOf(hold, candidate) > 0);
      named.push({ owner: hold.owner, limit: held?.name ?? limit.name, ageMs: now - hold.since });
    }
  }
  return named;
}

/** Gives how much of a limit a lease holds. */
export function holdsOf(hold: Hold, limit: Limit): number {
  if (limit.kind === "budget" && hold.phase === "settled") return 0;
  return hold.serial > limit.firstSerial && hold.scope.path.includes(limit) ? hold.amountOf(limit.dimension) : 0;
}

class World {
  readonly stuck = new Set<Waiter>();
  readonly #holds = new Set<Hold>();
  readonly #room = new Map<Limit, number>();
  readonly #below: Map<string, number>;
  readonly #ownerHolds = new Map<string, number>();
  readonly #now: number;

  constructor(waits: Waits, now: number) {
    this.#now = now;
    this.#below = new Map(waits.below);
    for (const { holders, waiters } of waits.places) {
      for (const hold of holders) {
        this.#holds.add(hold);
        this.#ownerHolds.set(hold.owner, (this.#ownerHolds.get(hold.owner) ?? 0) + 1);
      }
      for (const waiter of waiters) this.stuck.add(waiter);
    }
  }

  /** Lets every holder release that waits for nobody. */
  releaseHolders(): boolean {
    const waits = { below: this.#below, byOwner: this.#stuckByOwner() } as Waits;
    let progress = false;
    for (const hold of this.#holds) {
      if (holderWaits(hold, waits, (owner) => this.#ownerHolds.get(owner) ?? 0)) continue;
      this.#holds.delete(hold);
      progress = true;
      for (const limit of hold.scope.path) {
        const borrowed = (hold.loans ?? []).filter((loan) => loan.limit === limit && loan.borrower === hold);
        const back = borrowed.reduce((sum, loan) => sum - loan.amount, holdsOf(hold, limit));
        if (back > 0) this.#room.set(limit, this.#roomOf(limit) + back);
      }
    }
    return progress;
  }

  /** Serves every waiter there is enough for, and lets it end. */
  serveWaiters(): boolean {
    let progress = false;
    for (const waiter of this.stuck) {
      if (!this.#canServe(waiter.hold)) continue;
      this.stuck.delete(waiter);
      for (const above of ownersAbove(waiter.hold.owner)) countDown(this.#below, above);
      progress = true;
    }
    return progress;
  }

  #canServe(asker: Hold): boolean {
    return asker.scope.path.every((limit) => {
      const amount = asker.amountOf(limit.dimension);
      return (
        amount === 0 ||
        limit.kind === "window" ||
        amount <= this.#roomOf(limit) ||
        amount <= this.#lendable(asker, limit)
      );
    });
  }

  #roomOf(limit: Limit): number {
    return this.#room.get(limit) ?? limit.room(this.#now);
  }

  /** What those above could lend once everyone who borrowed and can go on gave back. */
  #lendable(asker: Hold, limit: Limit): number {
    if (limit.dimension !== concurrencyDimension) return 0;
    let amount = 0;
    for (const hold of this.#holds) {
      if (!isBelow(asker.owner, hold.owner)) continue;
      amount += lendableOf(limit, hold);
      for (const loan of hold.loans ?? []) {
        if (loan.limit === limit && loan.lender === hold && !this.#holds.has(loan.borrower)) amount += loan.amount;
      }
    }
    return amount;
  }

  #stuckByOwner(): Map<string, Set<Waiter>> {
    const byOwner = new Map<string, Set<Waiter>>();
    for (const waiter of this.stuck) {
      const same = byOwner.get(waiter.hold.owner);
      if (same === undefined) byOwner.set(waiter.hold.owner, new Set([waiter]));
      else same.add(waiter);
    }
    return byOwner;
  }
}

function waitsElsewhere(waiter: Waiter, hold: Hold): boolean {
  const limit = waiter.lane?.limit;
  return limit !== undefined && holdsOf(hold, limit) === 0;
}

function countOf(waits: Waits, owner: string): number {
  let count = 0;
  for (const { holders } of waits.places) for (const hold of holders) if (hold.owner === owner) count += 1;
  return count;
}
