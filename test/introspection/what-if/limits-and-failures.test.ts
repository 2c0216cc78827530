import { describe, expect, it } from "vitest";
import { Knobs } from "../../../src/core/knob.ts";
import { attemptTimeouts } from "../../../src/introspection/advise/what-if/attempt-timeouts.ts";
import { dominatingStep } from "../../../src/introspection/advise/what-if/dominating-step.ts";
import { failingTools, frequentFailures } from "../../../src/introspection/advise/what-if/failures.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

function timeoutKnob(value: unknown): Knobs {
  const knobs = new Knobs();
  knobs.register({
    id: "attempt-timeout:model",
    read: () => value as never,
    check: () => undefined,
    change: () => () => {},
  });
  return knobs;
}

describe("attemptTimeouts", () => {
  /** Of a hundred runs, some hang for the whole limit and are tried again. */
  const runsWith = (hung: number, ms = 200): DescribedCall[] =>
    repeat(100, (index) => ({
      name: "a",
      calls: [index < hung ? { name: "model", ms: 120_000 + ms, attempts: 2 } : { name: "model", ms }],
    }));
  const advise = (runs: readonly DescribedCall[], knobs?: Knobs) =>
    attemptTimeouts({ name: "a", episodes: episodesFrom(runs), knobs }).map(({ suggestion }) => suggestion);

  it("advises five times the 99th percentile, at least five seconds, where calls hung", () => {
    const [advice] = advise(runsWith(5), timeoutKnob(120_000));
    expect(advice).toMatchObject({
      id: "attempt-timeout:model",
      evidence: { calls: 100, hung: 5, p99Ms: 200, limitMs: 120_000 },
      action: { knob: "attempt-timeout:model", value: 5_000 },
      predicted: { metric: "avgExecutionTimeMs" },
    });
    expect(advice!.predicted!.change).toBeCloseTo(-0.05 * 115_000, 3);
    expect(advice!.sentence).toContain(
      "5 of 100 hung. Turn attempt-timeout:model down to 5 s: that would have saved 5.8 s",
    );
    const [slower] = advise(runsWith(5, 8_000), timeoutKnob(120_000));
    expect(slower?.action).toEqual({ knob: "attempt-timeout:model", value: 40_000 });
  });

  it("is silent without a knob, without hung calls, with few good calls, and with a limit that fits", () => {
    expect(advise(runsWith(5))).toEqual([]);
    expect(advise(runsWith(5), new Knobs())).toEqual([]);
    expect(advise(runsWith(5), timeoutKnob("long"))).toEqual([]);
    expect(advise(runsWith(0), timeoutKnob(120_000))).toEqual([]);
    expect(advise(runsWith(60), timeoutKnob(120_000))).toEqual([]);
    expect(advise(runsWith(5), timeoutKnob(9_000))).toEqual([]);
    expect(advise(runsWith(1), timeoutKnob(120_000))).toEqual([]);
  });
});

describe("dominatingStep", () => {
  const advise = (runs: readonly DescribedCall[]) =>
    dominatingStep({ name: "flow", episodes: episodesFrom(runs), knobs: undefined }).map(
      ({ suggestion }) => suggestion,
    );

  it("names the step that takes most of the time, and what half of it would bring", () => {
    const runs = repeat(10, () => ({
      name: "flow",
      calls: [
        { name: "slow", ms: 80 },
        { name: "quick", ms: 20 },
      ],
    }));
    const [advice] = advise(runs);
    expect(advice).toMatchObject({ id: "dominating-step:slow", evidence: { runs: 10 }, risk: "low" });
    expect(advice!.evidence.shareOfTime).toBeCloseTo(0.8, 5);
    expect(advice!.predicted!.change).toBeCloseTo(-40, 3);
    expect(advice!.action).toBeUndefined();
    expect(advice!.sentence).toBe(
      "slow takes 80 % of a run of flow (80 ms of 100 ms, mean of 10 runs). " +
        "Fewer or faster calls help: at twice the speed a run would take 40 ms less.",
    );
  });

  it("says where the step's time goes: its two largest parts, its own code among them", () => {
    const sentenceOf = (calls: readonly DescribedCall[], ms: number) =>
      advise(
        repeat(10, () => ({
          name: "flow",
          calls: [
            { name: "slow", ms, calls },
            { name: "quick", ms: 20 },
          ],
        })),
      )[0]?.sentence;
    const model = { name: "model", ms: 30 };
    const search = { name: "search", kind: "tool", ms: 45 } as const;
    expect(sentenceOf([model, search, { name: "lookup", kind: "tool", ms: 5 }], 80)).toContain(
      "45 ms in search and 30 ms in model. Fewer or faster calls help:",
    );
    expect(sentenceOf([{ name: "model", ms: 4 }], 80)).toContain(", 76 ms in its own code. Begin there:");
  });

  it("is silent when no step dominates, when there is one alone, and when nothing took time", () => {
    expect(
      advise(
        repeat(10, () => ({
          name: "flow",
          calls: [
            { name: "x", ms: 40 },
            { name: "y", ms: 40 },
            { name: "z", ms: 40 },
          ],
        })),
      ),
    ).toEqual([]);
    expect(advise(repeat(10, () => ({ name: "flow", calls: [{ name: "x", ms: 40 }] })))).toEqual([]);
    expect(
      advise(
        repeat(10, () => ({
          name: "flow",
          calls: [
            { name: "x", ms: 0 },
            { name: "y", ms: 0 },
          ],
        })),
      ),
    ).toEqual([]);
  });

  it("counts a step beside a longer one as nothing gained", () => {
    const runs = repeat(10, () => ({
      name: "flow",
      calls: [
        { name: "x", at: 0, ms: 100 },
        { name: "y", at: 0, ms: 99 },
        { name: "z", at: 100, ms: 1 },
      ],
    }));
    const [advice] = advise(runs);
    expect(advice).toBeUndefined();
  });
});

describe("failures", () => {
  const runsWith = (failed: number, code: string, count = 100): DescribedCall[] =>
    repeat(count, (index) => ({
      name: "a",
      ...(index < failed ? { outcome: "error" as const, code } : {}),
      calls: [index < failed ? { name: "model", ms: 5, outcome: "error", code } : { name: "model", ms: 5 }],
    }));

  it("names codes that fail more of the runs than chance explains, where it began, and what helps", () => {
    const [{ suggestion } = { suggestion: undefined }, ...more] = frequentFailures({
      ...{ name: "a", knobs: undefined },
      episodes: episodesFrom(runsWith(12, "output_invalid")),
    });
    expect(more).toEqual([]);
    expect(suggestion).toMatchObject({
      id: "failures:output_invalid",
      evidence: { runs: 100, failures: 12, code: "output_invalid" },
      predicted: { metric: "successRate", change: 0.12 },
    });
    expect(suggestion?.sentence).toContain("12 % of the runs of a fail with output_invalid (12 of 100). What helps:");
    expect(suggestion?.evidence.samples).toContainEqual({ runId: "r11", path: "run/a#0/model#0" });
    expect(suggestion!.predicted!.low).toBeLessThan(0.12);
    expect(suggestion!.predicted!.high).toBeGreaterThan(0.12);
  });

  it("is silent about few failures and cancelled runs, and has no way out for codes it does not know", () => {
    const advise = (runs: readonly DescribedCall[]) =>
      frequentFailures({ name: "a", episodes: episodesFrom(runs), knobs: undefined });
    expect(advise(runsWith(2, "timeout"))).toEqual([]);
    expect(advise(runsWith(4, "timeout"))).toEqual([]);
    expect(
      advise(
        runsWith(50, "cancelled").map((run) =>
          run.code === undefined ? run : { ...run, outcome: "cancelled" as const },
        ),
      ),
    ).toEqual([]);
    expect(advise(runsWith(50, "model_failed"))[0]?.suggestion.sentence).toContain(
      "say `recovery: fallback(…)` with another model",
    );
    expect(advise(runsWith(50, "my_own"))[0]?.suggestion.sentence).toBe(
      "50 % of the runs of a fail with my_own (50 of 100).",
    );
  });

  it("calls a failure without a code unknown, also where the calls are no longer kept", () => {
    const runs = repeat(
      20,
      (index): DescribedCall => ({ name: "a", ms: 5, ...(index < 8 ? { outcome: "error" as const } : {}) }),
    );
    const episodes = episodesFrom(runs).map((episode) => ({ ...episode, root: undefined }));
    const [advice] = frequentFailures({ name: "a", episodes, knobs: undefined });
    expect(advice?.suggestion.id).toBe("failures:unknown");
    expect(advice?.suggestion.evidence.samples).toContainEqual({ runId: "r7", path: "run" });
    expect(failingTools({ name: "a", episodes, knobs: undefined })).toEqual([]);
  });

  it("names tools that fail often though the runs went on", () => {
    const runs = repeat(
      40,
      (index): DescribedCall => ({
        name: "a",
        calls: [
          {
            name: "search",
            kind: "tool",
            ms: 5,
            ...(index % 4 === 0 ? { outcome: "error" as const, code: "tool_failed" } : {}),
          },
        ],
      }),
    );
    const [advice] = failingTools({ name: "a", episodes: episodesFrom(runs), knobs: undefined });
    expect(advice?.suggestion).toMatchObject({
      id: "failing-tool:search",
      evidence: { calls: 40, failures: 10, codes: ["tool_failed"] },
      predicted: { metric: "toolSuccessRate", change: 0.25 },
    });
    expect(advice?.suggestion.sentence).toBe(
      "search fails in 25 % of its calls for a (10 of 40, tool_failed). " +
        "See what it was given and its errors; where a second try is safe and may help, say `idempotent: true`.",
    );
    expect(failingTools({ name: "a", episodes: episodesFrom(runs.slice(0, 9)), knobs: undefined })).toEqual([]);
    expect(failingTools({ name: "a", episodes: episodesFrom(runsWith(50, "timeout")), knobs: undefined })).toEqual([]);
  });
});
