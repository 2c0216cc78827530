/** Keeps to so many calls in any stretch of time, once a limit has shown that it counts in windows. */

import type { Outgoing } from "./outgoing.ts";

/** Most of what could come through that is given up for finding out whether it is more. */
const price = 0.03;
/** How much longer a window is taken for after a refusal, for what times of travel differ by. */
const longer = 1.005;
/** How well two counts have to agree. */
const tolerance = 0.03;

interface LearntWindowOptions {
  /** What counts already, oldest first. */
  readonly sent: readonly Outgoing[];
  /** The time is one that vendors count by, so that it is hardly wrong. */
  readonly isUsual: boolean;
}

/** A number of calls in a window, as it was learnt, and when each of the last was let out. */
export class LearntWindow {
  #calls: number;
  #ms: number;
  readonly #sent: Outgoing[];
  /** Calls since the last refusal, and those after which more is tried. */
  #since = 0;
  #patience: number;
  readonly #shortestMs: number;
  /** Windows after which more is tried however dear it is: the more refusals bore the count out, the longer. */
  #trust: number;
  /** What came through last time, where that was less than was counted on. */
  #lesser = 0;

  constructor(calls: number, ms: number, { sent, isUsual }: LearntWindowOptions) {
    this.#sent = [...sent];
    this.#calls = calls;
    this.#ms = ms;
    this.#shortestMs = ms;
    this.#trust = isUsual ? Number.POSITIVE_INFINITY : 1;
    this.#patience = Math.min(calls / price, calls * this.#trust);
  }

  /** Calls a millisecond. */
  get rate(): number {
    return this.#calls / this.#ms;
  }

  /** Tells whether so many calls are about what a window holds. */
  isFull(calls: number): boolean {
    return calls * 2 >= this.#calls;
  }

  /** Gives the moment from which one more may go out: a window after the one that it follows in the count. */
  nextAt(now: number): number {
    const before = this.#sent[this.#sent.length - this.#allowed()];
    return before === undefined ? now : Math.max(now, before.at + this.#ms);
  }

  letOut(outgoing: Outgoing): void {
    this.#since += 1;
    this.#sent.push(outgoing);
    if (this.#sent.length > 2 * this.#allowed() + 16) this.#sent.splice(0, this.#sent.length - this.#allowed() - 1);
  }

  /** Takes one back that did not count. */
  forget(outgoing: Outgoing): void {
    const index = this.#sent.lastIndexOf(outgoing);
    if (index >= 0) this.#sent.splice(index, 1);
  }

  /** Learns that it was too much: for the count where more than it was tried, else for the time. */
  refused(): void {
    if (this.#allowed() === this.#calls) this.#ms *= longer;
    this.#since = 0;
  }

  /**
   * Learns from the time between two openings: how many came through, how long it was open, and how long closed, which is
   * what trying more costs.
   */
  reopened(calls: number, openMs: number, closedMs: number): void {
    this.#trust *= 2;
    const dear = Math.max(this.#calls, (closedMs * this.rate) / price);
    this.#patience = Math.min(dear, this.#calls * this.#trust);
    const isLess = calls < this.#calls && this.isFull(calls) && openMs < this.#ms;
    // The first count may have begun in an earlier window; two that agree have not.
    if (isLess && this.#lesser > 0 && Math.abs(calls - this.#lesser) <= 1 + calls * tolerance) {
      this.#calls = Math.max(calls, this.#lesser);
      this.#ms = this.#shortestMs;
    }
    this.#lesser = isLess ? calls : 0;
  }

  /** More is tried ever more boldly. */
  #allowed(): number {
    const over = this.#since / this.#patience - 1;
    if (over < 0) return this.#calls;
    return Math.ceil(this.#calls * (1.01 + Math.min(1, over) ** 3));
  }
}
