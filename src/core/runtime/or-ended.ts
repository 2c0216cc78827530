/** Waits for something that may never come, no longer than a signal allows. */

/**
 * Gives what a promise gives; rejects with the signal's own reason as soon as that aborts, or at once when it has. What the
 * promise does afterwards is nobody's concern, a rejection included. Leaves no listener behind.
 */
export async function orEnded<Value>(
  value: Value | PromiseLike<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return value;
  const { promise, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(signal.reason);
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([promise, value]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
