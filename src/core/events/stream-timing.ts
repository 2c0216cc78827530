/** Times the pieces of one streamed answer; made at its first piece, so that a call that does not stream pays nothing. */

import type { DeltaEvent, StreamTiming } from "./event.ts";

/** Hears that an attempt sent a piece of its answer, as it is sent. */
export type PieceListener = (attempt: object, now: number) => void;

/** Follows the deltas of one call over its attempts: their times, and whether somebody holds some that may become void. */
export class StreamTimer {
  /** Somebody waits for pieces, so that they are asked for even where nobody listens to events. */
  mustStream = false;
  #listeners: Set<PieceListener> | undefined = undefined;
  #held = false;
  #pieces = 0;
  #firstTokenMs = 0;
  #firstAt = 0;
  #lastAt = 0;
  #longestGapMs = 0;

  /** Notes a delta that is told at `now`, by an attempt that began at `beganAt`. */
  note(kind: DeltaEvent["delta"]["kind"], now: number, attempt: object, beganAt: number): void {
    this.#held = kind !== "reset";
    if (kind !== "text" && kind !== "reasoning" && kind !== "tool-input") return;
    if (this.#pieces === 0) {
      this.#firstTokenMs = Math.max(0, now - beganAt);
      this.#firstAt = now;
    } else this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastAt);
    this.#lastAt = now;
    this.#pieces += 1;
    if (this.#listeners !== undefined) for (const listener of this.#listeners) listener(attempt, now);
  }

  hear(listener: PieceListener, mustStream: boolean): () => void {
    const listeners = this.#listeners ?? new Set();
    this.#listeners = listeners.add(listener);
    if (mustStream) this.mustStream = true;
    return () => void listeners.delete(listener);
  }

  /** Begins anew for a further attempt; tells whether there was anything that is void now. */
  startAgain(): boolean {
    const held = this.#held;
    this.#held = false;
    this.#pieces = 0;
    this.#longestGapMs = 0;
    return held;
  }

  /** Pieces came since the last attempt began. */
  get hasSpoken(): boolean {
    return this.#pieces > 0;
  }

  /** The times of the last attempt; undefined when it streamed nothing. */
  get timing(): StreamTiming | undefined {
    const pieces = this.#pieces;
    if (pieces === 0) return undefined;
    const meanGapMs = pieces === 1 ? 0 : (this.#lastAt - this.#firstAt) / (pieces - 1);
    return { firstTokenMs: this.#firstTokenMs, meanGapMs, longestGapMs: this.#longestGapMs, pieces };
  }
}
