/** Answers scrapes of Prometheus over HTTP, as a handler for a server of the user's or on a small server of its own. */

import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { FlockError } from "../core/errors/errors.ts";
import { checkOptions, nonEmptyString, type OptionCheck, objectOption, optionError } from "../core/errors/options.ts";
import { formatOf } from "./accepted-format.ts";
import { type MetricsFormat, metricsContentTypes } from "./prometheus-text.ts";

/** What can be scraped: a `MetricsProvider`, or anything that writes its metrics as text. */
export interface MetricsSource {
  prometheusText(options: { readonly format?: MetricsFormat }): string;
}

/** What is served. */
export interface MetricsEndpointOptions {
  readonly metrics: MetricsSource;
}

/** Where the endpoint's own server listens. */
export interface ListenOptions {
  /** 0 takes one that is free. */
  readonly port: number;
  /** `0.0.0.0` lets other machines scrape, which a container needs. @default "127.0.0.1" */
  readonly host?: string;
}

/** A server that listens until it is disposed. It does not keep the process alive. */
export interface MetricsServer extends AsyncDisposable {
  /** The address to scrape, such as `http://127.0.0.1:9464/metrics`. */
  readonly url: string;
  readonly port: number;
}

const metricsPath = "/metrics";
const mostConnections = 64;
const slowestRequestMs = 10_000;

/**
 * Serves metrics as the scraper prefers by its `Accept`: OpenMetrics 1.0, or the text format 0.0.4 when it has no
 * preference. `GET` and `HEAD` alone are answered; others get 405. No answer says more than the metrics do.
 */
export class MetricsEndpoint {
  /** Answers a request whatever its path is: `createServer(endpoint.handler)`, or one route of a larger server. */
  readonly handler: RequestListener;
  readonly #metrics: MetricsSource;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(options: MetricsEndpointOptions) {
    checkOptions("MetricsEndpoint", options, { metrics: sourceOption });
    if (options.metrics === undefined) throw optionError("MetricsEndpoint", "metrics", "a MetricsProvider", undefined);
    this.#metrics = options.metrics;
    this.handler = (request, response) => this.#answer(request, response);
  }

  /**
   * Starts a server that answers at `/metrics` and nowhere else.
   *
   * @throws option_invalid for a wrong option, and for a host and port that cannot be listened on.
   */
  async listen(options: ListenOptions): Promise<MetricsServer> {
    checkOptions("MetricsEndpoint.listen", options, { port: portOption, host: nonEmptyString });
    const { port, host = "127.0.0.1" } = options;
    if (port === undefined) throw optionError("MetricsEndpoint.listen", "port", portExpected, undefined);
    const { createServer } = await import("node:http");
    const server = createServer((request, response) => {
      if (request.url?.split("?", 1)[0] === metricsPath) this.handler(request, response);
      else sendStatus(response, 404);
    });
    server.maxConnections = mostConnections;
    server.requestTimeout = slowestRequestMs;
    server.headersTimeout = slowestRequestMs;
    server.on("connection", (socket) => socket.unref());
    await listening(server, port, host);
    server.unref();
    return serverHandle(server, host);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method } = request;
    if (method !== "GET" && method !== "HEAD") return sendStatus(response, 405, { allow: "GET, HEAD" });
    let text: string;
    const format = formatOf(request.headers.accept);
    try {
      text = this.#metrics.prometheusText({ format });
    } catch {
      return sendStatus(response, 500);
    }
    response.writeHead(200, {
      "content-type": metricsContentTypes[format],
      "content-length": Buffer.byteLength(text),
      "cache-control": "no-store",
      vary: "Accept",
    });
    response.end(method === "HEAD" ? undefined : text);
  }
}

function sendStatus(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { ...headers, "content-length": 0 });
  response.end();
}

function listening(server: Server, port: number, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (cause: NodeJS.ErrnoException) => reject(listenError(port, host, cause)));
  server.listen(port, host, () => {
    server.removeAllListeners("error");
    // An error of the socket later on, such as too many open files, must not end the process.
    server.on("error", () => {});
    resolve();
  });
  return promise;
}

function listenError(port: number, host: string, cause: NodeJS.ErrnoException): FlockError<"option_invalid"> {
  const option = cause.code === "EADDRINUSE" || cause.code === "EACCES" ? "port" : "host";
  const received = `${host}:${port}`;
  const expected = "an address this process may listen on";
  const message = `MetricsEndpoint.listen: "${option}" must be ${expected}; ${received} gave ${cause.code}; choose another port, 0 for any that is free, or another host`;
  return new FlockError("option_invalid", message, { details: { option, expected, received }, cause });
}

function serverHandle(server: Server, host: string): MetricsServer {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}${metricsPath}`,
    port,
    [Symbol.asyncDispose]: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      // A second disposal finds the server closed, which is what was asked for.
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}

const sourceOption: OptionCheck = (value) =>
  objectOption(value) === undefined && typeof (value as MetricsSource).prometheusText === "function"
    ? undefined
    : "a MetricsProvider";

const portExpected = "a port, 0 to 65535";
const portOption: OptionCheck = (value) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535 ? undefined : portExpected;
