/** A real HTTP server that speaks a vendor's protocol and fails as its script says, for tests of whole agents. */

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { startVendorServer, type VendorRequest } from "../models/vendor-server.ts";
import type { Dialect } from "./dialects/dialect.ts";

/** One request, and the response that is to be spoilt. */
export interface FaultExchange {
  readonly request: VendorRequest;
  readonly response: ServerResponse;
  readonly dialect: Dialect;
  /** Whether the client asked for server-sent events. */
  readonly streaming: boolean;
  /** The address of another server, for faults that lead there. */
  readonly elsewhere: string;
}

/** Answers one request, rightly or wrongly. It must end the response, break its connection, or leave it to be aborted. */
export type Fault = (exchange: FaultExchange) => void | Promise<void>;

/** What the server answers in turn; the last answers all further requests. */
export type Script = readonly [Fault, ...Fault[]];

export interface FaultServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly VendorRequest[];
  /** Connections that are open and were used. */
  readonly openSockets: number;
  /** Answers that have neither ended nor lost their connection. */
  readonly openAnswers: number;
  /** Resolves when no connection that was used is open. */
  allClosed(): Promise<void>;
  /** Resolves when no answer is open. */
  allAnswered(): Promise<void>;
  /** Resolves once the faults of so many requests have done their work; at once when they have. */
  struck(count: number): Promise<void>;
}

/** How a fault server speaks. */
export interface FaultServerOptions {
  readonly dialect: Dialect;
  readonly script: Script;
  /** @default its own */
  readonly elsewhere?: string;
}

/** Starts a server that answers its requests with the script's faults in turn, and all further ones with the last. */
export async function startFaultServer(options: FaultServerOptions): Promise<FaultServer> {
  const { dialect, script } = options;
  const sockets = new Set<Socket>();
  let openAnswers = 0;
  let struck = 0;
  const { until, look } = conditions();
  const vendor = await startVendorServer((response, request) => {
    const count = vendor.requests.length;
    const { socket } = response;
    openAnswers += 1;
    response.once("close", () => {
      openAnswers -= 1;
      look();
    });
    if (socket !== null && !sockets.has(socket)) {
      sockets.add(socket);
      // A client that goes away in the middle of an answer is what many faults are about.
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        look();
      });
    }
    const fault = script[Math.min(count, script.length) - 1]!;
    const streaming = dialect.isStreaming(request);
    const done = fault({ request, response, dialect, streaming, elsewhere: options.elsewhere ?? vendor.url });
    void Promise.resolve(done).then(() => {
      struck += 1;
      look();
    });
  });
  return {
    url: vendor.url,
    requests: vendor.requests,
    get openSockets() {
      return sockets.size;
    },
    get openAnswers() {
      return openAnswers;
    },
    allClosed: () => until(() => sockets.size === 0),
    allAnswered: () => until(() => openAnswers === 0),
    struck: (count) => until(() => struck >= count),
    [Symbol.asyncDispose]: () => vendor[Symbol.asyncDispose](),
  };
}

/** Promises that resolve when a condition holds, looked at whenever something changes. */
function conditions() {
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
  return { until, look };
}
