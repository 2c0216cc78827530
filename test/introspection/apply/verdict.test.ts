import { describe, expect, it } from "vitest";
import type { AdviceRecord, WatchedRuns } from "../../../src/introspection/advise/apply/advice-record.ts";
import { momentsOf } from "../../../src/introspection/advise/apply/sequential-test.ts";
import { measureFigure, noRuns, verdictOn } from "../../../src/introspection/advise/apply/verdict.ts";
import type { Forecast } from "../../../src/introspection/advise/suggestion.ts";

/** Runs whose times and costs are spread a little around these. */
function runs(count: number, ms: number, costMicroUsd: number, rest: Partial<WatchedRuns> = {}): WatchedRuns {
  const spread = (mean: number) =>
    momentsOf(Array.from({ length: count }, (_, run) => mean * (run % 2 === 0 ? 0.8 : 1.2)));
  return { ...noRuns, runs: count, durationMs: spread(ms), costMicroUsd: spread(costMicroUsd), ...rest };
}

function recordOf(forecasts: readonly Forecast[], watched: WatchedRuns, baseline = runs(400, 100, 50)): AdviceRecord {
  return {
    ...{ id: "cache:search", sentence: "…", knob: "cache:search", from: false, to: true, status: "watching" },
    ...{ appliedAtMs: 0, watchRuns: 200, forecasts, baseline, watched },
  };
}

function promise(metric: Forecast["metric"], before: number, after: number, by: number): Forecast {
  return { metric, unit: "…", runs: 200, before, after, low: after - by, high: after + by };
}

describe("the verdict on a change", () => {
  it("waits for the runs to watch", () => {
    expect(verdictOn(recordOf([promise("avgExecutionTimeMs", 100, 80, 5)], runs(199, 80, 50)))).toBeUndefined();
  });

  it("keeps what brings at least half of what was promised, or a better figure within the range", () => {
    const time = promise("avgExecutionTimeMs", 100, 60, 5);
    expect(verdictOn(recordOf([time], runs(200, 78, 50)))).toMatchObject({ keep: true });
    expect(verdictOn(recordOf([{ ...time, high: 95 }], runs(200, 90, 50)))).toMatchObject({ keep: true });
    const { keep, report } = verdictOn(recordOf([time], runs(200, 90, 50)))!;
    expect(keep).toBe(false);
    expect(report).toBe(
      "predicted −40 % mean latency, measured −10 % over 200 runs: rolled back: it brought less than half of what was promised.",
    );
  });

  it("holds a share against its promise in points", () => {
    const success = promise("successRate", 0.8, 0.95, 0.02);
    const before = runs(400, 100, 50, { failed: 80 });
    const kept = verdictOn(recordOf([success], runs(200, 100, 50, { failed: 10 }), before))!;
    expect(kept).toMatchObject({ keep: true, figures: [{ predicted: 0.95, measured: 0.95 }] });
    expect(kept.report).toBe("predicted +15 points success rate, measured +15 points over 200 runs: kept.");
    const none = verdictOn(recordOf([success], runs(200, 100, 50, { failed: 41 }), before))!;
    expect(none.report).toContain("rolled back: it brought nothing.");
    const hits = promise("cacheHitRate", 0, 0.5, 0.05);
    const watched = runs(200, 100, 50, { cacheCalls: 200, cacheHits: 20 });
    expect(verdictOn(recordOf([hits], watched))!.report).toContain("measured +10 points over 200 runs: rolled back");
  });

  it("takes back, after one look at the end, harm that was too small to be sure of on the way", () => {
    const time = promise("avgExecutionTimeMs", 100, 90, 10);
    const dearer = verdictOn(recordOf([time], runs(200, 90, 52.2)))!;
    expect(dearer.report).toContain("rolled back: runs cost more.");
    expect(verdictOn(recordOf([time], runs(199, 90, 52.2)))).toBeUndefined();
    const allowed = promise("costMicroUsd", 50, 52, 2);
    expect(verdictOn(recordOf([time, allowed], runs(200, 90, 52.2)))).toMatchObject({ keep: true });
    const failing = runs(200, 90, 50, { failed: 18 });
    const before = runs(400, 100, 50, { failed: 12 });
    expect(verdictOn(recordOf([time], failing, before))!.report).toContain("18 of 200 runs failed, 12 of 400 before");
    const said = promise("successRate", 0.97, 0.9, 0.03);
    expect(verdictOn(recordOf([time, said], failing, before))).toMatchObject({ keep: true });
  });

  it("asks of a change without a promise that it does no harm", () => {
    expect(verdictOn(recordOf([], runs(200, 100, 50)))).toMatchObject({ keep: true, figures: [] });
    expect(verdictOn(recordOf([], runs(200, 106, 50)))!.report).toBe(
      "watched over 200 runs: rolled back: runs take longer.",
    );
  });

  it("holds a promise to lose nothing of what a cache answers to just that", () => {
    const hits = promise("cacheHitRate", 0.5, 0.499, 0.03);
    for (const [cacheHits, keep] of [
      [110, true],
      [96, true],
      [90, false],
    ] as const) {
      const verdict = verdictOn(recordOf([hits], runs(200, 100, 50, { cacheCalls: 200, cacheHits })))!;
      expect(verdict.keep).toBe(keep);
      expect(verdict.report.endsWith(keep ? ": kept." : "rolled back: it cost more than was said.")).toBe(true);
    }
  });

  it("has figures of 0 of no runs, and no change in percent of nothing", () => {
    const metrics = ["avgExecutionTimeMs", "costMicroUsd", "successRate", "cacheHitRate"] as const;
    expect(metrics.map((metric) => measureFigure(metric, noRuns))).toEqual([0, 0, 0, 0]);
    const free = verdictOn(recordOf([promise("costMicroUsd", 0, 0, 0)], runs(200, 100, 0), runs(400, 100, 0)))!;
    expect(free.report).toBe("predicted +0 % cost, measured +0 % over 200 runs: rolled back: it brought nothing.");
  });
});
