/** A real HTTP server that speaks OpenAI's chat completions and fails as its script says, for tests of whole agents. */

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { startVendorServer, type VendorRequest } from "../models/vendor-server.ts";

/** One request, and the response that is to be spoilt. */
export interface FaultExchange {
  readonly request: VendorRequest;
  readonly response: ServerResponse;
  /** Whether the client asked for server-sent events. */
  readonly streaming: boolean;
}

/** Answers one request, rightly or wrongly. It must end the response, break its connection, or leave it to be aborted. */
export type Fault = (exchange: FaultExchange) => void | Promise<void>;

export interface FaultServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly VendorRequest[];
  /** Connections that are open and were used. */
  readonly openSockets: number;
  /** Resolves when no connection that was used is open. */
  allClosed(): Promise<void>;
  /** Resolves once so many requests came; at once when they are there already. */
  received(count: number): Promise<void>;
}

/** Starts a server that answers its requests with these faults in turn, and all further ones with the last. */
export async function startFaultServer(script: readonly [Fault, ...Fault[]]): Promise<FaultServer> {
  const sockets = new Set<Socket>();
  const waiting = new Set<{ readonly isOver: () => boolean; readonly resolve: () => void }>();
  const look = () => {
    for (const one of waiting) {
      if (!one.isOver()) continue;
      waiting.delete(one);
      one.resolve();
    }
  };
  const until = (isOver: () => boolean) =>
    new Promise<void>((resolve) => {
      waiting.add({ isOver, resolve });
      look();
    });
  const vendor = await startVendorServer((response, request) => {
    const { socket } = response;
    if (socket !== null && !sockets.has(socket)) {
      sockets.add(socket);
      socket.on("close", () => {
        sockets.delete(socket);
        look();
      });
    }
    const fault = script[Math.min(vendor.requests.length, script.length) - 1]!;
    void fault({ request, response, streaming: request.body.stream === true });
    look();
  });
  return {
    url: vendor.url,
    requests: vendor.requests,
    get openSockets() {
      return sockets.size;
    },
    allClosed: () => until(() => sockets.size === 0),
    received: (count) => until(() => vendor.requests.length >= count),
    [Symbol.asyncDispose]: () => vendor[Symbol.asyncDispose](),
  };
}
