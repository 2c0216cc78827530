/** Remembers which call gave up on an error, so that loops around it do not begin anew and attempts never multiply. */

import type { LayerCall } from "../../core/layer.ts";

/** Ids and paths, not calls: an error may be kept for long, what it came from must not be. */
const givenUp = new WeakMap<object, { readonly runId: string; readonly path: string }>();

/** Notes that all attempts of this call are used up. */
export function noteGivenUp(call: LayerCall, error: unknown): void {
  if (typeof error === "object" && error !== null) givenUp.set(error, { runId: call.runId, path: call.path });
}

/** Tells whether this call, or one inside it, gave up on an error. An error may be thrown again by others. */
export function isGivenUpWithin({ runId, whole }: LayerCall, error: unknown): boolean {
  const found = typeof error === "object" && error !== null ? givenUp.get(error) : undefined;
  if (found === undefined || found.runId !== runId || !found.path.startsWith(whole.path)) return false;
  const next = found.path[whole.path.length];
  return next === undefined || next === "/" || next === "@";
}
