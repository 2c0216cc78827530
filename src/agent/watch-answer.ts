/** Shows an answer while it is being written. */

import type { ExecutionContext } from "../core/runnable.ts";
import type { ModelAnswer, ModelRequest, ModelRunnable } from "../models/model.ts";

/** Asks a model and turns the text of its answer into partial values while it is being written. */
export async function watchAnswer(
  model: ModelRunnable,
  request: ModelRequest,
  context: ExecutionContext,
): Promise<ModelAnswer> {
  // Only streams need it, so that it is no part of what every program loads.
  const { PartialReader } = await import("../prompt/read/partial-reader.ts");
  const reader = new PartialReader();
  let last: unknown;
  const stop = context.hearDeltas((delta) => {
    if (delta.kind !== "text" || reader.failedAt !== undefined) return;
    reader.push(delta.text);
    const value = reader.value();
    if (value === last || typeof value !== "object" || value === null) return;
    last = value;
    context.delta({ kind: "partial", value });
  });
  try {
    return await context.call(model, request);
  } finally {
    stop();
  }
}
