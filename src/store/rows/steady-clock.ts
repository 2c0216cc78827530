/** The time by which values expire: comparable between processes like the wall clock, yet never going back. */

import type { Runtime } from "../../core/runtime/runtime.ts";

/**
 * The wall clock without its steps back. It follows steps forward, since after a sleep of the machine only the wall clock
 * knows how much time has passed: a value may expire too early then, never too late.
 */
export class SteadyClock {
  readonly #runtime: Pick<Runtime, "now" | "monotonic">;
  #wall: number;
  #monotonic: number;

  constructor(runtime: Pick<Runtime, "now" | "monotonic">) {
    this.#runtime = runtime;
    this.#wall = runtime.now();
    this.#monotonic = runtime.monotonic();
  }

  /** Milliseconds since 1970, as far as this process can know. */
  now(): number {
    const monotonic = this.#runtime.monotonic();
    const wall = Math.max(this.#runtime.now(), this.#wall + monotonic - this.#monotonic);
    this.#wall = wall;
    this.#monotonic = monotonic;
    return wall;
  }
}
