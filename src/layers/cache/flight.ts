/** One computation that everybody who asks for the same key waits for. */

import { type Waiting, waitInside } from "./current-flight.ts";

/** What a computation is told besides its arguments. */
export interface ComputeContext {
  /** Aborts when nobody waits for the result any more. */
  readonly signal: AbortSignal;
}

/** What a flight's result is kept with, and who is told when nobody waits any more. */
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

interface Caller {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | undefined;
  /** The computation this caller runs in. */
  readonly within: Waiting | undefined;
}

/**
 * A computation and its callers. Each caller leaves by its own signal without harm to the others; when the last one has
 * left, the computation's signal aborts and `onAbandoned` is called. Whoever ends it does so once; later endings do nothing.
 */
export class Flight implements Waiting {
  readonly facts: FlightFacts;
  readonly context: ComputeContext;
  readonly waitsFor = new Set<Waiting>();
  /** False once newer state makes the result unfit for keeping. */
  isCurrent = true;
  isOver = false;
  readonly #controller = new AbortController();
  readonly #callers = new Set<Caller>();
  readonly #onAbandoned: (flight: Flight) => void;

  constructor(facts: FlightFacts, onAbandoned: (flight: Flight) => void) {
    this.facts = facts;
    this.context = { signal: this.#controller.signal };
    this.#onAbandoned = onAbandoned;
  }

  get name(): string {
    return this.facts.name;
  }

  /**
   * Waits for the result; rejects at once with the signal's own reason when it aborts.
   *
   * @throws cache_cycle when the flight waits for the computation this is called in.
   */
  join<T>(signal: AbortSignal | undefined): Promise<T> {
    const within = waitInside(this);
    return new Promise<T>((resolve, reject) => {
      const onAbort = signal === undefined ? undefined : () => this.#leave(caller, signal.reason);
      const caller: Caller = { resolve, reject, signal, onAbort, within };
      this.#callers.add(caller);
      if (onAbort !== undefined) signal?.addEventListener("abort", onAbort, { once: true });
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
    for (const caller of this.#callers) {
      this.#release(caller);
      tell(caller);
    }
    this.#callers.clear();
  }

  #leave(caller: Caller, reason: unknown): void {
    if (!this.#callers.delete(caller)) return;
    this.#release(caller);
    caller.reject(reason);
    if (this.#callers.size > 0 || this.facts.isBackground) return;
    this.isOver = true;
    this.#onAbandoned(this);
    this.#controller.abort(reason);
  }

  #release({ signal, onAbort, within }: Caller): void {
    if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
    within?.waitsFor.delete(this);
  }
}
