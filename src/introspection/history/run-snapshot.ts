/** Recorded runs that were read once, in the form in which introspection asks for them. */

import type { CallRecord, RunHistory, RunRecord } from "../../core/events/run-history.ts";

/** A history that nothing is added to. */
export class RunSnapshot implements RunHistory {
  #runs: readonly RunRecord[];

  constructor(runs: readonly RunRecord[]) {
    this.#runs = runs;
  }

  get size(): number {
    return this.#runs.length;
  }

  runs(name?: string): readonly RunRecord[] {
    return name === undefined ? this.#runs : this.#runs.filter((run) => run.name === name);
  }

  calls(name?: string): readonly CallRecord[] {
    const calls = this.#runs.flatMap((run) => run.calls);
    return name === undefined ? calls : calls.filter((call) => call.name === name);
  }

  /** Forgets what was read; a store keeps what it has. */
  clear(): void {
    this.#runs = [];
  }
}
