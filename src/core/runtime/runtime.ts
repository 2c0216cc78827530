/** Everything a run takes from the outside world, in one object, so that a seeded run twice gives the same trace. */

/** A one-shot timer. */
export interface Timer {
  /** Stops it; a second call does nothing. */
  cancel(): void;
  /** Lets it keep the process alive (the state it is made in). */
  ref(): void;
  /** Stops it from keeping the process alive. */
  unref(): void;
}

/** Memory of the process, in bytes. */
export interface MemoryUse {
  readonly heapUsedBytes: number;
  readonly residentBytes: number;
}

/** How late the event loop was since it was last read, in milliseconds. */
export interface EventLoopDelay {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Watches the event loop from when it is made until it is stopped, and keeps no process alive. */
export interface EventLoopWatch {
  /** Gives the delay since the last reading; undefined when there was no measurement. */
  read(): EventLoopDelay | undefined;
  stop(): void;
}

/**
 * Clock, timers, randomness, ids, memory, environment variables and `fetch` of a run. Product code takes them from here
 * alone. The system one is the default; `flock-ts/testing` has a deterministic one.
 */
export interface Runtime {
  /** Wall clock: milliseconds since 1970 UTC. May step back. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back; for durations and expiry. */
  monotonic(): number;
  /** Calls back once after `delayMs`, never synchronously. */
  setTimer(callback: () => void, delayMs: number): Timer;
  /** Waits; rejects at once with the signal's own reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A number from 0 up to but without 1. */
  random(): number;
  /** An id no other call of this process got, without private facts. */
  createId(): string;
  memory(): MemoryUse;
  /** Begins to watch the event loop; absent where that cannot be measured. */
  watchEventLoop?(): EventLoopWatch;
  /** One environment variable; an empty one counts as unset. */
  variable(name: string): string | undefined;
  /** Tells the person who runs the process something once, outside any run. */
  warn(message: string, code: string): void;
  readonly fetch: typeof globalThis.fetch;
  /** The one value of this key for everything on this runtime, made on first use. */
  shared<T>(key: string, create: () => T): T;
}
