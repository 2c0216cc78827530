import { createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { systemRuntime } from "../../../src/core/runtime/system-runtime.ts";
import { ResourceManager } from "../../../src/entries/resources.ts";
import { RedisLimits, type RedisLimitsOptions } from "../../../src/entries/store.ts";
import { eventually, hasRedis, RedisServer } from "../redis-server.ts";
import { describeSharedLimits } from "./shared-limits-conformance.ts";

const one = { concurrency: 1 };

/** All keys, each with the milliseconds it has left. */
async function keysOf(client: Redis): Promise<Map<string, number>> {
  const keys = await client.keys("*");
  return new Map(await Promise.all(keys.map(async (key) => [key, await client.pttl(key)] as const)));
}

describe("the options of RedisLimits", () => {
  it.each([
    {},
    { url: "redis://a", client: {} },
    { url: "" },
    { url: "redis://a", leaseMs: 0 },
    { url: "redis://a", prefix: "a}b" },
    { url: "redis://a", onUnavailable: "wait" },
    { url: "redis://a", prefx: "a" },
  ])("that make no sense (%j) fail when it is built", (options) => {
    expect(() => new RedisLimits(options as never)).toThrowError(expect.objectContaining({ code: "option_invalid" }));
  });
});

describe("a client's errors", () => {
  it.each([
    [Object.assign(new Error("connect to secret"), { code: "ECONNRESET" }), "ECONNRESET"],
    [Object.assign(new Error("secret"), { name: "MaxRetriesPerRequestError" }), "the connection was lost"],
    [Object.assign(new Error("WRONGPASS secret"), { name: "ReplyError" }), "the server answered WRONGPASS"],
    [Object.assign(new Error("secret"), { name: "ReplyError" }), "the server answered ERR"],
    [new Error("secret"), "the connection failed"],
    [undefined, "the connection failed"],
  ])("(%s) are told without a word of theirs", async (thrown, reason) => {
    const fail = () => Promise.reject(thrown);
    const client = { evalsha: fail, eval: fail, duplicate: () => Promise.reject(thrown) as never };
    await using shared = new RedisLimits({ client });
    const error: unknown = await shared.usage([]).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "store_failed", details: { store: "redis", reason } });
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain("secret");
    expect((error as Error).cause).toBeUndefined();
  });

  it("on the connection that listens change nothing but how soon it asks", async () => {
    const fail = () => Promise.reject(new Error("lost"));
    const duplicate = () => ({ subscribe: fail, on: () => {}, disconnect: () => {} });
    await using shared = new RedisLimits({ client: { evalsha: fail, eval: fail, duplicate } });
    const stop = shared.watch(() => {});
    await new Promise(setImmediate);
    stop();
  });
});

describe.skipIf(!hasRedis)("limits in a real Redis", () => {
  const starting = hasRedis ? RedisServer.start() : undefined;
  const opened: AsyncDisposable[] = [];
  let lastPrefix = 0;
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
  });
  afterAll(async () => (await starting)?.[Symbol.asyncDispose]());

  async function open(options: Partial<RedisLimitsOptions> = {}): Promise<RedisLimits> {
    lastPrefix += 1;
    const limits = new RedisLimits({ url: (await starting)!.url, prefix: `suite-${lastPrefix}`, ...options });
    opened.push(limits);
    return limits;
  }

  async function emptied(): Promise<Redis> {
    const client = (await starting)!.client();
    opened.push({ [Symbol.asyncDispose]: async () => client.disconnect() });
    await client.flushall();
    return client;
  }

  describeSharedLimits("redis", async () => {
    const limits = await open({ leaseMs: 600 });
    return { limits, pass: (ms) => sleep(ms) };
  });

  it("count all that is used for one more window when the server's clock was set back by more than one", async () => {
    const client = await emptied();
    const shared = await open();
    const window = { name: "m/w", kind: "window", capacity: 5, amount: 3, windowMs: 1_000 } as const;
    await shared.acquire("a", [window], false);
    const [key] = await client.keys("*:w:*");
    // As if the clock had been an hour ahead until now.
    await client.hincrby(key!, "slot", 64 * 3_600);
    expect(await shared.acquire("b", [window], false)).toMatchObject({ granted: false, used: 3 });
    await shared.change([{ id: "a", used: { "m/w": 0 } }]);
    const answer = await shared.acquire("b", [window], false);
    if (answer.granted) throw new Error("a refund of before must not count in the new turn");
    expect(answer.freesUpInMs).toBeLessThanOrEqual(1_016);
    expect(await client.pttl(key!)).toBeGreaterThan(0);
    await sleep(Math.ceil(answer.freesUpInMs!));
    expect(await shared.acquire("b", [window], false)).toEqual({ granted: true });
    // A smaller step lets the window stand still.
    await client.hincrby(key!, "slot", 3);
    expect(await shared.acquire("c", [{ ...window, amount: 2 }], false)).toEqual({ granted: true });
    expect(await shared.acquire("d", [{ ...window, amount: 1 }], false)).toMatchObject({ granted: false, used: 5 });
  });

  it("load their scripts anew when the server has forgotten them", async () => {
    const client = await emptied();
    const manager = new ResourceManager({ concurrency: 1 }, { shared: await open() });
    for (let time = 0; time < 3; time++) {
      const lease = await manager.acquire(one, { timeoutMs: 2_000 });
      await client.script("FLUSH");
      lease.release();
      await client.script("FLUSH");
    }
  });

  it("leave a bounded number of keys, all with an expiry, after ten thousand leases", async () => {
    const client = await emptied();
    const shared = await open();
    const limits = {
      concurrency: 50,
      requests: { perSecond: 1e6, perDay: 1e9 },
      tokens: { perMinute: 1e9 },
      usd: { total: 1e6 },
    };
    const manager = new ResourceManager(limits, { shared });
    const request = { concurrency: 1, requests: 1, tokens: 10, usd: 0.001 };
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        for (let time = 0; time < 200; time++) {
          const lease = await manager.acquire(request);
          if (time % 2 === 0) lease.settle({ tokens: 5, usd: 0.0005 });
          lease.release();
        }
      }),
    );
    await manager[Symbol.asyncDispose]();
    const keys = await keysOf(client);
    expect([...keys.keys()].sort().map((key) => key.replace(/^.*\}/, ""))).toEqual([
      ":b:resources/usd.total",
      ":w:resources/requests.perDay",
      ":w:resources/requests.perSecond",
      ":w:resources/tokens.perMinute",
    ]);
    for (const [key, left] of keys) expect(left, key).toBeGreaterThan(0);
    const [usage] = await shared.usage([{ name: "resources/usd.total", kind: "budget", capacity: 1e12 }]);
    expect(usage).toMatchObject({ used: 5_000 * 500 + 5_000 * 1_000, reserved: 0 });
  });

  it("expire by themselves when nobody gives anything back", async () => {
    const client = await emptied();
    const shared = await open({ leaseMs: 1_000 });
    for (let index = 0; index < 200; index++) {
      const asks = [
        { name: "m/concurrency", kind: "permits", capacity: 100, amount: 1 },
        { name: "m/usd.total", kind: "budget", capacity: 1_000, amount: 1 },
      ] as const;
      await shared.acquire(`lease-${index}`, asks, true);
    }
    for (const [key, left] of await keysOf(client)) expect(left, key).toBeGreaterThan(0);
  });

  it.each(["asking", "standing", "behind"] as const)(
    "hold nothing of an acquisition aborted while %s",
    async (stage) => {
      const client = await emptied();
      const shared = await open({ leaseMs: 1_000 });
      const other = [{ name: "resources/concurrency", kind: "permits", capacity: 1, amount: 1 }] as const;
      if (stage !== "asking") await shared.acquire("other", other, false);
      const manager = new ResourceManager({ concurrency: 1, custom: { seat: 9 } }, { shared });
      const inner = manager.child({});
      const ahead = new AbortController();
      const first = stage === "behind" ? inner.acquire({ custom: { seat: 1 } }, { signal: ahead.signal }) : undefined;
      first?.catch(() => {});
      const abort = new AbortController();
      const waiting = manager.acquire({ concurrency: 1, custom: { seat: 1 } }, { signal: abort.signal });
      if (stage !== "asking") await sleep(100);
      const started = performance.now();
      setImmediate(() => abort.abort(new Error("enough")));
      await expect(waiting).rejects.toThrow("enough");
      expect(performance.now() - started).toBeLessThan(100);
      expect(manager.usage().concurrency.used).toBe(0);
      if (first !== undefined) (await first).release();
      await manager[Symbol.asyncDispose]();
      if (stage !== "asking") await shared.change([{ id: "other", end: "released" }]);
      // Only the marks that refuse a late question stay, for one lease time.
      for (const key of (await keysOf(client)).keys()) expect(await client.hgetall(key), key).toEqual({ ".over": "1" });
      expect(await eventually(async () => (await client.dbsize()) === 0)).toBe(true);
    },
  );

  it("wake who waits in another process when something comes back, sooner than it would ask", async () => {
    const url = (await starting)!.url;
    const [here, there] = [await open({ url, prefix: "wake" }), await open({ url, prefix: "wake" })];
    const mine = new ResourceManager({ concurrency: 1 }, { shared: here });
    const theirs = new ResourceManager({ concurrency: 1 }, { shared: there });
    const waits: number[] = [];
    for (let round = 0; round < 5; round++) {
      const held = await mine.acquire(one);
      const waiting = theirs.acquire(one).then((lease) => {
        waits.push(performance.now());
        lease.release();
        return theirs[Symbol.asyncDispose]();
      });
      await sleep(900);
      const releasedAt = performance.now();
      held.release();
      await waiting;
      waits[round]! -= releasedAt;
    }
    // Without being called it would ask every 200 to 500 ms by now.
    expect(waits.sort((a, b) => a - b)[2]).toBeLessThan(40);
  }, 20_000);
});

describe.skipIf(!hasRedis)("limits in a Redis that goes away", () => {
  it("fail typed and soon, and go on when it is back, with what is still held", async () => {
    await using server = await RedisServer.start();
    await using shared = new RedisLimits({ url: server.url, leaseMs: 900, commandTimeoutMs: 400 });
    const manager = new ResourceManager({ concurrency: 2, usd: { total: 1 } }, { shared });
    const kept = await manager.acquire({ concurrency: 1, usd: 0.25 });
    await server.down();
    for (let time = 0; time < 4; time++) {
      const started = performance.now();
      await expect(manager.acquire(one)).rejects.toMatchObject({
        code: "store_failed",
        details: { store: "redis", operation: "acquire" },
      });
      expect(performance.now() - started).toBeLessThan(900);
    }
    expect(manager.usage().concurrency.used).toBe(1);
    await server.up();
    const isBack = async () => {
      try {
        (await manager.acquire(one)).release();
        return true;
      } catch {
        return false;
      }
    };
    expect(await eventually(isBack)).toBe(true);
    // The server lost its memory; the next sign of life brings the lease back.
    const usage = async () =>
      shared.usage([
        { name: "resources/concurrency", kind: "permits", capacity: 2 },
        { name: "resources/usd.total", kind: "budget", capacity: 1e6 },
      ]);
    const isKnown = async () => (await usage()).map(({ used }) => used).join(" ") === "1 250000";
    expect(await eventually(isKnown)).toBe(true);
    expect((await usage())[1]).toMatchObject({ used: 250_000, reserved: 250_000 });
    kept.settle({ usd: 0.1 });
    kept.release();
    await manager[Symbol.asyncDispose]();
    expect((await usage()).map(({ used }) => used)).toEqual([0, 100_000]);
  }, 20_000);

  it("go by each process's own limits where that is wanted", async () => {
    await using server = await RedisServer.start();
    await using shared = new RedisLimits({ url: server.url, commandTimeoutMs: 300, onUnavailable: "local" });
    await server.down();
    const warned: string[] = [];
    const runtime = { ...systemRuntime, warn: (_: string, code: string) => void warned.push(code) };
    const manager = new ResourceManager({ concurrency: 1 }, { shared, runtime });
    const lease = await manager.acquire(one, { timeoutMs: 5_000 });
    await expect(manager.acquire(one, { timeoutMs: 50 })).rejects.toMatchObject({ code: "limit_exceeded" });
    expect(warned).toEqual(["shared_limits_unavailable"]);
    await server.up();
    const used = async () => {
      try {
        return (await shared.usage([{ name: "resources/concurrency", kind: "permits", capacity: 1 }]))[0]!.used;
      } catch {
        return undefined;
      }
    };
    expect(await eventually(async () => (await used()) === 1)).toBe(true);
    lease.release();
    await manager[Symbol.asyncDispose]();
    expect(await used()).toBe(0);
  }, 20_000);

  it("say nothing of addresses and passwords", async () => {
    await using server = await RedisServer.start({ password: "the right secret" });
    const told: unknown[] = [];
    for (const url of [
      server.url,
      server.url.replace("//", "//:a-wrong-secret@"),
      "redis://me:a-wrong-secret@127.0.0.1:1",
    ]) {
      await using shared = new RedisLimits({ url, commandTimeoutMs: 300 });
      const error: unknown = await new ResourceManager({ concurrency: 1 }, { shared })
        .acquire(one)
        .catch((e: unknown) => e);
      expect(error).toMatchObject({ code: "store_failed" });
      told.push(`${error} ${(error as Error).stack}`, JSON.stringify(error), (error as Error).cause);
    }
    expect(told.join(" ")).not.toMatch(/secret|127\.0\.0\.1/);
    expect(told.join(" ")).toContain("NOAUTH");
  }, 20_000);

  it("never hang on a server that says nothing, and fail at once when it has just been tried", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    await using shared = new RedisLimits({ url: `redis://127.0.0.1:${port}`, commandTimeoutMs: 200 });
    const usage = () => shared.usage([{ name: "a", kind: "permits", capacity: 1 }]);
    await expect(usage()).rejects.toThrow("no answer within 200 ms");
    const started = performance.now();
    await expect(usage()).rejects.toMatchObject({ code: "store_failed" });
    expect(performance.now() - started).toBeLessThan(50);
    await shared[Symbol.asyncDispose]();
    await expect(usage()).rejects.toThrow("it is closed");
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});
