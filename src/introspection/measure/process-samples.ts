/** Memory and event loop of the process, looked at when something happens and at most once a second. */

import type { EventLoopDelay, EventLoopWatch, MemoryUse, Runtime } from "../../core/runtime/runtime.ts";
import { RecentRecords } from "./recent.ts";

const everyMs = 1_000;
const keptSamples = 120;

/** One look at the process. */
export interface ProcessSample extends MemoryUse {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Since the look before; undefined at the first one, and where the runtime cannot tell. */
  readonly eventLoopDelay: EventLoopDelay | undefined;
}

/** The last 120 looks at the process. Nothing of it throws, has a timer or keeps the process alive. */
export class ProcessSamples {
  readonly #runtime: Runtime;
  readonly #samples = new RecentRecords<ProcessSample>(keptSamples);
  #watch: EventLoopWatch | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The samples, oldest first. */
  get all(): readonly ProcessSample[] {
    return this.#samples.toArray();
  }

  /** Looks, unless it did within the last second; gives the sample it took. A clock that stepped back counts as a second. */
  look(time: number): ProcessSample | undefined {
    if (Math.abs(time - this.#lookedAt) < everyMs) return undefined;
    this.#lookedAt = time;
    const memory = this.memory();
    const eventLoopDelay = this.#readDelay();
    if (memory === undefined) return undefined;
    const sample = Object.freeze({ time, ...memory, eventLoopDelay });
    this.#samples.push(sample);
    return sample;
  }

  /** Gives the memory in use now; undefined where the system refuses to tell. */
  memory(): MemoryUse | undefined {
    try {
      return this.#runtime.memory();
    } catch {
      return undefined;
    }
  }

  /** Stops watching the event loop. */
  stop(): void {
    this.#isStopped = true;
    this.#watch?.stop();
    this.#watch = undefined;
  }

  /** Some systems refuse to tell; a monitor must not make a run fail for it. */
  #readDelay(): EventLoopDelay | undefined {
    try {
      const delay = this.#watch?.read();
      if (!this.#isStopped) this.#watch ??= this.#runtime.watchEventLoop?.();
      return delay;
    } catch {
      this.#isStopped = true;
      return undefined;
    }
  }
}
