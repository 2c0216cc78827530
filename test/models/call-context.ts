/** Calls a model outside of a run: the part of a context it looks at, and what the door does with its errors. */

import type { DeltaEvent } from "../../src/core/events/event.ts";
import type { ExecutionContext } from "../../src/core/runnable.ts";
import type { Runtime } from "../../src/core/runtime/runtime.ts";
import type { ModelAnswer, ModelRequest, ModelRunnable } from "../../src/models/model.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";

export interface CallContext {
  readonly context: ExecutionContext;
  readonly deltas: DeltaEvent["delta"][];
  abort(reason: unknown): void;
}

export function callContext(options: { deltas?: boolean; runtime?: Runtime } = {}): CallContext {
  const controller = new AbortController();
  const deltas: DeltaEvent["delta"][] = [];
  const part: Pick<ExecutionContext, "signal" | "runtime" | "wants" | "delta"> = {
    signal: controller.signal,
    runtime: options.runtime ?? createTestRuntime(),
    wants: (type) => type === "delta" && options.deltas === true,
    delta: (delta) => void deltas.push(delta),
  };
  return { context: part as ExecutionContext, deltas, abort: (reason) => controller.abort(reason) };
}

/** Performs a call as the door does: an error is explained by the model. */
export async function callModel(
  model: ModelRunnable,
  request: ModelRequest,
  context: ExecutionContext,
): Promise<ModelAnswer> {
  try {
    return await model.perform(request, context);
  } catch (error) {
    throw model.explain === undefined ? error : await model.explain(error, context);
  }
}
