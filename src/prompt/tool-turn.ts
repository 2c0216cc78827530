/** Writes a round of tool use into a prompt: what the model said and called, and what came back. */

import type {
  LanguageModelV4Content,
  LanguageModelV4Message,
  LanguageModelV4ToolCall,
  LanguageModelV4ToolResultOutput,
  LanguageModelV4ToolResultPart,
  SharedV4ProviderMetadata,
} from "@ai-sdk/provider";
import type { Json } from "../core/json/json.ts";
import { defaultMaxDepth, notJson, parseJson } from "./read/plain-json.ts";

/** What became of one tool call: an output, an error's text, or a refusal. */
export type ToolOutcome = {
  readonly toolCallId: string;
  readonly toolName: string;
} & (
  | { readonly output: Json; readonly error?: undefined; readonly denied?: undefined }
  | { readonly error: string; readonly output?: undefined; readonly denied?: undefined }
  | { readonly denied: string; readonly output?: undefined; readonly error?: undefined }
);

type AssistantPart = Extract<LanguageModelV4Message, { role: "assistant" }>["content"][number];

/**
 * Gives the two messages of a tool turn: the assistant's, with its text, reasoning and calls as it made them (vendors want
 * their own marks back), and the tools', with one result for each call in the order of the calls.
 *
 * @param content the answer's content, or just its tool calls.
 */
export function toolTurn(
  content: readonly LanguageModelV4Content[],
  outcomes: readonly ToolOutcome[],
): readonly LanguageModelV4Message[] {
  const said: AssistantPart[] = [];
  for (const part of content) {
    const options = keepMarks("providerMetadata" in part ? part.providerMetadata : undefined);
    if (part.type === "text" && part.text !== "") said.push({ type: "text", text: part.text, ...options });
    else if (part.type === "reasoning") said.push({ type: "reasoning", text: part.text, ...options });
    else if (part.type === "tool-call") said.push({ ...callPart(part), ...options });
  }
  const results = outcomes.map(
    (outcome): LanguageModelV4ToolResultPart => ({
      type: "tool-result",
      toolCallId: outcome.toolCallId,
      toolName: outcome.toolName,
      output: outputOf(outcome),
    }),
  );
  return [
    { role: "assistant", content: said },
    { role: "tool", content: results },
  ];
}

function keepMarks(metadata: SharedV4ProviderMetadata | undefined): { providerOptions?: SharedV4ProviderMetadata } {
  return metadata === undefined ? {} : { providerOptions: metadata };
}

/** In an answer a call's input is text, in a prompt a value; input that is no JSON goes back as the text it was. */
function callPart(call: LanguageModelV4ToolCall): Extract<AssistantPart, { type: "tool-call" }> {
  const parsed = call.input.trim() === "" ? {} : parseJson(call.input, defaultMaxDepth);
  return {
    type: "tool-call",
    toolCallId: call.toolCallId,
    toolName: call.toolName,
    input: parsed === notJson ? call.input : parsed,
    ...(call.providerExecuted === undefined ? {} : { providerExecuted: call.providerExecuted }),
  };
}

function outputOf(outcome: ToolOutcome): LanguageModelV4ToolResultOutput {
  if (outcome.error !== undefined) return { type: "error-text", value: outcome.error };
  if (outcome.denied !== undefined) return { type: "execution-denied", reason: outcome.denied };
  return { type: "json", value: outcome.output as Extract<LanguageModelV4ToolResultOutput, { type: "json" }>["value"] };
}
