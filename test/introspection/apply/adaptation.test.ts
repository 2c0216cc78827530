import { describe, expect, it } from "vitest";
import { Flock } from "../../../src/flock.ts";
import { AgentIntrospection } from "../../../src/introspection/advise/agent-introspection.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { runnable } from "../../core/make-environment.ts";

/** An agent that asks two tools the same things again and again. */
function house() {
  const runtime = createTestRuntime();
  const flock = new Flock({ runtime });
  const tools = ["slow", "quick"].map((name) =>
    runnable(
      name,
      async ({ q }: { q: number }, context) => {
        await context.runtime.sleep(name === "slow" ? 300 : 60);
        return { q };
      },
      { kind: "tool", identity: name, policy: { idempotent: true } },
    ),
  );
  let runs = 0;
  let questions = 4;
  const agent = runnable("agent", async ({ q }: { q: number; run: number }, context) => {
    for (const tool of tools) await context.call(tool, { q });
    return { q };
  });
  const run = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const running = flock.run(agent, { q: runs++ % questions, run: runs });
      await runtime.clock.advance(1_000);
      await running;
    }
  };
  const forget = (): void => {
    questions = 1e9;
  };
  return { flock, run, forget, introspection: new AgentIntrospection(agent, { flock }) };
}

describe("AgentIntrospection.adaptBehavior", () => {
  it("applies what is allowed, one at a time, the best first, and then finds nothing more", async () => {
    const { flock, run, introspection } = house();
    const adaptation = introspection.adaptBehavior({ allow: ["cache"], everyRuns: 20, watchRuns: 20 });
    await run(20);
    expect(adaptation.records).toMatchObject([{ id: "cache:slow", status: "watching" }]);
    await run(20);
    expect(adaptation.records).toMatchObject([{ id: "cache:slow", status: "kept" }]);
    await run(60);
    expect(adaptation.records).toMatchObject([
      { id: "cache:slow", status: "kept" },
      { id: "cache:quick", status: "kept" },
    ]);
    expect([flock.knobs.read("cache:slow"), flock.knobs.read("cache:quick")]).not.toContain(false);
    await run(60);
    expect(adaptation.records).toHaveLength(2);
    adaptation.stop();
  });

  it("touches nothing that is not allowed, and nothing after it was stopped", async () => {
    const { flock, run, introspection } = house();
    const mask = flock.events.mask;
    const adaptation = introspection.adaptBehavior({ allow: ["timeout", "retry"], everyRuns: 10 });
    await run(30);
    expect([adaptation.records, flock.knobs.read("cache:slow")]).toEqual([[], false]);
    adaptation.stop();
    {
      using stopped = introspection.adaptBehavior({ allow: ["cache"], everyRuns: 10 });
      expect(stopped.records).toEqual([]);
    }
    await run(30);
    expect([introspection.audit, flock.events.mask]).toEqual([[], mask]);
  });

  it("says once what it would do in a dry run, and changes nothing", async () => {
    const { flock, run, introspection } = house();
    introspection.adaptBehavior({ allow: ["cache"], everyRuns: 20, dryRun: true });
    await run(100);
    expect(introspection.audit.slice(0, 2)).toMatchObject([
      { id: "cache:slow", status: "proposed" },
      { id: "cache:quick", status: "proposed" },
    ]);
    expect(introspection.audit).toHaveLength(2);
    expect([flock.knobs.read("cache:slow"), flock.knobs.read("cache:quick")]).toEqual([false, false]);
  });

  it("does not try again what it had to take back", async () => {
    const { flock, run, forget, introspection } = house();
    introspection.adaptBehavior({ allow: ["cache"], everyRuns: 20, watchRuns: 20 });
    await run(20);
    forget();
    await run(20);
    expect(introspection.audit).toMatchObject([{ id: "cache:slow", status: "rolled-back" }]);
    await run(80);
    expect(introspection.audit.filter(({ id }) => id === "cache:slow")).toHaveLength(1);
    expect(flock.knobs.read("cache:slow")).toBe(false);
  });

  it("refuses what it cannot do", () => {
    const { introspection } = house();
    const bad: unknown[] = [
      undefined,
      {},
      { allow: [] },
      { allow: ["cahce"] },
      { allow: "cache" },
      { allow: ["cache"], maxCostUsd: -1 },
      { allow: ["cache"], maxCostUsd: Number.NaN },
      { allow: ["cache"], everyRuns: 0 },
      { allow: ["cache"], watchRuns: 1.5 },
      { allow: ["cache"], dryRun: 1 },
      { allow: ["cache"], alow: 1 },
    ];
    for (const options of bad) {
      expect(() => introspection.adaptBehavior(options as never)).toThrow(
        expect.objectContaining({ code: "option_invalid" }),
      );
    }
    const bare = new AgentIntrospection({ name: "a" }, { flock: { history: undefined } });
    expect(() => bare.adaptBehavior({ allow: ["cache"] })).toThrow("one that records runs, tells events and has knobs");
  });
});
