/** A failed call as one step sees it that may answer for it; what it offers ends when that step has answered. */

import { FlockError } from "../../../core/errors/errors.ts";
import type { Failure } from "../../../core/failure.ts";
import type { LayerCall } from "../../../core/layer.ts";
import type { AnyRunnable } from "../../../core/runnable.ts";

/** What a step may do, by the loop that asks it. */
export interface FailureActions {
  retry(changes: { readonly input?: unknown }): Promise<unknown>;
  callInstead(runnable: AnyRunnable, changes: { readonly input?: unknown }): Promise<unknown>;
  note: Failure["note"];
  readonly attempts: Failure["attempts"];
}

/** Makes what a step is handed, and the way to take it back. */
export function createFailure(call: LayerCall, error: unknown, actions: FailureActions): [Failure, () => void] {
  let isOver = false;
  const { runnable, input, path, context, ended: signal, runtime } = call;
  const refuseLate = (): void => {
    if (isOver) throw lateError(call);
  };
  const failure: Failure = {
    ...{ error, runnable, input, path, context, signal, runtime },
    get attempt() {
      return call.attempts;
    },
    get attempts() {
      return [...actions.attempts];
    },
    get hasActed() {
      return call.hasActed;
    },
    get spentMicroUsd() {
      return call.run.costMicroUsd;
    },
    async retry(...changed) {
      refuseLate();
      return actions.retry(changed.length === 0 ? {} : { input: changed[0] });
    },
    async callInstead(target, ...changed) {
      refuseLate();
      const instead = typeof target === "string" ? context.resolveModel(target, runnable.name) : target;
      return actions.callInstead(instead, changed.length === 0 ? {} : { input: changed[0] });
    },
    note(...noted) {
      if (!isOver) actions.note(...noted);
    },
  };
  return [
    failure,
    () => {
      isOver = true;
    },
  ];
}

function lateError({ path, runnable }: LayerCall): FlockError<"option_invalid"> {
  const message = `it is too late to try ${runnable.name} again: whoever asks was waited for, and has answered or failed`;
  return new FlockError("option_invalid", message, {
    details: { option: "recovery", expected: "a failure that still waits for its answer", received: "an earlier one" },
    path,
  });
}

/** Makes the error for trying again what must not happen twice. */
export function actedError({ runnable, path }: LayerCall): FlockError<"option_invalid"> {
  const message = `${runnable.name} may not be tried again: a tool that is not idempotent was called in it`;
  return new FlockError("option_invalid", message, {
    details: { option: "recovery", expected: "a call without effects", received: runnable.name },
    path,
  });
}
