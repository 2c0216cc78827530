/** Says how long a call may still take, so that no retry waits past its end. */

import type { LayerCall } from "../../../core/layer.ts";

/** Gives the milliseconds until the first deadline of a call and those around it; infinity without any. */
export function timeLeftMs(call: LayerCall): number {
  const now = call.runtime.monotonic();
  let left = Number.POSITIVE_INFINITY;
  for (let around: LayerCall | undefined = call.whole; around !== undefined; around = around.caller) {
    const ownMs = around.runnable.policy?.timeoutMs;
    const rootMs = around.isRoot ? around.runTimeoutMs : undefined;
    for (const limitMs of [ownMs, rootMs]) {
      if (limitMs !== undefined) left = Math.min(left, around.startedAt + limitMs - now);
    }
  }
  return left;
}
