/** One computation that everybody who asks for the same key waits for. */

import { type Waiting, waitInside } from "./current-flight.ts";

/** What a computation is told besides its arguments. */
export interface ComputeContext {
  /** Aborts when nobody waits for the result any more. */
  readonly signal: AbortSignal;
}

/** What a flight's result is kept with, and what ends it. */
export interface FlightFacts {
  readonly id: string;
  /** The key as it was asked for. */
  readonly name: string;
  readonly tags: readonly string[] | undefined;
  readonly owner: string | undefined;
  readonly ttlMs: number | null;
  /** Goes on when nobody waits: a refresh of a value that is still given. */
  readonly isBackground: boolean;
  /** Was asked to compute anew. */
  readonly isRefresh: boolean;
}

/** Someone who waits; a link of a ring, so that any of 10,000 can leave in constant time. */
class Caller {
  previous: Caller = this;
  next: Caller = this;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  /** The computation this caller runs in. */
  readonly within: Waiting | undefined;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined = undefined;

  constructor(
    resolve: Caller["resolve"],
    reject: Caller["reject"],
    signal: AbortSignal | undefined,
    within: Waiting | undefined,
  ) {
    this.resolve = resolve;
    this.reject = reject;
    this.signal = signal;
    this.within = within;
  }
}

/**
 * A computation and its callers. Each caller leaves by its own signal without harm to the others; when the last one has
 * left, the computation's signal aborts and `onAbandoned` is called. Whoever ends it does so once; later endings do nothing.
 */
export class Flight implements Waiting, ComputeContext {
  readonly facts: FlightFacts;
  waitsFor: Set<Waiting> | undefined = undefined;
  /** False once newer state makes the result unfit for keeping. */
  isCurrent = true;
  isOver = false;
  #controller: AbortController | undefined = undefined;
  #callers: Caller | undefined = undefined;
  readonly #onAbandoned: (flight: Flight) => void;

  constructor(facts: FlightFacts, onAbandoned: (flight: Flight) => void) {
    this.facts = facts;
    this.#onAbandoned = onAbandoned;
  }

  get name(): string {
    return this.facts.name;
  }

  /** Made when it is first read: most computations never look. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /**
   * Waits for the result; rejects at once with the signal's own reason when it aborts.
   *
   * @throws cache_cycle when the flight waits for the computation this is called in.
   */
  join(signal: AbortSignal | undefined): Promise<unknown> {
    const within = waitInside(this);
    return new Promise((resolve, reject) => {
      const caller = new Caller(resolve, reject, signal, within);
      this.#add(caller);
      if (signal === undefined) return;
      caller.onAbort = () => this.#leave(caller, signal.reason);
      signal.addEventListener("abort", caller.onAbort, { once: true });
    });
  }

  /** Gives each caller what `copy` makes for it. */
  succeed(copy: () => unknown): void {
    this.#end((caller) => caller.resolve(copy() as never));
  }

  /** Gives every caller the same error. */
  fail(error: unknown): void {
    this.#end((caller) => caller.reject(error));
  }

  #end(tell: (caller: Caller) => void): void {
    if (this.isOver) return;
    this.isOver = true;
    const first = this.#callers;
    this.#callers = undefined;
    if (first === undefined) return;
    let caller = first;
    do {
      this.#release(caller);
      tell(caller);
      caller = caller.next;
    } while (caller !== first);
  }

  #add(caller: Caller): void {
    const first = this.#callers;
    if (first === undefined) {
      this.#callers = caller;
      return;
    }
    caller.previous = first.previous;
    caller.next = first;
    first.previous.next = caller;
    first.previous = caller;
  }

  #leave(caller: Caller, reason: unknown): void {
    if (this.isOver) return;
    this.#release(caller);
    caller.reject(reason);
    caller.previous.next = caller.next;
    caller.next.previous = caller.previous;
    if (this.#callers === caller) this.#callers = caller.next === caller ? undefined : caller.next;
    if (this.#callers !== undefined || this.facts.isBackground) return;
    this.isOver = true;
    this.#onAbandoned(this);
    // Whoever reads the signal from now on finds it aborted.
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  #release({ signal, onAbort, within }: Caller): void {
    if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
    within?.waitsFor?.delete(this);
  }
}
