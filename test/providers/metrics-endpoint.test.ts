import { execFile } from "node:child_process";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { formatOf } from "../../src/providers/accepted-format.ts";
import { MetricsEndpoint, type MetricsServer } from "../../src/providers/metrics-endpoint.ts";
import { MetricsProvider } from "../../src/providers/metrics-provider.ts";
import { eventsOf } from "../introspection/run-events.ts";
import { readMetrics } from "./metrics-lines.ts";

const oddName = 'a"b\\c\nd}';
/** What Prometheus 3 sends. */
const prometheusAccept =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

function filled(): MetricsProvider {
  const metrics = new MetricsProvider();
  const calls = [
    { name: oddName, ms: 40, tokens: 40 },
    { name: "slow", ms: 999_999, outcome: "error" as const, code: "timeout" },
  ];
  for (const event of eventsOf({ name: "flow", kind: "pattern", calls }, { runId: "r" })) metrics.handle(event);
  return metrics;
}

async function scrape(server: MetricsServer, accept?: string, method = "GET") {
  const response = await fetch(server.url, { method, ...(accept === undefined ? {} : { headers: { accept } }) });
  return { response, text: await response.text() };
}

/** Sees what a parser of single lines cannot: HELP, then TYPE, then samples of that family alone, +Inf last and whole. */
function checkOrder(text: string): void {
  const blocks = text
    .replace(/# EOF\n$/, "")
    .split(/^(?=# HELP )/m)
    .filter((block) => block !== "");
  expect(blocks.length).toBeGreaterThan(5);
  for (const block of blocks) {
    const [help = "", type = "", ...samples] = block.trimEnd().split("\n");
    const name = /^# HELP (\S+) ./.exec(help)?.[1] ?? "";
    const kind = /^# TYPE (\S+) (\w+)$/.exec(type);
    expect(kind?.[1], block).toBe(name);
    expect(samples.length, block).toBeGreaterThan(0);
    for (const sample of samples) expect(sample.startsWith(name), sample).toBe(true);
    if (kind?.[2] === "histogram") checkBuckets(name, samples);
  }
}

function checkBuckets(name: string, lines: readonly string[]): void {
  let last = Number.NEGATIVE_INFINITY;
  let below = 0;
  for (const { name: sample, labels, value } of readMetrics(`${lines.join("\n")}\n`).samples) {
    if (sample === `${name}_bucket`) {
      const bound = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
      expect(bound).toBeGreaterThan(last);
      expect(value).toBeGreaterThanOrEqual(last === Number.NEGATIVE_INFINITY ? 0 : below);
      last = bound;
      below = value;
    } else if (sample === `${name}_count`) {
      expect(last, `${name} ends without +Inf`).toBe(Number.POSITIVE_INFINITY);
      expect(value).toBe(below);
      last = Number.NEGATIVE_INFINITY;
    }
  }
}

describe("MetricsEndpoint", () => {
  it("answers a scrape in the format 0.0.4, every line readable and in order", async () => {
    await using server = await new MetricsEndpoint({ metrics: filled() }).listen({ port: 0 });
    const { response, text } = await scrape(server, "text/plain;version=0.0.4");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(response.headers.get("vary")).toBe("Accept");
    const { samples } = readMetrics(text);
    expect(samples.find(({ labels }) => labels.name === oddName && labels.outcome === "ok")?.value).toBe(1);
    checkOrder(text);
    expect(text).not.toContain("# EOF");
  });

  it("answers what Prometheus sends with OpenMetrics, which ends in # EOF", async () => {
    await using server = await new MetricsEndpoint({ metrics: filled() }).listen({ port: 0 });
    const { response, text } = await scrape(server, prometheusAccept);
    expect(response.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(text.endsWith("\n# EOF\n")).toBe(true);
    expect(readMetrics(text, true).types.get("flock_calls")).toBe("counter");
    checkOrder(text);
  });

  it("gives a HEAD the same headers without the text", async () => {
    await using server = await new MetricsEndpoint({ metrics: filled() }).listen({ port: 0 });
    const [got, head] = [await scrape(server), await scrape(server, undefined, "HEAD")];
    expect(head.text).toBe("");
    expect(head.response.status).toBe(200);
    for (const name of ["content-type", "content-length"])
      expect(head.response.headers.get(name)).toBe(got.response.headers.get(name));
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("refuses %s", async (method) => {
    await using server = await new MetricsEndpoint({ metrics: filled() }).listen({ port: 0 });
    const { response, text } = await scrape(server, undefined, method);
    expect([response.status, response.headers.get("allow"), text]).toEqual([405, "GET, HEAD", ""]);
  });

  it("answers at /metrics alone, with a query or without, and only on the loopback unless told", async () => {
    await using server = await new MetricsEndpoint({ metrics: filled() }).listen({ port: 0 });
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/metrics`);
    const status = async (path: string) => (await fetch(new URL(path, server.url))).status;
    expect(await Promise.all(["/metrics?a=1", "/", "/metrics/", "/metricsx"].map(status))).toEqual([
      ...[200, 404, 404, 404],
    ]);
  });

  it("listens on IPv6 too", async () => {
    await using server = await new MetricsEndpoint({ metrics: filled() }).listen({ port: 0, host: "::1" });
    expect((await scrape(server)).response.status).toBe(200);
  });

  it("is a handler for a server of the user's", async () => {
    const own = createServer(new MetricsEndpoint({ metrics: filled() }).handler);
    await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
    const response = await fetch(`http://127.0.0.1:${(own.address() as AddressInfo).port}/any/path`);
    expect(readMetrics(await response.text()).samples.length).toBeGreaterThan(10);
    own.close();
    own.closeAllConnections();
  });

  it("says nothing of what went wrong when the metrics cannot be written", async () => {
    const broken = {
      prometheusText: () => {
        throw new Error("key sk-12345");
      },
    };
    await using server = await new MetricsEndpoint({ metrics: broken }).listen({ port: 0 });
    const { response, text } = await scrape(server);
    expect([response.status, text]).toEqual([500, ""]);
  });

  it("lets go of its port and of waiting connections when disposed, also twice", async () => {
    const server = await new MetricsEndpoint({ metrics: filled() }).listen({ port: 0 });
    const idle = connect(server.port, "127.0.0.1");
    await new Promise<void>((resolve) => idle.once("connect", resolve));
    const closed = new Promise<void>((resolve) => idle.once("close", () => resolve()));
    idle.on("error", () => {});
    await server[Symbol.asyncDispose]();
    await closed;
    await server[Symbol.asyncDispose]();
    await expect(fetch(server.url)).rejects.toThrow();
    await using again = await new MetricsEndpoint({ metrics: filled() }).listen({ port: server.port });
    expect(again.port).toBe(server.port);
  });

  it("keeps no process alive, not even with a scraper that stays connected", async () => {
    const program = `
      import { once } from "node:events";
      import { connect } from "node:net";
      import { MetricsEndpoint, MetricsProvider } from "flock-ts/providers";
      const server = await new MetricsEndpoint({ metrics: new MetricsProvider() }).listen({ port: 0 });
      const scraper = connect(server.port, "127.0.0.1");
      scraper.write("GET /metrics HTTP/1.1\\r\\nHost: me\\r\\n\\r\\n");
      const [answer] = await once(scraper, "data");
      scraper.unref();
      console.log(String(answer).slice(0, 15));`;
    const node = ["--conditions=flock-source", "--input-type=module", "--eval", program];
    // Node itself lets go of a connection without requests after five seconds.
    const { stdout } = await promisify(execFile)(process.execPath, node, { timeout: 4_000 });
    expect(stdout).toBe("HTTP/1.1 200 OK\n");
  });

  it("survives a client that goes away while it is answered, and one that sends no HTTP", async () => {
    await using server = await new MetricsEndpoint({ metrics: filled() }).listen({ port: 0 });
    const gone = request(server.url, (response) => response.destroy());
    gone.on("error", () => {});
    gone.end();
    await new Promise<void>((resolve) => gone.once("close", () => resolve()));
    const rude = connect(server.port, "127.0.0.1");
    rude.on("error", () => {});
    rude.resume();
    rude.write("\0\0\0\r\n\r\n");
    await new Promise<void>((resolve) => rude.once("close", () => resolve()));
    expect((await scrape(server)).response.status).toBe(200);
  });

  it("says that a port is taken, and what to do", async () => {
    const endpoint = new MetricsEndpoint({ metrics: filled() });
    await using server = await endpoint.listen({ port: 0 });
    await expect(endpoint.listen({ port: server.port })).rejects.toMatchObject({
      code: "option_invalid",
      message: expect.stringMatching(/"port".*EADDRINUSE.*0 for any that is free/),
    });
    await expect(endpoint.listen({ port: 0, host: "192.0.2.1" })).rejects.toMatchObject({
      details: { option: "host" },
    });
  });

  it("refuses options that cannot be", async () => {
    const endpoint = new MetricsEndpoint({ metrics: filled() });
    for (const options of [{}, { port: -1 }, { port: 70_000 }, { port: 1.5 }, { port: 0, host: "" }, { port: 0, x: 1 }])
      await expect(endpoint.listen(options as never)).rejects.toMatchObject({ code: "option_invalid" });
    for (const options of [{}, { metrics: {} }, { metrics: null }])
      expect(() => new MetricsEndpoint(options as never)).toThrow(expect.objectContaining({ code: "option_invalid" }));
  });
});

describe("the format a scraper wants", () => {
  it.each([
    [undefined, "prometheus"],
    ["", "prometheus"],
    ["*/*", "prometheus"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "prometheus"],
    ["application/openmetrics-text", "openmetrics"],
    ["Application/OpenMetrics-Text; Version=1.0.0", "openmetrics"],
    ["application/openmetrics-text;version=0.0.1", "prometheus"],
    ["application/openmetrics-text;q=0.2, text/plain;q=0.9", "prometheus"],
    ["application/openmetrics-text;q=0.5, text/*;q=0.7", "prometheus"],
    ["application/openmetrics-text;q=0.5, text/plain;q=0.1, */*;q=0.9", "openmetrics"],
    ["application/openmetrics-text;q=0", "prometheus"],
    ["application/openmetrics-text;q=many", "prometheus"],
    [prometheusAccept, "openmetrics"],
    [";;;,,,=,q", "prometheus"],
  ] as const)("of %j is %s", (accept, format) => {
    expect(formatOf(accept)).toBe(format);
  });
});
