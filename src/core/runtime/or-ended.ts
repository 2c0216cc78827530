/** Waits for something that may never come, no longer than a signal allows. */

/** Gives what a promise gives; rejects with the signal's own reason as soon as that aborts. */
export async function orEnded<Value>(value: Value | PromiseLike<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([value, promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
