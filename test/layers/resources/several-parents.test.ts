/** A manager inside several, and the memory of managers by name. */

import { describe, expect, it } from "vitest";
import { ResourceManager } from "../../../src/entries/resources.ts";
import { createTestRuntime } from "../../../src/entries/testing.ts";
import { KeptManagers } from "../../../src/layers/resources/kept-managers.ts";

describe("a manager inside several", () => {
  it("counts once in each of them and once in what they share", () => {
    const runtime = createTestRuntime();
    const total = new ResourceManager({ concurrency: 3 }, { runtime, name: "total" });
    const model = total.child({ requests: { perMinute: 2 } }, { name: "model" });
    const run = total.child({ concurrency: 1, usd: { total: 1 } }, { name: "run" });
    const both = new ResourceManager({}, { parent: [model, run], name: "both" });
    const lease = both.tryAcquire({ concurrency: 1, requests: 1, usd: 0.5 });
    expect(lease).toBeDefined();
    expect(total.usage().concurrency.used).toBe(1);
    expect(model.usage().requests.perMinute?.reserved).toBe(1);
    expect(run.usage().usd.total?.reserved).toBe(0.5);
    expect(both.tryAcquire()).toBeUndefined();
    expect(both.shortOf({ concurrency: 1 })).toBe("concurrency");
    expect(model.tryAcquire()).toBeDefined();
    lease?.release();
    expect(both.shortOf({ requests: 1 })).toBe("requests.perMinute");
    expect(both.shortOf({ concurrency: 1 })).toBeUndefined();
    expect([both.counts("usd"), model.counts("usd"), both.counts("tokens")]).toEqual([true, false, false]);
  });

  it("counts who waits in each of them", async () => {
    const runtime = createTestRuntime();
    const total = new ResourceManager({ concurrency: 1 }, { runtime });
    const one = total.child();
    const other = total.child();
    const both = new ResourceManager({}, { parent: [one, other] });
    const held = total.tryAcquire();
    const waiting = both.acquire();
    expect([total.queued, one.queued, other.queued, both.queued]).toEqual([1, 1, 1, 1]);
    held?.release();
    (await waiting).release();
    expect([total.queued, one.queued, other.queued, both.queued]).toEqual([0, 0, 0, 0]);
  });

  it("refuses parents that share no outermost manager, and what is none", () => {
    const parents = [new ResourceManager(), new ResourceManager()];
    expect(() => new ResourceManager({}, { parent: parents })).toThrow("one outermost manager");
    expect(() => new ResourceManager({}, { parent: ["total"] as never })).toThrow("a ResourceManager, or a list");
  });
});

describe("the memory of managers by name", () => {
  it("forgets the one that was asked for longest ago, never one that is in use", () => {
    const runtime = createTestRuntime();
    const total = new ResourceManager({}, { runtime });
    const kept = new KeptManagers(2);
    const get = (name: string) => kept.get(name, () => total.child({ requests: { total: 9 } }, { name }));
    const held = get("a");
    held.tryAcquire();
    const idle = get("b");
    get("c");
    expect(kept.size).toBe(2);
    expect(get("a")).toBe(held);
    expect(get("b")).not.toBe(idle);
  });

  it("grows while all are in use", () => {
    const runtime = createTestRuntime();
    const total = new ResourceManager({}, { runtime });
    const kept = new KeptManagers(1);
    for (const name of ["a", "b", "c"]) kept.get(name, () => total.child({}, { name })).tryAcquire();
    expect(kept.size).toBe(3);
  });
});
