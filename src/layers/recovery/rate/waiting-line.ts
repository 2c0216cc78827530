/** Keeps callers of a model in the order in which they may go out. */

import type { LayerCall } from "../../../core/layer.ts";
import type { Outgoing } from "./outgoing.ts";

/** A step of priority is worth so much waiting: important calls go first, and no other waits for ever. Milliseconds. */
const priorityMs = 5_000;

/** Someone in the line. */
export interface Waiting {
  readonly call: LayerCall;
  readonly resolve: (outgoing: Outgoing) => void;
  readonly reject: (error: unknown) => void;
}

/** A line in order of priority and of when each call began, so that who was refused comes back to its place. */
export class WaitingLine {
  readonly #line: Waiting[] = [];

  get size(): number {
    return this.#line.length;
  }

  /** Tells how many would go before a call. */
  ahead(call: LayerCall): number {
    return this.#placeOf(rankOf(call));
  }

  add(waiting: Waiting): void {
    this.#line.splice(this.#placeOf(rankOf(waiting.call)), 0, waiting);
  }

  remove(waiting: Waiting): void {
    const index = this.#line.indexOf(waiting);
    if (index >= 0) this.#line.splice(index, 1);
  }

  takeFirst(): Waiting {
    return this.#line.shift()!;
  }

  /** Takes the first of those whose call was tried least. */
  takeFreshest(): Waiting {
    let best = 0;
    for (let index = 1; index < this.#line.length; index++) {
      if (this.#line[index]!.call.attempts < this.#line[best]!.call.attempts) best = index;
    }
    return this.#line.splice(best, 1)[0]!;
  }

  takeAll(): readonly Waiting[] {
    return this.#line.splice(0);
  }

  /** The place behind all that go before or rank alike. */
  #placeOf(rank: number): number {
    let low = 0;
    let high = this.#line.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rankOf(this.#line[middle]!.call) <= rank) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function rankOf({ whole, run }: LayerCall): number {
  return whole.startedAt - run.priority * priorityMs;
}
