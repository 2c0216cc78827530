/** Turns a signature and its inputs into a model's messages. What never changes is written once for each agent. */

import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool, LanguageModelV4Prompt } from "@ai-sdk/provider";
import { isFlockError } from "../core/errors/errors.ts";
import { digestOf } from "../core/json/canonical-key.ts";
import type { JsonObject, JsonSchema } from "../core/json/json.ts";
import { deepFreeze } from "../signature/check/deep-freeze.ts";
import type { CheckedShape } from "../signature/field.ts";
import type { AnswerMode } from "./answer-ladder.ts";
import { isStrictSchema } from "./strict-schema.ts";
import { systemText } from "./system-text.ts";

/** The part of a prompt that never changes for an agent. */
export interface PromptAdapterOptions {
  readonly agent: { readonly name: string; readonly instructions?: string; readonly description?: string };
  readonly input: CheckedShape;
  readonly output: CheckedShape;
  /** What the model may call. @default none */
  readonly tools?: readonly LanguageModelV4FunctionTool[];
  /** How the output's schema reaches the model. @default "native" */
  readonly mode?: AnswerMode;
  /** The model is the offline engine, which gets fields and inputs as data. @default false */
  readonly offline?: boolean;
}

/** What changes from call to call and what does not, ready to be put together. */
export interface PromptAdapter {
  /** The system message's text. */
  readonly system: string;
  readonly outputSchema: JsonSchema;
  readonly mode: AnswerMode;
  /** The tool whose input is the answer; only in the mode `tool`. */
  readonly answerTool: string | undefined;
  /** A short hash of system text, schemas and tools: the static part of a cache key. */
  readonly digest: string;
  /**
   * Makes the messages for inputs that were checked: the system message and one user message.
   *
   * @param inputText the inputs as JSON text when the caller has it already; it goes into the prompt as it is.
   */
  messages(inputs: JsonObject, inputText?: string): LanguageModelV4Prompt;
  /**
   * Gives the call options beside the messages: `responseFormat`, `tools`, `toolChoice`, `providerOptions`. The same object each time,
   * except for the offline model, whose options hold the inputs. Spread it; never change it.
   */
  callOptions(inputs: JsonObject): PromptCallOptions;
}

/** The call options a prompt decides. */
export type PromptCallOptions = Readonly<
  Pick<LanguageModelV4CallOptions, "responseFormat" | "tools" | "toolChoice" | "providerOptions">
>;

/** Makes the adapter of an agent. All schemas are read here, none on the call. */
export function createPromptAdapter(options: PromptAdapterOptions): PromptAdapter {
  const { agent, input, output, tools = [], mode = "native", offline = false } = options;
  const inputSchema = inputSchemaOf(input);
  const outputSchema = output.toJsonSchema("output");
  const hasTools = tools.length > 0;
  const answerTool = answerToolName(tools);
  const system = systemText({ agent, input, inputSchema, output, outputSchema, hasTools, mode, answerTool });
  const systemMessage = Object.freeze({ role: "system" as const, content: system });
  const shared = sharedOptions(options, outputSchema, answerTool);
  const { instructions } = agent;
  return {
    system,
    outputSchema,
    mode,
    answerTool: mode === "tool" ? answerTool : undefined,
    digest: digestOf(system, JSON.stringify(shared), JSON.stringify(inputSchema)),
    messages: (inputs, inputText) => [
      systemMessage,
      { role: "user", content: [{ type: "text", text: inputsText(inputText ?? JSON.stringify(inputs)) }] },
    ],
    callOptions: offline
      ? (inputs) => ({
          ...shared,
          providerOptions: {
            ...shared.providerOptions,
            flock: { ...(instructions === undefined ? {} : { instructions }), inputs, inputSchema, outputSchema },
          },
        })
      : () => shared,
  };
}

/** Writes the inputs between marks that they cannot close: where they hold one, `<` is escaped; the JSON stays the same. */
function inputsText(json: string): string {
  return `<inputs>\n${inputsMark.test(json) ? json.replaceAll("<", "\\u003c") : json}\n</inputs>`;
}

const inputsMark = /<\/?\s{0,8}inputs/i;

function sharedOptions(options: PromptAdapterOptions, outputSchema: JsonSchema, answerTool: string): PromptCallOptions {
  const { agent, tools = [], mode = "native" } = options;
  const schema = outputSchema as ToolSchema;
  const name = agent.name.replaceAll(/[^\w-]/g, "_").slice(0, 64);
  if (mode === "tool") {
    const description = "Takes the final answer. Call it once, when you have everything the answer needs.";
    return deepFreeze({
      tools: [...tools, { type: "function" as const, name: answerTool, description, inputSchema: schema }],
      toolChoice: tools.length === 0 ? { type: "tool" as const, toolName: answerTool } : { type: "required" as const },
    });
  }
  return deepFreeze({
    ...(mode === "native" ? { responseFormat: { type: "json" as const, schema, name } } : {}),
    ...(tools.length > 0 ? { tools: [...tools] } : {}),
    // The strict mode some vendors switch on by themselves refuses optional fields and open objects.
    ...(mode === "native" && !isStrictSchema(outputSchema) ? { providerOptions: notStrict } : {}),
  });
}

type ToolSchema = LanguageModelV4FunctionTool["inputSchema"];

/** Names the tool that takes the answer, clear of the agent's own tools. */
function answerToolName(tools: readonly LanguageModelV4FunctionTool[]): string {
  let name = "answer";
  while (tools.some((tool) => tool.name === name)) name = `final_${name}`;
  return name;
}

const notStrict = { openai: { strictJsonSchema: false }, openaiCompatible: { strictJsonSchema: false } };

/** An input type may have no JSON Schema: the model never needs it, it only reads the values. */
function inputSchemaOf(input: CheckedShape): JsonSchema {
  try {
    return input.toJsonSchema("input");
  } catch (error) {
    if (isFlockError(error)) return {};
    throw error;
  }
}
