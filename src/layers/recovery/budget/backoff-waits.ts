/** Lets failed calls wait for their next attempt, and sends all of them on at once when there is nothing to wait for. */

import type { Runtime } from "../../../core/runtime/runtime.ts";

/** The waits between attempts of calls of one thing. */
export class BackoffWaits {
  readonly #runtime: Runtime;
  readonly #ends = new Set<() => void>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Waits; false when {@link endAll} was called meanwhile. Rejects with the signal's own reason. */
  wait(ms: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const over = (): void => {
        timer.cancel();
        this.#ends.delete(end);
        signal.removeEventListener("abort", abort);
      };
      const timer = this.#runtime.setTimer(() => {
        over();
        resolve(true);
      }, ms);
      const end = (): void => {
        over();
        resolve(false);
      };
      const abort = (): void => {
        over();
        reject(signal.reason);
      };
      this.#ends.add(end);
      signal.addEventListener("abort", abort, { once: true });
    });
  }

  endAll(): void {
    for (const end of this.#ends) end();
  }
}
