import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { systemRuntime } from "../../../src/core/runtime/system-runtime.ts";
import { longestErrorBytes, vendorFetch } from "../../../src/models/vendor/vendor-fetch.ts";
import { json, startVendorServer, type VendorServer } from "../vendor-server.ts";

const servers: VendorServer[] = [];

async function started(...args: Parameters<typeof startVendorServer>): Promise<VendorServer> {
  const server = await startVendorServer(...args);
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

const ask = (url: string) =>
  vendorFetch(systemRuntime)(url, { method: "POST", body: "{}", headers: { "x-api-key": "canary" } });

describe("the fetch of vendors' clients", () => {
  it("follows no redirect, so that no key goes to another host", async () => {
    const elsewhere = await started(json(200, { stolen: true }));
    const server = await started(json(307, {}, { location: elsewhere.url }));
    const response = await ask(server.url);
    expect([response.status, response.ok]).toEqual([307, false]);
    await response.text();
    expect(elsewhere.requests).toEqual([]);
  });

  it("hands an answer on as it came", async () => {
    const server = await started(json(200, { a: 1 }, { "x-request-id": "req-1" }));
    const response = await ask(server.url);
    expect(response.headers.get("x-request-id")).toBe("req-1");
    expect(response.url).toBe(server.url);
    expect(await response.json()).toEqual({ a: 1 });
  });

  it("keeps status, headers and body of an error", async () => {
    const server = await started(json(429, { error: "slow" }, { "retry-after": "7" }));
    const response = await ask(server.url);
    expect([response.status, response.statusText]).toEqual([429, "Too Many Requests"]);
    expect(response.headers.get("retry-after")).toBe("7");
    expect(await response.json()).toEqual({ error: "slow" });
  });

  it("gives a response of a class that HTTP does not know as it came", async () => {
    const server = await started(json(999, { error: "denied" }));
    const response = await ask(server.url);
    expect([response.status, await response.json()]).toEqual([999, { error: "denied" }]);
  });

  it("gives an error without a body as it came", async () => {
    const server = await started((response) => response.writeHead(304).end());
    expect((await ask(server.url)).body).toBeNull();
  });

  it("reads the beginning of an error that never ends, and closes its connection", async () => {
    const server = await started((response) => {
      response.writeHead(502);
      const block = "x".repeat(longestErrorBytes / 4);
      const more = () => void response.write(block, () => response.destroyed || setImmediate(more));
      more();
    });
    const closed = server.nextAbort();
    const text = await (await ask(server.url)).text();
    expect(text).toHaveLength(longestErrorBytes);
    await closed;
  });

  it("lets go of an error that nobody reads", async () => {
    const server = await started((response) => void response.writeHead(500).write("half"));
    const closed = server.nextAbort();
    await (await ask(server.url)).body?.cancel();
    await closed;
  });

  it("passes a broken connection on", async () => {
    const server = createServer((_, response) => {
      response.writeHead(500);
      response.write("half", () => response.socket?.resetAndDestroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const response = await ask(`http://127.0.0.1:${port}/`);
    await expect(response.text()).rejects.toThrow();
    server.close();
  });
});
