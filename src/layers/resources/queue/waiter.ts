/** Someone who waits, and the lane of those like him: same owner, same priority, same needs. */

import type { Deadline } from "../../../core/runtime/deadline-queue.ts";
import type { Hold } from "../hold.ts";
import type { Lease } from "../lease.ts";
import type { Limit } from "../limits/limit.ts";
import { Chain, type Link } from "./chain.ts";

/** How far an owner has come in a line's virtual time. */
export interface Flow {
  finish: number;
}

/** One waiting acquisition. It hears the abort of its signal itself, so that a wait needs no closure for it. */
export class Waiter {
  readonly hold: Hold;
  readonly priority: number;
  readonly enteredAt: number;
  readonly resolve: (lease: Lease) => void;
  readonly reject: (error: unknown) => void;
  signal: AbortSignal | undefined = undefined;
  deadline: Deadline | undefined = undefined;
  lane: Lane | undefined = undefined;
  inLane: Link<Waiter> | undefined = undefined;
  inRank: Link<Waiter> | undefined = undefined;
  /** How often it went from the line of one limit to that of another. */
  moves = 0;
  readonly #aborted: (waiter: Waiter) => void;

  constructor(
    hold: Hold,
    ask: { readonly priority: number; readonly enteredAt: number },
    answer: { readonly resolve: (lease: Lease) => void; readonly reject: (error: unknown) => void },
    aborted: (waiter: Waiter) => void,
  ) {
    this.hold = hold;
    this.priority = ask.priority;
    this.enteredAt = ask.enteredAt;
    this.resolve = answer.resolve;
    this.reject = answer.reject;
    this.#aborted = aborted;
  }

  handleEvent(): void {
    this.#aborted(this);
  }
}

/** Waiters that are served in order of arrival; the first stands for all. A lane stands in the line of one limit. */
export class Lane {
  readonly key: string;
  readonly owner: string;
  readonly priority: number;
  /** In order of making; decides between equals. */
  readonly serial: number;
  readonly waiters = new Chain<Waiter>();
  /** Monotonic milliseconds since when the first of them is the first. */
  since: number;
  /** Virtual time at which it is its turn. */
  tag = 0;
  /** What its owner got in this line so far. */
  flow: Flow | undefined = undefined;
  /** The limit in whose line it stands. */
  limit: Limit | undefined = undefined;
  /** Goes first and whatever is kept for others: a holder that must finish waits for it. */
  jumps = false;
  /** The pass in which it last let others of another line go first. */
  yieldedIn = -1;
  readonly places = [0, 0];

  constructor(key: string, owner: string, priority: number, serial: number, since: number) {
    this.key = key;
    this.owner = owner;
    this.priority = priority;
    this.serial = serial;
    this.since = since;
  }
}
