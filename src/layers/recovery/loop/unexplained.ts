/** Gives tools that may be repeated another chance when nobody knows what their failure means. */

import { isFlockError } from "../../../core/errors/errors.ts";
import type { LayerCall } from "../../../core/layer.ts";
import { classifyFailure } from "../classify-failure.ts";

/** What says nothing of itself may be for good, so fewer attempts go into it. */
const mostTries = 3;

/**
 * Tells whether an idempotent tool failed with an error that nothing is known of, such as a plain `Error` of its own, and
 * may be tried again. Mistakes in code, such as a TypeError, are known.
 */
export function isUnexplained({ runnable }: LayerCall, error: unknown, tries: number): boolean {
  if (runnable.kind !== "tool" || runnable.policy?.idempotent !== true || tries >= mostTries) return false;
  const thrown = isFlockError(error, "tool_failed") ? error.cause : error;
  return thrown instanceof Error && classifyFailure(thrown).code === "unknown";
}
