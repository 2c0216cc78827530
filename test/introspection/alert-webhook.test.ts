import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { AlertFiredEvent } from "../../src/core/events/event.ts";
import type { Runtime } from "../../src/core/runtime/runtime.ts";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { AlertWebhook } from "../../src/introspection/watch/alert-webhook.ts";
import type { WebhookOptions } from "../../src/introspection/watch/webhook-options.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
type Answer = (response: ServerResponse, count: number) => void;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(answer: Answer): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers, body });
    answer(response, received.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

/** The real network under a clock whose waits between attempts take no time, and tell how long they were to be. */
function hurried(): { runtime: Runtime; waits: number[] } {
  const waits: number[] = [];
  const setTimer: Runtime["setTimer"] = (callback, ms) => {
    if (ms >= 2_000 || ms === 50) return systemRuntime.setTimer(callback, ms);
    waits.push(ms);
    return systemRuntime.setTimer(callback, 0);
  };
  return { runtime: { ...systemRuntime, setTimer, random: () => 0.25 }, waits };
}

function fired(alert: string): AlertFiredEvent {
  const head = { v: 1, type: "alert-fired", runId: "r1", path: "run", time: 1_700_000_000_000 } as const;
  return { ...head, alert, severity: "critical", value: 900, threshold: 500 };
}

const ok: Answer = (response) => void response.writeHead(204).end();
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end("no");

async function sendTo(answer: Answer, options: Partial<WebhookOptions> = {}) {
  const { url, received } = await serve(answer);
  const { runtime, waits } = hurried();
  const webhook = new AlertWebhook({ url, ...options }, runtime);
  webhook.send(fired("slow"));
  await webhook.close(5_000);
  return { webhook, received, waits };
}

describe("AlertWebhook", () => {
  it("posts what happened as JSON, signed so that the receiver can check it", async () => {
    const secret = "a secret of some length";
    const { webhook, received } = await sendTo(ok, { secret, headers: { authorization: "Bearer mine" } });
    expect(webhook.counts).toEqual({ delivered: 1, pending: 0, dropped: 0, lastFailure: undefined });
    const { headers, body } = received[0]!;
    const told = JSON.parse(body) as { id: string };
    expect(told).toEqual({
      ...{ id: expect.any(String), v: 1, type: "alert-fired", runId: "r1", time: 1_700_000_000_000 },
      ...{ alert: "slow", severity: "critical", value: 900, threshold: 500 },
    });
    expect(headers).toMatchObject({ authorization: "Bearer mine", "content-type": "application/json" });
    expect(headers["flock-delivery"]).toBe(told.id);
    const [, seconds, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers["flock-signature"] as string)!;
    expect(signature).toBe(createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex"));
    expect(body).not.toContain(secret);
  });

  it("tries again after a 500 with growing jitter, the same message each time", async () => {
    const { webhook, received, waits } = await sendTo((response, count) =>
      (count < 4 ? status(500) : ok)(response, count),
    );
    expect(webhook.counts).toMatchObject({ delivered: 1, dropped: 0, lastFailure: "status 500" });
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(received).toHaveLength(4);
    expect(waits).toEqual([500, 1_000]);
  });

  it("waits as long as it is asked to, within a minute", async () => {
    const { waits } = await sendTo((response, count) =>
      (count === 1 ? status(429, { "retry-after": "1" }) : ok)(response, count),
    );
    expect(waits).toEqual([1_000]);
  });

  it("gives up after its attempts, and goes on with the next message", async () => {
    const { url, received } = await serve((response, count) => (count <= 2 ? status(503) : ok)(response, count));
    const webhook = new AlertWebhook({ url, attempts: 2 }, hurried().runtime);
    webhook.send(fired("first"));
    webhook.send(fired("second"));
    await webhook.close(5_000);
    expect(webhook.counts).toMatchObject({ delivered: 1, dropped: 1 });
    expect(received.map(({ body }) => (JSON.parse(body) as { alert: string }).alert)).toEqual([
      "first",
      "first",
      "second",
    ]);
  });

  it.each([301, 302, 307, 308, 400, 401, 404, 410])("drops a message that is answered with %i", async (code) => {
    const { webhook, received } = await sendTo(status(code, { location: "http://127.0.0.1:1/elsewhere" }));
    expect(received).toHaveLength(1);
    expect(webhook.counts).toEqual({ delivered: 0, pending: 0, dropped: 1, lastFailure: `status ${code}` });
  });

  it("gives up on an answer that does not come in time", async () => {
    const { webhook } = await sendTo(() => {}, { timeoutMs: 50, attempts: 2 });
    expect(webhook.counts).toMatchObject({ delivered: 0, dropped: 1, lastFailure: "timeout" });
  });

  it("holds no more than it may while the address is down, counts the rest, and never throws", async () => {
    const webhook = new AlertWebhook({ url: "http://127.0.0.1:9/", maxPending: 3, attempts: 2 }, hurried().runtime);
    for (let index = 0; index < 10; index++) webhook.send(fired(`${index}`));
    expect(webhook.counts).toMatchObject({ pending: 3, dropped: 7, lastFailure: "full" });
    await webhook.close(5_000);
    expect(webhook.counts).toMatchObject({ delivered: 0, pending: 0, dropped: 10, lastFailure: "unreachable" });
    webhook.send(fired("late"));
    expect(webhook.counts).toMatchObject({ pending: 0, dropped: 11 });
  });

  it("stops waiting for the next attempt when it is closed", async () => {
    const runtime = createTestRuntime({ fetch: async () => new Response("", { status: 500 }) });
    const webhook = new AlertWebhook({ url: "https://example.com/" }, runtime);
    webhook.send(fired("slow"));
    await runtime.clock.settle();
    expect([webhook.counts.pending, runtime.clock.pendingTimers]).toEqual([1, 0]);
    const closing = webhook.close(10);
    await runtime.clock.advance(10);
    await closing;
    expect(webhook.counts).toEqual({ delivered: 0, pending: 0, dropped: 1, lastFailure: "closed" });
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it.each([
    [{}, "url"],
    [{ url: "example.com/hook" }, "url"],
    [{ url: "ftp://example.com/" }, "url"],
    [{ url: "javascript:alert(1)" }, "url"],
    [{ url: "http://example.com/" }, "url"],
    [{ url: "http://127.0.0.1.example.com/" }, "url"],
    [{ url: "https://user:hunter2hunter2@example.com/" }, "url"],
    [{ url: "https://example.com/", secret: "hunter2" }, "secret"],
    [{ url: "https://example.com/", headers: { "bad name": "hunter2" } }, "headers"],
    [{ url: "https://example.com/", headers: { good: "hunter2\n" + "x: y" } }, "headers"],
    [{ url: "https://example.com/", attempts: 0 }, "attempts"],
    [{ url: "https://example.com/", timeoutMs: Number.NaN }, "timeoutMs"],
    [{ url: "https://example.com/", urll: 1 }, "urll"],
  ])("refuses %j without repeating a secret", (options, option) => {
    const make = () => new AlertWebhook(options as WebhookOptions, systemRuntime);
    expect(make).toThrow(
      expect.objectContaining({ code: "option_invalid", details: expect.objectContaining({ option }) }),
    );
    expect(make).not.toThrow("hunter2");
  });

  it("posts to other machines over plain http only when told so", () => {
    expect(new AlertWebhook({ url: "http://example.com/", allowHttp: true }, systemRuntime).counts.pending).toBe(0);
  });
});
