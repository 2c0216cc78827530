import { describe, expectTypeOf, it } from "vitest";
import { DeclarativeAgent } from "../../../src/entries/index.ts";
import { type Lease, type LimitUsage, ResourceManager } from "../../../src/entries/resources.ts";

const manager = new ResourceManager({ concurrency: 1 });

describe("the needs of a call", () => {
  it("are amounts by name", () => {
    const fields = { name: "a", input: "topic: str", output: "text: str" } as const;
    new DeclarativeAgent({ ...fields, needs: { gpu: 1, memoryMb: 512 }, resources: manager });
    // @ts-expect-error no amount
    new DeclarativeAgent({ ...fields, needs: { gpu: "1" } });
    // @ts-expect-error a list says no amounts
    new DeclarativeAgent({ ...fields, needs: ["gpu"] });
  });
});

describe("a ResourceManager", () => {
  it("gives a lease, or perhaps one", () => {
    expectTypeOf(manager.tryAcquire({ tokens: 5 })).toEqualTypeOf<Lease | undefined>();
    expectTypeOf(manager.acquire()).resolves.toEqualTypeOf<Lease>();
  });

  it("knows which limits there may be", () => {
    expectTypeOf(manager.usage().tokens.perMinute).toEqualTypeOf<LimitUsage | undefined>();
    // @ts-expect-error a misspelt window
    new ResourceManager({ requests: { perMinut: 5 } });
    // @ts-expect-error money has no window of a second
    new ResourceManager({ usd: { perSecond: 5 } });
    // @ts-expect-error only a change takes a limit away
    new ResourceManager({ concurrency: null });
    manager.configure({ concurrency: null, tokens: { perHour: null, perDay: 5 }, custom: { gpu: null } });
    // @ts-expect-error a misspelt request
    manager.tryAcquire({ token: 5 });
  });
});
