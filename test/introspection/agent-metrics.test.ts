import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CallEndEvent, FlockEvent } from "../../src/core/events/event.ts";
import { foldEvents } from "../../src/core/events/fold.ts";
import { AgentMetrics, agentMetricsFold, isBelow } from "../../src/introspection/measure/agent-metrics.ts";
import { eventsOf } from "./run-events.ts";

const end: CallEndEvent = {
  ...{
    v: 1,
    type: "call-end",
    runId: "r",
    path: "run/a#0",
    time: 0,
    name: "a",
    kind: "agent",
    outcome: "ok",
    durationMs: 10,
  },
  ...{
    queueMs: 1,
    attempts: 1,
    usage: undefined,
    costMicroUsd: undefined,
    cacheState: undefined,
    answeredBy: undefined,
    stream: undefined,
    code: undefined,
    failure: undefined,
  },
};

describe("AgentMetrics", () => {
  it("is all 0 and never NaN before anything happened", () => {
    const none = new AgentMetrics("a").toJSON();
    expect(none).toMatchObject({
      name: "a",
      calls: 0,
      successRate: 0,
      costMicroUsd: undefined,
      attempts: 0,
      cacheHits: 0,
    });
    expect(JSON.stringify(none)).not.toMatch(/NaN|null/);
  });

  it("keeps the five measures, and tokens, cost, attempts, waiting and cache results beside them", () => {
    const metrics = new AgentMetrics("a");
    const usage = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 3, cacheWriteTokens: 2, reasoningTokens: 1 };
    metrics.recordCall({ ...end, usage, costMicroUsd: 7, cacheState: "miss" });
    metrics.recordCall({ ...end, durationMs: 30, usage, costMicroUsd: 5, attempts: 3, cacheState: "hit" });
    metrics.recordCall({ ...end, outcome: "error", code: "timeout", cacheState: "bypass" });
    metrics.recordCall({ ...end, outcome: "error", code: "timeout" });
    metrics.recordCall({ ...end, outcome: "cancelled", code: "cancelled" });
    metrics.recordTool({ ...end, name: "search", durationMs: 4 });
    metrics.recordTool({ ...end, name: "search", durationMs: 6, outcome: "error" });
    metrics.recordMemory({ heapUsedBytes: 100, residentBytes: 200 });
    expect(metrics.toJSON()).toMatchObject({
      ...{
        calls: 5,
        succeeded: 2,
        failed: 2,
        cancelled: 1,
        successRate: 0.5,
        costMicroUsd: 12,
        attempts: 7,
        queueMs: 5,
      },
      ...{ errorCounts: { timeout: 2, cancelled: 1 }, toolUsage: { search: { calls: 2, failures: 1, totalMs: 10 } } },
      ...{ memoryUsage: [100], cacheHits: 1, cacheMisses: 1 },
      usage: { inputTokens: 20, outputTokens: 10, cacheReadTokens: 6, cacheWriteTokens: 4, reasoningTokens: 2 },
    });
    expect(metrics.executionTimes).toEqual([10, 30, 10, 10, 10]);
    expect(metrics.durations.mean).toBe(14);
  });

  it("stays bounded whatever codes, tools and times come, and loses no count", () => {
    const metrics = new AgentMetrics("a");
    for (let index = 0; index < 5_000; index++) {
      metrics.recordCall({ ...end, durationMs: index, outcome: "error", code: `code ${index}` });
      metrics.recordTool({ ...end, name: `tool ${index}` });
      metrics.recordMemory({ heapUsedBytes: index, residentBytes: 0 });
    }
    const { errorCounts, toolUsage, memoryUsage } = metrics.toJSON();
    expect(Object.keys(errorCounts)).toHaveLength(65);
    expect(errorCounts.other).toBe(5_000 - 64);
    expect(toolUsage.other?.calls).toBe(5_000 - 64);
    expect(memoryUsage).toEqual(Array.from({ length: 120 }, (_, index) => 4_880 + index));
    expect(metrics.executionTimes).toEqual(Array.from({ length: 1_000 }, (_, index) => 4_000 + index));
  });

  it("keeps the times of streamed answers as a distribution and a mean over all pieces", () => {
    const metrics = new AgentMetrics("a");
    expect(metrics.firstTokens).toBeUndefined();
    expect(metrics.toJSON()).toMatchObject({ firstTokenMs: { count: 0, p95: 0 }, meanGapMs: 0 });
    const stream = { firstTokenMs: 100, meanGapMs: 10, longestGapMs: 20, pieces: 4 };
    metrics.recordCall({ ...end, stream });
    metrics.recordCall({ ...end, stream: { ...stream, firstTokenMs: 300, meanGapMs: 40, pieces: 2 } });
    metrics.recordCall({
      ...end,
      stream: { firstTokenMs: Number.NaN, meanGapMs: Number.NaN, longestGapMs: 0, pieces: 9 },
    });
    metrics.recordCall(end);
    expect(metrics.toJSON()).toMatchObject({ calls: 4, firstTokenMs: { count: 2, min: 100, max: 300 } });
    expect(metrics.meanGapMs).toBe(70 / 4);
  });

  it("lets no broken figure of a vendor spoil its sums", () => {
    const metrics = new AgentMetrics("a");
    const usage = {
      inputTokens: Number.NaN,
      outputTokens: 5,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
    };
    metrics.recordCall({ ...end, usage, costMicroUsd: Number.NaN, outcome: "error", code: undefined });
    metrics.recordCall({ ...end, usage: { ...usage, inputTokens: 2 }, costMicroUsd: 3 });
    expect(metrics.usage).toMatchObject({ inputTokens: 2, outputTokens: 10 });
    expect(metrics.costMicroUsd).toBe(3);
    expect(metrics.errorCounts).toEqual({ unknown: 1 });
  });
});

describe("agentMetricsFold", () => {
  const run = eventsOf(
    {
      name: "flow",
      calls: [
        {
          name: "researcher",
          calls: [
            { name: "model", ms: 5, tokens: 40 },
            { name: "search", kind: "tool", ms: 7 },
          ],
        },
        { name: "search", kind: "tool", ms: 2, outcome: "error", code: "tool_failed" },
      ],
    },
    { runId: "r1" },
  );

  it("gives an agent its own calls and the tools used below it, and no others", () => {
    const researcher = foldEvents(agentMetricsFold("researcher"), run);
    expect(researcher).toMatchObject({ calls: 1, succeeded: 1 });
    expect(researcher.toolUsage).toEqual({ search: { calls: 1, failures: 0, totalMs: 7 } });
    expect(foldEvents(agentMetricsFold("flow"), run).toolUsage).toEqual({
      search: { calls: 2, failures: 1, totalMs: 9 },
    });
    expect(foldEvents(agentMetricsFold("nobody"), run).toJSON()).toMatchObject({ calls: 0, toolUsage: {} });
  });

  it("is the same however the stream is cut in two", () => {
    const fold = agentMetricsFold("researcher");
    fc.assert(
      fc.property(fc.nat({ max: run.length }), (cut) => {
        let state = foldEvents(fold, run.slice(0, cut));
        for (const event of run.slice(cut) as FlockEvent[]) state = fold.step(state, event);
        expect(state.toJSON()).toEqual(foldEvents(fold, run).toJSON());
      }),
    );
  });

  it("knows who stands above a call", () => {
    expect(isBelow("run/flow#0/search[1]#0", "flow")).toBe(true);
    expect(isBelow("run/map[2]#0/search#0", "map")).toBe(true);
    expect(isBelow("run/a#0@2/search#0", "a")).toBe(true);
    expect(isBelow("run/search#0", "search")).toBe(false);
    expect(isBelow("run/flower#0/search#0", "flow")).toBe(false);
    expect(isBelow("run/my.flow#0/search#0", "flow")).toBe(false);
  });
});
