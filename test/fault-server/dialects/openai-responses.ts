/** OpenAI's responses, which models named `openai/…` are asked through. */

import { type Dialect, halvesOf, type Piece, type Said, wordsOf } from "./dialect.ts";
import { bearerOf, problemBody } from "./openai-chat.ts";

const frame = { id: "resp-1", object: "response", created_at: 1_700_000_000, model: "gpt-5-mini" };
const usage = {
  input_tokens: 11,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 18,
};

export const openAiResponses: Dialect = {
  vendor: "openai",
  model: "openai/gpt-5-mini",
  words: { overloaded: "server_error", invalid: "invalid_prompt" },
  variables: (url, key) => ({ OPENAI_BASE_URL: url, OPENAI_API_KEY: key }),
  keyOf: bearerOf,
  sendsKey: true,
  isStreaming: (request) => request.body.stream === true,
  asksForSchema: (request) => JSON.stringify(request.body.text ?? null).includes("verdict"),
  whole: (said) => finished(said, [itemOf(said)]),
  pieces,
  nothingWhole: finished({ text: "" }, []),
  nothingPieces: [...opening(), ...closing({ text: "" }, [])],
  problemBody,
  problemPiece: ({ code, message }) => event("error", { sequence_number: 9, code, message, param: null }, "content"),
  idlePiece: event("response.something_new", { sequence_number: 9, thing: { deep: [1] } }, "content"),
};

function finished(said: Said, output: readonly unknown[]): Readonly<Record<string, unknown>> {
  const reason = reasonOf(said);
  const status = reason === undefined ? "completed" : "incomplete";
  return { ...frame, status, error: null, incomplete_details: reason === undefined ? null : { reason }, output, usage };
}

function reasonOf(said: Said): string | undefined {
  return !("tool" in said) && said.finish === "length" ? "max_output_tokens" : undefined;
}

function itemOf(said: Said) {
  if ("tool" in said) {
    const { tool, input } = said;
    return {
      type: "function_call",
      id: "item-1",
      call_id: "call-1",
      name: tool,
      arguments: input,
      status: "completed",
    };
  }
  const content =
    said.finish === "filter"
      ? { type: "refusal", refusal: said.text }
      : { type: "output_text", text: said.text, annotations: [] };
  return { type: "message", id: "item-1", role: "assistant", status: "completed", content: [content] };
}

function pieces(said: Said): readonly Piece[] {
  const item = itemOf(said);
  return [...opening(), ...contentOf(said, item), ...closing(said, [item])];
}

function opening(): readonly Piece[] {
  const response = { ...frame, status: "in_progress", output: [] };
  return [event("response.created", { response }, "start"), event("response.in_progress", { response }, "start")];
}

function contentOf(said: Said, item: ReturnType<typeof itemOf>): readonly Piece[] {
  const place = { item_id: "item-1", output_index: 0 };
  const added = { ...item, status: "in_progress", ...("tool" in said ? { arguments: "" } : { content: [] }) };
  return [
    event("response.output_item.added", { output_index: 0, item: added }, "content"),
    ...deltasOf(said).map(([type, delta]) => event(type, { ...place, content_index: 0, delta }, "content")),
    event("response.output_item.done", { output_index: 0, item }, "content"),
  ];
}

function deltasOf(said: Said): readonly (readonly [type: string, delta: string])[] {
  if ("tool" in said) return halvesOf(said.input).map((half) => ["response.function_call_arguments.delta", half]);
  const type = said.finish === "filter" ? "response.refusal.delta" : "response.output_text.delta";
  return wordsOf(said.text).map((word) => [type, word]);
}

function closing(said: Said, output: readonly unknown[]): readonly Piece[] {
  const type = reasonOf(said) === undefined ? "response.completed" : "response.incomplete";
  return [event(type, { response: finished(said, output) }, "end")];
}

function event(type: string, data: object, part: Piece["part"]): Piece {
  return { event: type, data: { type, ...data }, part };
}
