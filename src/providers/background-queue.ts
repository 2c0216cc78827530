/** Takes work off a run's path: a bounded queue whose items are handled in batches between turns of the event loop. */

import { turnOfEventLoop } from "../core/runtime/pacer.ts";

/** How a queue works. */
export interface BackgroundQueueOptions<Item> {
  /** Items that may wait; more are not taken in. */
  readonly maxWaiting: number;
  /** Items handled together at most. */
  readonly batchSize: number;
  /** Handles some items. When it rejects, they are lost and `onFailure` is told. */
  readonly work: (items: readonly Item[]) => Promise<void>;
  readonly onFailure: (items: readonly Item[], error: unknown) => void;
}

/** Handles items in their order, one batch at a time. Nothing of it throws or rejects, and it keeps no process alive by itself. */
export class BackgroundQueue<Item> {
  readonly #options: BackgroundQueueOptions<Item>;
  readonly #waiting: Item[] = [];
  #working = false;
  /** Items taken in, and those of them that are done: who drains waits for the second to reach the first. */
  #accepted = 0;
  #settled = 0;
  #drains: { readonly target: number; readonly resolve: () => void }[] = [];

  constructor(options: BackgroundQueueOptions<Item>) {
    this.#options = options;
  }

  /** True when no more items may wait. */
  get full(): boolean {
    return this.#waiting.length >= this.#options.maxWaiting;
  }

  /** Takes an item in, unless the queue is full. */
  offer(item: Item): void {
    if (this.full) return;
    this.#waiting.push(item);
    this.#accepted++;
    if (!this.#working) void this.#work();
  }

  /** Waits until everything offered before this call is handled or lost; later items are not waited for. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drains.push({ target: this.#accepted, resolve });
      this.#settle(0);
    });
  }

  /** Forgets what waits. A batch in hand goes on. */
  clear(): void {
    this.#settle(this.#waiting.splice(0).length);
  }

  async #work(): Promise<void> {
    this.#working = true;
    const { batchSize, work, onFailure } = this.#options;
    // Whoever offered goes on first.
    await turnOfEventLoop();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchSize);
      try {
        await work(batch);
      } catch (error) {
        onFailure(batch, error);
      }
      this.#settle(batch.length);
      await turnOfEventLoop();
    }
    this.#working = false;
  }

  #settle(count: number): void {
    this.#settled += count;
    const done = this.#drains.filter(({ target }) => target <= this.#settled);
    this.#drains = this.#drains.filter(({ target }) => target > this.#settled);
    for (const { resolve } of done) resolve();
  }
}
