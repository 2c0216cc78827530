/** Runs what users wrote about failures no longer than it may take, without counting the calls it makes. */

import { FlockError } from "../core/errors/errors.ts";
import type { Failure } from "../core/failure.ts";
import type { Runtime, Timer } from "../core/runtime/runtime.ts";

/** How long a handler or action may take by itself unless something else is said. */
export const defaultHandlerMs = 30_000;

/** Functions that see to it themselves. */
export const boundsItself = new WeakSet<(...parameters: never[]) => unknown>();

/** What is bounded, and how long. */
export interface Bound {
  readonly name: string;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
  /** Ends the wait with its own reason. @default nothing does */
  readonly signal?: AbortSignal | undefined;
}

/** Does something during which time does not count. */
export type During = <Value>(work: () => Promise<Value>) => Promise<Value>;

/**
 * Gives what the work gives. Rejects with `timeout` once it took so long at a stretch without anything running in `during`.
 * The work itself goes on; what it gives later is dropped.
 */
export async function bounded<Value>(
  { name, timeoutMs, runtime, signal }: Bound,
  work: (during: During) => Value | PromiseLike<Value>,
): Promise<Awaited<Value>> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  let timer: Timer | undefined;
  let running = 0;
  let isOver = false;
  signal?.throwIfAborted();
  const end = (): void => reject(signal?.reason);
  const start = (): void => {
    timer = runtime.setTimer(() => reject(lateError(name, timeoutMs)), timeoutMs);
  };
  const during: During = async (inner) => {
    running += 1;
    timer?.cancel();
    try {
      return await inner();
    } finally {
      running -= 1;
      if (running === 0 && !isOver) start();
    }
  };
  signal?.addEventListener("abort", end, { once: true });
  start();
  try {
    return await Promise.race([(async () => work(during))(), late]);
  } finally {
    isOver = true;
    timer?.cancel();
    signal?.removeEventListener("abort", end);
  }
}

/** Gives a failure whose calls do not count for the time of whoever makes them. */
export function patient(failure: Failure, during: During): Failure {
  return withChanges(failure, {
    retry: (...input) => during(() => failure.retry(...input)),
    callInstead: (...call) => during(() => failure.callInstead(...call)),
  });
}

/** Gives a copy in which some things differ; what is read late stays read late. */
export function withChanges(failure: Failure, changes: Partial<Failure>): Failure {
  return Object.defineProperties(
    {},
    { ...Object.getOwnPropertyDescriptors(failure), ...Object.getOwnPropertyDescriptors(changes) },
  ) as Failure;
}

function lateError(name: string, timeoutMs: number): FlockError<"timeout"> {
  const message = `${name} did not answer within ${timeoutMs} ms; raise its timeoutMs, or let it do less`;
  return new FlockError("timeout", message, { details: { limit: "handler", timeoutMs, name } });
}
