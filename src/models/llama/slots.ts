/** Hands out the few texts a model can work on at once, first come first served; a waiting call heeds its signal. */

/** A fixed number of slots. */
export class Slots {
  readonly #free: number[];
  readonly #waiting = new Set<(slot: number) => void>();

  constructor(count: number) {
    this.#free = Array.from({ length: count }, (_, slot) => slot);
  }

  /** Gives a slot, at once or when one is released. Rejects with the signal's own reason when it aborts before. */
  acquire(signal: AbortSignal | undefined): Promise<number> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const slot = this.#free.pop();
      if (slot !== undefined) return resolve(slot);
      const take = (freed: number) => {
        signal?.removeEventListener("abort", leave);
        resolve(freed);
      };
      const leave = () => {
        this.#waiting.delete(take);
        reject(signal?.reason);
      };
      this.#waiting.add(take);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  release(slot: number): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free.push(slot);
      return;
    }
    this.#waiting.delete(next);
    next(slot);
  }
}
