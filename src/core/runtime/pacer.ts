/** Cuts long synchronous work into slices, so that timers, sockets and other runs are served in between. */

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Runtime } from "./runtime.ts";

/** Most milliseconds of work between two turns of the event loop. */
const sliceMs = 8;

/** Lets the event loop turn whenever a slice of work is used up. Make one per piece of work; call `pause` between steps. */
export class Pacer {
  readonly #runtime: Pick<Runtime, "monotonic">;
  readonly #signal: AbortSignal | undefined;
  #sliceStart: number;

  constructor(runtime: Pick<Runtime, "monotonic">, signal?: AbortSignal) {
    this.#runtime = runtime;
    this.#signal = signal;
    this.#sliceStart = runtime.monotonic();
  }

  /** True when `pause` would wait or throw: ask first where steps are too small for a promise each. */
  get due(): boolean {
    return this.#signal?.aborted === true || this.#runtime.monotonic() - this.#sliceStart >= sliceMs;
  }

  /** Rejects with the signal's own reason when it has aborted; lets the event loop turn when the slice is used up. */
  async pause(): Promise<void> {
    this.#signal?.throwIfAborted();
    if (!this.due) return;
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#sliceStart = this.#runtime.monotonic();
  }
}

/** Waits until the event loop has served what was ready: work started after it never delays whoever asked for it. */
export async function turnOfEventLoop(): Promise<void> {
  await nextTurn();
}
