/** The last runs, with their calls as long as there is room for those. */

import { RecentRecords } from "../measure/recent.ts";
import type { RunEntry } from "./run-entry.ts";

/** Keeps so many runs, and so many calls of them in all: beyond, the oldest runs lose their calls and keep their own record. */
export class RecentRuns {
  readonly #runs: RecentRecords<RunEntry>;
  /** How many calls each run has, by its place: an old run itself is far out of the processor's caches. */
  readonly #counts: RecentRecords<number>;
  readonly #maxCalls: number;
  #keptCalls = 0;
  /** Runs at the old end that have lost their calls already. */
  #thinned = 0;

  /** @throws option_invalid when `maxRuns` is no whole number of 1 or more. */
  constructor(maxRuns: number, maxCalls: number) {
    this.#runs = new RecentRecords(maxRuns);
    this.#counts = new RecentRecords(maxRuns);
    this.#maxCalls = maxCalls;
  }

  get size(): number {
    return this.#runs.size;
  }

  /** Adds a run that has ended. */
  push(run: RunEntry): void {
    const { length } = run.calls;
    this.#keptCalls += length;
    this.#runs.push(run);
    const oldest = this.#counts.push(length);
    if (oldest !== undefined && this.#thinned > 0) this.#thinned--;
    else if (oldest !== undefined) this.#keptCalls -= oldest;
    while (this.#keptCalls > this.#maxCalls) this.#thin();
  }

  /** Gives a copy, oldest first. */
  toArray(): RunEntry[] {
    return this.#runs.toArray();
  }

  clear(): void {
    this.#runs.clear();
    this.#counts.clear();
    this.#keptCalls = 0;
    this.#thinned = 0;
  }

  /** Takes the calls of the oldest run that still has them. */
  #thin(): void {
    this.#keptCalls -= this.#counts.at(this.#thinned) ?? 0;
    this.#runs.at(this.#thinned++)?.dropCalls();
  }
}
