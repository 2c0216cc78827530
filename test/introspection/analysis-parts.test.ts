/** Where cost goes, which figures drift, and which kinds of failure stand behind a code. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeFailure } from "../../src/core/events/describe-failure.ts";
import { describeFailuresWith } from "../../src/core/events/failure-reference.ts";
import type { RunRecord } from "../../src/core/events/run-history.ts";
import { DeclarativeAgent, Flock, tool } from "../../src/entries/index.ts";
import { AgentIntrospection, exportRuns, importRuns, RunRecorder } from "../../src/entries/introspection.ts";
import { createTestRuntime, scriptedModel } from "../../src/entries/testing.ts";
import { type DescribedCall, eventsOf, startOfTime } from "./run-events.ts";

// A program without failures has not imported it yet.
describeFailuresWith(describeFailure);

function analyze(name: string, calls: readonly DescribedCall[]) {
  const recorder = new RunRecorder({ maxRuns: 10_000 });
  for (const [index, call] of calls.entries()) {
    for (const event of eventsOf(call, { runId: `r${index}`, time: startOfTime + index * 10_000 }))
      recorder.notify(event);
  }
  return new AgentIntrospection({ name }, { flock: { history: recorder } }).analyzePerformance();
}

const runs = (count: number, call: (index: number) => DescribedCall) =>
  Array.from({ length: count }, (_, at) => call(at));

describe("the cost of an analysis", () => {
  it("is told by step and by model, the dearest first, what an agent spent itself under its own name", () => {
    const { cost } = analyze(
      "flow",
      runs(4, () => ({
        name: "flow",
        kind: "pattern",
        calls: [
          { name: "writer", calls: [{ name: "big", kind: "model", ms: 5, tokens: 100, costMicroUsd: 30 }] },
          {
            name: "critic",
            calls: [
              { name: "small", kind: "model", ms: 5, tokens: 200, costMicroUsd: 4 },
              { name: "big", kind: "model", ms: 5, tokens: 20, costMicroUsd: 6 },
            ],
          },
        ],
      })),
    );
    expect(cost).toEqual({
      ...{ tokens: 1_280, microUsd: 160, microUsdPerRun: 40 },
      bySteps: [
        { name: "writer", calls: 4, tokens: 400, microUsd: 120, share: 0.75 },
        { name: "critic", calls: 8, tokens: 880, microUsd: 40, share: 0.25 },
      ],
      byModels: [
        { name: "big", calls: 8, tokens: 480, microUsd: 144, share: 0.9 },
        { name: "small", calls: 4, tokens: 800, microUsd: 16, share: 0.1 },
      ],
    });
  });

  it("is shared by tokens where no price is known, and says so", () => {
    const model = (name: string, tokens: number): DescribedCall => ({ name, kind: "model", ms: 1, tokens });
    const { cost } = analyze("a", [{ name: "a", calls: [model("one", 30), model("other", 10)] }]);
    expect(cost).toMatchObject({ tokens: 40, microUsd: "unknown", microUsdPerRun: "unknown" });
    expect(cost.byModels.map(({ name, share, microUsd }) => [name, share, microUsd])).toEqual([
      ["one", 0.75, "unknown"],
      ["other", 0.25, "unknown"],
    ]);
    const { cost: none } = analyze("a", [{ name: "a", calls: [model("free", 0)] }]);
    expect(none.byModels).toEqual([{ name: "free", calls: 1, tokens: 0, microUsd: "unknown", share: 0 }]);
  });
});

describe("trends of an analysis", () => {
  const trendOf = (metric: string, calls: readonly DescribedCall[]) =>
    analyze("a", calls).trends.find((trend) => trend.metric === metric);
  const { random } = createTestRuntime({ seed: 21 });

  it("are not told of fewer than 20 runs", () => {
    expect(
      analyze(
        "a",
        runs(19, (at) => ({ name: "a", ms: at })),
      ).trends,
    ).toEqual([]);
    expect(
      analyze(
        "a",
        runs(20, (at) => ({ name: "a", ms: at })),
      ).trends.map(({ metric }) => metric),
    ).toEqual(["executionTimeMs", "successRate", "tokens"]);
  });

  it.each([50, 1_000])("find a drift of time among %i noisy runs, about as large as it is, and no other", (count) => {
    const drifting = (at: number): DescribedCall => ({
      ...{ name: "a", ms: 100 + (50 * at) / count + 30 * random() + (random() < 0.02 ? 5_000 : 0) },
    });
    const { trends } = analyze("a", runs(count, drifting));
    const time = trends.find(({ metric }) => metric === "executionTimeMs");
    expect(time?.direction).toBe("rising");
    expect(time?.change).toBeGreaterThan(30);
    expect(time?.change).toBeLessThan(70);
    expect(time?.interval.low).toBeLessThan(50);
    expect(time?.interval.high).toBeGreaterThan(50);
    for (const { metric, direction } of trends) if (metric !== "executionTimeMs") expect(direction).toBe("steady");
    const back = trendOf(
      "executionTimeMs",
      runs(count, (at) => drifting(count - at)),
    );
    expect(back?.direction).toBe("falling");
  });

  it("tell a success rate by its halves, and cost where there is any", () => {
    const calls = runs(400, (at): DescribedCall => {
      const failed = random() < (at < 200 ? 0.05 : 0.25);
      const model: DescribedCall = { name: "m", kind: "model", ms: 1, tokens: 10, costMicroUsd: 100 - at / 10 };
      return { name: "a", calls: [model], ...(failed ? { outcome: "error", code: "tool_failed" } : {}) };
    });
    const success = trendOf("successRate", calls);
    expect(success).toMatchObject({ direction: "falling" });
    expect(success?.change).toBeCloseTo(-0.2, 1);
    expect(trendOf("costMicroUsd", calls)).toMatchObject({ direction: "falling", change: expect.closeTo(-39.9, 0) });
  });

  it("are steady for equal runs, and for cancelled ones there are none", () => {
    for (const { direction, change, p } of analyze(
      "a",
      runs(60, () => ({ name: "a", ms: 5 })),
    ).trends) {
      expect([direction, change, p]).toEqual(["steady", 0, 1]);
    }
    expect(
      analyze(
        "a",
        runs(60, () => ({ name: "a", ms: 5, outcome: "cancelled" })),
      ).trends,
    ).toEqual([]);
  });

  it("are claimed for about one of a hundred records in which nothing drifts", () => {
    let claimed = 0;
    const records = 400;
    for (let record = 0; record < records; record++) {
      const noise = runs(
        40,
        (): DescribedCall => ({ name: "a", ms: 1 / (0.01 + random()), tokens: Math.floor(random() * 9) }),
      );
      if (analyze("a", noise).trends.some(({ direction }) => direction !== "steady")) claimed += 1;
    }
    expect(claimed).toBeLessThanOrEqual(10);
  });

  it("are no NaN and turn round with the runs, whatever the figures", () => {
    const figure = fc.record({ ms: fc.integer({ min: 0, max: 9 }), tokens: fc.nat(3), isOk: fc.boolean() });
    fc.assert(
      fc.property(fc.array(figure, { minLength: 20, maxLength: 60 }), (figures) => {
        const calls = figures.map(({ ms, tokens, isOk }): DescribedCall => {
          return { name: "a", ms, tokens, ...(isOk ? {} : { outcome: "error", code: "tool_failed" }) };
        });
        const [there, back] = [analyze("a", calls).trends, analyze("a", calls.toReversed()).trends];
        for (const [index, trend] of there.entries()) {
          expect(Number.isFinite(trend.change) && trend.p >= 0 && trend.p <= 1).toBe(true);
          expect(trend.interval.low).toBeLessThanOrEqual(trend.interval.high);
          expect(back[index]?.p).toBeCloseTo(trend.p, 6);
        }
      }),
    );
  });
});

describe("common errors of an analysis", () => {
  it("name the kinds of failure behind a code, the three most frequent", () => {
    const calls = runs(12, (at): DescribedCall => {
      const kind = ["pump", "pump", "pump", "belt", "belt", "lamp", "door", "door", "door", "door"][at];
      const error = kind === undefined ? {} : { error: new Error(`the ${kind} is broken`) };
      return { name: "a", ms: 1, outcome: "error", code: kind === undefined ? "timeout" : "tool_failed", ...error };
    });
    const { commonErrors } = analyze("a", calls);
    expect(commonErrors).toMatchObject([
      { code: "tool_failed", count: 10, share: 10 / 12 },
      { code: "timeout", count: 2, kinds: [] },
    ]);
    expect(commonErrors[0]?.kinds.map(({ title, count }) => [title, count])).toEqual([
      ["the door is broken", 4],
      ["the pump is broken", 3],
      ["the belt is broken", 2],
    ]);
  });
});

describe("the efficiency of tools in an analysis", () => {
  it("says how many of their outputs the answers took up", async () => {
    const runtime = createTestRuntime();
    await using flock = new Flock({ runtime });
    const tools = ["search", "clock"].map((name) =>
      tool({
        ...{ name, description: `The ${name}.`, input: "about: str", output: "found: str" },
        execute: () => ({ found: name === "search" ? "The bridge has 4711 stones" : "It is Tuesday afternoon" }),
      }),
    );
    const agent = new DeclarativeAgent({
      ...{ name: "a", input: "question: str", output: "answer: str", tools },
      model: scriptedModel(
        [
          { toolCalls: ["search", "clock"].map((name) => ({ tool: name, input: { about: "stones" } })) },
          { json: { answer: "It has 4711 stones." } },
        ],
        { repeat: true },
      ),
    });
    for (let run = 0; run < 5; run++) await agent.execute({ question: "How many?" }, { flock });
    const recorded = flock.history!;
    const read: RunRecord[] = [];
    for await (const run of importRuns(exportRuns(recorded))) read.push(run);
    const carried = { size: read.length, runs: () => read, calls: () => [], clear() {} };
    for (const history of [recorded, carried]) {
      const { toolEfficiency } = new AgentIntrospection(agent, { history }).analyzePerformance();
      expect(toolEfficiency).toMatchObject({
        search: { calls: 5, usedOutputs: { used: 5, of: 5 } },
        clock: { calls: 5, usedOutputs: { used: 0, of: 5 } },
      });
    }
  });
});
