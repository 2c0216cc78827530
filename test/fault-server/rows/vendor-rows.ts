/** What only one vendor does. */

import type { Piece } from "../dialects/dialect.ts";
import { encode } from "../dialects/dialect.ts";
import { openAiCompatible } from "../dialects/openai-chat.ts";
import type { FaultRow } from "../fault-row.ts";
import type { Fault } from "../fault-server.ts";
import { answer, body, contentType, spoilt } from "../faults/answers.ts";
import { loudMessage, right } from "../what-is-said.ts";

/** The same object as the whole answer and as a stream's only event. */
function only(value: object): Fault {
  return (exchange) => {
    const { streaming } = exchange;
    const bytes = streaming ? encode([{ data: value, part: "end" }]) : JSON.stringify(value);
    return body(bytes, { "content-type": contentType(streaming) })(exchange);
  };
}

function failedResponse(code: string): Fault {
  const data = {
    type: "response.failed",
    sequence_number: 9,
    response: { error: { code, message: loudMessage }, usage: null },
  };
  const failed: Piece = { event: "response.failed", data, part: "content" };
  return spoilt(right, (pieces) => [...pieces.slice(0, 5), failed]);
}

const google = ["google"] as const;
const openai = ["openai"] as const;

export const vendorRows: readonly FaultRow[] = [
  {
    fault: "a prompt that is blocked",
    vendors: google,
    script: () => [only({ promptFeedback: { blockReason: "SAFETY" } })],
    expected: { ends: "final error", code: "model_stopped", requests: 2 },
  },
  {
    fault: "a tool call that the vendor found malformed, then right",
    vendors: google,
    script: () => [only({ candidates: [{ content: {}, finishReason: "MALFORMED_FUNCTION_CALL" }] }), answer(right)],
    expected: { ends: "value after asking again", requests: 2 },
  },
  // Its client asks for the rest by itself, as often as it is told to.
  {
    fault: "an answer to be continued for ever, ended by attempt timeout",
    vendors: google,
    script: () => [only({ candidates: [{ content: {}, finishReason: "CONTINUATION", continuationToken: "more" }] })],
    stoppedBy: "attempt timeout",
    expected: { ends: "retryable error", code: "timeout", requests: "any" },
  },
  {
    fault: "a response that fails on the way",
    vendors: openai,
    ways: ["stream"],
    script: () => [failedResponse("server_error")],
    expected: { ends: "retryable error" },
  },
  {
    fault: "a response that fails on the way by its prompt",
    vendors: openai,
    ways: ["stream"],
    script: () => [failedResponse("invalid_prompt")],
    expected: { ends: "final error", code: "model_request_invalid" },
  },
  {
    fault: "a server that speaks chat completions alone",
    vendors: openai,
    script: () => [
      ({ response, streaming }) => {
        response.writeHead(200, { "content-type": contentType(streaming) });
        response.end(
          streaming ? encode(openAiCompatible.pieces(right)) : JSON.stringify(openAiCompatible.whole(right)),
        );
      },
    ],
    // Its client looks at that in streams alone; elsewhere it is damage.
    expected: (_, way) => ({ ends: way === "stream" ? "final error" : "retryable error" }),
  },
  {
    fault: "status 404 with an error that is a word",
    vendors: ["ollama", "openai-compatible"],
    script: () => [body(JSON.stringify({ error: "model 'llama3.2' not found, canary-body" }), {}, 404)],
    expected: { ends: "final error", code: "model_request_invalid", status: 404 },
  },
  {
    fault: "a thought before the answer",
    vendors: ["openai-compatible", "ollama"],
    script: () => [
      spoilt(right, (pieces) => [
        ...pieces.slice(0, 1),
        { data: { choices: [{ index: 0, delta: { reasoning_content: "{ not yet" } }] }, part: "content" },
        ...pieces.slice(1),
      ]),
    ],
    ways: ["stream"],
    expected: { ends: "value" },
  },
];
