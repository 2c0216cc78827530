/** Reads the clock less often than values are asked for: on some machines a reading takes longer than a look-up. */

import type { Runtime } from "../../../core/runtime/runtime.ts";
import { systemRuntime } from "../../../core/runtime/system-runtime.ts";

/** Readings this close together are a burst. */
const burstMs = 0.02;
/** Uses of one reading at most. */
const usesOfReading = 32;
/** A reading that served fewer questions was not worth telling its end; so many bursts are then let pass. */
const worthwhileUses = 4;
const burstsPassed = 64;
/** A reading is never used to call something fresh that ends sooner than this. */
const safeMs = 60_000;

/**
 * Tells whether a time is still to come. Within one uninterrupted piece of synchronous work that asks often, one reading
 * serves up to 32 questions about times a minute or more away; every other question reads the clock. A clock other than
 * the system's is always read.
 */
export class BurstClock {
  readonly #runtime: Pick<Runtime, "monotonic">;
  readonly #isExact: boolean;
  #reading = Number.NEGATIVE_INFINITY;
  #usesLeft = 0;
  #ends = false;
  #burstsToPass = 0;

  constructor(runtime: Pick<Runtime, "monotonic">) {
    this.#runtime = runtime;
    this.#isExact = runtime !== systemRuntime;
  }

  /** Tells whether this time, in monotonic milliseconds, is still to come. */
  isBefore(time: number): boolean {
    if (this.#usesLeft > 0 && time - this.#reading > safeMs) {
      this.#usesLeft -= 1;
      return true;
    }
    return this.read() < time;
  }

  /** Gives a time that is now or shortly before: what is counted from it ends a little early, never late. */
  recent(): number {
    if (this.#usesLeft === 0) return this.read();
    this.#usesLeft -= 1;
    return this.#reading;
  }

  read(): number {
    const now = this.#runtime.monotonic();
    if (!this.#isExact && now - this.#reading < burstMs) this.#noteBurst();
    this.#reading = now;
    return now;
  }

  #noteBurst(): void {
    if (this.#burstsToPass > 0) {
      this.#burstsToPass -= 1;
      return;
    }
    this.#usesLeft = usesOfReading;
    if (this.#ends) return;
    this.#ends = true;
    queueMicrotask(this.#end);
  }

  readonly #end = (): void => {
    if (usesOfReading - this.#usesLeft < worthwhileUses) this.#burstsToPass = burstsPassed;
    this.#ends = false;
    this.#usesLeft = 0;
  };
}
