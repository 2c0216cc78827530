/** The lines of a queue, one for each limit that someone waits for, and which of them are to be looked at. */

import type { Limit } from "../limits/limit.ts";
import { Line } from "./line.ts";
import type { Lane } from "./waiter.ts";

/** Puts lanes into lines; a line is there only while somebody stands in it. */
export class Lines {
  /** Limits whose lines changed, or where something came back. */
  readonly due = new Set<Limit>();
  readonly #ageingMs: number;
  readonly #lines = new Map<Limit, Line>();

  constructor(ageingMs: number) {
    this.#ageingMs = ageingMs;
  }

  /** Gives the line of a limit, if anyone stands there. */
  of(limit: Limit): Line | undefined {
    return this.#lines.get(limit);
  }

  /** Puts a lane into the line of a limit, out of the one it stood in. */
  stand(lane: Lane, limit: Limit | undefined): void {
    const before = lane.limit;
    const left = before === undefined ? undefined : this.#lines.get(before);
    if (before !== undefined && left !== undefined) {
      left.remove(lane);
      before.waiting = left.size;
      if (left.size === 0) this.#lines.delete(before);
      else this.due.add(before);
    }
    lane.limit = limit;
    if (limit === undefined) return;
    let line = this.#lines.get(limit);
    if (line === undefined) {
      line = new Line(this.#ageingMs);
      this.#lines.set(limit, line);
    }
    line.add(lane);
    limit.waiting = line.size;
    this.due.add(limit);
  }

  [Symbol.iterator](): Iterator<[Limit, Line]> {
    return [...this.#lines][Symbol.iterator]();
  }
}
