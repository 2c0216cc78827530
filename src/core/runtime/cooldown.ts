/** Times before which nobody may call, by key, learnt from what servers ask for and kept by all callers. */

import { checkOptions, objectOption, positiveNumber, wholeNumber } from "../errors/options.ts";
import { type RateHints, resetOfUsedUp } from "./rate-hints.ts";
import type { Runtime } from "./runtime.ts";
import { systemRuntime } from "./system-runtime.ts";

/** How a cooldown behaves. */
export interface CooldownOptions {
  /** Longest wait that is believed, in milliseconds. @default 3_600_000 */
  readonly maxMs?: number;
  /** How many keys are kept; beyond that those that end first are let go of. @default 1_000 */
  readonly maxKeys?: number;
  /** @default the system's */
  readonly runtime?: Runtime;
}

/** One "not before" for each key, such as a model's name. A later time replaces an earlier one, never the other way round. */
export class Cooldown {
  readonly #runtime: Runtime;
  readonly #maxMs: number;
  readonly #maxKeys: number;
  readonly #until = new Map<string, number>();

  /** @throws option_invalid for options that are unknown or wrong. */
  constructor(options: CooldownOptions = {}) {
    checkOptions("Cooldown", options, { maxMs: positiveNumber, maxKeys: wholeNumber(1), runtime: objectOption });
    this.#runtime = options.runtime ?? systemRuntime;
    this.#maxMs = options.maxMs ?? 3_600_000;
    this.#maxKeys = options.maxKeys ?? 1_000;
  }

  /** Keeps callers of a key waiting for so many milliseconds from now. What is no time counts as none. */
  hold(key: string, waitMs: number): void {
    if (!(waitMs > 0)) return;
    const now = this.#runtime.monotonic();
    const until = now + Math.min(waitMs, this.#maxMs);
    if (until <= (this.#until.get(key) ?? now)) return;
    this.#until.set(key, until);
    if (this.#until.size > this.#maxKeys) this.#forget(now);
  }

  /** Learns from what a server said: it asked to wait, or nothing of a limit remains until its reset. */
  learn(key: string, hints: RateHints): void {
    this.hold(key, hints.retryAfterMs ?? 0);
    this.hold(key, resetOfUsedUp(hints) ?? 0);
  }

  /** Gives the milliseconds a caller of a key has to wait; 0 for none. */
  remainingMs(key: string): number {
    const until = this.#until.get(key);
    if (until === undefined) return 0;
    const remaining = until - this.#runtime.monotonic();
    if (remaining > 0) return remaining;
    this.#until.delete(key);
    return 0;
  }

  /** Waits until a key may be called, also when that moves meanwhile. Rejects with the signal's own reason. */
  async wait(key: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    for (let ms = this.remainingMs(key); ms > 0; ms = this.remainingMs(key)) {
      await this.#runtime.sleep(Math.ceil(ms), signal);
    }
  }

  #forget(now: number): void {
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
    if (this.#until.size <= this.#maxKeys) return;
    const soonest = [...this.#until].sort((a, b) => a[1] - b[1]).slice(0, this.#until.size - this.#maxKeys);
    for (const [key] of soonest) this.#until.delete(key);
  }
}
