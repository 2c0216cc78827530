/** The store of runs that needs nothing: texts in this process. What a store of runs must do, others are measured by it. */

import { checkOptions, objectOption } from "../../core/errors/options.ts";
import type { RunQuery, RunRetention, RunStore, StoredRun } from "../../core/run-store.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import { SteadyClock } from "../rows/steady-clock.ts";
import { storeFailed } from "../rows/store-request.ts";
import { checkRuns, isMeant, keyOfRun, retentionChecks, retentionOf, wholeQuery } from "./run-request.ts";

/** How much a memory store of runs keeps; bytes are counted as two for each character. */
export interface MemoryRunStoreOptions extends RunRetention {
  /** Clock. @default the system's */
  readonly runtime?: Runtime | undefined;
}

/** Keeps runs in a list. */
export class MemoryRunStore implements RunStore {
  readonly name = "memory";
  readonly #retention: ReturnType<typeof retentionOf>;
  readonly #clock: SteadyClock;
  /** In the order of their end. */
  #runs: readonly StoredRun[] = [];
  readonly #keys = new Set<string>();
  #bytes = 0;
  #isClosed = false;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(options: MemoryRunStoreOptions = {}) {
    checkOptions("MemoryRunStore", options, { ...retentionChecks, runtime: objectOption });
    this.#retention = retentionOf(options);
    this.#clock = new SteadyClock(options.runtime ?? systemRuntime);
  }

  async append(runs: readonly StoredRun[]): Promise<void> {
    checkRuns("MemoryRunStore.append", runs);
    this.#checkOpen("append");
    const added: StoredRun[] = [];
    for (const run of runs) {
      const key = keyOfRun(run);
      if (this.#keys.has(key)) continue;
      this.#keys.add(key);
      this.#bytes += bytesOf(run);
      added.push({ ...run });
    }
    // The sort is stable: those that ended together stay in the order they came.
    this.#runs = [...this.#runs, ...added].sort((a, b) => a.endMs - b.endMs);
    this.#forget();
  }

  async *read(query: RunQuery = {}): AsyncGenerator<StoredRun> {
    const whole = wholeQuery("MemoryRunStore.read", query);
    this.#checkOpen("read");
    this.#forget();
    const meant = this.#runs.filter((run) => isMeant(whole, run));
    for (const run of meant.slice(Math.max(0, meant.length - whole.last))) yield { ...run };
  }

  async clear(): Promise<void> {
    this.#checkOpen("clear");
    this.#empty();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#empty();
  }

  #empty(): void {
    this.#runs = [];
    this.#keys.clear();
    this.#bytes = 0;
  }

  #forget(): void {
    const { maxAgeMs, maxRuns, maxBytes } = this.#retention;
    const oldestMs = this.#clock.now() - maxAgeMs;
    let leaving = 0;
    for (const run of this.#runs) {
      const isTooMany = this.#runs.length - leaving > maxRuns || this.#bytes > maxBytes;
      if (!isTooMany && run.endMs > oldestMs) break;
      this.#keys.delete(keyOfRun(run));
      this.#bytes -= bytesOf(run);
      leaving += 1;
    }
    if (leaving > 0) this.#runs = this.#runs.slice(leaving);
  }

  #checkOpen(operation: string): void {
    if (this.#isClosed) throw storeFailed({ name: "memory", place: "" }, operation, "it is closed; make a new one");
  }
}

function bytesOf({ runId, name, text }: StoredRun): number {
  return 2 * (runId.length + name.length + text.length);
}
