/** Reads messages of the model protocol: what the user said, which tools were called, what they gave. */

import type {
  LanguageModelV4FilePart,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
  LanguageModelV4ToolResultPart,
} from "@ai-sdk/provider";
import type { Json } from "../../../core/json/json.ts";
import { isJsonObject } from "../offline-request.ts";
import { type Passage, passagesFrom } from "./passages.ts";

/** A tool call of an earlier turn. */
export interface PastCall {
  readonly tool: string;
  /** The arguments as JSON text. */
  readonly input: string;
  /** Place of its message in the prompt. */
  readonly message: number;
}

/** What a prompt holds. */
export interface PromptReading {
  /** The text of the last user message. */
  readonly userText: string;
  /** Texts the user attached. */
  readonly files: readonly Passage[];
  readonly calls: readonly PastCall[];
  /** What tools gave; failures and refusals are no evidence and are left out. */
  readonly toolPassages: readonly Passage[];
  /** Names of the tools that answered, failed or were refused. */
  readonly answered: ReadonlySet<string>;
  /** Attachments that cannot be read, by media type. */
  readonly unread: readonly string[];
}

/** Longer tool text is not tried as JSON. */
const longestJsonText = 4_000_000;

/** Reads a prompt. With `sinceLastUser`, calls and results before the last user message belong to an older question and do not count. */
export function readPrompt(prompt: LanguageModelV4Prompt, sinceLastUser: boolean): PromptReading {
  const lastUser = prompt.findLastIndex((message) => message.role === "user");
  const files: Passage[] = [];
  const unread: string[] = [];
  const calls: PastCall[] = [];
  const toolPassages: Passage[] = [];
  const answered = new Set<string>();
  let userText = "";
  for (const [index, message] of prompt.entries()) {
    if (message.role === "system") continue;
    if (message.role === "user") {
      const texts: string[] = [];
      for (const part of message.content) {
        if (part.type === "text") texts.push(part.text);
        else if (part.type === "file") readFile(part, files, unread);
      }
      if (index === lastUser) userText = texts.join("\n\n");
      continue;
    }
    if (sinceLastUser && index < lastUser) continue;
    for (const part of message.content) {
      if (part.type === "tool-call") calls.push({ tool: part.toolName, input: jsonText(part.input), message: index });
      if (part.type === "tool-result") readResult(part, toolPassages, answered);
    }
  }
  return { userText, files, calls, toolPassages, answered, unread };
}

function readResult(part: LanguageModelV4ToolResultPart, passages: Passage[], answered: Set<string>): void {
  answered.add(part.toolName);
  for (const value of valuesOf(part.output)) passages.push(...passagesFrom(value, part.toolName, "tool"));
}

function valuesOf(output: LanguageModelV4ToolResultOutput): Json[] {
  if (output.type === "json") return [output.value as Json];
  if (output.type === "text") return [parsed(output.value)];
  if (output.type !== "content") return [];
  return output.value.flatMap((item) => (item.type === "text" ? [parsed(item.text)] : []));
}

/** Tools that only speak text often speak JSON. */
function parsed(text: string): Json {
  const start = text.trimStart()[0];
  if ((start !== "{" && start !== "[") || text.length > longestJsonText) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function readFile(part: LanguageModelV4FilePart, files: Passage[], unread: string[]): void {
  const text = textOf(part);
  if (text === undefined) unread.push(part.mediaType);
  else
    files.push({
      text,
      from: "file",
      origin: "input",
      fields: new Map(part.filename ? [["file", part.filename]] : []),
    });
}

function textOf(part: LanguageModelV4FilePart): string | undefined {
  const { data } = part;
  if (data.type === "text") return data.text;
  if (data.type !== "data" || !/^text(?:\/|$)|[/+]json$/.test(part.mediaType)) return undefined;
  return typeof data.data === "string"
    ? Buffer.from(data.data, "base64").toString("utf8")
    : new TextDecoder().decode(data.data);
}

/** Compares calls by their arguments; a model's own text stays as it is. */
function jsonText(input: unknown): string {
  return typeof input === "string" ? input : (JSON.stringify(input) ?? "");
}

/**
 * Takes inputs out of a user's text when nobody named them: a JSON object is its fields; a short request before or after a
 * longer text is the question on it; what is short is the prompt, and anything else a text.
 */
export function inputsFromText(text: string): { readonly [field: string]: Json } {
  const marked = /^<inputs>\n([\s\S]*)\n<\/inputs>/.exec(text.trimStart())?.[1];
  const value = parsed(marked ?? text);
  if (isJsonObject(value)) return value;
  const parts = text.split(/\n\s*\n/).map((part) => part.trim());
  const [first = "", last = ""] = [parts[0], parts.at(-1)];
  if (parts.length > 1 && isAsking(first)) return { question: first, text: parts.slice(1).join("\n\n") };
  if (parts.length > 1 && isAsking(last)) return { question: last, text: parts.slice(0, -1).join("\n\n") };
  if (text.trim() === "") return {};
  if (parts.length > 1) return { text };
  const colon = text.slice(0, 200).indexOf(": ");
  if (colon > 0 && text.length - colon > 80 && asking.test(text)) {
    return { question: text.slice(0, colon), text: text.slice(colon + 2) };
  }
  return text.length > 120 && !text.trimEnd().endsWith("?") ? { text } : { prompt: text };
}

const asking =
  /^(?:please |can you |could you )?(?:summari[sz]e|list|what|who|when|where|why|how|which|is|are|do|does|did|find|extract|explain|describe|tell|give|show|answer|classify|identify|analy[sz]e|name|write|compare)\b/i;

/** A short paragraph that ends like a question or an announcement, or begins like a request. */
function isAsking(part: string): boolean {
  return part.length <= 300 && !part.startsWith("#") && (/[?:]$/.test(part) || asking.test(part));
}
