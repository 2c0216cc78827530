import { execFile } from "node:child_process";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FlockError, type FlockErrorCode } from "../../../src/core/errors/errors.ts";
import { classifyFailure } from "../../../src/entries/errors.ts";

const now = Date.UTC(2026, 0, 1);

function own(code: FlockErrorCode, details: object, cause?: unknown): FlockError {
  return new FlockError(code, "it failed", { details: details as never, cause });
}

function coded(code: string, more: object = {}): Error {
  return Object.assign(new Error("it failed"), { code, ...more });
}

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("a FlockError", () => {
  it.each([
    [
      own("rate_limited", { model: "m", retryable: true, retryAfterMs: 7, progress: "sent" }),
      { code: "rate_limited", retryable: true, retryAfterMs: 7, progress: "sent" },
    ],
    [own("quota_exhausted", { model: "m", retryable: false }), { code: "quota_exhausted", retryable: false }],
    [
      own("circuit_open", { key: "m", retryInMs: 9, failures: 3 }),
      { code: "circuit_open", retryable: true, retryAfterMs: 9, progress: "not-sent" },
    ],
    [
      own("timeout", { limit: "between-tokens", timeoutMs: 5, name: "m" }),
      { code: "timeout", retryable: true, progress: "answering" },
    ],
    [own("timeout", { limit: "deadline", timeoutMs: 5, name: "m" }), { code: "timeout", retryable: false }],
    [own("tool_failed", { tool: "t" }), { code: "tool_failed", retryable: false }],
    [
      own("tool_failed", { tool: "t" }, coded("ECONNREFUSED")),
      { code: "tool_failed", retryable: true, progress: "not-sent" },
    ],
    [own("tool_failed", { tool: "t" }, new TypeError("x")), { code: "tool_failed", retryable: false }],
  ])("is classified by code and details, a tool's by what it threw: %s", (error, expected) => {
    expect(classifyFailure(error)).toEqual(expected);
  });
});

describe("an error with an HTTP status", () => {
  it.each([
    [400, "request_refused", false],
    [401, "unauthorized", false],
    [403, "unauthorized", false],
    [404, "request_refused", false],
    [408, "timeout", true],
    [409, "request_refused", true],
    [422, "request_refused", false],
    [425, "request_refused", true],
    [429, "rate_limited", true],
    [500, "server_failed", true],
    [501, "server_failed", false],
    [502, "server_failed", true],
    [503, "overloaded", true],
    [504, "timeout", true],
    [505, "server_failed", false],
    [529, "overloaded", true],
  ])("%i is %s, retryable %s, wherever the status stands", (status, code, retryable) => {
    for (const place of [
      { status },
      { statusCode: status },
      { response: { status } },
      { response: { statusCode: status } },
    ]) {
      expect(classifyFailure(Object.assign(new Error("x"), place))).toEqual({ code, retryable, progress: "sent" });
    }
  });

  it.each([
    [{ headers: { "Retry-After": "3" } }, 3_000],
    [{ headers: { "retry-after": 3 } }, 3_000],
    [{ headers: new Headers({ "retry-after": "Thu, 01 Jan 2026 00:00:05 GMT" }) }, 5_000],
    [{ responseHeaders: { "retry-after-ms": "12" } }, 12],
    [{ response: { headers: new Headers({ "retry-after": "0.5" }) } }, 500],
    [{ headers: { "retry-after": "soon" }, response: { headers: { "retry-after": "2" } } }, 2_000],
    [{ headers: null }, undefined],
    [{ headers: "retry-after: 3" }, undefined],
  ])("is waited for as its headers say: %j", (where, retryAfterMs) => {
    expect(classifyFailure({ status: 429, ...where }, now).retryAfterMs).toBe(retryAfterMs);
  });

  it("is left out where the number is none of an error", () => {
    expect(classifyFailure({ status: 200 })).toEqual({ code: "unknown", retryable: false });
    expect(classifyFailure({ status: "503" })).toEqual({ code: "unknown", retryable: false });
  });
});

describe("an error of the system", () => {
  it.each([
    ["ENOTFOUND", "unreachable", true, "not-sent"],
    ["EAI_AGAIN", "unreachable", true, "not-sent"],
    ["ECONNREFUSED", "unreachable", true, "not-sent"],
    ["ECONNRESET", "unreachable", true, "sent"],
    ["ETIMEDOUT", "unreachable", true, "sent"],
    ["EPIPE", "unreachable", true, "sent"],
    ["UND_ERR_CONNECT_TIMEOUT", "unreachable", true, "not-sent"],
    ["UND_ERR_BODY_TIMEOUT", "unreachable", true, "answering"],
    ["UND_ERR_SOCKET", "unreachable", true, "sent"],
    ["CERT_HAS_EXPIRED", "unreachable", false, "not-sent"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "unreachable", false, "not-sent"],
    ["ERR_STREAM_PREMATURE_CLOSE", "unreachable", true, "sent"],
    ["Z_DATA_ERROR", "damaged", true, "answering"],
    ["HPE_INVALID_CONSTANT", "damaged", true, "sent"],
    ["EMFILE", "system_error", true, "not-sent"],
    ["ENOENT", "system_error", false, "not-sent"],
  ])("%s is %s, retryable %s, %s", (code, expected, retryable, progress) => {
    expect(classifyFailure(coded(code))).toEqual({ code: expected, retryable, progress });
    const inside = new TypeError("fetch failed", { cause: coded(code) });
    expect(classifyFailure(inside)).toEqual({ code: expected, retryable, progress });
  });

  it("was never sent when it was connecting, to one address or several", () => {
    const refused = coded("ECONNRESET", { syscall: "connect" });
    const handshake = coded("ECONNRESET");
    handshake.message = "Client network socket disconnected before secure TLS connection was established";
    const several = Object.assign(new AggregateError([coded("ETIMEDOUT", { syscall: "connect" })]), {
      code: "ETIMEDOUT",
    });
    for (const error of [refused, handshake, several]) expect(classifyFailure(error).progress).toBe("not-sent");
    const unnamed = new AggregateError([coded("ECONNREFUSED")]);
    expect(classifyFailure(unnamed)).toEqual({ code: "unreachable", retryable: true, progress: "not-sent" });
  });

  it("is known by fetch's words where there is no code", () => {
    expect(classifyFailure(new TypeError("fetch failed"))).toMatchObject({ code: "unreachable", retryable: true });
    expect(classifyFailure(new TypeError("terminated"))).toMatchObject({ retryable: true, progress: "answering" });
  });

  it("is known as Node throws it", async () => {
    const server = createServer((request) => request.socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const dropped = await thrownBy(fetch(`http://127.0.0.1:${port}`));
    expect(classifyFailure(dropped)).toEqual({ code: "unreachable", retryable: true, progress: "sent" });
    server.close();
    await once(server, "close");
    const notSent = { code: "unreachable", retryable: true, progress: "not-sent" };
    expect(classifyFailure(await thrownBy(fetch(`http://127.0.0.1:${port}`)))).toEqual(notSent);
    const socket = connect(port, "127.0.0.1");
    const [refused] = await once(socket, "error");
    expect(classifyFailure(refused)).toEqual(notSent);
    expect(classifyFailure(await thrownBy(lookup("no-such-host.invalid")))).toEqual(notSent);
    const address2 = await thrownBy(fetch("ftp://127.0.0.1"));
    expect(classifyFailure(address2)).toEqual({ code: "unreachable", retryable: false, progress: "not-sent" });
    const file = await thrownBy(readFile("/no/such/file"));
    expect(classifyFailure(file)).toEqual({ code: "system_error", retryable: false, progress: "not-sent" });
    const program = await thrownBy(promisify(execFile)("no-such-program-here"));
    expect(classifyFailure(program)).toMatchObject({ code: "system_error", retryable: false });
  });
});

describe("any other error", () => {
  it.each([
    ["an abort", AbortSignal.abort().reason, { code: "cancelled", retryable: false }],
    ["a timeout of the platform", new DOMException("x", "TimeoutError"), { code: "timeout", retryable: true }],
    ["a mistake in code", new TypeError("x is not a function"), { code: "program_error", retryable: false }],
    [
      "a failed assertion",
      Object.assign(new Error("x"), { name: "AssertionError" }),
      { code: "program_error", retryable: false },
    ],
    ["a plain error", new Error("x"), { code: "unknown", retryable: false }],
    ["a code of somebody's own", coded("MY_CODE"), { code: "unknown", retryable: false }],
    ["a word", "x", { code: "unknown", retryable: false }],
    ["nothing", undefined, { code: "unknown", retryable: false }],
  ])("is classified: %s", (_, error, expected) => {
    expect(classifyFailure(error)).toEqual(expected);
  });

  it("never makes it throw, whatever it is", () => {
    const trap = () => {
      throw new Error("hostile");
    };
    const traps = { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap, getOwnPropertyDescriptor: trap };
    expect(classifyFailure(new Proxy(new Error("x"), traps))).toEqual({ code: "unknown", retryable: false });
    const getters = Object.defineProperties(new Error("x"), {
      status: { get: trap },
      code: { get: trap },
      cause: { get: trap },
    });
    expect(classifyFailure(getters)).toEqual({ code: "unknown", retryable: false });
    const cyclic: { cause?: unknown; errors?: unknown[] } = {};
    cyclic.cause = cyclic;
    cyclic.errors = [cyclic];
    expect(classifyFailure(cyclic)).toEqual({ code: "unknown", retryable: false });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(classifyFailure(proxy)).toEqual({ code: "unknown", retryable: false });
    expect(classifyFailure({ status: 429, headers: { get: trap } })).toEqual({ code: "unknown", retryable: false });
    const ofItself = own("tool_failed", { tool: "t" });
    Object.defineProperty(ofItself, "cause", { value: ofItself });
    expect(classifyFailure(ofItself)).toEqual({ code: "tool_failed", retryable: false });
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (thrown) => {
        const { code, retryable } = classifyFailure(thrown, now);
        expect([typeof code, typeof retryable]).toEqual(["string", "boolean"]);
      }),
    );
  });
});
