/** Asks a model until it has a valid answer: tool turns, asking again after a wrong one, partial answers on the way. */

import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool, LanguageModelV4Prompt } from "@ai-sdk/provider";
import { FlockError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { ExecutionContext } from "../core/runnable.ts";
import { isOffline, type ModelAnswer, type ModelRequest, type ModelRunnable } from "../models/model.ts";
import { answerText, ignoredSchema, toolCallsOf } from "../prompt/answer-text.ts";
import { askAgainMessages } from "../prompt/ask-again.ts";
import { createPromptAdapter, type PromptAdapter } from "../prompt/prompt-adapter.ts";
import { readPlainAnswer } from "../prompt/read/plain-json.ts";
import type { Answer } from "../prompt/read/read-answer.ts";
import { toolTurn } from "../prompt/tool-turn.ts";
import type { Signature } from "../signature/signature.ts";
import type { AnyTool } from "./tool.ts";
import { runToolCalls } from "./tool-loop.ts";

/** What never changes between the calls of one agent. */
export interface PredictOptions {
  readonly name: string;
  readonly description: string | undefined;
  readonly instructions: string | undefined;
  readonly input: Signature;
  readonly output: Signature;
  readonly tools: readonly AnyTool[];
  readonly settings: Partial<LanguageModelV4CallOptions>;
  readonly maxSteps: number;
  readonly askAgain: number;
}

/** One call of the agent, while it goes on. */
interface Talk {
  readonly inputs: Record<string, unknown>;
  readonly model: ModelRunnable;
  readonly context: ExecutionContext;
  readonly adapter: PromptAdapter;
}

type Mode = "native" | "guided" | "offline";

/** Models that said they take no schema beside the prompt; they are guided by text from then on. */
const guidedModels = new WeakSet<ModelRunnable>();

/** The part of an agent that talks to models. */
export class Predict {
  readonly #options: PredictOptions;
  readonly #tools: ReadonlyMap<string, AnyTool>;
  readonly #adapters = new Map<Mode, PromptAdapter>();

  constructor(options: PredictOptions) {
    this.#options = options;
    this.#tools = new Map(options.tools.map((one) => [one.name, one]));
  }

  /**
   * Gives the valid answer for checked inputs.
   *
   * Rejects with output_invalid or output_unreadable when the answer is still wrong after asking again, with
   * steps_exhausted, model_stopped, and whatever the model's call rejects with.
   */
  answer(inputs: Record<string, unknown>, model: ModelRunnable, context: ExecutionContext): Promise<unknown> {
    const talk: Talk = { inputs, model, context, adapter: this.#adapterFor(model) };
    const prompt = talk.adapter.messages(inputs as JsonObject);
    // Most answers are right at once: they need no async frame, which would be held while the model thinks.
    return this.#ask(talk, prompt, 1).then((answer) => {
      if (toolCallsOf(answer).length > 0 || answer.warnings.length > 0) return this.#goOn(talk, prompt, answer);
      const read = readPlainAnswer(answerText(answer), this.#options.output);
      if (read instanceof Promise)
        return read.then((late) => (late.ok ? late.value : this.#goOn(talk, prompt, answer)));
      return read?.ok ? read.value : this.#goOn(talk, prompt, answer);
    });
  }

  /** Tool turns and asking again, from the first answer on. */
  async #goOn(talk: Talk, prompt: LanguageModelV4Prompt, first: ModelAnswer): Promise<unknown> {
    const { maxSteps, askAgain } = this.#options;
    const { model, context } = talk;
    let messages = prompt;
    let answer = first;
    let step = 1;
    let asked = 0;
    for (;;) {
      if (ignoredSchema(answer)) guidedModels.add(model);
      const calls = toolCallsOf(answer);
      if (calls.length > 0) {
        if (step === maxSteps) throw this.#exhausted();
        messages = [...messages, ...toolTurn(answer.content, await runToolCalls(calls, this.#tools, context))];
        step += 1;
      } else {
        const text = answerText(answer);
        const plain = readPlainAnswer(text, this.#options.output);
        const checked = plain instanceof Promise ? await plain : plain;
        if (checked?.ok) return checked.value;
        const read = await this.#mend(answer, text);
        if (read.ok) return read.value;
        if (asked === askAgain) throw this.#giveUp(read, answer, model, asked);
        asked += 1;
        if (context.wants("delta")) context.delta({ kind: "reset" });
        messages = askAgainMessages(messages, text, read.error);
      }
      answer = await this.#ask(talk, messages, step);
    }
  }

  /** The mending reader is imported when an answer first needs it. */
  async #mend(answer: ModelAnswer, text: string): Promise<Answer> {
    const { readAnswer } = await import("../prompt/read/read-answer.ts");
    // An answer that was cut off must be whole by itself: mended, it would be a valid object with its end missing.
    return readAnswer(text, this.#options.output, { strict: answer.finishReason.unified === "length" });
  }

  #ask(talk: Talk, prompt: LanguageModelV4Prompt, step: number): Promise<ModelAnswer> {
    const { model, context } = talk;
    const { settings, maxSteps } = this.#options;
    const asks = talk.adapter.callOptions(talk.inputs as JsonObject);
    const request: ModelRequest = { ...settings, ...asks, prompt };
    if (settings.providerOptions !== undefined) {
      request.providerOptions = { ...asks.providerOptions, ...settings.providerOptions };
    }
    // The last answer must be one: without tools to call the model can only answer.
    if (step === maxSteps && this.#tools.size > 0) request.toolChoice = { type: "none" };
    return context.wants("delta") ? watched(model, request, context) : context.call(model, request);
  }

  #adapterFor(model: ModelRunnable): PromptAdapter {
    const mode: Mode = isOffline(model.model) ? "offline" : guidedModels.has(model) ? "guided" : "native";
    let adapter = this.#adapters.get(mode);
    if (adapter === undefined) {
      const { name, instructions, description, input, output, tools } = this.#options;
      adapter = createPromptAdapter({
        agent: {
          name,
          ...(instructions === undefined ? {} : { instructions }),
          ...(description === undefined ? {} : { description }),
        },
        input,
        output,
        tools: tools.map(functionTool),
        mode: mode === "guided" ? "guided" : "native",
        offline: mode === "offline",
      });
      this.#adapters.set(mode, adapter);
    }
    return adapter;
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

/** Turns the text of an answer into partial values while it is being written. */
async function watched(model: ModelRunnable, request: ModelRequest, context: ExecutionContext): Promise<ModelAnswer> {
  // Only streams need it, so that it is no part of what every program loads.
  const { PartialReader } = await import("../prompt/read/partial-reader.ts");
  const reader = new PartialReader();
  let last: unknown;
  const stop = context.hearDeltas((delta) => {
    if (delta.kind !== "text" || reader.failedAt !== undefined) return;
    reader.push(delta.text);
    const value = reader.value();
    if (value === last || typeof value !== "object" || value === null) return;
    last = value;
    context.delta({ kind: "partial", value });
  });
  try {
    return await context.call(model, request);
  } finally {
    stop();
  }
}

function functionTool(tool: AnyTool): LanguageModelV4FunctionTool {
  const schema = tool.input.toJsonSchema("input") as LanguageModelV4FunctionTool["inputSchema"];
  return { type: "function", name: tool.name, description: tool.description, inputSchema: schema };
}
