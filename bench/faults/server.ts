/**
 * A model server that takes 200 ms an answer and fails as its scenario says, in a process of its own. Which answer is faulty
 * follows from a hash of the run and the try, so that every client meets the same faults. Prints its address; a line of
 * input makes it print what it saw.
 */

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Fault, faultOf, perSecond, type Scenario } from "./scenarios.ts";

const scenario = process.argv[2] as Scenario;
const answerMs = 200;
const tries = new Map<string, number>();
let requests = 0;
let refused = 0;
let tokens = perSecond;
let filledAt = performance.now();

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => {
    body += chunk;
  });
  request.on("end", () => answer(body, response));
});
server.listen(0, "127.0.0.1", 2_048, () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1\n`);
});
process.stdin.on("data", () => process.stdout.write(`${JSON.stringify({ requests, refused })}\n`));
process.stdin.on("end", () => process.exit());

function answer(body: string, response: ServerResponse): void {
  requests += 1;
  const run = /run-\d+/.exec(body)?.[0] ?? "";
  const count = (tries.get(run) ?? 0) + 1;
  tries.set(run, count);
  if (scenario === "limit") {
    const waitMs = takeToken();
    if (waitMs > 0) return refuse(response, waitMs);
  }
  const fault = faultOf(scenario, run, count);
  if (fault !== "hang") setTimeout(() => strike(fault, run, response), answerMs);
}

/** A bucket of 60 that fills by 60 a second; gives the wait until the next token where it is empty. */
function takeToken(): number {
  const now = performance.now();
  tokens = Math.min(perSecond, tokens + ((now - filledAt) * perSecond) / 1_000);
  filledAt = now;
  if (tokens < 1) return ((1 - tokens) * 1_000) / perSecond;
  tokens -= 1;
  return 0;
}

function refuse(response: ServerResponse, waitMs: number): void {
  refused += 1;
  response.writeHead(429, {
    "content-type": "application/json",
    "retry-after": (Math.ceil(waitMs) / 1_000).toFixed(3),
  });
  response.end('{"error":{"message":"rate limit reached","type":"rate_limit","code":"rate_limit_exceeded"}}');
}

function strike(fault: Exclude<Fault, "hang">, run: string, response: ServerResponse): void {
  if (fault === "reset") return void response.socket?.resetAndDestroy();
  if (fault === "html") return send(response, 200, "text/html", "<!doctype html><title>Bad gateway</title>");
  if (fault === "error") {
    return send(response, 500, "application/json", '{"error":{"message":"internal error","type":"server_error"}}');
  }
  const text = fault === "schema" ? '{"verdict":"yes"}' : JSON.stringify({ run, score: 7, tags: ["a", "b"] });
  const whole = JSON.stringify({
    id: "1",
    object: "chat.completion",
    created: 0,
    model: "test-model",
    choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
    usage: { prompt_tokens: 50, completion_tokens: 5, total_tokens: 55 },
  });
  send(response, 200, "application/json", fault === "cut" ? whole.slice(0, whole.length / 2) : whole);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type });
  response.end(body);
}
