/** How often something happens and whether that changes: sixty slots that slide. */

import { binomialTail } from "./exact-tests.ts";

/** Into how many slots a window is cut. */
export const slotsPerWindow = 60;

/** Rates that differ by chance are called steady; of a hundred that do not differ, one is called otherwise. */
const trendLevel = 0.01;

/** What happened in a part of the window. */
export interface RatePart {
  readonly count: number;
  readonly minutes: number;
}

/** How two halves of what is known of a window compare. */
export interface Trend {
  readonly direction: "rising" | "steady" | "falling";
  readonly recent: RatePart;
  readonly previous: RatePart;
  /** Chance of a difference this large when the rate is the same, both sides. */
  readonly p: number;
}

/** Counts by time, in fixed memory. */
export class RateWindow {
  readonly #slotMs: number;
  readonly #counts = new Uint32Array(slotsPerWindow);
  #newest = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number) {
    this.#slotMs = windowMs / slotsPerWindow;
  }

  /** Counts one; what is older than the window is left out. */
  record(time: number): void {
    const slot = Math.floor(time / this.#slotMs);
    if (!Number.isSafeInteger(slot)) return;
    this.#advance(slot);
    if (slot > this.#newest - slotsPerWindow) this.#counts[placeOf(slot)]!++;
  }

  /** Gives the counts of the slots that end with the one `now` is in, oldest first. */
  #upTo(now: number, slots: number): readonly number[] {
    const last = Math.floor(now / this.#slotMs);
    return Array.from({ length: slots }, (_, index) => {
      const slot = last - slots + 1 + index;
      return slot <= this.#newest && slot > this.#newest - slotsPerWindow ? this.#counts[placeOf(slot)]! : 0;
    });
  }

  /** Gives the mean a minute over what is known of the window. */
  ratePerMinute(now: number, since: number): number {
    const slots = this.#slotsSince(now, since);
    return sum(this.#upTo(now, slots)) / ((slots * this.#slotMs) / 60_000);
  }

  /**
   * Compares the later half of what is known of the window with the half before it. Two Poisson counts are alike when the
   * one is a fair share of both: the exact conditional test of J. Przyborowski and H. Wilenski (Biometrika 1940).
   */
  trend(now: number, since: number): Trend {
    const half = Math.floor(this.#slotsSince(now, since) / 2);
    const counts = this.#upTo(now, half * 2);
    const minutes = (half * this.#slotMs) / 60_000;
    const recent = sum(counts.slice(half));
    const previous = sum(counts.slice(0, half));
    const isMore = recent > previous;
    const p = Math.min(1, 2 * binomialTail(Math.max(recent, previous), recent + previous, 0.5));
    const direction = p >= trendLevel ? "steady" : isMore ? "rising" : "falling";
    return { direction, recent: { count: recent, minutes }, previous: { count: previous, minutes }, p };
  }

  #slotsSince(now: number, since: number): number {
    const slots = Math.floor(now / this.#slotMs) - Math.floor(since / this.#slotMs) + 1;
    return Math.min(slotsPerWindow, Math.max(1, slots));
  }

  #advance(slot: number): void {
    if (slot <= this.#newest) return;
    const steps = Math.min(slot - this.#newest, slotsPerWindow);
    for (let step = 0; step < steps; step++) this.#counts[placeOf(slot - step)] = 0;
    this.#newest = slot;
  }
}

function placeOf(slot: number): number {
  return ((slot % slotsPerWindow) + slotsPerWindow) % slotsPerWindow;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
