/** Declares that an agent whose answer is wrong asks its model for the answer in another form. */

import type { Failure } from "../../core/failure.ts";
import type { AnswerStep } from "../../core/recovery-settings.ts";
import { createModel, isOffline, type ModelRunnable } from "../../models/model.ts";
import { answerModeOf, learnAnswerMode, lowerModes } from "../../prompt/answer-ladder.ts";
import { answerFailures, failedAgent } from "./agent-variants.ts";

/**
 * Asks an agent's model again in each lower form, when its answer was wrong or could not be read also after asking again,
 * the model stopped, or the request was refused: from a schema beside the prompt to a tool that takes the answer to a
 * schema in the prompt's text. Does nothing for anything but a `DeclarativeAgent`, for the offline engine, and after a tool
 * acted that may not be called twice.
 */
export function switchOutputMode(): AnswerStep {
  return Object.freeze({
    step: "answer",
    name: "switch-output-mode",
    at: "here",
    async answer(failure: Failure) {
      const agent = failedAgent(failure, answerFailures);
      if (agent === undefined) return undefined;
      const known = failure.context.resolveModel(agent.model, agent.name) as ModelRunnable;
      if (isOffline(known.model)) return undefined;
      let last: unknown;
      for (const mode of lowerModes(answerModeOf(known))) {
        // A runnable of its own: what the agent's next call asks for is none of our business.
        const { cache, recovery, needs } = known.policy ?? {};
        const model = createModel(known.model, { cache, recovery, needs });
        learnAnswerMode(model, mode);
        try {
          return await failure.callInstead(agent.with({ model }));
        } catch (error) {
          failure.signal.throwIfAborted();
          last = error;
        }
      }
      if (last !== undefined) throw last;
      return undefined;
    },
  } satisfies AnswerStep);
}
