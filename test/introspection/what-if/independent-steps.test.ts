import { describe, expect, it } from "vitest";
import { independentSteps } from "../../../src/introspection/advise/what-if/independent-steps.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

const step = (name: string, reads: string[], writes: string[], ms: number): DescribedCall => ({
  name,
  kind: "agent",
  reads,
  writes,
  ms,
});
const flow = (calls: DescribedCall[], writes = ["report"], extra: Partial<DescribedCall> = {}): DescribedCall => ({
  ...{ name: "flow", kind: "pattern", reads: ["topic"], writes, calls },
  ...extra,
});

const facts = step("facts", ["topic"], ["findings"], 100);
const mood = step("mood", ["topic"], ["sentiment"], 60);
const writer = step("writer", ["findings", "sentiment"], ["report"], 40);

function advise(runs: readonly DescribedCall[]) {
  return independentSteps({ name: runs[0]!.name, episodes: episodesFrom(runs), knobs: undefined }).map(
    ({ suggestion }) => suggestion,
  );
}

describe("independentSteps", () => {
  it("finds steps that waited for nothing, and predicts the time of the shorter", () => {
    const [advice, ...more] = advise(repeat(20, () => flow([facts, mood, writer])));
    expect(more).toEqual([]);
    expect(advice).toMatchObject({
      id: "independent-steps:flow",
      evidence: { runs: 20, pattern: "flow", steps: ["facts", "mood", "writer"], independent: ["facts and mood"] },
      predicted: { metric: "avgExecutionTimeMs", unit: "ms" },
      risk: "medium",
    });
    expect(advice!.predicted!.change).toBeCloseTo(-60, 3);
    expect(advice!.sentence).toBe(
      "flow runs facts and mood one after the other though none reads what another writes. " +
        "Side by side, in a ParallelPattern, a run of flow would take 60 ms less (30 %, over 20 runs).",
    );
    expect(advice!.action).toBeUndefined();
  });

  it("predicts the critical path of what depends on what", () => {
    const calls = [
      facts,
      mood,
      step("check", ["sentiment"], ["checked"], 70),
      step("writer", ["findings", "checked"], ["report"], 40),
    ];
    const [advice] = advise(repeat(20, () => flow(calls)));
    // 100 + 60 + 70 + 40 in a row; at best facts beside mood and check, then the writer: 130 + 40.
    expect(advice!.predicted!.change).toBeCloseTo(-100, 3);
  });

  it("counts only what shortens the whole run", () => {
    const inner = flow([facts, mood, writer]);
    const beside = { name: "other", kind: "agent" as const, at: 0, ms: 190 };
    const [advice] = advise(repeat(20, () => ({ name: "all", kind: "pattern", calls: [inner, beside] })));
    expect(advice!.predicted!.change).toBeCloseTo(-10, 3);
  });

  it.each<[string, () => DescribedCall[]]>([
    ["each step reads the one before", () => repeat(20, () => flow([facts, step("x", ["findings"], ["report"], 50)]))],
    [
      "two steps write the same field",
      () => repeat(20, () => flow([step("a", ["topic"], ["report"], 50), step("b", ["topic"], ["report"], 50)])),
    ],
    [
      "a later step writes what an earlier one read",
      () =>
        repeat(20, () =>
          flow([
            step("a", ["topic", "n"], ["x"], 50),
            step("b", ["topic"], ["n"], 50),
            step("c", ["x", "n"], ["report"], 5),
          ]),
        ),
    ],
    [
      "a step decides what comes next",
      () => repeat(20, () => flow([step("router", ["topic"], ["route"], 50), step("b", ["topic"], ["report"], 50)])),
    ],
    [
      "a step writes nothing",
      () => repeat(20, () => flow([step("notify", ["topic"], [], 50), step("b", ["topic"], ["report"], 50)])),
    ],
    [
      "runs took different steps",
      () => repeat(20, (index) => flow(index % 2 === 0 ? [facts, mood, writer] : [mood, facts, writer])),
    ],
    [
      "they ran side by side already",
      () => repeat(20, () => flow([facts, { ...mood, at: 0 }, { ...writer, at: 100 }])),
    ],
    ["it is an agent with tools", () => repeat(20, () => flow([facts, mood, writer], ["report"], { kind: "agent" }))],
    ["the steps are tools", () => repeat(20, () => flow([facts, { ...mood, kind: "tool" }, writer]))],
    ["there is one step", () => repeat(20, () => flow([facts], ["findings"]))],
    [
      "the runs failed",
      () => repeat(20, () => flow([facts, mood, writer], ["report"], { outcome: "error", code: "timeout" })),
    ],
    ["there is nothing to gain", () => repeat(20, () => flow([{ ...facts, ms: 500 }, { ...mood, ms: 1 }, writer]))],
  ])("is silent when %s", (_, runs) => {
    expect(advise(runs())).toEqual([]);
  });
});
