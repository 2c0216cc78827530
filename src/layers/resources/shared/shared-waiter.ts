/** One acquisition on its way through shared limits. */

import type { Deadline } from "../../../core/runtime/deadline-queue.ts";
import type { SharedRefusal } from "../../../core/shared-limits.ts";
import type { Hold } from "../hold.ts";
import type { SharedLane } from "./shared-lane.ts";

/** It hears the abort of its signal itself, as waiters for this process's own limits do. */
export class SharedWaiter {
  readonly hold: Hold;
  /** The lease's id there. */
  id: string;
  readonly serial: number;
  readonly priority: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  signal: AbortSignal | undefined = undefined;
  deadline: Deadline | undefined = undefined;
  lane: SharedLane | undefined = undefined;
  refusal: SharedRefusal | undefined = undefined;
  /** It counts among those who wait in its manager. */
  isQueued = false;
  /** Its id was sent at least once. */
  isAsked = false;
  /** An answer is on its way. */
  isAsking = false;
  isOver = false;
  readonly places = [0];
  readonly #aborted: (waiter: SharedWaiter) => void;

  constructor(
    hold: Hold,
    ask: { readonly id: string; readonly serial: number; readonly priority: number },
    answer: { readonly resolve: () => void; readonly reject: (error: unknown) => void },
    aborted: (waiter: SharedWaiter) => void,
  ) {
    this.hold = hold;
    this.id = ask.id;
    this.serial = ask.serial;
    this.priority = ask.priority;
    this.resolve = answer.resolve;
    this.reject = answer.reject;
    this.#aborted = aborted;
  }

  handleEvent(): void {
    this.#aborted(this);
  }
}
