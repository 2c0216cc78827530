/** The one timer of a queue: it rings when time alone can serve someone, and once in a while as long as anyone waits. */

import type { Runtime, Timer } from "../../../core/runtime/runtime.ts";

/** Rings at the earliest time asked for. It keeps the process alive only for a wait that time will end. */
export class WakeTimer {
  readonly #runtime: Runtime;
  readonly #beatMs: number;
  readonly #ring: (now: number) => void;
  #timer: Timer | undefined = undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #wakeAt = Number.POSITIVE_INFINITY;
  #isWanted = false;

  /** @param beatMs how often it rings at least while it is wanted. */
  constructor(runtime: Runtime, beatMs: number, ring: (now: number) => void) {
    this.#runtime = runtime;
    this.#beatMs = beatMs;
    this.#ring = ring;
  }

  /** Wants the beat from now on, until `rest`. */
  start(now: number): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#set(now);
  }

  /** Nobody waits any more. A timer that runs stays, so that queues that come and go do not make one each time. */
  rest(): void {
    this.#isWanted = false;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#timer?.unref();
  }

  /** Rings at a time, if that is earlier than what was asked for. */
  wakeAt(at: number, now: number): void {
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    this.#set(now);
  }

  #set(now: number): void {
    const at = Math.min(this.#wakeAt, now + this.#beatMs);
    if (at < this.#timerAt) {
      this.#timer?.cancel();
      this.#timerAt = at;
      this.#timer = this.#runtime.setTimer(() => this.#rang(), Math.max(0, Math.ceil(at - now)));
    }
    if (this.#wakeAt === Number.POSITIVE_INFINITY) this.#timer?.unref();
    else this.#timer?.ref();
  }

  #rang(): void {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    if (!this.#isWanted) return;
    const now = this.#runtime.monotonic();
    this.#ring(now);
    if (this.#isWanted) this.#set(now);
  }
}
