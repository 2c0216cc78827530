/** A language model that answers what it is told, in order: for tests of agents without a network. */

import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { booleanOption, checkOptions, nonEmptyString, objectOption, optionError } from "../core/errors/options.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { systemRuntime } from "../core/runtime/system-runtime.ts";
import { collectStream } from "../models/collect-stream.ts";
import { checkParts, type ScriptedParts } from "./scripted-parts.ts";
import { scriptedStream } from "./scripted-stream.ts";

/** One answer: text, parts, an error to throw, or a function of the request that gives one of these. */
export type ScriptedAnswer =
  | string
  | ScriptedParts
  | Error
  | ((request: LanguageModelV4CallOptions) => string | ScriptedParts | Error);

/** How a scripted model presents itself. */
export interface ScriptedModelOptions {
  /** @default "scripted" */
  readonly modelId?: string;
  /** Whose clock delays take. @default the system's */
  readonly runtime?: Runtime;
  /** Begin again after the last answer. @default false: one answer too many is an error */
  readonly repeat?: boolean;
}

/** A scripted model, and what it was asked. */
export interface ScriptedModel extends LanguageModelV4 {
  /** The requests so far, oldest first. */
  readonly requests: readonly LanguageModelV4CallOptions[];
}

/**
 * Makes a model that gives these answers in turn. It always streams inside: asked for a whole answer it gives what the
 * pieces are together, after the same time, or fails with the same error.
 *
 * @throws option_invalid for no answers, and unknown or wrong parts or options.
 */
export function scriptedModel(answers: readonly ScriptedAnswer[], options: ScriptedModelOptions = {}): ScriptedModel {
  if (!Array.isArray(answers) || answers.length === 0) {
    throw optionError("scriptedModel", "answers", "a list with at least one answer", answers);
  }
  checkOptions("scriptedModel", options, scriptedOptions);
  answers.forEach((answer, index) => {
    if (typeof answer !== "function") checkAnswer(answer, index);
  });
  const runtime = options.runtime ?? systemRuntime;
  const requests: LanguageModelV4CallOptions[] = [];

  function next(request: LanguageModelV4CallOptions): { readonly parts: ScriptedParts; readonly turn: number } {
    const turn = requests.push(request) - 1;
    const index = options.repeat === true ? turn % answers.length : turn;
    const answer = answers[index];
    if (answer === undefined) throw new Error(`the script has ${answers.length} answers, this is request ${turn + 1}`);
    return { parts: typeof answer === "function" ? checkAnswer(answer(request), index) : partsOf(answer), turn };
  }

  const model: ScriptedModel = {
    specificationVersion: "v4",
    provider: "scripted",
    modelId: options.modelId ?? "scripted",
    supportedUrls: {},
    requests,
    doGenerate(request) {
      const signal = request.abortSignal ?? new AbortController().signal;
      return collectStream(model, request, { delta: () => {}, signal });
    },
    async doStream(request) {
      const { parts, turn } = next(request);
      if (parts.delayMs !== undefined) await runtime.sleep(parts.delayMs, request.abortSignal);
      request.abortSignal?.throwIfAborted();
      if (parts.error !== undefined) throw parts.error;
      return { stream: scriptedStream(parts, turn, runtime, request.abortSignal) };
    },
  };
  return model;
}

const scriptedOptions = { modelId: nonEmptyString, runtime: objectOption, repeat: booleanOption };

function checkAnswer(answer: unknown, index: number): ScriptedParts {
  const owner = `scriptedModel answers[${index}]`;
  if (typeof answer === "string" || answer instanceof Error) return partsOf(answer);
  if (objectOption(answer) !== undefined) {
    throw optionError("scriptedModel", `answers[${index}]`, "a text, parts, an Error or a function", answer);
  }
  checkParts(owner, answer as ScriptedParts);
  return answer as ScriptedParts;
}

function partsOf(answer: string | ScriptedParts | Error): ScriptedParts {
  if (typeof answer === "string") return { text: answer };
  return answer instanceof Error ? { error: answer } : answer;
}
