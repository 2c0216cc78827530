import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { executeRun } from "../../src/core/door/run.ts";
import { Knobs } from "../../src/core/knob.ts";
import { Flock } from "../../src/flock.ts";
import { AgentIntrospection } from "../../src/introspection/advise/agent-introspection.ts";
import { RunRecorder } from "../../src/introspection/record/run-recorder.ts";
import { PerformanceMonitor } from "../../src/introspection/watch/performance-monitor.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { runnable } from "../core/make-environment.ts";
import { type DescribedCall, eventsOf, startOfTime } from "./run-events.ts";

/** Introspection of a runnable over described runs, a minute apart. */
function introspect(name: string, runs: readonly DescribedCall[], knobs = new Knobs()): AgentIntrospection {
  const history = new RunRecorder();
  for (const [index, run] of runs.entries()) {
    for (const event of eventsOf(run, { runId: `r${index}`, time: startOfTime + index * 60_000 }))
      history.notify(event);
  }
  return new AgentIntrospection({ name }, { flock: { history, knobs } });
}

function repeat<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** A knob that holds any value. */
function knobOf(id: string, value: unknown) {
  let now = value as never;
  return {
    id,
    read: () => now,
    check: () => undefined,
    change: (next: never) => {
      const before = now;
      now = next;
      return () => {
        now = before;
      };
    },
  };
}

describe("AgentIntrospection.analyzePerformance", () => {
  it("is all 0 with nothing recorded, and no figure is NaN", () => {
    const none = introspect("a", []).analyzePerformance();
    expect(none).toEqual({
      ...{
        runs: 0,
        avgExecutionTimeMs: 0,
        p50Ms: 0,
        p95Ms: 0,
        p99Ms: 0,
        successRate: 0,
        commonErrors: [],
        toolEfficiency: {},
      },
      ...{ bottleneck: undefined, steps: [], trends: [] },
      cost: { tokens: 0, microUsd: "unknown", microUsdPerRun: "unknown", bySteps: [], byModels: [] },
    });
    const off = new AgentIntrospection({ name: "a" }, { flock: { history: undefined } });
    expect([off.history, off.analyzePerformance().runs, off.suggestImprovements()]).toEqual([[], 0, []]);
  });

  it("gives exact times, success, errors, tools, cost and steps", () => {
    const runs = repeat(10, (index): DescribedCall => {
      const failed = index < 2 ? { outcome: "error" as const, code: "output_invalid" } : {};
      const search = { name: "search", kind: "tool" as const, ms: 30, input: { q: index % 5 } };
      return { name: "a", calls: [{ name: "model", ms: 60 + index, tokens: 40, costMicroUsd: 2 }, search], ...failed };
    });
    const analysis = introspect("a", runs).analyzePerformance();
    expect(analysis).toMatchObject({
      ...{ runs: 10, avgExecutionTimeMs: 94.5, p50Ms: 94, p95Ms: 99, p99Ms: 99, successRate: 0.8 },
      commonErrors: [{ code: "output_invalid", count: 2, share: 0.2 }],
      toolEfficiency: { search: { calls: 10, successRate: 1, meanMs: 30, repeatedCalls: 5 } },
      cost: { tokens: 400, microUsd: 20, microUsdPerRun: 2 },
      bottleneck: { name: "model", calls: 10 },
    });
    expect(analysis.bottleneck?.share).toBeCloseTo(64.5 / 94.5, 5);
    expect(analysis.toolEfficiency.search?.shareOfTime).toBeCloseTo(30 / 94.5, 5);
    expect(analysis.steps.map(({ name }) => name)).toEqual(["model", "search", "a"]);
  });

  it("sees a runnable that only ran inside others, each time by itself", () => {
    const inner = { name: "writer", calls: [{ name: "model", ms: 10, tokens: 8, costMicroUsd: 2 }] };
    const outer = { name: "flow", kind: "pattern" as const, calls: [inner, { name: "x", ms: 5 }, inner] };
    const analysis = introspect("writer", [outer, outer]).analyzePerformance();
    expect(analysis).toMatchObject({ runs: 4, avgExecutionTimeMs: 10, cost: { tokens: 32, microUsd: 8 } });
    expect(introspect("nobody", [outer]).analyzePerformance().runs).toBe(0);
  });

  it("names the steps of the pattern inside an orchestration, and the slower of two that ran side by side", () => {
    const pattern: DescribedCall = {
      name: "both",
      kind: "pattern",
      calls: [
        { name: "slow", calls: [{ name: "model", ms: 90 }] },
        { name: "quick", at: 0, calls: [{ name: "model", ms: 40 }] },
      ],
    };
    const analysis = introspect(
      "system",
      repeat(3, () => ({ name: "system", kind: "pattern", calls: [pattern] })),
    ).analyzePerformance();
    expect(analysis.bottleneck).toMatchObject({ name: "slow", share: 1, meanMs: 90 });
    expect(analysis.steps.find(({ name }) => name === "quick")).toMatchObject({ share: 0, calls: 3 });
  });

  it("gives shares that add up to 1, whatever the tree", () => {
    const { call } = fc.letrec<{ call: DescribedCall; leaf: DescribedCall; node: DescribedCall }>((tie) => ({
      call: fc.oneof({ maxDepth: 4 }, tie("leaf"), tie("node")),
      leaf: fc.record({ name: fc.constantFrom("a", "b", "c"), ms: fc.integer({ min: 0, max: 50 }) }),
      node: fc.record({ name: fc.constantFrom("a", "b", "c"), calls: fc.array(tie("call"), { maxLength: 4 }) }),
    }));
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 4 }), (calls) => {
        const analysis = introspect("root", [
          { name: "root", calls },
          { name: "root", calls: calls.slice(1) },
        ]).analyzePerformance();
        const sum = analysis.steps.reduce((total, { share }) => total + share, 0);
        expect(sum).toBeCloseTo(analysis.avgExecutionTimeMs === 0 ? 0 : 1, 3);
        expect(JSON.stringify(analysis)).not.toContain("null");
      }),
    );
  });

  it("takes the monitor's records where the environment recorded none", () => {
    const monitor = new PerformanceMonitor();
    for (const event of eventsOf({ name: "a", ms: 7, tokens: 4, outcome: "error", code: "timeout" }, { runId: "r" }))
      monitor.observe(event);
    const flock = { history: undefined };
    const analysis = new AgentIntrospection({ name: "a" }, { monitor, flock }).analyzePerformance();
    expect(analysis).toMatchObject({
      runs: 1,
      avgExecutionTimeMs: 7,
      commonErrors: [{ code: "timeout" }],
      cost: { tokens: 4 },
    });
    expect(new AgentIntrospection({ name: "b" }, { monitor, flock }).history).toEqual([]);
  });

  it("still counts runs whose calls were thinned out", () => {
    const history = new RunRecorder({ maxCalls: 2 });
    for (const index of repeat(3, (at) => at)) {
      for (const event of eventsOf({ name: "a", calls: [{ name: "model", ms: 5 }] }, { runId: `r${index}` }))
        history.notify(event);
    }
    const introspection = new AgentIntrospection({ name: "a" }, { flock: { history } });
    expect(introspection.analyzePerformance()).toMatchObject({
      runs: 3,
      avgExecutionTimeMs: 5,
      bottleneck: { calls: 1 },
    });
  });

  it("works after the fact on a Flock that ran something", async () => {
    const runtime = createTestRuntime();
    await using flock = new Flock({ runtime });
    const step = runnable("step", async (_: object, context) => {
      await context.runtime.sleep(40);
      return { done: true };
    });
    const outer = runnable("outer", async (_: object, context) => context.call(step, {}));
    for (const _ of repeat(3, () => 0)) {
      const running = flock.run(outer, {});
      await runtime.clock.advance(40);
      await running;
    }
    const analysis = new AgentIntrospection(outer, { flock }).analyzePerformance();
    expect(analysis).toMatchObject({
      runs: 3,
      avgExecutionTimeMs: 40,
      successRate: 1,
      bottleneck: { name: "step", share: 1 },
    });
    const ofStep = new AgentIntrospection(step, { flock });
    expect(ofStep.metrics).toMatchObject({ name: "step", succeeded: 3 });
    expect(JSON.parse(JSON.stringify(ofStep.history))).toMatchObject(
      repeat(3, () => ({ durationMs: 40, outcome: "ok", calls: [{ path: "run/outer#0/step#0" }] })),
    );
    expect(new AgentIntrospection({ name: "nobody" }, { flock }).metrics).toBeUndefined();
  });

  it("looks at the process's own Flock when none is named", async () => {
    const alone = runnable("introspected_alone", async () => ({ ok: true }));
    await executeRun(alone, {});
    const introspection = new AgentIntrospection(alone);
    expect(introspection.analyzePerformance()).toMatchObject({ runs: 1, successRate: 1 });
    expect([introspection.metrics?.calls, introspection.dataNeeded]).toEqual([1, 9]);
  });

  it("counts cancelled tools as neither good nor bad, and a tool inside a tool as both", () => {
    const inner = { name: "fetch", kind: "tool" as const, ms: 10, input: { url: "u" } };
    const outer = { name: "search", kind: "tool" as const, calls: [inner], input: { q: 1 } };
    const gone = { ...inner, outcome: "cancelled" as const, code: "cancelled" };
    const bad = { ...inner, outcome: "error" as const, code: "tool_failed" };
    const { toolEfficiency } = introspect("a", [
      { name: "a", calls: [outer, gone, bad, { name: "model", ms: 10 }] },
    ]).analyzePerformance();
    expect(toolEfficiency).toMatchObject({
      search: { calls: 1, successRate: 1, meanMs: 10 },
      fetch: { calls: 3, successRate: 0.5, meanMs: 10, repeatedCalls: 2 },
    });
    expect(toolEfficiency.fetch?.shareOfTime).toBeCloseTo(0.75, 3);
  });
});

describe("AgentIntrospection.suggestImprovements", () => {
  const asked = (question: string): DescribedCall => ({
    name: "a",
    calls: [
      { name: "search", kind: "tool", ms: 80, input: { question } },
      { name: "model", ms: 20, tokens: 40 },
    ],
    input: { unique: Math.abs(question.length) },
  });

  it("says how many runs are missing, and nothing else", () => {
    const introspection = introspect(
      "a",
      repeat(7, () => asked("same")),
    );
    expect([introspection.dataNeeded, introspection.suggestImprovements()]).toEqual([3, []]);
  });

  it("finds nothing worth changing in runs that are all different and well", () => {
    const runs = repeat(
      60,
      (index): DescribedCall => ({ name: "a", input: { index }, calls: [{ name: "model", ms: 20 }] }),
    );
    const introspection = introspect("a", runs);
    expect([introspection.dataNeeded, introspection.suggestImprovements()]).toEqual([0, []]);
  });

  it("ranks by gain, names each piece of advice once, and carries no content", () => {
    const runs = repeat(
      60,
      (index): DescribedCall => ({
        name: "a",
        input: { index, password: "hunter2" },
        ...(index % 5 === 0 ? { outcome: "error" as const, code: "output_invalid" } : {}),
        calls: [
          { name: "search", kind: "tool", ms: 80, input: { question: `hunter2 ${index % 3}` } },
          { name: "model", ms: 20, tokens: 40 },
        ],
      }),
    );
    const suggestions = introspect("a", runs).suggestImprovements();
    expect(suggestions.map(({ id }) => id)).toEqual([
      "cache:search",
      "dominating-step:search",
      "failures:output_invalid",
    ]);
    expect(JSON.stringify(suggestions)).not.toContain("hunter2");
    for (const { predicted } of suggestions) {
      expect(predicted!.low).toBeLessThanOrEqual(predicted!.change);
      expect(predicted!.high).toBeGreaterThanOrEqual(predicted!.change);
    }
    expect(introspect("a", runs).suggestImprovements()).toEqual(suggestions);
  });

  it("refuses what is no runnable, no monitor and no Flock", () => {
    for (const bad of [undefined, null, {}, { name: "" }, "agent"]) {
      expect(() => new AgentIntrospection(bad as never)).toThrow(expect.objectContaining({ code: "option_invalid" }));
    }
    for (const options of [{ monitor: {} }, { flock: {} }, { flok: 1 }]) {
      const make = () => new AgentIntrospection({ name: "a" }, options as never);
      expect(make).toThrow(expect.objectContaining({ code: "option_invalid" }));
    }
  });
});

describe("AgentIntrospection.apply", () => {
  const runs = repeat(
    30,
    (index): DescribedCall => ({
      name: "a",
      input: { index },
      calls: [
        { name: "search", kind: "tool", ms: 80, input: { same: true } },
        { name: "model", ms: 20 },
      ],
    }),
  );

  it("changes the live setting, says from what to what, and can be undone", () => {
    const knobs = new Knobs();
    knobs.register(knobOf("cache:search", { enabled: false, maxEntries: 10 }));
    const introspection = introspect("a", runs, knobs);
    const applied = introspection.apply("cache:search");
    expect(applied).toMatchObject({
      knob: "cache:search",
      from: { enabled: false },
      to: { enabled: true, maxEntries: 16 },
    });
    expect(knobs.read("cache:search")).toEqual({ enabled: true, maxEntries: 16 });
    applied.undo();
    applied.undo();
    expect(knobs.read("cache:search")).toEqual({ enabled: false, maxEntries: 10 });
    expect(introspection.apply(introspection.suggestImprovements()[0]!).suggestion.id).toBe("cache:search");
  });

  it("says why a suggestion cannot be applied", () => {
    const introspection = introspect("a", runs);
    const bad: [unknown, string][] = [
      ["dominating-step:search", "takes a person"],
      ["cach:search", 'did you mean "cache:search"?'],
      ["zzz", "there are cache:search"],
      [{}, "a suggestion or its id"],
      [undefined, "a suggestion or its id"],
      [{ id: "x", action: {} }, "a suggestion or its id"],
      [{ id: "x", action: { knob: "k", value: 1 }, forecasts: 5 }, "a suggestion or its id"],
      [{ id: "x", action: { knob: "k", value: 1 }, forecasts: [null] }, "a suggestion or its id"],
    ];
    for (const [suggestion, words] of bad) {
      expect(() => introspection.apply(suggestion as never)).toThrow(
        expect.objectContaining({ code: "option_invalid" }),
      );
      expect(() => introspection.apply(suggestion as never)).toThrow(words);
    }
    expect(() => introspect("a", []).apply("x")).toThrow("there is none at present");
  });

  it("refuses an action where there are no settings, and one whose knob is gone", () => {
    const [first] = introspect("a", runs).suggestImprovements();
    const action = { knob: "cache:search", value: true };
    const bare = new AgentIntrospection({ name: "a" }, { flock: { history: undefined } });
    expect(() => bare.apply({ ...first!, action })).toThrow("no live settings");
    expect(() => introspect("a", runs).apply({ ...first!, action })).toThrow(
      expect.objectContaining({ code: "knob_invalid" }),
    );
  });
});
