/** What goes wrong between a model that answers rightly and its client. */

import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Said } from "../dialects/dialect.ts";
import type { Fault, FaultExchange } from "../fault-server.ts";
import { bytesOf, contentType, open } from "./answers.ts";

type Break = "reset" | "close" | "stall";

/** Where in the course of an answer something happens. */
export type Moment = "before the headers" | "after the headers" | "in the middle of the answer";

/** Stops at a moment of the right answer: resets, closes or keeps silent until the client goes away. */
export function stopAt(moment: Moment, how: Break, said: Said): Fault {
  return async (exchange) => {
    const { response } = exchange;
    if (moment !== "before the headers") {
      open(exchange);
      const bytes = bytesOf(exchange, said);
      if (moment === "in the middle of the answer") {
        await written(exchange, bytes.subarray(0, middleOf(bytes)));
        // The client has these bytes before the connection breaks: a reset may overtake what is on its way.
        await turns(20);
      } else await turns(20);
    }
    if (how === "reset") response.socket?.resetAndDestroy();
    else if (how === "close") response.socket?.end();
  };
}

/**
 * Sends the right answer slowly: 600 bytes around its first letter of several bytes in pieces of so many, so that tokens,
 * letters, field names and events are cut, the rest in larger ones that cut them too.
 */
export function drip(said: Said, size: number): Fault {
  return async (exchange) => {
    open(exchange);
    const bytes = bytesOf(exchange, said);
    const middle = bytes.findIndex((byte) => byte > 127);
    for (let at = 0; at < bytes.length && !exchange.response.destroyed; ) {
      const end = at + (Math.abs(at - middle) < 300 ? size : 41);
      await written(exchange, bytes.subarray(at, end));
      await turns(1);
      at = end;
    }
    exchange.response.end();
  };
}

/** Writes raw HTTP after the status line, then closes or leaves the connection open. */
export function raw(
  head: readonly string[],
  write: (bytes: Buffer) => Buffer,
  said: Said,
  then: "close" | "stay",
): Fault {
  return (exchange) => {
    const { socket } = exchange.response;
    const lines = ["HTTP/1.1 200 OK", `content-type: ${contentType(exchange.streaming)}`, ...head, "", ""];
    socket?.write(lines.join("\r\n"));
    socket?.write(write(bytesOf(exchange, said)));
    if (then === "close") socket?.end();
  };
}

/** Bytes that are no HTTP at all. */
export const noHttp: Fault = ({ response }) => {
  response.socket?.end("SSH-2.0-OpenSSH_9.6 canary-body\r\n");
};

/** Half of the bytes, as a length: what a proxy gives that counts wrongly. */
export function middleOf(bytes: Buffer): number {
  const score = bytes.indexOf("score");
  return score === -1 ? Math.floor(bytes.length / 2) : score;
}

/** Compresses the right answer, then changes its bytes. */
export function compressed(kind: "gzip" | "br", said: Said, change: (bytes: Buffer) => Buffer): Fault {
  return (exchange) => {
    const plain = bytesOf(exchange, said);
    const packed = kind === "gzip" ? gzipSync(plain) : brotliCompressSync(plain);
    open(exchange, { "content-encoding": kind });
    exchange.response.end(change(packed));
  };
}

/** Sends an interim response first, as servers may. */
export function earlyHints(said: Said): Fault {
  return async (exchange) => {
    exchange.response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    await turns(5);
    open(exchange);
    exchange.response.end(bytesOf(exchange, said));
  };
}

/** Answers rightly under other headers. */
export function withHeaders(said: Said, headers: Readonly<Record<string, string>>): Fault {
  return (exchange) => {
    open(exchange, headers);
    exchange.response.end(bytesOf(exchange, said));
  };
}

/** Answers rightly, then closes the connection that was to be kept. */
export function answerAndHangUp(said: Said): Fault {
  return (exchange) => {
    const { response } = exchange;
    const { socket } = response;
    const bytes = bytesOf(exchange, said);
    response.writeHead(200, { "content-type": contentType(exchange.streaming), "content-length": bytes.length });
    response.end(bytes, () => socket?.destroySoon());
  };
}

/** Leads the request to another server. */
export function redirect(code: number): Fault {
  return ({ request, response, elsewhere }) => {
    response.writeHead(code, { location: elsewhere.replace(/\/v1$/, request.path) });
    response.end();
  };
}

/** An error whose body never ends: it goes on until the client goes away. */
export function endlessError(code: number): Fault {
  return ({ response }) => {
    response.writeHead(code, { "content-type": "text/html" });
    const block = Buffer.alloc(64 * 1024, "canary-body ");
    const more = (): void => {
      while (!response.destroyed && response.write(block));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  };
}

function written({ response }: FaultExchange, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => void response.write(bytes, () => resolve()));
}

/** Gives the other side of the connection, in the same process, so many turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}
