import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FlockError, isFlockError, type ModelFailureCode, modelFailureOf } from "../../src/core/errors/errors.ts";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { modelError } from "../../src/models/vendor/model-error.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { callContext, callModel } from "./call-context.ts";
import { errorShapes, systemCodes } from "./error-shapes.ts";
import { vendorKey, vendorModels } from "./vendor-models.ts";
import { events, json, startVendorServer, type VendorServer } from "./vendor-server.ts";

const request = { prompt: [{ role: "user" as const, content: [{ type: "text" as const, text: "canary-input" }] }] };

function asFailure(error: unknown): FlockError<ModelFailureCode> {
  if (!isFlockError<ModelFailureCode>(error) || modelFailureOf(error) === undefined) throw error;
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/canary|bearer|x-api-key:/i);
  return error;
}

describe("an error as its vendor documents it", () => {
  let server: VendorServer;
  beforeEach(async () => {
    server = await startVendorServer(json(200, {}));
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
  });

  it("comes in more than sixty shapes, each named once", () => {
    const names = errorShapes.map(({ vendor, what }) => `${vendor} ${what}`);
    expect(names.length).toBeGreaterThan(60);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(errorShapes.flatMap((shape) => [false, true].map((deltas) => ({ ...shape, deltas }))))(
    "is $code, retryable $retryable: $vendor, $what ($status, streaming: $deltas)",
    async ({ vendor, status, body, headers, code, retryable, retryAfterMs, deltas }) => {
      const isStream = deltas && status === 200;
      server.answer = isStream
        ? events([body])
        : json(status, body, { "set-cookie": "canary=1", "x-request-id": "req_7", ...headers });
      const { models, runtime } = vendorModels(server.url);
      const context = callContext({ runtime: { ...runtime, now: () => Date.UTC(2026, 0, 1) }, deltas }).context;
      const error = asFailure(await callModel(models[vendor], request, context).catch((caught: unknown) => caught));
      expect({ code: error.code, retryable: error.retryable, wait: error.details.retryAfterMs }).toEqual({
        code,
        retryable,
        wait: retryAfterMs,
      });
      expect(error.details).toMatchObject({ status: status === 200 ? 429 : status, retryable, progress: "sent" });
      expect(error.message).not.toContain(vendorKey);
      expect(server.requests).toHaveLength(1);
    },
  );
});

describe("a code of Node's", () => {
  it.each(systemCodes)("is model_unreachable: %s, retryable %s, %s (%s)", (code, retryable, progress, syscall) => {
    const cause = Object.assign(new Error("canary"), { code, ...(syscall === undefined ? {} : { syscall }) });
    const error = asFailure(modelError(new TypeError("fetch failed", { cause }), "openai/gpt-5"));
    expect(error).toMatchObject({ code: "model_unreachable", retryable, details: { vendorCode: code, progress } });
  });

  it("is found where several addresses were tried", () => {
    const tried = ["ECONNREFUSED", "ENETUNREACH"].map((code) =>
      Object.assign(new Error(), { code, syscall: "connect" }),
    );
    const cause = Object.assign(new AggregateError(tried), { code: "ETIMEDOUT" });
    const error = asFailure(modelError(new TypeError("fetch failed", { cause }), "openai/gpt-5"));
    expect(error.details).toMatchObject({ vendorCode: "ETIMEDOUT", progress: "not-sent", retryable: true });
  });
});

/** Answers on a socket by hand, and gives the error of a call to it. */
async function callTo(server: Server, scheme = "http", deltas = false) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  try {
    const { models, runtime } = vendorModels(`${scheme}://127.0.0.1:${port}`);
    const { context } = callContext({ runtime, deltas });
    return asFailure(await callModel(models.compatible, request, context).catch((caught: unknown) => caught));
  } finally {
    server.close();
  }
}

/** Once the request is there, does something to its socket. */
function answering(act: (socket: Socket) => void): Server {
  return createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => act(socket));
  });
}

/** Closes once the client has what was written: a close may overtake what is on its way. */
function breakAfter(socket: Socket, written: string): void {
  const turn = (left: number): unknown => (left === 0 ? socket.destroy() : setImmediate(turn, left - 1));
  socket.write(written, () => turn(20));
}

describe("a connection that fails for real", () => {
  it("was never made to a port where nobody listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    server.close();
    await once(server, "close");
    const { models, runtime } = vendorModels(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
    const call = callModel(models.compatible, request, callContext({ runtime }).context);
    const error = asFailure(await call.catch((caught: unknown) => caught));
    expect(error).toMatchObject({
      code: "model_unreachable",
      details: { vendorCode: "ECONNREFUSED", retryable: true, progress: "not-sent" },
    });
  });

  it("was never made to a name that does not exist", async () => {
    const { models, runtime } = vendorModels("http://no-such-host.invalid");
    const call = callModel(models.compatible, request, callContext({ runtime }).context);
    const error = asFailure(await call.catch((caught: unknown) => caught));
    expect(error).toMatchObject({ code: "model_unreachable", details: { retryable: true, progress: "not-sent" } });
    expect(error.details.vendorCode).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
  });

  it("is reset once the request was sent", async () => {
    const error = await callTo(answering((socket) => socket.resetAndDestroy()));
    expect(error).toMatchObject({ code: "model_unreachable", details: { retryable: true, progress: "sent" } });
  });

  it.each([false, true])("is closed in the middle of a body (streaming: %s)", async (deltas) => {
    const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
    const server = answering((socket) => breakAfter(socket, `${head}{"id":"canary`));
    const error = await callTo(server, "http", deltas);
    expect(error).toMatchObject({ code: "model_unreachable", details: { retryable: true, progress: "answering" } });
    expect(error.message).toContain("broke in the middle of its answer");
  });

  it("is closed after the headers, before any of the body came", async () => {
    const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
    const server = answering((socket) => breakAfter(socket, head));
    expect((await callTo(server)).details).toMatchObject({ retryable: true, progress: "sent" });
  });

  it("speaks no HTTP", async () => {
    const error = await callTo(answering((socket) => socket.end("220 mail.test ESMTP\r\n")));
    expect(error).toMatchObject({ code: "model_failed", details: { retryable: true, progress: "sent" } });
  });

  it("does not speak TLS where it is asked to", async () => {
    const error = await callTo(
      answering((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
      "https",
    );
    expect(error).toMatchObject({ code: "model_unreachable", details: { retryable: false, progress: "not-sent" } });
  });

  it("has a certificate that nobody signed, and says what to do", async () => {
    const folder = mkdtempSync(join(tmpdir(), "flock-tls-"));
    try {
      const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const subject = ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
      const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...subject];
      execFileSync("openssl", made, { stdio: "ignore" });
      const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, () => {});
      const error = await callTo(server as unknown as Server, "https");
      expect(error).toMatchObject({
        code: "model_unreachable",
        retryable: false,
        details: { vendorCode: "DEPTH_ZERO_SELF_SIGNED_CERT", progress: "not-sent" },
      });
      expect(error.message).toContain("NODE_EXTRA_CA_CERTS");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is refused by the client itself for an address of no kind it knows", async () => {
    const { models } = vendorModels("ftp://127.0.0.1");
    const { context } = callContext({ runtime: createTestRuntime({ fetch: systemRuntime.fetch }) });
    const error = asFailure(await callModel(models.compatible, request, context).catch((caught: unknown) => caught));
    expect(error).toMatchObject({ retryable: false, details: { progress: "not-sent" } });
  });
});

describe("an error that cannot be read", () => {
  it("is model_failed all the same", () => {
    const trap = () => {
      throw new Error("canary");
    };
    const hostile = new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap });
    expect(asFailure(modelError(hostile, "m/x"))).toMatchObject({ code: "model_failed", retryable: false });
    const cyclic: { cause?: unknown } = {};
    cyclic.cause = cyclic;
    expect(asFailure(modelError(cyclic, "m/x"))).toMatchObject({ code: "model_failed", retryable: false });
  });
});
