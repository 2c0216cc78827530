/** Keeps recorded runs beyond the process: takes them from a Flock, writes them to a store in batches, reads them back. */

import {
  booleanOption,
  checkOptions,
  type OptionCheck,
  objectOption,
  optionError,
  wholeNumber,
} from "../../core/errors/options.ts";
import { describeFailure } from "../../core/events/describe-failure.ts";
import { describeFailuresWith } from "../../core/events/failure-reference.ts";
import type { RunHistory, RunRecord, RunSink } from "../../core/events/run-history.ts";
import type { RunQuery, RunStore, StoredRun } from "../../core/run-store.ts";
import { Pacer } from "../../core/runtime/pacer.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import { type RunRedaction, readRunLine, redactOption, withoutMessages, writeRunLine } from "./run-line.ts";
import { RunQueue } from "./run-queue.ts";
import { RunSnapshot } from "./run-snapshot.ts";

/** Runs handed to the store in one piece. */
const batchRuns = 128;
/** What `read` holds unless it is asked for another number. */
const readRuns = 10_000;

/** Where runs are kept, and what of them. */
export interface RunLogOptions {
  /** Not disposed with the log: several may share it. */
  readonly store: RunStore;
  /**
   * Gives what may leave the process of each run, or undefined to keep it in; asked once, before a run is written. A run for
   * which it throws is not written. @default all but the messages of failures, for which their code stands
   */
  readonly redact?: RunRedaction | undefined;
  /** Runs and calls of them that wait to be written, at most; a run beyond is dropped and counted. @default 65,536 */
  readonly maxWaiting?: number | undefined;
  /**
   * Have the answers of all agents hashed, so that advice can compare models that answered in different processes. Hashes of
   * short answers can be found out by trying. @default false: those of agents that a process saw with two models
   */
  readonly compareAnswers?: boolean | undefined;
  /** Timers. @default the system's */
  readonly runtime?: Runtime | undefined;
}

/** What became of the runs a log was given. */
export interface RunLogStats {
  /** Handed to the store and acknowledged. */
  readonly written: number;
  readonly waiting: number;
  /** Came while too many waited or after disposal, or could not be written before it. */
  readonly dropped: number;
  /** Kept in by `redact`, or because it failed. */
  readonly withheld: number;
  /** Writes the store failed at; their runs wait and are tried again. */
  readonly failedWrites: number;
  /** Runs a store gave that were no records of this version, left out. */
  readonly unreadable: number;
}

const storeOption: OptionCheck = (value) =>
  typeof (value as Partial<RunStore> | null)?.append === "function" ? undefined : "a store of runs";

/**
 * Writes the runs of a Flock given as `record` to a store, at most half a second after they end, and reads them back as the
 * records they were. A run never waits for it and never fails by it. What a store cannot take waits in bounded memory and is
 * tried again, at longer and longer intervals up to half a minute; whatever is dropped is counted.
 */
export class RunLog implements RunSink, AsyncDisposable {
  readonly comparesAnswers: boolean;
  readonly #store: RunStore;
  readonly #redact: RunRedaction;
  readonly #runtime: Runtime;
  readonly #queue: RunQueue;
  #unreadable = 0;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(options: RunLogOptions) {
    checkOptions("RunLog", options, {
      ...{ store: storeOption, redact: redactOption, maxWaiting: wholeNumber(1), runtime: objectOption },
      compareAnswers: booleanOption,
    });
    const { store, redact = withoutMessages, maxWaiting = 65_536, runtime = systemRuntime } = options;
    if (store === undefined) throw optionError("RunLog", "store", "a store of runs", undefined);
    this.comparesAnswers = options.compareAnswers === true;
    this.#store = store;
    this.#redact = redact;
    this.#runtime = runtime;
    this.#queue = new RunQueue({ store, maxWaiting, batchRuns, runtime, seal: (run) => sealedRun(run, redact) });
    // A failure must be described before its run is written.
    describeFailuresWith(describeFailure);
  }

  get stats(): RunLogStats {
    return { ...this.#queue.stats, unreadable: this.#unreadable };
  }

  /** Takes a finished run. Never throws and never waits. */
  add(run: RunRecord): void {
    this.#queue.add(run);
  }

  /** Adds runs as fast as the store takes them; gives how many it was handed. @throws store_failed, and what the sequence throws */
  async addAll(runs: Iterable<RunRecord> | AsyncIterable<RunRecord>): Promise<number> {
    const pacer = new Pacer(this.#runtime);
    let handed = 0;
    let batch: StoredRun[] = [];
    const append = async () => {
      await this.#store.append(batch);
      handed += batch.length;
      batch = [];
    };
    for await (const run of runs) {
      const stored = sealedRun(run, this.#redact);
      if (stored !== undefined) batch.push(stored);
      if (batch.length >= batchRuns) await append();
      if (pacer.due) await pacer.pause();
    }
    if (batch.length > 0) await append();
    return handed;
  }

  /** Settles once what was added is written, or could not be. Never rejects. */
  flush(): Promise<void> {
    return this.#queue.flush();
  }

  /** Gives runs in the order of their end, one at a time, those added just before included. @throws store_failed, option_invalid */
  async *runs(query: RunQuery = {}): AsyncGenerator<RunRecord, void> {
    await this.flush();
    for await (const stored of this.#store.read(query)) {
      const run = openedRun(stored);
      if (run === undefined) this.#unreadable += 1;
      else yield run;
    }
  }

  /** Reads runs into memory, as a history that {@link AgentIntrospection} takes: the last 10,000 unless `last` says otherwise. @throws store_failed, option_invalid */
  async read(query: RunQuery = {}): Promise<RunHistory> {
    const runs: RunRecord[] = [];
    for await (const run of this.runs({ last: readRuns, ...query })) runs.push(run);
    return new RunSnapshot(runs);
  }

  /** Forgets everything, in the store too. @throws store_failed */
  async clear(): Promise<void> {
    await this.flush();
    await this.#store.clear();
  }

  /** Writes what waits, and takes no more. Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.close();
  }
}

function sealedRun(run: RunRecord, redact: RunRedaction): StoredRun | undefined {
  const text = writeRunLine(run, redact);
  if (text === undefined) return undefined;
  // What it is found by may not tell what was redacted.
  const { runId, name, startMs, durationMs } = redact === withoutMessages ? run : readRunLine(text, 1);
  const endMs = startMs + durationMs;
  // One run that no store takes must not hold up the others.
  return Number.isFinite(endMs) && runId.trim() !== "" ? { runId, name, startMs, endMs, text } : undefined;
}

/** A store of another make may give anything. */
function openedRun(stored: StoredRun): RunRecord | undefined {
  try {
    const run = readRunLine(stored.text, 1);
    return run.runId === stored.runId && run.name === stored.name ? run : undefined;
  } catch {
    return undefined;
  }
}
