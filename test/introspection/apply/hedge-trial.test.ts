import { describe, expect, it } from "vitest";
import type { AnyRunnable } from "../../../src/core/runnable.ts";
import { Flock } from "../../../src/flock.ts";
import { AgentIntrospection } from "../../../src/introspection/advise/agent-introspection.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { runnable } from "../../core/make-environment.ts";

const usage = { inputTokens: 9, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };

/** An agent whose model takes 200 to 300 ms, and as long as `slowMs` says of its requests. */
function house(slowMs: (request: number, question: number) => number | undefined) {
  const runtime = createTestRuntime({ seed: 11 });
  const flock = new Flock({ runtime });
  let requests = 0;
  const model = runnable(
    "model",
    async ({ question }: { readonly question: number }, context) => {
      await context.runtime.sleep(slowMs(requests++, question) ?? 200 + 100 * runtime.random(), context.signal);
      return {};
    },
    { kind: "model", costOf: () => ({ usage, costMicroUsd: 1_000 }) },
  );
  const agent = runnable("agent", (input: { readonly question: number }, context) => context.call(model, input));
  const introspection = new AgentIntrospection(agent as AnyRunnable, { flock });
  let asked = 0;
  const run = async (count: number): Promise<number> => {
    const before = requests;
    for (let i = 0; i < count; i++) {
      const running = flock.run(agent, { question: asked++ });
      await runtime.clock.advance(10_000);
      await running;
    }
    return requests - before;
  };
  return { flock, introspection, run };
}

describe("advice to hedge", () => {
  const byChance = (request: number) => ((request * 7_919) % 100 < 6 ? 5_000 : undefined);

  it("is applied, keeps its promise of time, requests and cost, and can be taken back", async () => {
    const { flock, introspection, run } = house(byChance);
    expect(await run(300)).toBe(300);
    const suggestion = introspection.suggestImprovements().find(({ id }) => id === "hedge:model")!;
    const { evidence, forecasts, sentence } = suggestion;
    expect(suggestion.action).toEqual({ knob: "hedge:model", value: evidence.afterMs });
    expect(sentence).toContain('Apply with `introspection.apply("hedge:model")`.');
    expect(forecasts).toMatchObject([{ metric: "avgExecutionTimeMs" }, { metric: "costMicroUsd", before: 1_000 }]);
    expect(forecasts![1]!.after).toBeCloseTo(1_000 * (1 + (evidence.moreCalls as number)), 6);
    const applied = introspection.apply("hedge:model");
    expect([applied.from, flock.knobs.read("hedge:model")]).toEqual([null, evidence.afterMs]);
    const made = await run(200);
    expect((await applied.verdict).status).toBe("kept");
    for (const { low, high, measured } of applied.record.figures!) {
      expect(measured).toBeGreaterThanOrEqual(low);
      expect(measured).toBeLessThanOrEqual(high);
    }
    expect(made / 200 - 1).toBeCloseTo(evidence.moreCalls as number, 1);
    // A hedge that is on is not advised again.
    expect(introspection.suggestImprovements().map(({ id }) => id)).not.toContain("hedge:model");
    applied.undo();
    expect(flock.knobs.read("hedge:model")).toBeNull();
    expect(await run(20)).toBe(20);
  });

  it("is rolled back, and asks nothing twice any more, where what is slow is slow for what is asked", async () => {
    const { flock, introspection, run } = house((_, question) => (question % 16 === 0 ? 5_000 : undefined));
    await run(320);
    const applied = introspection.apply("hedge:model", { watchRuns: 96 });
    await run(96);
    expect(await applied.verdict).toMatchObject({ status: "rolled-back" });
    expect(flock.knobs.read("hedge:model")).toBeNull();
    expect(await run(20)).toBe(20);
  });

  it("is followed by itself only where it is allowed, and its cost is", async () => {
    for (const [maxCostUsd, knob] of [
      [0, null],
      [1, expect.any(Number)],
    ] as const) {
      const { flock, introspection, run } = house(byChance);
      await run(200);
      using _ = introspection.adaptBehavior({ allow: ["hedge"], maxCostUsd, everyRuns: 10 });
      await run(12);
      expect(flock.knobs.read("hedge:model")).toEqual(knob);
    }
  });

  it("is not given where calls wait for permits", async () => {
    const { flock, introspection, run } = house(byChance);
    await run(120);
    expect(introspection.suggestImprovements().map(({ id }) => id)).toContain("hedge:model");
    const calls = flock.history!.runs().map((one) => ({
      ...one,
      calls: one.calls.map((call) => ({ ...call, queueMs: call.durationMs / 2 })),
    }));
    const history = { ...flock.history!, size: calls.length, runs: () => calls, calls: () => [], clear: () => {} };
    const crowded = new AgentIntrospection({ name: "agent" }, { flock, history });
    expect(crowded.suggestImprovements().map(({ id }) => id)).not.toContain("hedge:model");
  });
});
