/** What users keep in an AsyncLocalStorage belongs to one run, also where one timer serves many. */

import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { hedge } from "../../src/errors/steps/hedge.ts";
import { retry } from "../../src/errors/steps/retry.ts";
import { timeout } from "../../src/errors/steps/timeout.ts";
import { Flock } from "../../src/flock.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { runnable } from "./make-environment.ts";

const user = new AsyncLocalStorage<string>();

describe("async-local values", () => {
  it.each([
    ["a hedge", [hedge({ afterMs: 100 })]],
    ["a retry after a timeout", [timeout({ attemptMs: 100 }), retry({ baseMs: 0, maxDelayMs: 0 })]],
  ])("are those of its own run in %s, though another one's limit began before", async (_, recovery) => {
    const runtime = createTestRuntime();
    await using flock = new Flock({ runtime, recovery });
    const seen: string[] = [];
    const asked = new Map<string, number>();
    const model = runnable(
      "model",
      async ({ who }: { who: string }, context) => {
        seen.push(`${who} as ${user.getStore()}`);
        asked.set(who, (asked.get(who) ?? 0) + 1);
        await context.runtime.sleep(asked.get(who) === 1 ? 5_000 : 10, context.signal);
        return {};
      },
      { kind: "model" },
    );
    const running = ["alice", "bob"].map((who) => user.run(who, () => flock.run(model, { who } as never)));
    await runtime.clock.advance(1_000);
    await Promise.all(running);
    expect(seen.toSorted()).toEqual(["alice as alice", "alice as alice", "bob as bob", "bob as bob"]);
  });
});

describe("live outputs", () => {
  it("are for the framework alone, whatever a listener says it is", async () => {
    await using flock = new Flock({ runtime: createTestRuntime() });
    const given: unknown[] = [];
    const listener = { name: "curious", mask: -1, internal: true };
    flock.events.add({
      ...listener,
      notify: (event, output?: unknown) => void given.push(output, Object.isFrozen(event)),
    });
    await flock.run(
      runnable("a", async () => ({ answer: "x" })),
      {} as never,
    );
    expect(given.length).toBeGreaterThan(4);
    expect(new Set(given)).toEqual(new Set([undefined, true]));
  });
});
