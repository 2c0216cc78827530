/** A time limit that follows how long answers take. */

import type { DeadlineQueue } from "../../../core/runtime/deadline-queue.ts";

/** A limit that follows a percentile of the answers: `factor` times it, at least `leastMs`. */
export interface LearntLimit {
  readonly percentile: number;
  readonly factor: number;
  readonly leastMs: number;
  /** What waits for it; a change of the limit reaches them too. */
  readonly queue: DeadlineQueue;
}
