/** Lets a caller go at once when its signal aborts, although what it waits for cannot be stopped. */

/** Gives what the step gives; rejects with the signal's own reason when it aborts before. */
export function unlessAborted<T>(step: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return step;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    const settle = () => signal.removeEventListener("abort", abort);
    step.then(resolve, reject).finally(settle);
  });
}
