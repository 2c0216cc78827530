/** Time limits: one on a whole call, one on each attempt. */

import { FlockError } from "../core/errors/errors.ts";
import type { Json } from "../core/json/json.ts";
import type { Knob } from "../core/knob.ts";
import type { Guard, GuardLayer, LayerCall, LayerHost } from "../core/layer.ts";
import { type Deadline, deadlineQueue } from "../core/runtime/deadline-queue.ts";

/** What one attempt of a model may take when nothing else is said, in milliseconds. */
export const defaultAttemptTimeoutMs = 120_000;

/** Makes the layer that ends a call after its policy's `timeoutMs`, and a run after the `timeoutMs` it was started with. */
export function deadlineLayer(): GuardLayer {
  return {
    form: "call-guard",
    name: "deadline",
    reason: "outermost of the built-in layers: waiting, retries and backoff all count",
    guardFor: (runnable) => deadlineGuard(runnable.policy?.timeoutMs, runnable.kind),
  };
}

/** Makes the layer that ends an attempt after `attemptTimeoutMs`, so that recovery may try again. On for models. */
export function attemptTimeoutLayer(): GuardLayer {
  const changed = new Map<string, number>();
  return {
    form: "attempt-guard",
    name: "attempt-timeout",
    reason: "innermost: it times the work alone, never the wait for a permit or a retry",
    guardFor: (runnable, host) => {
      const declared =
        runnable.policy?.attemptTimeoutMs ?? (runnable.kind === "model" ? defaultAttemptTimeoutMs : undefined);
      if (declared === undefined) return undefined;
      const id = `attempt-timeout:${runnable.name}`;
      host.knobs.register(attemptKnob(id, declared, changed, host));
      return attemptGuard(changed.get(id) ?? declared);
    },
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

/** Runnables of one name share the knob; until it is turned each keeps what it declared. */
function attemptKnob(id: string, declaredMs: number, changed: Map<string, number>, host: LayerHost): Knob<number> {
  return {
    id,
    read: () => changed.get(id) ?? declaredMs,
    check: checkTimeout,
    change(timeoutMs) {
      const before = changed.get(id);
      changed.set(id, timeoutMs);
      host.replan();
      return () => {
        if (before === undefined) changed.delete(id);
        else changed.set(id, before);
        host.replan();
      };
    },
  };
}

function attemptGuard(timeoutMs: number): Guard {
  return {
    enter(call, slot) {
      const { runtime } = call;
      call.setSlot(slot, deadlineQueue(runtime, timeoutMs).start(runtime.monotonic(), call, endAttempt));
    },
    leave: cancelSlot,
  };
}

function checkTimeout(value: Json): string | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0
    ? undefined
    : "a timeout is milliseconds above 0";
}

function cancelSlot(call: LayerCall, slot: number): void {
  (call.getSlot(slot) as Deadline | undefined)?.cancel();
}

function endCall(call: LayerCall, timeoutMs: number): void {
  call.fail(timeoutError("deadline", timeoutMs, call));
}

function endAttempt(call: LayerCall, timeoutMs: number): void {
  call.failAttempt(timeoutError("attempt", timeoutMs, call));
}

function timeoutError(limit: "deadline" | "attempt", timeoutMs: number, call: LayerCall): FlockError<"timeout"> {
  const { name } = call.runnable;
  const what = limit === "deadline" ? `${name} did not finish` : `an attempt of ${name} did not answer`;
  return new FlockError("timeout", `${what} within ${timeoutMs} ms; raise the limit or look at what it waited for`, {
    details: { limit, timeoutMs, name },
    path: call.path,
  });
}
