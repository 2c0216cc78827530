/** One call of an agent while it goes on, as those see it who carry it on. */

import type { LanguageModelV4CallOptions, LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { ModelAnswer } from "../models/model.ts";
import type { PromptAdapter } from "../prompt/prompt-adapter.ts";
import type { AnswerTalk, AnswerWays, AnswerWaysOptions } from "./answer-ways.ts";
import type { AnyTool } from "./tool.ts";

/** What never changes between the calls of one agent. */
export interface PredictOptions extends AnswerWaysOptions {
  readonly settings: Partial<LanguageModelV4CallOptions>;
  readonly maxSteps: number;
  readonly askAgain: number;
}

/** One call of the agent. */
export interface Talk extends AnswerTalk {
  readonly inputs: Record<string, unknown>;
}

/** Who asks the model. */
export interface Asker {
  readonly options: PredictOptions;
  readonly tools: ReadonlyMap<string, AnyTool>;
  readonly ways: AnswerWays;
  /** Asks once; the last step must be an answer. */
  ask(talk: Talk, adapter: PromptAdapter, messages: LanguageModelV4Prompt, step: number): Promise<ModelAnswer>;
}
