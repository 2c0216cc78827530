/** Asks a model so that its answer can be watched while it is being written. */

import type { DeltaEvent } from "../core/events/event.ts";
import type { ExecutionContext } from "../core/runnable.ts";
import type { ModelAnswer, ModelRequest, ModelRunnable } from "../models/model.ts";

/** How an answer is watched. */
export interface WatchAnswerOptions {
  /** The tool whose input is the answer, for models that take tools but no schema. @default the text is the answer */
  readonly answerTool?: string | undefined;
}

/**
 * Asks a model and tells partial values of its answer and of the inputs of its tool calls as deltas of this context; a
 * `reset` when what was told is void, because the model was asked again, failed, or wants tools first.
 */
export async function watchAnswer(
  model: ModelRunnable,
  request: ModelRequest,
  context: ExecutionContext,
  options: WatchAnswerOptions = {},
): Promise<ModelAnswer> {
  const early: DeltaEvent["delta"][] = [];
  let hear = (delta: DeltaEvent["delta"]): void => void early.push(delta);
  const stop = context.hearDeltas((delta) => hear(delta));
  // Only streams need it, so that it is no part of what every program loads; the model is asked meanwhile.
  const loading = import("./partial-answer.ts").then(({ PartialAnswer }) => {
    const partial = new PartialAnswer(context, options.answerTool);
    hear = (delta) => partial.hear(delta);
    for (const delta of early.splice(0)) partial.hear(delta);
    return partial;
  });
  loading.catch(() => {});
  try {
    const answer = await context.call(model, request);
    (await loading).finish(answer);
    return answer;
  } catch (error) {
    (await loading).discard();
    throw error;
  } finally {
    stop();
  }
}
