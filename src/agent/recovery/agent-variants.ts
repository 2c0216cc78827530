/** Answers for a failed agent with the same agent, asked in another way. */

import { matchesAny } from "../../core/errors/error-matcher.ts";
import type { Failure } from "../../core/failure.ts";
import type { DeclarativeAgent } from "../declarative-agent.ts";

/** Failures of a prompt or its answer that another way of asking may heal. */
export const answerFailures = [
  "output_invalid",
  "output_unreadable",
  "model_stopped",
  "model_request_invalid",
] as const;

/**
 * Gives the agent that failed; undefined for anything else, for other failures, and where a tool that may not be called
 * twice acted.
 */
export function failedAgent(
  { runnable, error, hasActed }: Failure,
  failures: readonly string[],
): DeclarativeAgent | undefined {
  const { with: makeVariant } = runnable as Partial<DeclarativeAgent>;
  if (runnable.kind !== "agent" || typeof makeVariant !== "function" || hasActed) return undefined;
  return matchesAny(failures, error) ? (runnable as unknown as DeclarativeAgent) : undefined;
}
