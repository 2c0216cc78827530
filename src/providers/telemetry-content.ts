/** Writes what was said for those who asked for it: as JSON of bounded length, without options, headers and bytes. */

import type { CallStartEvent, OutputEvent } from "../core/events/event.ts";
import { genAi } from "./gen-ai-conventions.ts";
import type { TelemetryAttributes } from "./open-telemetry-api.ts";

/** Characters of content that an attribute holds, about. */
const longestContent = 8_192;

/** Gives the input of a call: messages of a model, arguments of a tool, fields of an agent or pattern. Never throws. */
export function inputAttributes({ kind, input }: CallStartEvent): TelemetryAttributes {
  try {
    const value = input.read();
    // The rest of a model's request may hold headers and options of its vendor.
    if (kind === "model") return attribute(genAi.inputMessages, messagesOf(value));
    return attribute(kind === "tool" ? genAi.toolArguments : "flock.input", value);
  } catch {
    return {};
  }
}

/** Gives the answer of an agent or pattern. Never throws. */
export function outputAttributes({ value }: OutputEvent): TelemetryAttributes {
  try {
    return attribute("flock.output", value);
  } catch {
    return {};
  }
}

function attribute(name: string, value: unknown): TelemetryAttributes {
  const text = boundedJson(value);
  return text === undefined ? {} : { [name]: text };
}

/** Writes JSON that can be read also when it is cut: strings end in `…`, and what is left of lists and objects is left out. */
function boundedJson(value: unknown): string | undefined {
  let left = longestContent;
  const text = JSON.stringify(value, (key, part: unknown) => {
    if (left <= 0) return undefined;
    left -= key.length + 6;
    if (typeof part === "string") {
      const kept = part.length > left ? `${part.slice(0, Math.max(0, left))}…` : part;
      left -= part.length;
      return kept;
    }
    if (Array.isArray(part)) return part.slice(0, Math.max(0, Math.ceil(left / 8)));
    return typeof part === "bigint" ? String(part) : part;
  });
  // Escapes may make six characters of one.
  return text === undefined || text.length > longestContent * 7 ? undefined : text;
}

interface Part {
  readonly type?: unknown;
  readonly text?: unknown;
  readonly mediaType?: unknown;
  readonly toolCallId?: unknown;
  readonly toolName?: unknown;
  readonly input?: unknown;
  readonly output?: unknown;
}

/** Turns a prompt into messages as the conventions have them; undefined for what is no prompt. */
function messagesOf(request: unknown): unknown {
  const prompt = (request as { readonly prompt?: unknown } | null | undefined)?.prompt;
  if (!Array.isArray(prompt)) return undefined;
  return prompt.map(({ role, content }: { readonly role: unknown; readonly content: unknown }) => ({
    role,
    parts: Array.isArray(content) ? content.map(partOf) : [{ type: "text", content }],
  }));
}

function partOf(part: Part): object {
  const { type, text, mediaType, toolCallId, toolName, input, output } = part;
  if (type === "text" || type === "reasoning") return { type, content: text };
  if (type === "tool-call") return { type: "tool_call", id: toolCallId, name: toolName, arguments: input };
  if (type === "tool-result") return { type: "tool_call_response", id: toolCallId, response: output };
  return { type, ...(mediaType === undefined ? {} : { mime_type: mediaType }) };
}
