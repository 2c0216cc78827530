/** Picks out of a model's answer what the caller acts on: its text, its tool calls, its reason to stop. */

import type { LanguageModelV4GenerateResult, LanguageModelV4ToolCall } from "@ai-sdk/provider";

/** Gives the answer's text: the structured one when the vendor gives it apart, else all text parts together. */
export function answerText(answer: Pick<LanguageModelV4GenerateResult, "content" | "structuredOutputText">): string {
  if (answer.structuredOutputText !== undefined) return answer.structuredOutputText;
  const { content } = answer;
  if (content.length === 1 && content[0]!.type === "text") return content[0]!.text;
  let text = "";
  for (const part of content) if (part.type === "text") text += part.text;
  return text;
}

/** Gives the calls the caller must run; those the vendor ran itself are left out. */
export function toolCallsOf(
  answer: Pick<LanguageModelV4GenerateResult, "content">,
): readonly LanguageModelV4ToolCall[] {
  const calls: LanguageModelV4ToolCall[] = [];
  for (const part of answer.content) if (part.type === "tool-call" && part.providerExecuted !== true) calls.push(part);
  return calls;
}
