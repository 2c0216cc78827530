/** Writes a prompt as the plain turns that every chat template knows: system, user, assistant. */

import type { LanguageModelV4Message, LanguageModelV4Prompt, SharedV4Warning } from "@ai-sdk/provider";
import { callText } from "./tool-calls.ts";

/** One turn of a talk. */
export interface Turn {
  readonly role: "system" | "user" | "assistant";
  readonly text: string;
}

/** A prompt as turns, and what of it a text model cannot read. */
export interface Turns {
  readonly turns: readonly Turn[];
  readonly warnings: readonly SharedV4Warning[];
}

/**
 * Makes turns of messages. System messages come first, as one; neighbours of one role become one turn, since templates
 * want roles to alternate. Tool results are user turns. Files and reasoning are left out, files with a warning.
 *
 * @param addition ends the system turn.
 */
export function chatTurns(prompt: LanguageModelV4Prompt, addition: string): Turns {
  const warnings: SharedV4Warning[] = [];
  const system = prompt.flatMap((message) => (message.role === "system" ? [message.content] : []));
  const turns: Turn[] = [];
  const head = [...system, addition].filter((text) => text !== "").join("\n\n");
  if (head !== "") turns.push({ role: "system", text: head });
  for (const message of prompt) {
    if (message.role === "system") continue;
    const role = message.role === "assistant" ? "assistant" : "user";
    const text = textOf(message, warnings);
    const last = turns.at(-1);
    if (last?.role === role) turns[turns.length - 1] = { role, text: `${last.text}\n\n${text}` };
    else turns.push({ role, text });
  }
  return { turns, warnings };
}

function textOf(message: Exclude<LanguageModelV4Message, { role: "system" }>, warnings: SharedV4Warning[]): string {
  const texts: string[] = [];
  for (const part of message.content) {
    if (part.type === "text") texts.push(part.text);
    else if (part.type === "tool-call") texts.push(callText(part.toolName, part.input));
    else if (part.type === "tool-result") texts.push(resultText(part.toolName, part.output));
    else if (part.type === "file") {
      warnings.push({
        type: "unsupported",
        feature: `file input of type ${part.mediaType}`,
        details: "only text is read",
      });
    }
  }
  return texts.join("\n");
}

/** A result that holds the closing mark must not end its own frame; `<\/` is the same to a reader of JSON. */
function resultText(tool: string, output: unknown): string {
  const result = JSON.stringify({ name: tool, content: plain(output) }).replaceAll("</", "<\\/");
  return `<tool_response>${result}</tool_response>`;
}

function plain(output: unknown): unknown {
  const { type, value, reason } = output as {
    readonly type?: unknown;
    readonly value?: unknown;
    readonly reason?: unknown;
  };
  if (type === "execution-denied") return { denied: reason ?? "not allowed" };
  return type === "error-text" || type === "error-json" ? { error: value } : value;
}
