/** Lets a loaded model write one answer, as the parts of an AI SDK stream: text as it comes, or one tool call. */

import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
  SharedV4Warning,
} from "@ai-sdk/provider";
import { FlockError } from "../../core/errors/errors.ts";
import { orEnded } from "../../core/runtime/or-ended.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { chatTurns } from "./chat-turns.ts";
import type { CompiledGrammar, LlamaEngine, Sampling } from "./llama-engine.ts";
import type { EngineLease } from "./shared-engine.ts";
import { TextFlow } from "./text-flow.ts";
import { type AnswerForm, answerForm, callStart, readCall } from "./tool-calls.ts";

/** What an answer is written with. */
export interface WriteOptions {
  readonly lease: EngineLease;
  /** The file's name. */
  readonly modelId: string;
  readonly runtime: Pick<Runtime, "random" | "createId">;
}

/** Seeds of the library are 32 bits. */
const seeds = 2 ** 32;

/**
 * Writes the answer. Temperature is 0 unless set; a seed also makes the model forget what it read before, so that the same
 * request gives the same answer.
 *
 * @throws context_too_long when the prompt does not fit the context; the signal's own reason when it aborts.
 */
export async function* writeAnswer(
  options: LanguageModelV4CallOptions,
  { lease, modelId, runtime }: WriteOptions,
): AsyncGenerator<LanguageModelV4StreamPart, void, void> {
  const { engine, slot } = lease;
  const form = answerForm(options);
  const { turns, warnings } = chatTurns(options.prompt, form.instruction);
  const { tokens, stops } = engine.encode(turns);
  if (tokens.length >= engine.contextTokens) throw tooLong(modelId, tokens.length, engine.contextTokens);
  const allWarnings = [...form.warnings, ...warnings, ...ignoredSettings(options)];
  const grammar = await compiled(form, engine, allWarnings);
  yield { type: "stream-start", warnings: allWarnings };
  yield { type: "response-metadata", modelId };
  const flow = new TextFlow(engine.decode, [...stops, ...(options.stopSequences ?? [])]);
  const most = Math.min(options.maxOutputTokens ?? Infinity, engine.contextTokens - tokens.length);
  const sampling = samplingOf(options, grammar, runtime);
  const answer = new AnswerParts(form, runtime);
  const generated = engine.generate(slot, tokens, sampling);
  let count = 0;
  let reason: "stop" | "length" = "stop";
  try {
    for (;;) {
      if (flow.stopped) break;
      if (count === most) {
        reason = "length";
        break;
      }
      const next = await orEnded(generated.next(), options.abortSignal);
      if (next.done) break;
      count += 1;
      yield* answer.push(flow.push(next.value));
    }
  } finally {
    lease.hold(generated.return());
  }
  options.abortSignal?.throwIfAborted();
  yield* answer.end(flow.end());
  const unified = answer.called && reason === "stop" ? "tool-calls" : reason;
  const finishReason: LanguageModelV4FinishReason = { unified, raw: unified };
  yield { type: "finish", usage: usageOf(tokens.length, count), finishReason };
}

/** Sorts what is written into text or a call; what may become a call is held back until it is whole. */
class AnswerParts {
  readonly #form: AnswerForm;
  readonly #runtime: Pick<Runtime, "createId">;
  #held = "";
  #isText: boolean;
  #started = false;
  called = false;

  constructor(form: AnswerForm, runtime: Pick<Runtime, "createId">) {
    this.#form = form;
    this.#runtime = runtime;
    this.#isText = form.tools.length === 0;
  }

  *push(text: string): Generator<LanguageModelV4StreamPart, void, void> {
    this.#held += text;
    const start = this.#held.slice(0, callStart.length);
    if (!this.#isText && callStart.startsWith(start)) return;
    this.#isText = true;
    yield* this.#text();
  }

  *end(text: string): Generator<LanguageModelV4StreamPart, void, void> {
    this.#held += text;
    const call = this.#isText ? undefined : readCall(this.#held, this.#form.tools);
    if (call === undefined) {
      yield* this.#text();
      if (this.#started) yield { type: "text-end", id: "0" };
      return;
    }
    this.called = true;
    const { tool: toolName, input } = call;
    const toolCallId = `call-${this.#runtime.createId()}`;
    yield { type: "tool-input-start", id: toolCallId, toolName };
    yield { type: "tool-input-delta", id: toolCallId, delta: input };
    yield { type: "tool-input-end", id: toolCallId };
    yield { type: "tool-call", toolCallId, toolName, input };
  }

  *#text(): Generator<LanguageModelV4StreamPart, void, void> {
    if (this.#held === "") return;
    if (!this.#started) yield { type: "text-start", id: "0" };
    this.#started = true;
    yield { type: "text-delta", id: "0", delta: this.#held };
    this.#held = "";
  }
}

async function compiled(
  { grammar }: AnswerForm,
  engine: LlamaEngine,
  warnings: SharedV4Warning[],
): Promise<CompiledGrammar | undefined> {
  if (grammar === undefined) return undefined;
  try {
    return await engine.compile(grammar);
  } catch {
    const details = "the library refused the grammar of this schema";
    warnings.push({ type: "unsupported", feature: "responseFormat", details });
    return undefined;
  }
}

function samplingOf(
  options: LanguageModelV4CallOptions,
  grammar: CompiledGrammar | undefined,
  runtime: Pick<Runtime, "random">,
): Sampling {
  const { temperature = 0, topP, topK, seed, abortSignal } = options;
  return {
    grammar,
    temperature,
    topP,
    topK,
    seed: seed === undefined ? Math.floor(runtime.random() * seeds) : seed % seeds,
    fresh: seed !== undefined,
    signal: abortSignal,
  };
}

function ignoredSettings(options: LanguageModelV4CallOptions): readonly SharedV4Warning[] {
  const { presencePenalty, frequencyPenalty, reasoning } = options;
  const ignored = Object.entries({ presencePenalty, frequencyPenalty, reasoning });
  return ignored.flatMap(([feature, value]) =>
    value === undefined || value === 0 || value === "none" || value === "provider-default"
      ? []
      : [{ type: "unsupported" as const, feature }],
  );
}

function usageOf(read: number, written: number): LanguageModelV4Usage {
  return {
    inputTokens: { total: read, noCache: read, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: written, text: written, reasoning: 0 },
  };
}

function tooLong(model: string, tokens: number, most: number): FlockError<"context_too_long"> {
  return new FlockError(
    "context_too_long",
    `the prompt has ${tokens} tokens and ${model} takes ${most} with its answer; send less, or raise contextTokens of llamaModel() as far as the model was trained for`,
    {
      details: {
        model: `llama/${model}`,
        retryable: false,
        vendorCode: "context_length_exceeded",
        progress: "not-sent",
      },
    },
  );
}
