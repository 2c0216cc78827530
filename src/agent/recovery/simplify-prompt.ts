/** Declares that an agent whose answer is wrong is asked once more with less to heed. */

import type { Failure } from "../../core/failure.ts";
import type { AnswerStep } from "../../core/recovery-settings.ts";
import { answerFailures, failedAgent } from "./agent-variants.ts";

/** Longer instructions are cut at the end of a sentence. */
const longestInstructions = 300;

/**
 * Asks an agent again without its description and with its instructions cut to the first 300 characters, when its answer
 * was wrong or could not be read also after asking again, the model stopped, or the request was refused or too long. Does
 * nothing for anything but a `DeclarativeAgent`, and after a tool acted that may not be called twice.
 */
export function simplifyPrompt(): AnswerStep {
  return Object.freeze({
    step: "answer",
    name: "simplify-prompt",
    at: "here",
    answer(failure: Failure) {
      const agent = failedAgent(failure, [...answerFailures, "context_too_long"]);
      if (agent === undefined) return undefined;
      return failure.callInstead(agent.with({ description: undefined, instructions: simplified(agent.instructions) }));
    },
  } satisfies AnswerStep);
}

function simplified(instructions = ""): string {
  const start = instructions.slice(0, longestInstructions);
  const whole = start.length === instructions.length ? start : start.replace(/(?<=[.!?\n])[^.!?\n]*$/, "");
  return `${whole}\nKeep it simple: short, plain values, and nothing beyond the fields that are asked for.`.trim();
}
