/** Tells how old leases are, nearly for nothing: reading the real clock costs as much as all the rest of a permit. */

import type { Runtime } from "../../core/runtime/runtime.ts";

/** How long a reading is good for. */
const goodForMs = 1;

/** Monotonic milliseconds, read anew once the event loop came round after a millisecond; never ahead of the real clock. */
export class CoarseClock {
  readonly #runtime: Runtime;
  readonly #grownOld = (): void => {
    this.#isFresh = false;
  };
  #isFresh = false;
  #now = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  read(): number {
    if (!this.#isFresh) this.#refresh();
    return this.#now;
  }

  #refresh(): void {
    this.#now = this.#runtime.monotonic();
    this.#isFresh = true;
    this.#runtime.setTimer(this.#grownOld, goodForMs).unref();
  }
}
