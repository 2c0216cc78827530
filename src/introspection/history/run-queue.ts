/** Runs on their way to a store: bounded, in batches, tried again where the store failed. No run ever waits for it. */

import { isFlockError } from "../../core/errors/errors.ts";
import type { RunRecord } from "../../core/events/run-history.ts";
import type { RunStore, StoredRun } from "../../core/run-store.ts";
import { Pacer } from "../../core/runtime/pacer.ts";
import type { Runtime, Timer } from "../../core/runtime/runtime.ts";

/** Half of what may be lost in a crash; the other half is for writing. */
const writeEveryMs = 500;
const longestPauseMs = 30_000;
/** A store that has not answered by then has failed. What it may have kept all the same is passed over the next time. */
const storeLimitMs = 10_000;

/** Where runs go, and in which form. */
export interface RunQueueOptions {
  readonly store: RunStore;
  readonly maxWaiting: number;
  readonly batchRuns: number;
  readonly runtime: Runtime;
  /** Gives undefined, or throws, for what is not to be written. */
  readonly seal: (run: RunRecord) => StoredRun | undefined;
}

/** A queue with one writer. */
export class RunQueue {
  readonly #options: RunQueueOptions;
  #waiting: RunRecord[] = [];
  /** Runs and calls in `waiting`. */
  #size = 0;
  /** Sealed already, and not acknowledged. */
  #batch: readonly StoredRun[] = [];
  #timer: Timer | undefined;
  #isUrgent = false;
  #writing: Promise<void> | undefined;
  #failuresInRow = 0;
  #isClosed = false;
  #written = 0;
  #dropped = 0;
  #withheld = 0;
  #failedWrites = 0;

  constructor(options: RunQueueOptions) {
    this.#options = options;
  }

  get stats() {
    return {
      ...{ written: this.#written, waiting: this.#waiting.length + this.#batch.length, dropped: this.#dropped },
      ...{ withheld: this.#withheld, failedWrites: this.#failedWrites },
    };
  }

  add(run: RunRecord): void {
    const size = 1 + run.calls.length;
    if (this.#isClosed || this.#size + size > this.#options.maxWaiting) {
      this.#dropped += 1;
      return;
    }
    // The recorder thins out runs of its own that have grown old.
    this.#waiting.push({ ...run });
    this.#size += size;
    const isHalfFull = this.#size > this.#options.maxWaiting / 2;
    if (this.#timer === undefined) this.#wake(isHalfFull ? 0 : writeEveryMs);
    else if (isHalfFull && !this.#isUrgent && this.#failuresInRow === 0) this.#wake(0);
  }

  flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      if (this.#waiting.length + this.#batch.length > 0 && !this.#isClosed) this.#wake(this.#pauseMs);
    });
    return this.#writing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
    this.#sleep();
    this.#dropped += this.#waiting.length + this.#batch.length;
    this.#waiting = [];
    this.#batch = [];
  }

  get #pauseMs(): number {
    return Math.min(writeEveryMs * 2 ** this.#failuresInRow, longestPauseMs);
  }

  /** What was added keeps the process alive until it is written; a store that failed does not. */
  #wake(delayMs: number): void {
    this.#sleep();
    if (this.#writing !== undefined) return;
    this.#isUrgent = delayMs === 0;
    this.#timer = this.#options.runtime.setTimer(() => void this.flush(), delayMs);
    if (this.#failuresInRow > 0) this.#timer.unref();
  }

  #sleep(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isUrgent = false;
  }

  async #write(): Promise<void> {
    this.#sleep();
    const pacer = new Pacer(this.#options.runtime);
    while (this.#batch.length > 0 || this.#waiting.length > 0) {
      if (this.#batch.length === 0) this.#seal();
      await pacer.pause();
      if (this.#batch.length === 0) continue;
      try {
        await this.#append(this.#batch);
      } catch (error) {
        this.#failed(error);
        return;
      }
      this.#failuresInRow = 0;
      this.#written += this.#batch.length;
      this.#batch = [];
    }
  }

  #seal(): void {
    const runs = this.#waiting.splice(0, this.#options.batchRuns);
    const batch: StoredRun[] = [];
    for (const run of runs) {
      this.#size -= 1 + run.calls.length;
      const sealed = this.#sealSafely(run);
      if (sealed === undefined) this.#withheld += 1;
      else batch.push(sealed);
    }
    this.#batch = batch;
  }

  #sealSafely(run: RunRecord): StoredRun | undefined {
    try {
      return this.#options.seal(run);
    } catch {
      return undefined;
    }
  }

  async #append(batch: readonly StoredRun[]): Promise<void> {
    const { store, runtime } = this.#options;
    const late = Promise.withResolvers<never>();
    const timer = runtime.setTimer(() => late.reject(new Error(`no answer for ${storeLimitMs} ms`)), storeLimitMs);
    timer.unref();
    try {
      await Promise.race([store.append(batch), late.promise]);
    } finally {
      timer.cancel();
    }
  }

  /** Said once: later failures are only counted. */
  #failed(error: unknown): void {
    this.#failuresInRow += 1;
    this.#failedWrites += 1;
    if (this.#failedWrites > 1) return;
    const { runtime } = this.#options;
    const reason = isFlockError(error) ? error.message : "it threw, or gave no answer in time";
    runtime.warn(`recorded runs could not be written and wait in memory: ${reason}`, "store_failed");
  }
}
