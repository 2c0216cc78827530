/** Declares that a conversation that is too long for its model is cut and asked again. */

import type { LanguageModelV4Message, LanguageModelV4Prompt } from "@ai-sdk/provider";
import { isFlockError } from "../../core/errors/errors.ts";
import { checkOptions, wholeNumber } from "../../core/errors/options.ts";
import type { Failure } from "../../core/failure.ts";
import type { AnswerStep } from "../../core/recovery-settings.ts";
import type { ModelRequest } from "../../models/model.ts";

/** What {@link shrinkContext} leaves. */
export interface ShrinkContextOptions {
  /** How many of the last turns stay; a turn is an answer of the model with the results of its tools. @default 2 */
  readonly keep?: number | undefined;
}

/** Results of tools are cut to so many characters when turns alone do not make room. */
const longestResult = 2_000;

/**
 * Asks a model again when a request was too long (`context_too_long`): without the turns between the inputs and the last
 * ones; when there are no more than those, with long results of tools cut in the middle. Instructions and inputs are never
 * cut. Each cut is a warning.
 *
 * @throws option_invalid for unknown options and wrong values.
 */
export function shrinkContext(options: ShrinkContextOptions = {}): AnswerStep {
  checkOptions("shrinkContext", options, { keep: wholeNumber(1) });
  const { keep = 2 } = options;
  return Object.freeze({
    step: "answer",
    name: "shrink-context",
    at: "models",
    async answer(failure: Failure) {
      if (!isFlockError(failure.error, "context_too_long")) return undefined;
      const request = failure.input as ModelRequest;
      const prompts = [withoutOldTurns(request.prompt, keep), withShortResults(request.prompt, keep)];
      let last: unknown;
      for (const prompt of prompts) {
        if (prompt === undefined) continue;
        failure.context.warn(
          "context_shrunk",
          `${failure.path} is asked again with less: it was too long for its model`,
        );
        try {
          return await failure.retry({ ...request, prompt });
        } catch (error) {
          failure.signal.throwIfAborted();
          if (!isFlockError(error, "context_too_long")) throw error;
          last = error;
        }
      }
      if (last !== undefined) throw last;
      return undefined;
    },
  } satisfies AnswerStep);
}

/** The messages up to the inputs, and the turns after them: a call of a tool and its result must stay together. */
function turnsOf(prompt: LanguageModelV4Prompt): [head: LanguageModelV4Message[], turns: LanguageModelV4Message[][]] {
  const inputs = prompt.findIndex(({ role }) => role === "user") + 1;
  const turns: LanguageModelV4Message[][] = [];
  for (const message of prompt.slice(inputs)) {
    if (message.role === "tool" && turns.length > 0) turns.at(-1)!.push(message);
    else turns.push([message]);
  }
  return [prompt.slice(0, inputs), turns];
}

function withoutOldTurns(prompt: LanguageModelV4Prompt, keep: number): LanguageModelV4Prompt | undefined {
  const [head, turns] = turnsOf(prompt);
  return turns.length <= keep ? undefined : [...head, ...turns.slice(-keep).flat()];
}

function withShortResults(prompt: LanguageModelV4Prompt, keep: number): LanguageModelV4Prompt | undefined {
  const [head, turns] = turnsOf(prompt);
  let isCut = false;
  const cut = turns
    .slice(-keep)
    .flat()
    .map((message): LanguageModelV4Message => {
      if (message.role !== "tool") return message;
      const content = message.content.map((part) => {
        if (part.type !== "tool-result") return part;
        const { output } = part;
        const text =
          "value" in output ? (typeof output.value === "string" ? output.value : JSON.stringify(output.value)) : "";
        if (text.length <= longestResult) return part;
        isCut = true;
        const half = longestResult / 2;
        const value = `${text.slice(0, half)}\n… (${text.length - longestResult} characters left out)\n${text.slice(-half)}`;
        return { ...part, output: { type: "text" as const, value } };
      });
      return { ...message, content };
    });
  return isCut ? [...head, ...cut] : undefined;
}
