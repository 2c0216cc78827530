/** Lets large readings take turns, so that two hundred at once hold the event loop no longer than one. */

import type { Runtime } from "../../core/runtime/runtime.ts";

/** Longest work of one reading between two turns of the event loop, unless a single step takes longer. */
const sliceMs = 3;
/** Slices after which a reading lets the others go first: most are read whole by then, and few values are half read. */
const slicesInARow = 32;

type Clock = Pick<Runtime, "monotonic" | "shared">;

/** The place of one reading among all that run on a runtime. At most one of them works between two turns. */
export class ReadingTurn {
  readonly #queue: { last: Promise<void> };
  readonly #clock: Clock;
  readonly #nextTurn: () => Promise<void>;
  readonly #signal: AbortSignal | undefined;
  #leave: (() => void) | undefined;
  #start = 0;
  #slices = 0;

  constructor(clock: Clock, nextTurn: () => Promise<void>, signal?: AbortSignal) {
    this.#queue = clock.shared("reading-turns", () => ({ last: Promise.resolve() }));
    this.#clock = clock;
    this.#nextTurn = nextTurn;
    this.#signal = signal;
  }

  /** True when `pause` should be called before more is read. */
  get due(): boolean {
    return this.#signal?.aborted === true || this.#clock.monotonic() - this.#start >= sliceMs;
  }

  /** Waits for the first slice of this reading. Rejects with the signal's own reason when it has aborted. */
  async begin(): Promise<void> {
    const before = this.#queue.last;
    this.#queue.last = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.#slices = 0;
    await before;
    await this.#nextSlice();
  }

  /** Waits for the next slice: the next turn of the event loop, or that behind all others after many slices. */
  async pause(): Promise<void> {
    if (++this.#slices % slicesInARow !== 0 && this.#leave !== undefined) return this.#nextSlice();
    this.end();
    return this.begin();
  }

  /** Lets the others go on: this reading is done, or waits for something else. */
  end(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  async #nextSlice(): Promise<void> {
    await this.#nextTurn();
    this.#signal?.throwIfAborted();
    this.#start = this.#clock.monotonic();
  }
}
