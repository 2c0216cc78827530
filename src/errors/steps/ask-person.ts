/** Declares that a person is asked what to answer. */

import { checkOptions, optionError } from "../../core/errors/options.ts";
import type { Failure } from "../../core/failure.ts";
import type { AnswerStep } from "../../core/recovery-settings.ts";
import { orEnded } from "../../core/runtime/or-ended.ts";
import { readMatchers } from "../known-codes.ts";
import { mayBeReplaced } from "../never-replaced.ts";
import type { FallbackOptions } from "./fallback.ts";

/**
 * Asks a person, and waits for the answer as long as the call may take: give the run or the agent a `timeoutMs`. The answer
 * is checked like any output; `undefined` declines. When the call ends, `failure.signal` aborts.
 *
 * @throws option_invalid when `ask` is no function, and for unknown options.
 */
export function askPerson(ask: (failure: Failure) => unknown, options: FallbackOptions = {}): AnswerStep {
  checkOptions("askPerson", options, { on: () => undefined });
  if (typeof ask !== "function") throw optionError("askPerson", "ask", "a function", ask);
  const on = readMatchers("askPerson", options.on);
  return Object.freeze({
    step: "answer",
    name: "ask-person",
    at: "here",
    async answer(failure: Failure) {
      if (!mayBeReplaced(on, failure.error)) return undefined;
      return orEnded(ask(failure), failure.signal);
    },
  } satisfies AnswerStep);
}
