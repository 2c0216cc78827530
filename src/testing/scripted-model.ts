/** A language model that answers what it is told, in order: for tests of agents without a network. */

import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
// Loaded lazily elsewhere: a test with a clock of its own must not wait for a file.
import "../models/model-error.ts";
import "../models/collect-stream.ts";
import "../models/pricing/price-book.ts";
import type { Json } from "../core/json.ts";
import { optionError } from "../core/options.ts";
import type { Runtime } from "../core/runtime.ts";
import { systemRuntime } from "../core/system-runtime.ts";

/** One answer in parts. */
export interface ScriptedParts {
  /** What it says. @default nothing */
  readonly text?: string;
  /** What it says as JSON. */
  readonly json?: Json;
  /** The tools it calls, with their inputs. */
  readonly toolCalls?: readonly { readonly tool: string; readonly input: Json; readonly id?: string }[];
  /** Milliseconds before it answers; an abort ends the wait. @default 0 */
  readonly delayMs?: number;
  /** Thrown in place of an answer, after the delay. */
  readonly error?: unknown;
  /** @default "stop", or "tool-calls" */
  readonly finishReason?: LanguageModelV4FinishReason["unified"];
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
  /** Features it says it does not support. */
  readonly unsupported?: readonly string[];
}

/** One answer: text, parts, an error to throw, or a function of the request that gives one of these. */
export type ScriptedAnswer =
  | string
  | ScriptedParts
  | Error
  | ((request: LanguageModelV4CallOptions) => string | ScriptedParts);

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

/** Makes a model that gives these answers in turn, streamed word by word when it is asked to stream. */
export function scriptedModel(answers: readonly ScriptedAnswer[], options: ScriptedModelOptions = {}): ScriptedModel {
  if (!Array.isArray(answers) || answers.length === 0) {
    throw optionError("scriptedModel", "answers", "a list with at least one answer", answers);
  }
  const runtime = options.runtime ?? systemRuntime;
  const requests: LanguageModelV4CallOptions[] = [];

  async function next(request: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    const turn = requests.push(request) - 1;
    const answer = answers[options.repeat === true ? turn % answers.length : turn];
    if (answer === undefined) throw new Error(`the script has ${answers.length} answers, this is request ${turn + 1}`);
    const parts = partsOf(answer, request);
    if (parts.delayMs !== undefined) await runtime.sleep(parts.delayMs, request.abortSignal);
    request.abortSignal?.throwIfAborted();
    if (parts.error !== undefined) throw parts.error;
    return resultOf(parts, turn);
  }

  return {
    specificationVersion: "v4",
    provider: "scripted",
    modelId: options.modelId ?? "scripted",
    supportedUrls: {},
    requests,
    doGenerate: next,
    doStream: async (request) => ({ stream: streamOf(await next(request)) }),
  };
}

function partsOf(answer: ScriptedAnswer, request: LanguageModelV4CallOptions): ScriptedParts {
  const given = typeof answer === "function" ? answer(request) : answer;
  if (typeof given === "string") return { text: given };
  return given instanceof Error ? { error: given } : given;
}

function resultOf(parts: ScriptedParts, turn: number): LanguageModelV4GenerateResult {
  const calls = parts.toolCalls ?? [];
  const text = parts.json === undefined ? parts.text : JSON.stringify(parts.json);
  const content: LanguageModelV4Content[] = text === undefined ? [] : [{ type: "text", text }];
  for (const [index, call] of calls.entries()) {
    const toolCallId = call.id ?? `call-${turn}-${index}`;
    const input = typeof call.input === "string" ? call.input : JSON.stringify(call.input);
    content.push({ type: "tool-call", toolCallId, toolName: call.tool, input });
  }
  const unified = parts.finishReason ?? (calls.length > 0 ? "tool-calls" : "stop");
  const { inputTokens = 10, outputTokens = 5 } = parts.usage ?? {};
  return {
    content,
    finishReason: { unified, raw: unified },
    usage: {
      inputTokens: { total: inputTokens, noCache: inputTokens, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: outputTokens, text: outputTokens, reasoning: 0 },
    },
    warnings: (parts.unsupported ?? []).map((feature) => ({ type: "unsupported", feature })),
  };
}

function streamOf(result: LanguageModelV4GenerateResult): ReadableStream<LanguageModelV4StreamPart> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue({ type: "stream-start", warnings: result.warnings });
      for (const [index, part] of result.content.entries()) {
        const id = `part-${index}`;
        if (part.type === "text") {
          controller.enqueue({ type: "text-start", id });
          for (const delta of part.text.match(/\s*\S+\s*/g) ?? [])
            controller.enqueue({ type: "text-delta", id, delta });
          controller.enqueue({ type: "text-end", id });
        } else if (part.type === "tool-call") controller.enqueue(part);
      }
      controller.enqueue({ type: "finish", finishReason: result.finishReason, usage: result.usage });
      controller.close();
    },
  });
}
