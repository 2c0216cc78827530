import { afterEach, describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { DeclarativeAgent, Flock } from "../../src/entries/index.ts";
import { maxStreamCharacters } from "../../src/models/stream-bounds.ts";
import { maxBodyBytes } from "../../src/models/vendor/bounded-fetch.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { openAiCompatible } from "./dialects/openai-chat.ts";
import { type Fault, type FaultServer, startFaultServer } from "./fault-server.ts";

let server: FaultServer | undefined;

afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

const kibi = 1024;
const mebi = kibi * kibi;
let sent = 0;

/** Sends these texts over and over until the connection is closed, never more than the client takes. */
function endlessly(contentType: string, ...texts: readonly string[]): Fault {
  return async ({ response }) => {
    response.writeHead(200, { "content-type": contentType });
    let go = () => {};
    response.on("drain", () => go());
    response.on("close", () => go());
    for (let index = 0; !response.destroyed; index++) {
      const text = texts[Math.min(index, texts.length - 1)]!;
      sent += text.length;
      if (!response.write(text))
        await new Promise<void>((resolve) => {
          go = resolve;
        });
      else if (index % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
}

function event(delta: object): string {
  const choices = [{ index: 0, delta, finish_reason: null }];
  return `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices })}\n\n`;
}

/** Asks until the end, which must be an error and close the connection; gives the error and the most heap on the way. */
async function ask(fault: Fault, way: "stream" | "execute" = "stream") {
  sent = 0;
  server = await startFaultServer({ dialect: openAiCompatible, script: [fault] });
  const runtime = createTestRuntime({
    fetch: systemRuntime.fetch,
    variables: { OPENAI_COMPATIBLE_BASE_URL: server.url, OPENAI_COMPATIBLE_API_KEY: "canary-key-4711" },
  });
  const flock = new Flock({ runtime, recovery: false });
  const agent = new DeclarativeAgent({
    name: "judge",
    model: "openai-compatible/test-model",
    input: "topic: str",
    output: "verdict: str",
  });
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  }, 50);
  const result = way === "stream" ? agent.stream("x", { flock }).result : agent.execute("x", { flock });
  const error = await result.catch((thrown: unknown) => thrown);
  clearInterval(watching);
  await server.allClosed();
  if (!isFlockError(error, "model_failed")) throw error;
  expect(JSON.stringify(error)).not.toContain("canary");
  return { error, most };
}

describe("a server that never stops", () => {
  it("writing text is cut off at the cap, its connection closed, memory no more than a few answers", async () => {
    const { error, most } = await ask(endlessly("text/event-stream", event({ content: "x".repeat(64 * kibi) })));
    expect(error.details).toMatchObject({ retryable: false, vendorCode: "stream_too_long" });
    expect(sent).toBeLessThan(maxStreamCharacters + 64 * mebi);
    expect(most).toBeLessThan(600 * mebi);
  }, 60_000);

  it("writing reasoning or the input of a tool is cut off there too", async () => {
    const thought = await ask(endlessly("text/event-stream", event({ reasoning_content: "x".repeat(256 * kibi) })));
    expect(thought.error.details).toMatchObject({ vendorCode: "stream_too_long" });
    await server?.[Symbol.asyncDispose]();
    const call = (input: string, first: object = {}) =>
      event({
        tool_calls: [
          { index: 0, ...first, function: { arguments: input, ...(first as { function?: object }).function } },
        ],
      });
    const begin = call("{", { id: "c1", type: "function", function: { name: "search", arguments: "" } });
    const input = await ask(endlessly("text/event-stream", begin, call("x".repeat(256 * kibi))));
    expect(input.error.details).toMatchObject({ vendorCode: "stream_too_long" });
  }, 60_000);

  it("writing one event without its end is cut off at so many bytes", async () => {
    const { error, most } = await ask(endlessly("text/event-stream", 'data: {"x": "', "x".repeat(256 * kibi)));
    expect(error.details).toMatchObject({ retryable: false, vendorCode: "body_too_long" });
    expect(error.message).toContain("openai-compatible/test-model sent an event of more than");
    expect(sent).toBeLessThan(maxBodyBytes + 64 * mebi);
    expect(most).toBeLessThan(400 * mebi);
  }, 60_000);

  it("writing lines of one event is cut off there too, and so is a body that is no stream", async () => {
    const lines = await ask(endlessly("text/event-stream", `data: ${"x".repeat(kibi)}\r\n`.repeat(256)));
    expect(lines.error.details).toMatchObject({ vendorCode: "body_too_long" });
    await server?.[Symbol.asyncDispose]();
    const whole = await ask(endlessly("application/json", '{"x": "', "x".repeat(256 * kibi)), "execute");
    expect(whole.error.details).toMatchObject({ vendorCode: "body_too_long" });
  }, 60_000);
});
