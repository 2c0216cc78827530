/** Lets other work of the process in between while a long text is read. */

import { setImmediate as nextTurn } from "node:timers/promises";

/** Gives the event loop one turn. Rejects with the signal's own reason when it has aborted meanwhile. */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await nextTurn();
  signal?.throwIfAborted();
}
