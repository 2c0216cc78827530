/** A rate: in no interval as long as the window is more taken than the limit, at whatever instant one looks. */

import type { Limit } from "./limit.ts";

/** A window is cut into this many slots; what was taken leaves when the slot a whole window after its own has passed. */
const slotsPerWindow = 64;
/** The running slot, and those before it that a window ending now can reach. */
const ringSize = slotsPerWindow + 1;

/**
 * A sliding window in fixed memory. What is taken at `t` counts until some instant between `t + window` and
 * `t + window × 65 / 64`, never less than a window: no burst of two windows' limit fits across a border, and under
 * saturation 98.4 % of the limit is used. Time is monotonic, so that clock corrections change nothing.
 */
export class SlidingWindow implements Limit {
  readonly kind = "window";
  readonly name: string;
  readonly manager: string;
  readonly dimension: number;
  readonly firstSerial: number;
  readonly windowMs: number;
  capacity: number;
  waiting = 0;
  kept = 0;
  freedAt = 0;
  overrun = 0;
  readonly #slotMs: number;
  readonly #slots = new Float64Array(ringSize);
  #used = 0;
  #slot = 0;

  constructor(
    name: string,
    manager: string,
    dimension: number,
    capacity: number,
    firstSerial: number,
    windowMs: number,
  ) {
    this.name = name;
    this.manager = manager;
    this.dimension = dimension;
    this.capacity = capacity;
    this.firstSerial = firstSerial;
    this.windowMs = windowMs;
    this.#slotMs = windowMs / slotsPerWindow;
  }

  /** Gives what counts now. */
  used(now: number): number {
    this.#advance(now);
    return this.#used;
  }

  /** Tells whether what was taken then still counts. */
  counts(takenAt: number, now: number): boolean {
    this.#advance(now);
    return this.#slot - Math.floor(takenAt / this.#slotMs) < ringSize;
  }

  room(now: number): number {
    this.#advance(now);
    return this.capacity - this.#used;
  }

  take(amount: number, now: number): void {
    this.#advance(now);
    this.#slots[this.#slot % ringSize]! += amount;
    this.#used += amount;
  }

  /** A refund leaves the slot it was taken in, an overrun counts from now on. */
  settle(asked: number, actual: number, takenAt: number, now: number): void {
    this.overrun += Math.max(0, actual - asked);
    if (actual >= asked) this.take(actual - asked, now);
    else if (this.counts(takenAt, now)) {
      this.#slots[Math.floor(takenAt / this.#slotMs) % ringSize]! -= asked - actual;
      this.#used -= asked - actual;
    }
  }

  release(): void {}

  waitFor(amount: number, now: number): number {
    let missing = amount - this.room(now);
    if (missing <= 0) return 0;
    for (let slot = Math.max(0, this.#slot - slotsPerWindow); slot <= this.#slot; slot++) {
      missing -= this.#slots[slot % ringSize]!;
      if (missing <= 0) return (slot + ringSize) * this.#slotMs - now;
    }
    return Number.POSITIVE_INFINITY;
  }

  refuses(amount: number): boolean {
    return amount > this.capacity;
  }

  #advance(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    if (slot <= this.#slot) return;
    if (this.#used !== 0) {
      const from = Math.max(this.#slot + 1, slot - slotsPerWindow);
      for (let passed = from; passed <= slot; passed++) {
        this.#used -= this.#slots[passed % ringSize]!;
        this.#slots[passed % ringSize] = 0;
      }
    }
    this.#slot = slot;
  }
}
