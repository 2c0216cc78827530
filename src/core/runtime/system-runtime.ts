/** The real outside world: the only file that reads the process's clock, timers, randomness, memory and variables. */

import type { EventLoopWatch, Runtime, Timer } from "./runtime.ts";

const longestTimerMs = 2_147_483_647;
// Ids must differ between processes; they are no secret.
const idPrefix = Math.floor(Math.random() * 2 ** 48).toString(36);
const sharedValues = new Map<string, unknown>();
let lastId = 0;

/** The runtime of the process; there is one. */
export const systemRuntime: Runtime = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer,
  sleep: (ms: number, signal?: AbortSignal) => sleepOn(systemRuntime, ms, signal),
  random: () => Math.random(),
  createId: () => `${idPrefix}-${lastId++}`,
  memory: () => {
    const { heapUsed, rss } = process.memoryUsage();
    return { heapUsedBytes: heapUsed, residentBytes: rss };
  },
  watchEventLoop,
  variable: (name: string) => process.env[name] || undefined,
  warn: (message: string, code: string) => process.emitWarning(message, { type: "FlockWarning", code }),
  fetch: (...args: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...args),
  shared<T>(key: string, create: () => T): T {
    if (!sharedValues.has(key)) sharedValues.set(key, create());
    return sharedValues.get(key) as T;
  },
});

function setTimer(callback: () => void, delayMs: number): Timer {
  const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), longestTimerMs));
  return { cancel: () => clearTimeout(timer), ref: () => void timer.ref(), unref: () => void timer.unref() };
}

/** Node's own histogram of a timer's intervals: what is over the interval is delay. */
function watchEventLoop(): EventLoopWatch {
  const resolution = 20;
  const histogram = process.getBuiltinModule("node:perf_hooks").monitorEventLoopDelay({ resolution });
  histogram.enable();
  const delayOf = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolution);
  return {
    read() {
      if (histogram.count === 0) return undefined;
      const { mean, max } = histogram;
      const delay = { meanMs: delayOf(mean), p99Ms: delayOf(histogram.percentile(99)), maxMs: delayOf(max) };
      histogram.reset();
      return delay;
    },
    stop: () => void histogram.disable(),
  };
}

/** Waits on any runtime's timers; rejects at once with the signal's own reason when it aborts, and leaves nothing behind. */
export function sleepOn(runtime: Pick<Runtime, "setTimer">, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = runtime.setTimer(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    function onAbort(): void {
      timer.cancel();
      reject(signal?.reason);
    }
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
