/** Who holds what, oldest first, and which leases look as if nobody will ever release them. */

import type { Hold } from "../hold.ts";

/** What is told of a lease that is old, or can never be released any more. */
export interface LeaseReport {
  readonly owner: string;
  /** Name of the manager it was acquired from. */
  readonly manager: string;
  readonly ageMs: number;
  readonly concurrency: number;
  readonly requests: number;
  readonly tokens: number;
  readonly usd: number;
  readonly custom: Readonly<Record<string, number>>;
  /** The lease was collected as garbage without a release: what it holds is gone. */
  readonly lost: boolean;
}

/** The leases of a tree that are held now. */
export class Holders {
  readonly #leakAfterMs: number;
  readonly #report: (hold: Hold) => void;
  readonly #collected: FinalizationRegistry<Hold>;
  #first: Hold | undefined = undefined;
  #last: Hold | undefined = undefined;
  /** The oldest that was not found to be old yet. */
  #young: Hold | undefined = undefined;
  #lastSerial = 0;
  size = 0;

  /** @param report called once for each lease that grew old, and once more for each that was lost. */
  constructor(leakAfterMs: number, report: (hold: Hold) => void) {
    this.#leakAfterMs = leakAfterMs;
    this.#report = report;
    this.#collected = new FinalizationRegistry((hold) => {
      if (hold.phase === "over") return;
      hold.lost = true;
      report(hold);
    });
  }

  get lastSerial(): number {
    return this.#lastSerial;
  }

  add(hold: Hold, now: number): void {
    hold.phase = "held";
    hold.since = now;
    this.#lastSerial += 1;
    hold.serial = this.#lastSerial;
    hold.previous = this.#last;
    if (this.#last === undefined) this.#first = hold;
    else this.#last.next = hold;
    this.#last = hold;
    this.#young ??= hold;
    this.size += 1;
    if (now - this.#young.since >= this.#leakAfterMs) this.#growOld(now);
  }

  remove(hold: Hold): void {
    hold.phase = "over";
    if (this.#young === hold) this.#young = hold.next;
    if (hold.previous === undefined) this.#first = hold.next;
    else hold.previous.next = hold.next;
    if (hold.next === undefined) this.#last = hold.previous;
    else hold.next.previous = hold.previous;
    hold.previous = undefined;
    hold.next = undefined;
    this.size -= 1;
    // An old lease was let go of; once it is over its end as garbage is no news.
    if (hold.reported) this.#collected.unregister(hold);
  }

  /** Looks for leases that grew old: only those are watched by the garbage collector, so that a healthy lease never pays. */
  watch(now: number): void {
    if (this.#young !== undefined && now - this.#young.since >= this.#leakAfterMs) this.#growOld(now);
  }

  /** From the oldest. */
  *[Symbol.iterator](): Generator<Hold> {
    for (let hold = this.#first; hold !== undefined; hold = hold.next) yield hold;
  }

  #growOld(now: number): void {
    for (let hold = this.#young; hold !== undefined; hold = hold.next) {
      this.#young = hold;
      if (now - hold.since < this.#leakAfterMs) return;
      hold.reported = true;
      if (hold.handle !== undefined) this.#collected.register(hold.handle, hold, hold);
      hold.handle = undefined;
      this.#report(hold);
    }
    this.#young = undefined;
  }
}
