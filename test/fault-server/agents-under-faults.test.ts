import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { type FlockError, isFlockError } from "../../src/core/errors.ts";
import { systemRuntime } from "../../src/core/system-runtime.ts";
import { DeclarativeAgent, Flock, tool } from "../../src/entries/index.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { type Fault, type FaultServer, startFaultServer } from "./fault-server.ts";
import {
  answer,
  body,
  bytesBefore,
  callTool,
  drip,
  duplicated,
  emptyChoices,
  errorInBody,
  reset,
  stallAfter,
  stallBeforeHeaders,
  status,
  streamWithout,
} from "./faults.ts";

const key = "canary-key-4711";
const value = { verdict: "Bär 🐻 größer", score: 7 };
const text = JSON.stringify(value);
const now = Date.UTC(2026, 0, 1);
const ways = ["execute", "stream"] as const;
type Way = (typeof ways)[number];

const search = tool({
  name: "search",
  description: "Searches.",
  input: "query: str",
  execute: () => ({ found: "bears" }),
});

let server: FaultServer | undefined;

afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

async function start(way: Way, script: readonly [Fault, ...Fault[]], signal?: AbortSignal) {
  server = await startFaultServer(script);
  const runtime = createTestRuntime({
    now,
    fetch: systemRuntime.fetch,
    variables: { OPENAI_COMPATIBLE_BASE_URL: server.url, OPENAI_COMPATIBLE_API_KEY: key },
  });
  const flock = new Flock({ runtime });
  const agent = new DeclarativeAgent({
    name: "judge",
    model: "openai-compatible/test-model",
    input: "topic: str",
    output: "verdict: str, score: int",
    tools: [search],
  });
  const options = { flock, ...(signal === undefined ? {} : { signal }) };
  if (way === "execute") return { server, result: agent.execute("bears", options), partials: undefined };
  const stream = agent.stream("bears", options);
  return { server, result: stream.result, partials: stream.partials };
}

/** Runs until the end, which must be an error without a secret, and gives it. */
async function failure(way: Way, ...script: [Fault, ...Fault[]]): Promise<FlockError> {
  const { result } = await start(way, script);
  const error = await result.then(
    (given) => expect.fail(`expected an error, got ${JSON.stringify(given)}`),
    (thrown: unknown) => thrown,
  );
  if (!isFlockError(error)) throw error;
  expectClean(error);
  expect(error.path).toMatch(/^run\/judge#0/);
  return error;
}

function expectClean(error: unknown): void {
  const everything = inspect(error, { depth: 20, showHidden: true });
  expect(everything).not.toContain(key);
  expect(everything).not.toMatch(/authorization|bearer/i);
}

describe.each(ways)("an agent whose model's server fails, asked by %s", (way) => {
  const streaming = way === "stream";

  it("gives the answer when nothing fails", async () => {
    const { server, result } = await start(way, [answer(text)]);
    expect(await result).toEqual(value);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.body.stream ?? false).toBe(streaming);
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${key}`);
  });

  it.each([
    [400, false],
    [401, false],
    [403, false],
    [404, false],
    [408, true],
    [409, true],
    [413, false],
    [422, false],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [529, true],
  ])("ends with one typed error after status %i", async (code, retryable) => {
    const error = await failure(way, status(code, `no, not with ${key}`, {}, "some_code"));
    expect(error.code).toBe("model_failed");
    expect(error.details).toEqual({
      model: "openai-compatible/test-model",
      status: code,
      retryable,
      vendorCode: "some_code",
    });
    expect(error.message).toContain(`status ${code}`);
    expect(server?.requests).toHaveLength(1);
  });

  it.each([
    ["whole seconds", { "retry-after": "7" }, 7_000],
    ["a fraction of a second", { "retry-after": "0.25" }, 250],
    ["an HTTP date", { "retry-after": new Date(now + 90_000).toUTCString() }, 90_000],
    ["an HTTP date that passed", { "retry-after": new Date(now - 90_000).toUTCString() }, 0],
    ["milliseconds", { "retry-after-ms": "1234", "retry-after": "9" }, 1_234],
    ["milliseconds that are junk beside seconds", { "retry-after-ms": "soon", "retry-after": "9" }, 9_000],
    ["junk", { "retry-after": "after lunch" }, undefined],
    ["nothing", {}, undefined],
  ])("reads how long to wait from %s", async (_, headers, retryAfterMs) => {
    const error = await failure(way, status(429, "slow down", headers as Record<string, string>));
    expect(error.details).toMatchObject({ status: 429, retryable: true });
    expect((error.details as { retryAfterMs?: number }).retryAfterMs).toBe(retryAfterMs);
  });

  it.each([
    ["before the first byte", reset(text)],
    ["after some bytes", reset(text, bytesBefore(text, "score", streaming))],
  ])("calls a connection that is reset %s retryable", async (_, fault) => {
    const error = await failure(way, fault);
    expect(error).toMatchObject({ code: "model_failed", details: { retryable: true } });
    expect(error.details).not.toHaveProperty("retryAfterMs");
  });

  it.each([
    ["byte by byte", drip(text)],
    ["in pieces that cut tokens and characters", drip(text, 7)],
    ["in pieces of three bytes", drip(text, 3)],
  ])("puts an answer together that comes %s", async (_, fault) => {
    const { result } = await start(way, [fault]);
    expect(await result).toEqual(value);
  });

  it.each([
    ["HTML", body(`<html><body>gateway ${key}</body></html>`, "text/html")],
    ["JSON of another shape", body(`{"hello":"${key}"}`)],
    ["JSON that is cut", body('{"id":"chat-1","choices":[{"mess')],
    ["an empty body", body("")],
  ])("ends with a retryable error after %s at status 200", async (_, fault) => {
    const error = await failure(way, fault);
    expect(error).toMatchObject({ code: "model_failed", details: { retryable: true } });
  });

  it("ends with one typed error when there are no choices", async () => {
    const error = await failure(way, emptyChoices);
    expect(error).toMatchObject({ code: "model_failed", details: { retryable: true } });
  });

  it("ends with one typed error after an error object at status 200", async () => {
    const error = await failure(way, errorInBody(text, { message: `overloaded, ${key}`, type: "server_error" }));
    expect(error).toMatchObject({ code: "model_failed", details: { retryable: true } });
  });

  it("tells the model that a tool does not exist, and goes on", async () => {
    const { server, result } = await start(way, [callTool("serach", '{"query":"bears"}'), answer(text)]);
    expect(await result).toEqual(value);
    expect(JSON.stringify(server.requests[1]?.body.messages)).toContain("did you mean search?");
  });

  it("ends with one typed error when a model calls tools for ever", async () => {
    const error = await failure(way, callTool("nothing", "{}"));
    expect(error).toMatchObject({ code: "steps_exhausted", details: { agent: "judge", maxSteps: 8 } });
    expect(server?.requests).toHaveLength(8);
  });

  it("asks again after a wrong answer, then ends with one typed error that points at it", async () => {
    const { result } = await start(way, [answer('{"verdict":"x","score":"many"}'), answer(text)]);
    expect(await result).toEqual(value);
    await server?.[Symbol.asyncDispose]();
    const error = await failure(way, answer('{"verdict":"x","score":"many"}'));
    expect(error).toMatchObject({ code: "output_invalid", details: { pointer: "/score", attempts: 2 } });
    expect(server?.requests).toHaveLength(2);
  });

  it("takes a stream without [DONE], and calls one without its end cut", async () => {
    const { result } = await start(way, [streamWithout(text, "[DONE]")]);
    expect(await result).toEqual(value);
    await server?.[Symbol.asyncDispose]();
    if (!streaming) return;
    const error = await failure(way, streamWithout(text, "finish and [DONE]"));
    expect(error).toMatchObject({ code: "model_failed", details: { retryable: true } });
  });

  // Nothing in the protocol tells a piece sent twice from a word said twice: mending may still find an object of the right shape.
  it("ends with a valid value or one typed error when the pieces of an answer come twice", async () => {
    const { result } = await start(way, [duplicated(text)]);
    const end: unknown = await result.catch((error: unknown) => error);
    if (isFlockError(end)) return expectClean(end);
    expect(end).toEqual(streaming ? { verdict: expect.any(String), score: 7 } : value);
  });

  it.each([
    ["before the headers", stallBeforeHeaders],
    ["in the middle of the answer", stallAfter(text, bytesBefore(text, "score", streaming))],
  ])("ends at once when it is aborted while the server stalls %s, and leaves no connection", async (_, fault) => {
    const controller = new AbortController();
    const { server, result, partials } = await start(way, [fault], controller.signal);
    await server.received(1);
    if (partials !== undefined && fault !== stallBeforeHeaders) {
      for await (const partial of partials) if (partial.verdict !== undefined) break;
    }
    const reason = new Error("the user left");
    const ended = result.catch((error: unknown) => error);
    controller.abort(reason);
    expect(await ended).toBe(reason);
    await server.allClosed();
    expect(server.openSockets).toBe(0);
    expect(server.requests).toHaveLength(1);
  });
});
