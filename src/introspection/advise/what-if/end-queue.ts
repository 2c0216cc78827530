/** Tells which of the calls under way ends next, while recorded calls are gone through in order of their start. */

/** When a call began and how long it took. */
export interface TimedCall {
  readonly startMs: number;
  readonly durationMs: number;
}

/** Calls under way, the one that ends first on top: a binary heap of positions. */
export class EndQueue {
  readonly #calls: readonly TimedCall[];
  readonly #heap: number[] = [];

  constructor(calls: readonly TimedCall[]) {
    this.#calls = calls;
  }

  add(index: number): void {
    const heap = this.#heap;
    let at = heap.push(index) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.#endAt(above) <= this.#endAt(at)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  /** Takes one that has ended by then; -1 when none has. */
  next(time: number): number {
    const heap = this.#heap;
    if (heap.length === 0 || this.#endAt(0) > time) return -1;
    const first = heap[0]!;
    const moved = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = moved;
      this.#sink();
    }
    return first;
  }

  #sink(): void {
    const { length } = this.#heap;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < length && this.#endAt(child) < this.#endAt(least)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #endAt(at: number): number {
    const { startMs, durationMs } = this.#calls[this.#heap[at]!]!;
    return startMs + durationMs;
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  }
}
