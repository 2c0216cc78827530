/** What keeps recorded runs beyond the process. Drivers in `store/` implement it; a run log stands on it. */

/** A run as a store keeps it: a text whose meaning is the log's business, and what the run is found by. */
export interface StoredRun {
  readonly runId: string;
  /** Name of its outermost runnable. */
  readonly name: string;
  /** Milliseconds since 1970 UTC. */
  readonly startMs: number;
  /** Milliseconds since 1970 UTC. */
  readonly endMs: number;
  readonly text: string;
}

/** Which runs to read. */
export interface RunQuery {
  /** Only runs whose outermost runnable has it. @default all */
  readonly name?: string | undefined;
  /** Only runs that ended then or later, milliseconds since 1970. @default the oldest kept */
  readonly fromMs?: number | undefined;
  /** Only runs that ended before, milliseconds since 1970. @default no end */
  readonly toMs?: number | undefined;
  /** Only so many of them, those that ended last. @default all */
  readonly last?: number | undefined;
}

/** How much is kept. Each bound holds by itself, and the runs that ended first leave first. */
export interface RunRetention {
  /** Milliseconds after its end that a run is kept at most. @default 30 days */
  readonly maxAgeMs?: number | undefined;
  /** Runs at most. @default 100,000 */
  readonly maxRuns?: number | undefined;
  /** Bytes at most. @default 268,435,456 */
  readonly maxBytes?: number | undefined;
}

/**
 * A store of runs. A run that was damaged is not found; it never comes out wrong. What was acknowledged survives the end of
 * the process where the store is on disk or on a server. Methods reject with `store_failed` when the store cannot be
 * reached or written, and never hang.
 */
export interface RunStore extends AsyncDisposable {
  /** Names it in messages, such as `sqlite`. */
  readonly name: string;
  /** Keeps runs, all of them or none. One that is kept already, by id and start, is passed over; one too old or too large leaves at once. */
  append(runs: readonly StoredRun[]): Promise<void>;
  /** Gives runs in the order of their end, a few at a time, those it had when reading began. @throws option_invalid for a query without meaning */
  read(query?: RunQuery): AsyncIterable<StoredRun>;
  clear(): Promise<void>;
}
