/** A deterministic outside world for tests: a clock that moves when told, seeded randomness, counted ids. */

import type { Runtime, Timer } from "../core/runtime/runtime.ts";
import { sleepOn } from "../core/runtime/system-runtime.ts";
import { lateParts } from "./late-parts.ts";

/** The clock of a test runtime. */
export interface TestClock {
  /** Milliseconds since the runtime was made. */
  readonly elapsedMs: number;
  /** Timers that would keep a process alive; those that were let go of by `unref` do not count. */
  readonly pendingTimers: number;
  /**
   * Moves both clocks on, calling timers in order of time, then of making, and letting all promise work finish before
   * and after each.
   */
  advance(ms: number): Promise<void>;
  /** Steps the wall clock alone, as a clock correction would. */
  stepWallClock(ms: number): void;
  /** Lets all promise work finish without moving the clock. */
  settle(): Promise<void>;
}

/** A runtime under the test's control. */
export interface TestRuntime extends Runtime {
  readonly clock: TestClock;
  /** What was warned, in order. */
  readonly warnings: readonly { readonly message: string; readonly code: string }[];
}

/** How a test runtime begins. */
export interface TestRuntimeOptions {
  /** @default 1 */
  readonly seed?: number;
  /** Wall clock at the start, milliseconds since 1970. @default 2026-01-01T00:00:00Z */
  readonly now?: number;
  /** Environment variables; the process's own are never seen. @default none */
  readonly variables?: Readonly<Record<string, string>>;
  /** Answers requests. @default rejects, so that no test reaches a network unknowingly */
  readonly fetch?: typeof globalThis.fetch;
}

interface WaitingTimer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
  holds: boolean;
}

/** Makes a runtime whose every answer follows from its seed. Two of them share nothing. */
export function createTestRuntime(options: TestRuntimeOptions = {}): TestRuntime {
  const timers = new Set<WaitingTimer>();
  const shared = new Map<string, unknown>([["flock.late-parts", lateParts]]);
  const warnings: { message: string; code: string }[] = [];
  const random = seededRandom(options.seed ?? 1);
  const start = options.now ?? Date.UTC(2026, 0, 1);
  let elapsed = 0;
  let wallStep = 0;
  let lastOrder = 0;
  let lastId = 0;

  const clock: TestClock = {
    get elapsedMs() {
      return elapsed;
    },
    get pendingTimers() {
      let held = 0;
      for (const timer of timers) if (timer.holds) held += 1;
      return held;
    },
    async advance(ms) {
      const end = elapsed + ms;
      await settle();
      for (let due = earliest(timers, end); due !== undefined; due = earliest(timers, end)) {
        timers.delete(due);
        elapsed = Math.max(elapsed, due.at);
        due.callback();
        await settle();
      }
      elapsed = end;
    },
    stepWallClock(ms) {
      wallStep += ms;
    },
    settle,
  };
  const setTimer = (callback: () => void, delayMs: number): Timer => {
    const timer = { at: elapsed + Math.max(delayMs, 0), order: lastOrder++, callback, holds: true };
    timers.add(timer);
    return {
      cancel: () => void timers.delete(timer),
      ref: () => {
        timer.holds = true;
      },
      unref: () => {
        timer.holds = false;
      },
    };
  };
  return {
    clock,
    warnings,
    now: () => start + elapsed + wallStep,
    monotonic: () => elapsed,
    setTimer,
    sleep: (ms, signal) => sleepOn({ setTimer }, ms, signal),
    random,
    createId: () => `test-${lastId++}`,
    memory: () => ({ heapUsedBytes: 64 * 2 ** 20, residentBytes: 128 * 2 ** 20 }),
    variable: (name) => options.variables?.[name] || undefined,
    warn: (message, code) => void warnings.push({ message, code }),
    fetch: options.fetch ?? refuseFetch,
    shared<T>(key: string, create: () => T): T {
      if (!shared.has(key)) shared.set(key, create());
      return shared.get(key) as T;
    },
  };
}

async function refuseFetch(): Promise<Response> {
  throw new Error("this test runtime has no network: give createTestRuntime a fetch");
}

/** Promise work queued so far, and what it queues, is done once the event loop's check phase is reached. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

function earliest(timers: Iterable<WaitingTimer>, end: number): WaitingTimer | undefined {
  let first: WaitingTimer | undefined;
  for (const timer of timers) {
    if (timer.at > end) continue;
    if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
      first = timer;
  }
  return first;
}

/** Mulberry32 by Tommy Ettinger: 32 bits of state, enough for tests, the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
