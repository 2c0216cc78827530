import type { Cluster, Redis } from "ioredis";
import { describe, expectTypeOf, it } from "vitest";
import type { SharedLimits } from "../../../src/entries/resources.ts";
import type { RedisLimits, RedisLimitsOptions } from "../../../src/entries/store.ts";

describe("RedisLimits", () => {
  it("takes the clients of ioredis as they are", () => {
    expectTypeOf<{ client: Redis }>().toExtend<RedisLimitsOptions>();
    expectTypeOf<{ client: Cluster }>().toExtend<RedisLimitsOptions>();
  });

  it("is what a ResourceManager shares through", () => {
    expectTypeOf<RedisLimits>().toExtend<SharedLimits>();
  });
});
