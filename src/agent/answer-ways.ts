/** How an agent asks each model for its answer: the best way that is not known to fail, and lower once one did. */

import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import type { ExecutionContext } from "../core/runnable.ts";
import { isOffline, type ModelRunnable } from "../models/model.ts";
import { type AnswerMode, answerModeOf, lowerMode } from "../prompt/answer-ladder.ts";
import { createPromptAdapter, type PromptAdapter } from "../prompt/prompt-adapter.ts";
import type { Signature } from "../signature/signature.ts";
import type { AnyTool } from "./tool.ts";

/** The part of an agent that its prompts are made of. */
export interface AnswerWaysOptions {
  readonly name: string;
  readonly description: string | undefined;
  readonly instructions: string | undefined;
  readonly input: Signature;
  readonly output: Signature;
  readonly tools: readonly AnyTool[];
}

/** How an agent stands with one model. */
export interface Standing {
  /** Asks the way that is best as far as is known. */
  adapter: PromptAdapter;
  /** An answer came back well this way: a refused request is then no lesson. */
  proven: boolean;
}

/** Who talks with which model. */
export interface AnswerTalk {
  readonly model: ModelRunnable;
  readonly context: ExecutionContext;
  readonly standing: Standing;
}

/** The ways of one agent. */
export class AnswerWays {
  readonly #options: AnswerWaysOptions;
  readonly #adapters = new Map<string, PromptAdapter>();
  readonly #standings = new WeakMap<ModelRunnable, Standing>();

  constructor(options: AnswerWaysOptions) {
    this.#options = options;
  }

  /** Gives the standing with a model; what other agents learned of it counts until this one has a good answer. */
  standingWith(model: ModelRunnable): Standing {
    let standing = this.#standings.get(model);
    if (standing === undefined) {
      standing = { adapter: this.#adapterFor(model, answerModeOf(model)), proven: isOffline(model.model) };
      this.#standings.set(model, standing);
    } else if (!standing.proven) this.lower(standing, model, answerModeOf(model));
    return standing;
  }

  /** Asks a lower way from now on; tells whether it is another one. */
  lower(standing: Standing, model: ModelRunnable, mode: AnswerMode): boolean {
    const lower = lowerMode(standing.adapter.mode, mode);
    if (lower === standing.adapter.mode) return false;
    standing.adapter = this.#adapterFor(model, lower);
    standing.proven = false;
    return true;
  }

  #adapterFor(model: ModelRunnable, mode: AnswerMode): PromptAdapter {
    const offline = isOffline(model.model);
    const key = offline ? "offline" : mode;
    let adapter = this.#adapters.get(key);
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
        mode,
        offline,
      });
      this.#adapters.set(key, adapter);
    }
    return adapter;
  }
}

function functionTool(tool: AnyTool): LanguageModelV4FunctionTool {
  const schema = tool.input.toJsonSchema("input") as LanguageModelV4FunctionTool["inputSchema"];
  return { type: "function", name: tool.name, description: tool.description, inputSchema: schema };
}
