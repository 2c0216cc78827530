/** Lets large readings take turns, so that two hundred at once hold the event loop no longer than one. */

import type { Runtime } from "../../core/runtime/runtime.ts";

/** The queue of readings that wait for their turn. */
export interface ReadingTurns {
  /** Resolves when it is this caller's turn, a turn of the event loop after the one before. */
  next(signal?: AbortSignal): Promise<void>;
}

/** Gives the queue of everything on this runtime. */
export function turnsOf(runtime: Pick<Runtime, "shared">, turnOfEventLoop: () => Promise<void>): ReadingTurns {
  return runtime.shared("reading-turns", () => createTurns(turnOfEventLoop));
}

/** Immediates that are due run in one go, so each must be asked for only when the one before has run. */
function createTurns(turnOfEventLoop: () => Promise<void>): ReadingTurns {
  let last: Promise<void> = Promise.resolve();
  return {
    next(signal) {
      last = last.then(turnOfEventLoop);
      return signal === undefined ? last : last.then(() => signal.throwIfAborted());
    },
  };
}
