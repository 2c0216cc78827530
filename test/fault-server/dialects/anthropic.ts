/** Anthropic's messages. */

import { type Dialect, halvesOf, inputAsData, type Piece, type Said, wordsOf } from "./dialect.ts";

const frame = { id: "msg-1", type: "message", role: "assistant", model: "claude-sonnet-4-5" };
const inputUsage = { input_tokens: 5, cache_read_input_tokens: 4, cache_creation_input_tokens: 2 };

export const anthropic: Dialect = {
  vendor: "anthropic",
  model: "anthropic/claude-sonnet-4-5",
  words: { overloaded: "overloaded_error", invalid: "invalid_request_error" },
  variables: (url, key) => ({ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: key }),
  keyOf: (request) => request.headers["x-api-key"] as string | undefined,
  sendsKey: true,
  isStreaming: (request) => request.body.stream === true,
  asksForSchema: (request) => JSON.stringify(request.body.output_config ?? null).includes("verdict"),
  whole: (said) => message(said, [blockOf(said)]),
  pieces: (said) => [opening(), ...contentOf(said), ...closing(said)],
  nothingWhole: message({ text: "" }, []),
  nothingPieces: [opening(), ...closing({ text: "" })],
  problemBody: ({ code, message }) => ({ type: "error", error: { type: code, message }, request_id: "req-body-1" }),
  problemPiece: ({ code, message }) => event("error", { error: { type: code, message } }, "content"),
  idlePiece: event("ping", {}, "content"),
};

function message(said: Said, content: readonly unknown[]): Readonly<Record<string, unknown>> {
  const usage = { ...inputUsage, output_tokens: 7 };
  return { ...frame, content, stop_reason: stopOf(said), stop_sequence: null, usage };
}

function stopOf(said: Said): string {
  if ("tool" in said) return "tool_use";
  if (said.finish === "filter") return "refusal";
  return said.finish === "length" ? "max_tokens" : "end_turn";
}

function blockOf(said: Said) {
  if (!("tool" in said)) return { type: "text", text: said.text };
  return { type: "tool_use", id: "call-1", name: said.tool, input: inputAsData(said.input) };
}

function opening(): Piece {
  const usage = { ...inputUsage, output_tokens: 1 };
  const message = { ...frame, content: [], stop_reason: null, stop_sequence: null, usage };
  return event("message_start", { message }, "start");
}

function contentOf(said: Said): readonly Piece[] {
  const block = "tool" in said ? { ...blockOf(said), input: {} } : { type: "text", text: "" };
  const deltas =
    "tool" in said
      ? halvesOf(said.input).map((half) => ({ type: "input_json_delta", partial_json: half }))
      : wordsOf(said.text).map((word) => ({ type: "text_delta", text: word }));
  return [
    event("content_block_start", { index: 0, content_block: block }, "content"),
    event("ping", {}, "content"),
    ...deltas.map((delta) => event("content_block_delta", { index: 0, delta }, "content")),
    event("content_block_stop", { index: 0 }, "content"),
  ];
}

function closing(said: Said): readonly Piece[] {
  const delta = { stop_reason: stopOf(said), stop_sequence: null };
  return [event("message_delta", { delta, usage: { output_tokens: 7 } }, "end"), event("message_stop", {}, "mark")];
}

function event(type: string, data: object, part: Piece["part"]): Piece {
  return { event: type, data: { type, ...data }, part };
}
