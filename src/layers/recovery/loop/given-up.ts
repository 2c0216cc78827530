/** Remembers which call ended with an error, so that loops around it neither begin anew nor tell its story twice. */

import type { LayerCall } from "../../../core/layer.ts";

interface Ending {
  /** Ids and paths, not calls: an error may be kept for long, what it came from must not be. */
  readonly runId: string;
  readonly path: string;
  readonly isRetried: boolean;
}

const endings = new WeakMap<object, Ending>();

/** Notes that this call ended with an error, and whether a retry was meant for it. */
export function noteEnding({ runId, path }: LayerCall, error: unknown, isRetried: boolean): void {
  if (typeof error === "object" && error !== null) endings.set(error, { runId, path, isRetried });
}

/** Tells whether this call, or one inside it, ended with an error. An error may be thrown again by others. */
export function hasEndedWithin({ runId, whole }: LayerCall, error: unknown): boolean {
  const ending = typeof error === "object" && error !== null ? endings.get(error) : undefined;
  if (ending === undefined || ending.runId !== runId || !ending.path.startsWith(whole.path)) return false;
  const next = ending.path[whole.path.length];
  return next === undefined || next === "/" || next === "@";
}

/** Tells whether a retry was meant for it there: attempts never multiply. */
export function isGivenUpWithin(call: LayerCall, error: unknown): boolean {
  return hasEndedWithin(call, error) && endings.get(error as object)!.isRetried;
}
