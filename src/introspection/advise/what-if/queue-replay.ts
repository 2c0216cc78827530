/** Replays recorded calls through a queue with other limits, to see how long each would have waited. */

/** A call that came to a queue. */
export interface Arrival {
  readonly atMs: number;
  readonly serviceMs: number;
}

/** What may go on at once, and in any stretch of time. */
export interface QueueLimits {
  /** @default no limit */
  readonly concurrency?: number;
  /** Calls that may begin within any such stretch. @default none */
  readonly windows?: readonly { readonly ms: number; readonly most: number }[];
}

/**
 * Gives how long each call waits, first come first served, with the recorded arrivals and service times: a discrete-event
 * simulation that steps from call to call (J. Kiefer and J. Wolfowitz: "On the theory of queues with many servers", 1955),
 * with sliding windows beside the servers. Calls are in order of their arrival.
 */
export function replayQueue(calls: readonly Arrival[], limits: QueueLimits): Float64Array {
  const { concurrency = Number.POSITIVE_INFINITY, windows = [] } = limits;
  const waits = new Float64Array(calls.length);
  const starts = new Float64Array(calls.length);
  const free = new FreeTimes();
  let lastStart = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < calls.length; index++) {
    const { atMs, serviceMs } = calls[index]!;
    let start = Math.max(atMs, lastStart);
    if (free.size >= concurrency) start = Math.max(start, free.takeFirst());
    for (const { ms, most } of windows) {
      if (index >= most) start = Math.max(start, leavesAt(starts[index - most]!, ms));
    }
    free.add(start + serviceMs);
    starts[index] = start;
    waits[index] = start - atMs;
    lastStart = start;
  }
  return waits;
}

/** A window counts in slots of a 64th: what was taken leaves it as the slot a whole window after its own has passed. */
export function leavesAt(takenAt: number, windowMs: number): number {
  const slotMs = windowMs / 64;
  return (Math.floor(takenAt / slotMs) + 65) * slotMs;
}

/** When servers become free, the first on top: a binary heap. */
class FreeTimes {
  readonly #heap: number[] = [];

  get size(): number {
    return this.#heap.length;
  }

  add(time: number): void {
    const heap = this.#heap;
    let at = heap.push(time) - 1;
    for (let above = (at - 1) >> 1; at > 0 && heap[above]! > time; above = (at - 1) >> 1) {
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = time;
  }

  takeFirst(): number {
    const heap = this.#heap;
    const first = heap[0]!;
    const moved = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= moved) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
    return first;
  }
}
