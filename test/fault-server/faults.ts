/** What a vendor's server does wrong in real life, each as one answer of the fault server. */

import type { ServerResponse } from "node:http";
import { chunk, completion, events, json, usageChunk } from "../models/vendor-server.ts";
import type { Fault } from "./fault-server.ts";

/** Answers as asked, streamed word by word when a stream was wanted. */
export function answer(text: string): Fault {
  return ({ request, response, streaming }) => {
    const send = streaming ? events([...deltasOf(text), chunk({}, "stop"), usageChunk, "[DONE]"]) : jsonOf(text);
    send(response, request);
  };
}

/** Refuses with a status, in the shape of OpenAI's errors. */
export function status(
  code: number,
  message: string,
  headers: Record<string, string> = {},
  vendorCode?: string,
): Fault {
  const error = { message, type: "test_error", param: null, code: vendorCode ?? null };
  return ({ request, response }) => json(code, { error }, headers)(response, request);
}

/** Breaks the connection: at once, or after so many bytes of the right answer. */
export function reset(text: string, afterBytes = 0): Fault {
  return ({ response, streaming }) => {
    if (afterBytes === 0) return void response.socket?.resetAndDestroy();
    open(response, streaming);
    response.write(bytesOf(text, streaming).subarray(0, afterBytes), () => response.socket?.resetAndDestroy());
  };
}

/** Says nothing at all until the client goes away. */
export const stallBeforeHeaders: Fault = () => {};

/** Sends so many bytes of the right answer, then nothing until the client goes away. */
export function stallAfter(text: string, bytes: number): Fault {
  return ({ response, streaming }) => {
    open(response, streaming);
    response.write(bytesOf(text, streaming).subarray(0, bytes));
  };
}

/** Sends the right answer in pieces of so many bytes, each in a packet of its own: tokens and characters are cut. */
export function drip(text: string, size = 1): Fault {
  return async ({ response, streaming }) => {
    open(response, streaming);
    const bytes = bytesOf(text, streaming);
    for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
      await new Promise((resolve) => response.write(bytes.subarray(at, at + size), resolve));
      await new Promise(setImmediate);
    }
    response.end();
  };
}

/** Answers with status 200 and a body that is no completion, whether a stream was wanted or not. */
export function body(text: string, contentType = "application/json"): Fault {
  return ({ response }) => {
    response.writeHead(200, { "content-type": contentType });
    response.end(text);
  };
}

/** Answers without any choice. */
export const emptyChoices: Fault = ({ request, response, streaming }) => {
  const whole = { ...(completion("") as object), choices: [] };
  const send = streaming ? events([usageChunk, "[DONE]"]) : json(200, whole);
  send(response, request);
};

/** Asks for a tool. */
export function callTool(name: string, input: string): Fault {
  const call = { id: "call-1", type: "function", function: { name, arguments: input } };
  return ({ request, response, streaming }) => {
    const message = { role: "assistant", content: null, tool_calls: [call] };
    const whole = {
      ...(completion("") as object),
      choices: [{ index: 0, message, finish_reason: "tool_calls" }],
    };
    const parts = [chunk({ tool_calls: [{ index: 0, ...call }] }), chunk({}, "tool_calls"), usageChunk, "[DONE]"];
    const send = streaming ? events(parts) : json(200, whole);
    send(response, request);
  };
}

/** Begins to answer, then puts an error into the body with status 200. */
export function errorInBody(text: string, error: object): Fault {
  return ({ request, response, streaming }) => {
    const send = streaming ? events([...deltasOf(text).slice(0, 1), { error }]) : json(200, { error });
    send(response, request);
  };
}

/** Streams the answer, leaving out the closing marks. Without a stream it answers rightly. */
export function streamWithout(text: string, missing: "[DONE]" | "finish and [DONE]"): Fault {
  return ({ request, response, streaming }) => {
    const parts = missing === "[DONE]" ? [...deltasOf(text), chunk({}, "stop"), usageChunk] : deltasOf(text);
    const send = streaming ? events(parts) : jsonOf(text);
    send(response, request);
  };
}

/** Streams every piece of the answer twice. Without a stream it answers rightly. */
export function duplicated(text: string): Fault {
  return ({ request, response, streaming }) => {
    const twice = deltasOf(text).flatMap((delta) => [delta, delta]);
    const send = streaming ? events([...twice, chunk({}, "stop"), usageChunk, "[DONE]"]) : jsonOf(text);
    send(response, request);
  };
}

/** Where the right answer's text begins, in bytes, so that a fault can strike inside of it. */
export function bytesBefore(text: string, part: string, streaming: boolean): number {
  return bytesOf(text, streaming).indexOf(part);
}

function open(response: ServerResponse, streaming: boolean): void {
  response.writeHead(200, { "content-type": streaming ? "text/event-stream" : "application/json" });
  response.flushHeaders();
}

function jsonOf(text: string) {
  return json(200, completion(text));
}

function deltasOf(text: string): unknown[] {
  return (text.match(/\s*\S+\s*/g) ?? []).map((content) => chunk({ content }));
}

function bytesOf(text: string, streaming: boolean): Buffer {
  if (!streaming) return Buffer.from(JSON.stringify(completion(text)));
  const parts = [...deltasOf(text), chunk({}, "stop"), usageChunk].map((part) => JSON.stringify(part));
  return Buffer.from([...parts, "[DONE]"].map((part) => `data: ${part}\n\n`).join(""));
}
