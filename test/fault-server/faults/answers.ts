/** What a model says, rightly and wrongly, over a connection on which nothing goes wrong. */

import { type EncodeOptions, encode, type Piece, type Problem, type Said } from "../dialects/dialect.ts";
import type { Fault, FaultExchange } from "../fault-server.ts";

/** Answers as asked, streamed in pieces when a stream was wanted. */
export function answer(said: Said, encoding?: EncodeOptions): Fault {
  return (exchange) => send(exchange, bytesOf(exchange, said, encoding));
}

/** Asks for a tool. */
export function callTool(tool: string, input: string): Fault {
  return answer({ tool, input });
}

/** Refuses with a status, in the shape of the vendor's errors. */
export function status(problem: Problem, headers: Readonly<Record<string, string>> = {}): Fault {
  return ({ response, dialect }) => {
    response.writeHead(problem.status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(dialect.problemBody(problem)));
  };
}

/** Answers with a body that is whatever it is, whether a stream was wanted or not. */
export function body(text: string | Buffer, headers: Readonly<Record<string, string>> = {}, code = 200): Fault {
  return ({ response }) => {
    response.writeHead(code, { "content-type": "application/json", ...headers });
    response.end(text);
  };
}

/** Answers with JSON of another shape, as an event where events are wanted. */
export function otherShape(value: object): Fault {
  return (exchange) =>
    send(exchange, exchange.streaming ? encode([{ data: value, part: "content" }]) : JSON.stringify(value));
}

/** An answer at status 200 in which nothing is said. */
export const nothing: Fault = (exchange) => {
  const { dialect, streaming } = exchange;
  send(exchange, streaming ? encode(dialect.nothingPieces) : JSON.stringify(dialect.nothingWhole));
};

/** Puts the vendor's error object where the answer belongs, at status 200. */
export function problemInBody(problem: Problem): Fault {
  return (exchange) => {
    const { dialect, streaming } = exchange;
    send(exchange, streaming ? encode([dialect.problemPiece(problem)]) : JSON.stringify(dialect.problemBody(problem)));
  };
}

/** Changes the pieces of a streamed answer. Without a stream it answers rightly. */
export function spoilt(
  said: Said,
  change: (pieces: readonly Piece[], exchange: FaultExchange) => readonly Piece[],
): Fault {
  return (exchange) => {
    if (!exchange.streaming) return send(exchange, bytesOf(exchange, said));
    send(exchange, encode(change(exchange.dialect.pieces(said), exchange)));
  };
}

/** Streams two pieces of the answer, then an error, and leaves the connection open. Without a stream it answers rightly. */
export function problemInStream(said: Said, problem: Problem): Fault {
  return (exchange) => {
    if (!exchange.streaming) return send(exchange, bytesOf(exchange, said));
    const pieces = exchange.dialect.pieces(said);
    const half = pieces.slice(0, pieces.findIndex((piece) => piece.part === "content") + 3);
    open(exchange);
    exchange.response.write(encode([...half, exchange.dialect.problemPiece(problem)]));
  };
}

/** Gives the bytes of the right answer, as they are asked for. */
export function bytesOf({ dialect, streaming }: FaultExchange, said: Said, encoding?: EncodeOptions): Buffer {
  if (!streaming) return Buffer.from(JSON.stringify(dialect.whole(said)));
  return encode(dialect.pieces(said), encoding);
}

/** Sends the headers of a right answer. */
export function open({ response, streaming }: FaultExchange, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { "content-type": contentType(streaming), ...headers });
  response.flushHeaders();
}

export function contentType(streaming: boolean): string {
  return streaming ? "text/event-stream" : "application/json";
}

function send(exchange: FaultExchange, bytes: Buffer | string): void {
  open(exchange);
  exchange.response.end(bytes);
}
