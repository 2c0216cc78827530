/** Gives what a promise rejected with, or a function threw; undefined when all went well. */
export function caught(work: Promise<unknown>): Promise<unknown>;
export function caught(work: () => unknown): unknown;
export function caught(work: Promise<unknown> | (() => unknown)): unknown {
  if (work instanceof Promise) {
    return work.then(
      () => undefined,
      (error: unknown) => error,
    );
  }
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
