/** Asks a model again after an answer that did not fit, with everything that was wrong in it. */

import type { LanguageModelV4Message, LanguageModelV4Prompt } from "@ai-sdk/provider";
import { type FlockError, isFlockError, type ValueIssue } from "../core/errors.ts";

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

function quoted(text: string): string {
  return text.length <= longestQuote ? text : `${text.slice(0, longestQuote)}\n… (cut)`;
}

function complaint(problem: readonly ValueIssue[] | FlockError<"output_invalid" | "output_unreadable">): string {
  const end = "Answer again with the whole corrected JSON object and nothing else.";
  if (isFlockError(problem, "output_unreadable")) {
    return `Your answer could not be read as JSON: ${problem.details.reason}. ${end}`;
  }
  const issues = isFlockError(problem, "output_invalid") ? problem.details.issues : (problem as readonly ValueIssue[]);
  const lines = issues.slice(0, mostIssues).map((issue) => `- ${issue.pointer || "(whole answer)"}: ${issue.message}`);
  if (issues.length > mostIssues) lines.push(`- and ${issues.length - mostIssues} more`);
  return `Your answer does not fit the output fields:\n${lines.join("\n")}\n${end}`;
}
