/** Bounds retries by what succeeds, so that an outage is not made worse by everyone who asks again. */

/** Someone who waits for a retry. */
interface Waiting {
  readonly give: (granted: boolean) => void;
}

/**
 * A budget of retries: each one takes 1, each success gives back a part, never beyond the reserve. Whoever finds it empty
 * waits in line for successes. The idea is that of Finagle's `RetryBudget` (Twitter) and of "Handling Overload" in Google's
 * Site Reliability Engineering (2016).
 */
export class RetryBudget {
  readonly #line = new Set<Waiting>();
  #tokens: number;
  #reserve: number;

  constructor(reserve: number) {
    this.#reserve = reserve;
    this.#tokens = reserve;
  }

  get tokens(): number {
    return this.#tokens;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Raises the reserve to that of whoever asks for most. */
  atLeast(reserve: number): void {
    if (reserve <= this.#reserve) return;
    this.#tokens += reserve - this.#reserve;
    this.#reserve = reserve;
    this.#serve();
  }

  deposit(amount: number): void {
    this.#tokens = Math.min(Math.max(this.#reserve, 1), this.#tokens + amount);
    this.#serve();
  }

  /** Takes one retry if there is one. */
  tryTake(): boolean {
    if (this.#tokens < 1 || this.#line.size > 0) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Waits for a retry; false when {@link refuse} was called meanwhile. Rejects with the signal's own reason. */
  take(signal: AbortSignal): Promise<boolean> {
    if (this.tryTake()) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#line.delete(waiting);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        give: (granted) => {
          signal.removeEventListener("abort", leave);
          resolve(granted);
        },
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", leave, { once: true });
      this.#line.add(waiting);
    });
  }

  /** Sends everyone who waits away. */
  refuse(): void {
    for (const waiting of this.#line) {
      this.#line.delete(waiting);
      waiting.give(false);
    }
  }

  #serve(): void {
    for (const waiting of this.#line) {
      if (this.#tokens < 1) return;
      this.#tokens -= 1;
      this.#line.delete(waiting);
      waiting.give(true);
    }
  }
}
