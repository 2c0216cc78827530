/** Lets a function run for as long as nobody aborts. */

/** Gives what a function gives, or rejects at once with the reason of a signal; leaves no listener behind. */
export async function unlessAborted<T>(
  run: (signal: AbortSignal) => T | PromiseLike<T>,
  signal: AbortSignal,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([run(signal), promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
