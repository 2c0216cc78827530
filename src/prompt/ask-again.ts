/** Asks a model again after an answer that did not fit, with everything that was wrong in it. */

import type {
  LanguageModelV4Content,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolCall,
} from "@ai-sdk/provider";
import { type FlockError, isFlockError, type ValueIssue } from "../core/errors/errors.ts";
import { toolTurn } from "./tool-turn.ts";

/** Longer answers are quoted back by their beginning only. */
const longestQuote = 16_000;
/** More issues than these are counted, not listed. */
const mostIssues = 20;

/**
 * Gives the messages for another try: the earlier ones, the refused answer, and a list of its errors by JSON pointer.
 *
 * @param problem the issues, or the `output_invalid` or `output_unreadable` error.
 */
export function askAgainMessages(
  previous: LanguageModelV4Prompt,
  answerText: string,
  problem: readonly ValueIssue[] | FlockError<"output_invalid" | "output_unreadable">,
): LanguageModelV4Prompt {
  const messages: LanguageModelV4Message[] = [...previous];
  // Some vendors refuse a message without text.
  if (answerText.trim() !== "") {
    messages.push({ role: "assistant", content: [{ type: "text", text: quoted(answerText) }] });
  }
  messages.push({ role: "user", content: [{ type: "text", text: complaint(problem) }] });
  return messages;
}

/**
 * Gives the messages for another try after an answer that came as a tool's input: what is wrong is that tool's result. Calls
 * beside it were not run, since the answer did not wait for them.
 */
export function askAgainThroughTool(
  previous: LanguageModelV4Prompt,
  content: readonly LanguageModelV4Content[],
  calls: readonly LanguageModelV4ToolCall[],
  answer: LanguageModelV4ToolCall,
  problem: FlockError<"output_invalid" | "output_unreadable">,
): LanguageModelV4Prompt {
  const outcomes = calls.map((call) => ({
    toolCallId: call.toolCallId,
    toolName: call.toolName,
    error: call === answer ? complaint(problem, answer.toolName) : "not run: the answer was given beside it",
  }));
  return [...previous, ...toolTurn(content, outcomes)];
}

function quoted(text: string): string {
  return text.length <= longestQuote ? text : `${text.slice(0, longestQuote)}\n… (cut)`;
}

function complaint(
  problem: readonly ValueIssue[] | FlockError<"output_invalid" | "output_unreadable">,
  tool?: string,
): string {
  const how = tool === undefined ? "Answer again with" : `Call "${tool}" again with`;
  const end = `${how} the whole corrected JSON object and nothing else.`;
  if (isFlockError(problem, "output_unreadable")) {
    return `Your answer could not be read as JSON: ${problem.details.reason}. ${end}`;
  }
  const issues = isFlockError(problem, "output_invalid") ? problem.details.issues : (problem as readonly ValueIssue[]);
  const lines = issues.slice(0, mostIssues).map((issue) => `- ${issue.pointer || "(whole answer)"}: ${issue.message}`);
  if (issues.length > mostIssues) lines.push(`- and ${issues.length - mostIssues} more`);
  return `Your answer does not fit the output fields:\n${lines.join("\n")}\n${end}`;
}
