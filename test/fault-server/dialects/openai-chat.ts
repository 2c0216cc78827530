/** OpenAI's chat completions, which most other servers speak too. */

import type { VendorRequest } from "../../models/vendor-server.ts";
import { type Dialect, halvesOf, type Piece, type Problem, type Said, wordsOf } from "./dialect.ts";

const frame = { id: "chat-1", created: 1_700_000_000, model: "test-model" };
const usage = {
  prompt_tokens: 11,
  completion_tokens: 7,
  total_tokens: 18,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
};

/** Any server that speaks chat completions, reached by its own address and key. */
export const openAiCompatible: Dialect = {
  vendor: "openai-compatible",
  model: "openai-compatible/test-model",
  words: { overloaded: "server_error", invalid: "invalid_request_error" },
  variables: (url, key) => ({ OPENAI_COMPATIBLE_BASE_URL: url, OPENAI_COMPATIBLE_API_KEY: key }),
  keyOf: bearerOf,
  sendsKey: true,
  isStreaming: (request) => request.body.stream === true,
  asksForSchema: (request) => JSON.stringify(request.body.response_format ?? null).includes("verdict"),
  whole,
  pieces,
  nothingWhole: { ...frame, object: "chat.completion", choices: [], usage },
  nothingPieces: [...end(undefined)],
  problemBody,
  problemPiece: (problem) => ({ data: problemBody(problem), part: "content" }),
  idlePiece: { data: { ...chunk({}), system_fingerprint: "fp_1", obfuscation: "x7" }, part: "content" },
};

/** Ollama on the same machine: the same words, no key. */
export const ollama: Dialect = {
  ...openAiCompatible,
  vendor: "ollama",
  model: "ollama/llama3.2",
  variables: (url) => ({ OLLAMA_BASE_URL: url }),
  sendsKey: false,
};

/** The key of a request that carries it as OpenAI's clients do. */
export function bearerOf(request: VendorRequest): string | undefined {
  return request.headers.authorization?.replace(/^Bearer /, "");
}

/** OpenAI's error body, for both of its protocols. */
export function problemBody({ code, message }: Problem): unknown {
  return { error: { message, type: code, param: null, code } };
}

function whole(said: Said): Readonly<Record<string, unknown>> {
  const message = { role: "assistant", ...contentOf(said) };
  const choice = { index: 0, message, finish_reason: finishOf(said) };
  return { ...frame, object: "chat.completion", choices: [choice], usage };
}

function contentOf(said: Said): object {
  if ("tool" in said) return { content: null, tool_calls: [callOf(said.tool, said.input)] };
  return said.finish === "filter" ? { content: null, refusal: said.text } : { content: said.text };
}

function callOf(name: string, input: string) {
  return { id: "call-1", type: "function", function: { name, arguments: input } };
}

function finishOf(said: Said): string {
  if ("tool" in said) return "tool_calls";
  return said.finish === "filter" ? "content_filter" : (said.finish ?? "stop");
}

function pieces(said: Said): readonly Piece[] {
  const start: Piece = { data: chunk({ role: "assistant", content: "" }), part: "start" };
  return [start, ...deltasOf(said).map((delta): Piece => ({ data: chunk(delta), part: "content" })), ...end(said)];
}

function deltasOf(said: Said): readonly object[] {
  if (!("tool" in said)) {
    return wordsOf(said.text).map((word) => (said.finish === "filter" ? { refusal: word } : { content: word }));
  }
  const rest = halvesOf(said.input).map((half) => ({ tool_calls: [{ index: 0, function: { arguments: half } }] }));
  return [{ tool_calls: [{ index: 0, ...callOf(said.tool, "") }] }, ...rest];
}

function end(said: Said | undefined): readonly Piece[] {
  const finish: Piece = { data: chunk({}, said === undefined ? null : finishOf(said)), part: "end" };
  const counts: Piece = { data: { ...frame, object: "chat.completion.chunk", choices: [], usage }, part: "end" };
  return [...(said === undefined ? [] : [finish]), counts, { data: "[DONE]", part: "mark" }];
}

function chunk(delta: object, finish: string | null = null) {
  return { ...frame, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] };
}
