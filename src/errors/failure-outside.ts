/** Makes a failure of an error that no run stands behind, so that strategies see the same thing everywhere. */

import { codeOf, type FailedAttempt, FlockError } from "../core/errors/errors.ts";
import type { Failure } from "../core/failure.ts";
import type { AnyRunnable, ExecutionContext } from "../core/runnable.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { systemRuntime } from "../core/runtime/system-runtime.ts";

/** Where an error came from: a failed call in a run, any other place in a run, or nothing that is known. */
export type ErrorContext = Failure | ExecutionContext | undefined;

/** Tells a failed call from all else that may be given as a context. */
export function isFailure(context: unknown): context is Failure {
  const { callInstead, note } = Object(context) as Partial<Failure>;
  return typeof callInstead === "function" && typeof note === "function";
}

/** Gives the runtime that a context brings along, else another one, else the system's. */
export function runtimeOf(context: ErrorContext, other: Runtime | undefined): Runtime {
  const { runtime } = Object(context) as { readonly runtime?: Runtime };
  return typeof runtime?.setTimer === "function" ? runtime : (other ?? systemRuntime);
}

/** Gives a failed call as it is, and makes one of anything else: it can be noted on, and nothing can be called again. */
export function failureOf(error: unknown, context: ErrorContext, runtime: Runtime): Failure {
  if (isFailure(context)) return context;
  const { path = "", signal } = Object(context) as Partial<ExecutionContext>;
  const attempts: FailedAttempt[] = [];
  const note: Failure["note"] = (name, failed, durationMs = 0) => {
    const message = failed instanceof Error ? failed.message : String(failed);
    const atMs = runtime.now() - durationMs;
    const attempt = attempts.length + 1;
    attempts.push({ attempt, path, name, code: codeOf(failed), message, atMs, durationMs, waitedMs: 0 });
  };
  const refuse = (what: string) => async () => {
    const message = `${what} needs a failed call; outside a run's recovery there is none, so do the work in the action itself`;
    throw new FlockError("option_invalid", message, {
      details: { option: what, expected: "a failed call of a run", received: "an error outside of recovery" },
    });
  };
  return {
    ...{ error, path, runtime, note, attempt: 1, hasActed: false, spentMicroUsd: undefined, input: undefined },
    get attempts() {
      return [...attempts];
    },
    runnable: noRunnable,
    context: context as ExecutionContext,
    signal: signal ?? new AbortController().signal,
    retry: refuse("retry"),
    callInstead: refuse("callInstead"),
  };
}

const noRunnable: AnyRunnable = Object.freeze({
  name: "(none)",
  kind: "pattern",
  perform: async () => {
    throw new FlockError("internal", "this stands for nothing that runs", { details: { reason: "no runnable" } });
  },
});

/** Tells of something that went wrong while an error was handled, wherever there is someone to tell. */
export function tellFault(context: ErrorContext, runtime: Runtime, message: string): void {
  const place = isFailure(context) ? context.context : context;
  if (typeof place?.warn === "function") place.warn("recovery_failed", message);
  else runtime.warn(message, "FLOCK_RECOVERY_FAILED");
}
