/** Ends an attempt that hangs, so that recovery may try again: after what is declared, else after what was learnt. */

import { timeoutError } from "../../../core/errors/timeout-error.ts";
import type { Json } from "../../../core/json/json.ts";
import type { Knob } from "../../../core/knob.ts";
import type { GuardLayer, LayerCall, LayerHost } from "../../../core/layer.ts";
import { type Deadline, deadlineQueue } from "../../../core/runtime/deadline-queue.ts";
import { stepOf } from "../step-of.ts";
import { defaultAttemptTimeoutMs, type Pace, type Paces, paceOf, pacesOf } from "./pace.ts";

/**
 * Makes the layer that ends an attempt. On for models: after 120 s, and once 50 answers of the model to an agent are known
 * after 5 times their 99th percentile, at least 5 s, attempts in flight included. What is declared, or turned by the knob
 * `attempt-timeout:` and the name, replaces that.
 */
export function attemptTimeoutLayer(): GuardLayer {
  const changed = new Map<string, number>();
  /** Somewhere a step `timeout` is declared, so that calls look for the nearest one. */
  let looks = false;
  return {
    form: "attempt-guard",
    name: "attempt-timeout",
    reason: "innermost: it times the work alone, never the wait for a permit or a retry",
    guardFor(runnable, host) {
      const { kind, name, policy } = runnable;
      const own = stepOf(policy?.recovery, "timeout");
      const around = stepOf(host.recovery, "timeout");
      looks ||= (own ?? around) !== undefined;
      const ownMs = policy?.attemptTimeoutMs;
      const isModel = kind === "model";
      if (!isModel && ownMs === undefined && (own === undefined || kind !== "tool")) return undefined;
      const paces = isModel ? pacesOf(name, host.runtime) : undefined;
      const learnt = (policy?.recovery ?? host.recovery) === false ? undefined : paces;
      const id = `attempt-timeout:${name}`;
      const declaredMs = ownMs ?? own?.attemptMs ?? around?.attemptMs;
      host.knobs.register(attemptKnob(id, () => declaredMs ?? longest(learnt), changed, host));
      const fixedMs = changed.get(id) ?? ownMs;
      return {
        enter(call, slot) {
          if (looks && kind !== "agent" && kind !== "pattern") return enterDeclared(call, slot, host, fixedMs, learnt);
          call.setSlot(slot, startAttempt(call, fixedMs, learnt));
        },
        leave(call, slot, error) {
          const deadline = call.getSlot(slot) as Deadline | undefined;
          if (deadline === undefined) return;
          deadline.cancel();
          if (error !== undefined || paces === undefined) return;
          paceOf(paces, call).note(call.runtime.monotonic() - deadline.startedAt);
        },
      };
    },
  };
}

let declaredCode: typeof import("./declared-limits.ts") | undefined;

function enterDeclared(call: LayerCall, slot: number, host: LayerHost, fixedMs: number | undefined, paces?: Paces) {
  const start = (code: typeof import("./declared-limits.ts")): void => {
    declaredCode = code;
    const limits = code.declaredLimits(call, host);
    const attempt = startAttempt(call, fixedMs ?? limits.attemptMs, paces);
    call.setSlot(slot, code.startStreamLimits(call, limits, attempt));
  };
  if (declaredCode === undefined) return import("./declared-limits.ts").then(start);
  start(declaredCode);
  return undefined;
}

/** What recovery gives further attempts that follow cut ones, where that is more than what is learnt. */
export const longerLimits = new WeakMap<LayerCall, number>();

function startAttempt(call: LayerCall, fixedMs: number | undefined, paces: Paces | undefined): Deadline {
  const { runtime } = call;
  let queue = fixedMs === undefined && paces !== undefined ? paceOf(paces, call).attempts : undefined;
  const longerMs = fixedMs ?? (call.attempt > 1 ? longerLimits.get(call) : undefined);
  if (queue === undefined || longerMs! > queue.timeoutMs) {
    queue = deadlineQueue(runtime, longerMs ?? defaultAttemptTimeoutMs);
  }
  return queue.start(runtime.monotonic(), call, endAttempt);
}

function endAttempt(call: LayerCall, timeoutMs: number): void {
  const { name } = call.runnable;
  const what = `an attempt of ${name} did not answer`;
  call.failAttempt(timeoutError({ limit: "attempt", timeoutMs, name }, call.path, what));
}

/** The limit of the slowest agent stands for all in the knob; 120 s before anything is learnt. */
function longest(paces: Paces | undefined): number {
  const limits = [...(paces?.values() ?? [])].map((pace: Pace) => pace.attempts.timeoutMs);
  return limits.length === 0 ? defaultAttemptTimeoutMs : Math.max(...limits);
}

/** Runnables of one name share the knob; until it is turned each keeps what it declared or learns. */
function attemptKnob(id: string, readMs: () => number, changed: Map<string, number>, host: LayerHost): Knob<number> {
  return {
    id,
    read: () => changed.get(id) ?? readMs(),
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

function checkTimeout(value: Json): string | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0
    ? undefined
    : "a timeout is milliseconds above 0";
}
