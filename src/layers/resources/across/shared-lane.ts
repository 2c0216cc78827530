/** Those of this process who wait for one shared limit. */

import type { Runtime, Timer } from "../../../core/runtime/runtime.ts";
import type { SharedRefusal } from "../../../core/shared-limits.ts";
import type { Hold } from "../hold.ts";
import { Heap } from "../queue/heap.ts";

/** One acquisition on its way through shared limits. It hears the abort of its signal itself, as waiters for this process's own limits do. */
export class SharedWaiter {
  readonly hold: Hold;
  /** The lease's id there. */
  id: string;
  readonly serial: number;
  readonly priority: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  signal: AbortSignal | undefined = undefined;
  deadline: Timer | undefined = undefined;
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

/** The first speaks for all and stays first until it is served or leaves; behind it by priority, then by arrival. */
export class SharedLane {
  readonly name: string;
  first: SharedWaiter | undefined = undefined;
  /** How often the first was refused in a row without knowing when to ask again. */
  misses = 0;
  /** The limits called while the first had an answer on its way, which may be older than the call. */
  isCalled = false;
  readonly #others = new Heap<SharedWaiter>(0, (a, b) =>
    a.priority === b.priority ? a.serial < b.serial : a.priority > b.priority,
  );
  #timer: Timer | undefined;

  constructor(name: string) {
    this.name = name;
  }

  add(waiter: SharedWaiter): void {
    waiter.lane = this;
    if (this.first === undefined) this.first = waiter;
    else this.#others.add(waiter);
  }

  /** Takes one out; the next one moves up when it was the first. */
  remove(waiter: SharedWaiter): void {
    waiter.lane = undefined;
    if (this.first !== waiter) {
      this.#others.remove(waiter);
      return;
    }
    this.stopTimer();
    this.misses = 0;
    this.isCalled = false;
    this.first = this.#others.top;
    if (this.first !== undefined) this.#others.remove(this.first);
  }

  askAfter(runtime: Runtime, ms: number, ask: () => void): void {
    this.stopTimer();
    this.#timer = runtime.setTimer(() => {
      this.#timer = undefined;
      ask();
    }, ms);
  }

  stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
