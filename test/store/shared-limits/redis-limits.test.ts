import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe } from "vitest";
import { RedisLimits } from "../../../src/store/redis-limits.ts";
import { hasRedisServer, RedisServer } from "./redis-server.ts";
import { describeSharedLimits } from "./shared-limits-conformance.ts";

describe.skipIf(!hasRedisServer)("redis", () => {
  const server = hasRedisServer ? RedisServer.start() : undefined;
  const opened: RedisLimits[] = [];
  afterAll(async () => {
    for (const limits of opened) await limits[Symbol.asyncDispose]();
    await (await server)?.[Symbol.asyncDispose]();
  });

  describeSharedLimits("redis", async () => {
    const { url } = (await server)!;
    const limits = new RedisLimits({ url, prefix: `suite-${opened.length}`, leaseMs: 600 });
    opened.push(limits);
    return { limits, pass: (ms) => sleep(ms) };
  });
});
