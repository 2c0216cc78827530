/** The time limit of a whole call or run, waiting and retries included. */

import { timeoutError } from "../core/errors/timeout-error.ts";
import type { Guard, GuardLayer, LayerCall } from "../core/layer.ts";
import { type Deadline, deadlineQueue } from "../core/runtime/deadline-queue.ts";

/** Makes the layer that ends a call after its policy's `timeoutMs`, and a run after the `timeoutMs` it was started with. */
export function deadlineLayer(): GuardLayer {
  return {
    form: "call-guard",
    name: "deadline",
    reason: "outermost of the built-in layers: waiting, retries and backoff all count",
    guardFor: (runnable) => deadlineGuard(runnable.policy?.timeoutMs, runnable.kind),
  };
}

function deadlineGuard(ownMs: number | undefined, kind: string): Guard | undefined {
  const neverRoot = kind === "model" || kind === "tool";
  if (ownMs === undefined && neverRoot) return undefined;
  return {
    enter(call, slot) {
      const rootMs = call.isRoot ? call.runTimeoutMs : undefined;
      const timeoutMs = ownMs === undefined ? rootMs : rootMs === undefined ? ownMs : Math.min(ownMs, rootMs);
      if (timeoutMs === undefined) return;
      call.setSlot(slot, deadlineQueue(call.runtime, timeoutMs).start(call.startedAt, call, endCall));
    },
    leave: cancelSlot,
  };
}

function cancelSlot(call: LayerCall, slot: number): void {
  (call.getSlot(slot) as Deadline | undefined)?.cancel();
}

function endCall(call: LayerCall, timeoutMs: number): void {
  const { name } = call.runnable;
  call.fail(timeoutError({ limit: "deadline", timeoutMs, name }, call.path, `${name} did not finish`));
}
