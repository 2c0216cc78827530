/** Asks a model until it has a valid answer: tool turns, asking again after a wrong one, partial answers on the way. */

import type { LanguageModelV4CallOptions, LanguageModelV4Prompt } from "@ai-sdk/provider";
import { FlockError, type FlockErrorCode } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { ExecutionContext } from "../core/runnable.ts";
import type { ModelAnswer, ModelRequest, ModelRunnable } from "../models/model.ts";
import { lessonOfWarnings } from "../prompt/answer-ladder.ts";
import { answerText, toolCallsOf } from "../prompt/answer-text.ts";
import { askAgainMessages, askAgainThroughTool } from "../prompt/ask-again.ts";
import type { PromptAdapter } from "../prompt/prompt-adapter.ts";
import { readPlainAnswer } from "../prompt/read/plain-json.ts";
import type { Answer } from "../prompt/read/read-answer.ts";
import { toolTurn } from "../prompt/tool-turn.ts";
import { type AnswerTalk, AnswerWays, type AnswerWaysOptions, withSystem } from "./answer-ways.ts";
import type { AnyTool } from "./tool.ts";
import { runToolCalls } from "./tool-loop.ts";
import { watchAnswer } from "./watch-answer.ts";

/** What never changes between the calls of one agent. */
export interface PredictOptions extends AnswerWaysOptions {
  readonly settings: Partial<LanguageModelV4CallOptions>;
  readonly maxSteps: number;
  readonly askAgain: number;
}

/** One call of the agent, while it goes on. */
interface Talk extends AnswerTalk {
  readonly inputs: Record<string, unknown>;
}

/** The part of an agent that talks to models. */
export class Predict {
  readonly #options: PredictOptions;
  readonly #tools: ReadonlyMap<string, AnyTool>;
  readonly #ways: AnswerWays;

  constructor(options: PredictOptions) {
    this.#options = options;
    this.#tools = new Map(options.tools.map((one) => [one.name, one]));
    this.#ways = new AnswerWays(options);
  }

  /**
   * Gives the valid answer for checked inputs.
   *
   * Rejects with output_invalid or output_unreadable when the answer is still wrong after asking again, with
   * steps_exhausted, model_stopped, and whatever the model's call rejects with.
   */
  answer(inputs: Record<string, unknown>, model: ModelRunnable, context: ExecutionContext): Promise<unknown> {
    const standing = this.#ways.standingWith(model);
    const talk: Talk = { inputs, model, context, standing };
    const { adapter } = standing;
    const prompt = adapter.messages(inputs as JsonObject);
    // Most answers are right at once: they need no async frame, which would be held while the model thinks.
    const taken = (answer: ModelAnswer): unknown => {
      if (toolCallsOf(answer).length > 0 || answer.warnings.length > 0)
        return this.#goOn(talk, adapter, prompt, answer);
      const read = readPlainAnswer(answerText(answer), this.#options.output);
      if (read instanceof Promise)
        return read.then((late) => (late.ok ? late.value : this.#goOn(talk, adapter, prompt, answer)));
      if (read?.ok !== true) return this.#goOn(talk, adapter, prompt, answer);
      if (adapter === standing.adapter) standing.proven = true;
      return read.value;
    };
    const asked = this.#ask(talk, adapter, prompt, 1);
    if (standing.proven) return asked.then(taken);
    return asked.then(taken, (error) => {
      this.#ways.stepDown(talk, adapter, error);
      return this.#goOn(talk, standing.adapter, withSystem(prompt, standing.adapter), undefined);
    });
  }

  /** Tool turns, asking again and asking another way, from the first answer or the first refused request on. */
  async #goOn(
    talk: Talk,
    firstAdapter: PromptAdapter,
    prompt: LanguageModelV4Prompt,
    first: ModelAnswer | undefined,
  ): Promise<unknown> {
    const { maxSteps, askAgain } = this.#options;
    const { model, context, standing } = talk;
    let adapter = firstAdapter;
    let messages = prompt;
    let answer = first;
    let step = 1;
    let asked = 0;
    let refused: FlockErrorCode | undefined;
    for (;;) {
      while (answer === undefined) {
        try {
          answer = await this.#ask(talk, adapter, messages, step);
        } catch (error) {
          this.#ways.stepDown(talk, adapter, error);
          adapter = standing.adapter;
          messages = withSystem(messages, adapter);
        }
      }
      const { answerTool } = adapter;
      this.#ways.learn(talk, lessonOfWarnings(adapter.mode, answer.warnings));
      const calls = toolCallsOf(answer);
      const given = calls.find((call) => call.toolName === answerTool);
      if (calls.length > 0 && given === undefined) {
        if (step === maxSteps) throw this.#exhausted();
        messages = [...messages, ...toolTurn(answer.content, await runToolCalls(calls, this.#tools, context))];
        step += 1;
      } else {
        const text = given?.input ?? answerText(answer);
        const plain = readPlainAnswer(text, this.#options.output);
        const checked = plain instanceof Promise ? await plain : plain;
        const read: Answer = checked?.ok ? checked : await this.#mend(answer, text, context);
        if (read.ok) {
          if (adapter === standing.adapter) standing.proven = true;
          if (refused !== undefined) context.recovered("ask-again", refused, true);
          return read.value;
        }
        if (refused !== undefined) context.recovered("ask-again", refused, false);
        if (asked === askAgain) throw this.#giveUp(read, answer, model, asked);
        asked += 1;
        refused = read.error.code;
        if (context.wants("delta")) context.delta({ kind: "reset" });
        messages =
          given === undefined
            ? askAgainMessages(messages, text, read.error)
            : askAgainThroughTool(messages, answer.content, calls, given, read.error);
      }
      answer = undefined;
      if (adapter !== standing.adapter) {
        adapter = standing.adapter;
        messages = withSystem(messages, adapter);
      }
    }
  }

  /** The mending reader is imported when an answer first needs it. */
  async #mend(answer: ModelAnswer, text: string, { runtime, signal }: ExecutionContext): Promise<Answer> {
    const { readAnswerInTurns } = await import("../prompt/read/read-answer.ts");
    // An answer that was cut off must be whole by itself: mended, it would be a valid object with its end missing.
    const strict = answer.finishReason.unified === "length";
    return readAnswerInTurns(text, this.#options.output, { strict, runtime, signal });
  }

  #ask(talk: Talk, adapter: PromptAdapter, prompt: LanguageModelV4Prompt, step: number): Promise<ModelAnswer> {
    const { model, context } = talk;
    const { settings, maxSteps } = this.#options;
    const asks = adapter.callOptions(talk.inputs as JsonObject);
    const request: ModelRequest = { ...settings, ...asks, prompt };
    if (settings.providerOptions !== undefined) {
      request.providerOptions = { ...asks.providerOptions, ...settings.providerOptions };
    }
    // The last answer must be one: without tools to call the model can only answer.
    if (step === maxSteps && this.#tools.size > 0) {
      const { answerTool } = adapter;
      request.toolChoice = answerTool === undefined ? { type: "none" } : { type: "tool", toolName: answerTool };
    }
    return context.wants("delta") ? watchAnswer(model, request, context, adapter) : context.call(model, request);
  }

  #exhausted(): FlockError<"steps_exhausted"> {
    const { name, maxSteps } = this.#options;
    const message = `${name} still wanted tools after ${maxSteps} answers; raise maxSteps or give it better tools`;
    return new FlockError("steps_exhausted", message, { details: { agent: name, maxSteps } });
  }

  #giveUp(read: Extract<Answer, { ok: false }>, answer: ModelAnswer, model: ModelRunnable, asked: number): FlockError {
    const { unified } = answer.finishReason;
    if (unified === "content-filter" || unified === "error") {
      const message = `${model.name} stopped before it answered (${unified}); rephrase the input or use another model`;
      const details = { model: model.name, reason: unified };
      return new FlockError("model_stopped", message, { details, cause: read.error });
    }
    const cut = unified === "length" ? "; the answer was cut off, raise settings.maxOutputTokens" : "";
    const tries = asked === 0 ? "" : ` after asking ${asked + 1} times`;
    const { error } = read;
    const message = `${this.#options.name}: the answer of ${model.name} is wrong${tries}${cut}: ${error.message}`;
    const details = { ...error.details, attempts: asked + 1 } as FlockError<"output_invalid">["details"];
    return new FlockError(error.code as "output_invalid", message, { details, cause: error });
  }
}
