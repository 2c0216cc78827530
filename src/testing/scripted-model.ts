/** A language model that answers what it is told, in order: for tests of agents without a network. */

import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4FinishReason } from "@ai-sdk/provider";
// Loaded lazily elsewhere: a test with a clock of its own must not wait for a file.
import "../models/model-error.ts";
import type { Json } from "../core/json.ts";
import { checkOptions, objectOption, optionError } from "../core/options.ts";
import type { Runtime } from "../core/runtime.ts";
import { systemRuntime } from "../core/system-runtime.ts";
import { collectStream } from "../models/collect-stream.ts";
import { checkParts, scriptedOptions } from "./scripted-checks.ts";
import { scriptedStream } from "./scripted-stream.ts";

/** Where a scripted answer goes wrong. Asked without a stream it goes wrong the same way. */
export interface ScriptedStop {
  /**
   * `error`: the stream fails. `error-part`: the vendor sends an error inside of it. `cut`: it ends without a finish part.
   * `stall`: nothing more comes until the request is aborted. `length`: the answer ends, with the finish reason `length`.
   */
  readonly by: "error" | "error-part" | "cut" | "stall" | "length";
  /** Pieces of text, reasoning and tool input that come before. @default 0, unless `afterCharacters` is given */
  readonly afterPieces?: number;
  /** Characters of them that come before; a piece is cut there. */
  readonly afterCharacters?: number;
  /** What it fails with. @default an Error */
  readonly error?: unknown;
}

/** One answer in parts. Reasoning comes first, then texts, sources and tool calls. */
export interface ScriptedParts {
  /** What it says; several texts are several blocks. @default nothing */
  readonly text?: string | readonly string[];
  /** What it says as JSON, in place of `text`. */
  readonly json?: Json;
  /** What it thinks before it answers; several texts are several blocks. */
  readonly reasoning?: string | readonly string[];
  /** Addresses it names as sources. */
  readonly sources?: readonly string[];
  /** The tools it calls, with their inputs; a string goes out as it is, so that it may be broken JSON. */
  readonly toolCalls?: readonly { readonly tool: string; readonly input: Json; readonly id?: string }[];
  /** The pieces of the tools' inputs come in turn. @default false: one input after another */
  readonly interleave?: boolean;
  /** Characters of each piece; of a list the last is for all the rest. @default word by word */
  readonly pieces?: number | readonly number[];
  /** Milliseconds before it answers; an abort ends the wait. @default 0 */
  readonly delayMs?: number;
  /** Milliseconds from one piece to the next; of a list the last is for all the rest. @default 0 */
  readonly pieceDelayMs?: number | readonly number[];
  /** Thrown in place of an answer, after the delay. */
  readonly error?: unknown;
  /** Where the answer goes wrong on its way; at the latest before its end. */
  readonly stop?: ScriptedStop;
  /** @default "stop", or "tool-calls" */
  readonly finishReason?: LanguageModelV4FinishReason["unified"];
  /** Tokens it reports, true or not; `none` reports nothing. @default 10 and 5 */
  readonly usage?: { readonly inputTokens?: number; readonly outputTokens?: number } | "none";
  /** Features it says it does not support. */
  readonly unsupported?: readonly string[];
  /** Warnings in its own words. */
  readonly warnings?: readonly string[];
}

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
