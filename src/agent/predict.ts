/** Asks a model for a valid answer. Most are right at once; what else can happen is in further-answers.ts. */

import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { JsonObject } from "../core/json/json.ts";
import type { ExecutionContext } from "../core/runnable.ts";
import type { ModelAnswer, ModelRequest, ModelRunnable } from "../models/model.ts";
import { answerText, toolCallsOf } from "../prompt/answer-text.ts";
import type { PromptAdapter } from "../prompt/prompt-adapter.ts";
import { readPlainAnswer } from "../prompt/read/plain-json.ts";
import { AnswerWays } from "./answer-ways.ts";
import type { AnswerSoFar } from "./further-answers.ts";
import type { Asker, PredictOptions, Talk } from "./talk.ts";
import type { AnyTool } from "./tool.ts";
import { watchAnswer } from "./watch-answer.ts";

/** Tool turns, asking again and asking another way; imported when an agent first needs one of them. */
let further: typeof import("./further-answers.ts") | undefined;

/** The part of an agent that talks to models. */
export class Predict implements Asker {
  readonly options: PredictOptions;
  readonly tools: ReadonlyMap<string, AnyTool>;
  readonly ways: AnswerWays;

  constructor(options: PredictOptions) {
    this.options = options;
    this.tools = new Map(options.tools.map((one) => [one.name, one]));
    this.ways = new AnswerWays(options);
  }

  /**
   * Gives the valid answer for checked inputs.
   *
   * Rejects with output_invalid or output_unreadable when the answer is still wrong after asking again, with
   * steps_exhausted, model_stopped, and whatever the model's call rejects with.
   */
  answer(inputs: Record<string, unknown>, model: ModelRunnable, context: ExecutionContext): Promise<unknown> {
    const standing = this.ways.standingWith(model);
    const talk: Talk = { inputs, model, context, standing };
    const { adapter } = standing;
    const prompt = adapter.messages(inputs as JsonObject);
    // Most answers are right at once: they need no async frame, which would be held while the model thinks.
    const taken = (answer: ModelAnswer): unknown => {
      const goOn = () => this.#goOn(talk, { adapter, messages: prompt, answer });
      if (toolCallsOf(answer).length > 0 || answer.warnings.length > 0) return goOn();
      const read = readPlainAnswer(answerText(answer), this.options.output);
      if (read instanceof Promise) return read.then((late) => (late.ok ? late.value : goOn()));
      if (read?.ok !== true) return goOn();
      if (adapter === standing.adapter) standing.proven = true;
      return read.value;
    };
    const asked = this.ask(talk, adapter, prompt, 1);
    if (standing.proven) return asked.then(taken);
    return asked.then(taken, (error) => this.#goOn(talk, { adapter, messages: prompt, error }));
  }

  #goOn(talk: Talk, soFar: AnswerSoFar): Promise<unknown> {
    return further === undefined ? this.#loadAndGoOn(talk, soFar) : further.furtherAnswers(this, talk, soFar);
  }

  async #loadAndGoOn(talk: Talk, soFar: AnswerSoFar): Promise<unknown> {
    further = await import("./further-answers.ts");
    return further.furtherAnswers(this, talk, soFar);
  }

  ask(talk: Talk, adapter: PromptAdapter, prompt: LanguageModelV4Prompt, step: number): Promise<ModelAnswer> {
    const { model, context } = talk;
    const { settings, maxSteps } = this.options;
    const asks = adapter.callOptions(talk.inputs as JsonObject);
    const request: ModelRequest = { ...settings, ...asks, prompt };
    if (settings.providerOptions !== undefined) {
      request.providerOptions = { ...asks.providerOptions, ...settings.providerOptions };
    }
    // Without tools to call the model can only answer.
    if (step === maxSteps && this.tools.size > 0) {
      const { answerTool } = adapter;
      request.toolChoice = answerTool === undefined ? { type: "none" } : { type: "tool", toolName: answerTool };
    }
    return context.wants("delta") ? watchAnswer(model, request, context, adapter) : context.call(model, request);
  }
}
