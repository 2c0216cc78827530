/** A real HTTP server on the loopback that answers as the test says: what vendors' clients talk to in tests. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface VendorRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
}

export type VendorAnswer = (response: ServerResponse, request: VendorRequest) => void;

export interface VendorServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly VendorRequest[];
  /** How many connections were closed by the client before the answer ended. */
  readonly aborted: number;
  /** Resolves when the next request was closed by the client before the answer ended. */
  nextAbort(): Promise<void>;
  answer: VendorAnswer;
}

export async function startVendorServer(first: VendorAnswer): Promise<VendorServer> {
  const requests: VendorRequest[] = [];
  let aborted = 0;
  let waiting: (() => void)[] = [];
  const server = createServer(async (incoming, response) => {
    let text = "";
    for await (const chunk of incoming) text += chunk;
    const request = { path: incoming.url ?? "", headers: incoming.headers, body: text === "" ? {} : JSON.parse(text) };
    requests.push(request);
    response.on("close", () => {
      if (response.writableEnded) return;
      aborted++;
      for (const resolve of waiting) resolve();
      waiting = [];
    });
    vendor.answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const vendor: VendorServer = {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    get aborted() {
      return aborted;
    },
    nextAbort: () => new Promise((resolve) => void waiting.push(resolve)),
    answer: first,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return vendor;
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): VendorAnswer {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

/** Server-sent events, one for each item; a string goes out as it is. `end: false` leaves the connection open. */
export function events(items: readonly unknown[], options: { end?: boolean; cut?: boolean } = {}): VendorAnswer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const item of items) response.write(`data: ${typeof item === "string" ? item : JSON.stringify(item)}\n\n`);
    if (options.cut) response.destroy();
    else if (options.end !== false) response.end();
  };
}

export function completion(text: string): unknown {
  return {
    id: "chat-1",
    object: "chat.completion",
    created: 1_700_000_000,
    model: "test-model",
    choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
    usage: {
      prompt_tokens: 11,
      completion_tokens: 7,
      total_tokens: 18,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 2 },
    },
  };
}

export function chunk(delta: Record<string, unknown>, finish: string | null = null): unknown {
  return {
    id: "chat-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "test-model",
    choices: [{ index: 0, delta, finish_reason: finish }],
  };
}

export const usageChunk: unknown = {
  id: "chat-1",
  object: "chat.completion.chunk",
  created: 1_700_000_000,
  model: "test-model",
  choices: [],
  usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
};
