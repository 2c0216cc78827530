import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Flock } from "../../src/flock.ts";
import { MetricsProvider } from "../../src/providers/metrics-provider.ts";
import { metricsContentTypes, writeMetrics } from "../../src/providers/prometheus-text.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { runnable } from "../core/make-environment.ts";
import { type DescribedCall, eventsOf } from "../introspection/run-events.ts";
import { type MetricsDocument, readMetrics } from "./metrics-lines.ts";

function feed(provider: MetricsProvider, ...runs: readonly DescribedCall[]): MetricsProvider {
  for (const [index, run] of runs.entries())
    for (const event of eventsOf(run, { runId: `r${index}` })) provider.handle(event);
  return provider;
}

function figureOf({ samples }: MetricsDocument, name: string, labels: Record<string, string> = {}): number | undefined {
  return samples.find(
    (sample) => sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
  )?.value;
}

const flow: DescribedCall = {
  name: "flow",
  kind: "pattern",
  calls: [
    { name: "model", ms: 40, tokens: 40, costMicroUsd: 1_500, attempts: 2, queueMs: 250, cacheState: "miss" },
    { name: "model", ms: 2_000, tokens: 8, cacheState: "hit" },
    { name: "search", kind: "tool", ms: 7, outcome: "error", code: "tool_failed" },
  ],
};

describe("MetricsProvider", () => {
  it("counts calls, errors, attempts, waiting, tokens, cost and cache results by name and kind", () => {
    const document = readMetrics(feed(new MetricsProvider(), flow, flow).prometheusText());
    const model = { name: "model", kind: "model" };
    expect(figureOf(document, "flock_calls_total", { ...model, outcome: "ok" })).toBe(4);
    expect(figureOf(document, "flock_calls_total", { name: "search", kind: "tool", outcome: "error" })).toBe(2);
    expect(figureOf(document, "flock_calls_total", { name: "flow", kind: "pattern", outcome: "cancelled" })).toBe(0);
    expect(figureOf(document, "flock_call_errors_total", { name: "search", code: "tool_failed" })).toBe(2);
    expect(figureOf(document, "flock_call_attempts_total", model)).toBe(6);
    expect(figureOf(document, "flock_call_queue_seconds_total", model)).toBe(0.5);
    expect(figureOf(document, "flock_tokens_total", { ...model, type: "input" })).toBe(72);
    expect(figureOf(document, "flock_tokens_total", { ...model, type: "output" })).toBe(24);
    expect(figureOf(document, "flock_tokens_total", { name: "flow" })).toBeUndefined();
    expect(figureOf(document, "flock_cost_usd_total", model)).toBe(0.003);
    expect(figureOf(document, "flock_cost_usd_total", { name: "search" })).toBeUndefined();
    expect(figureOf(document, "flock_cache_results_total", { ...model, result: "hit" })).toBe(2);
    expect(figureOf(document, "flock_runs_total", { name: "flow", outcome: "ok" })).toBe(2);
    expect(figureOf(document, "flock_runs_in_flight")).toBe(0);
  });

  it("writes a histogram whose buckets add up", () => {
    const document = readMetrics(feed(new MetricsProvider(), flow, flow).prometheusText());
    const bucket = (le: string) => figureOf(document, "flock_call_duration_seconds_bucket", { name: "model", le });
    expect(["0.01", "0.05", "1", "2.5", "+Inf"].map(bucket)).toEqual([0, 2, 2, 4, 4]);
    expect(figureOf(document, "flock_call_duration_seconds_sum", { name: "model" })).toBeCloseTo(4.08, 9);
    expect(figureOf(document, "flock_call_duration_seconds_count", { name: "model" })).toBe(4);
  });

  it("puts a duration into the bucket whose bound it equals", () => {
    const document = readMetrics(
      feed(new MetricsProvider(), { name: "a", ms: 1_000 }, { name: "a", ms: 999_999 }).prometheusText(),
    );
    const bucket = (le: string) => figureOf(document, "flock_call_duration_seconds_bucket", { le });
    expect(["0.5", "1", "300", "+Inf"].map(bucket)).toEqual([0, 1, 1, 2]);
  });

  it("writes how long first pieces of streamed answers took, and what their mean gap is made of", () => {
    const streamed = (firstTokenMs: number, pieces: number, meanGapMs: number) => ({
      ...{ name: "model", ms: 900 },
      stream: { firstTokenMs, meanGapMs, longestGapMs: meanGapMs, pieces },
    });
    const provider = feed(new MetricsProvider(), streamed(200, 11, 30), streamed(700, 1, 0), { name: "silent", ms: 5 });
    const document = readMetrics(provider.prometheusText());
    const bucket = (le: string) => figureOf(document, "flock_first_token_seconds_bucket", { name: "model", le });
    expect(["0.1", "0.25", "0.5", "1", "+Inf"].map(bucket)).toEqual([0, 1, 1, 2, 2]);
    expect(figureOf(document, "flock_first_token_seconds_sum", { name: "model" })).toBeCloseTo(0.9, 9);
    expect(figureOf(document, "flock_token_gaps_total", { name: "model" })).toBe(10);
    expect(figureOf(document, "flock_token_gap_seconds_total", { name: "model" })).toBeCloseTo(0.3, 9);
    expect(figureOf(document, "flock_first_token_seconds_count", { name: "silent" })).toBeUndefined();
    const [model] = provider.snapshot().calls;
    expect(model).toMatchObject({ firstTokenMs: { count: 2, min: 200, max: 700 }, meanGapMs: 30 });
  });

  it("counts the runs in flight, never below none", () => {
    const provider = new MetricsProvider();
    const [start, ...rest] = eventsOf(flow, { runId: "r" });
    provider.handle(start!);
    expect(provider.snapshot().runsInFlight).toBe(1);
    for (const event of [...rest, rest.at(-1)!]) provider.handle(event);
    expect(provider.snapshot()).toMatchObject({ runsInFlight: 0, runs: { flow: { ok: 2, error: 0, cancelled: 0 } } });
  });

  it("writes both formats so that every line can be read, whatever the names and codes are", () => {
    const text = fc.oneof(
      fc.string({ minLength: 1, unit: "binary" }),
      fc.constantFrom('a"b', "a\\b", "a\nb", "a\\n", "}", '",x="'),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ name: text, code: text }), { maxLength: 8 }), (failures) => {
        const runs = failures.map(({ name, code }) => ({ name, ms: 3, outcome: "error" as const, code }));
        const provider = feed(new MetricsProvider(), ...runs);
        for (const format of ["prometheus", "openmetrics"] as const) {
          const document = readMetrics(provider.prometheusText({ format }), format === "openmetrics");
          for (const { name, code } of failures) {
            expect(figureOf(document, "flock_call_errors_total", { name, code })).toBeGreaterThan(0);
          }
          for (const [family, type] of document.types) {
            expect(document.helps.has(family)).toBe(true);
            expect(family.endsWith("_total")).toBe(type === "counter" && format === "prometheus");
          }
          for (const { name } of document.samples) {
            const family = name.replace(/_(total|bucket|sum|count)$/, "");
            expect(document.types.has(family) || document.types.has(name)).toBe(true);
          }
        }
      }),
    );
  });

  it("gives figures as plain data, without those that only a caller could have", () => {
    const { calls } = feed(new MetricsProvider(), flow).snapshot();
    expect(calls.find(({ kind }) => kind === "tool")).toMatchObject({ name: "search", calls: 1, failed: 1 });
    for (const figures of calls) {
      expect(Object.keys(figures)).not.toContain("toolUsage");
      expect(Object.keys(figures)).not.toContain("memoryUsage");
    }
  });

  it("keeps the number of names bounded and loses no call", () => {
    const provider = new MetricsProvider({ maxNames: 5 });
    feed(provider, ...Array.from({ length: 300 }, (_, index) => ({ name: `n${index}`, ms: 1 })));
    const { calls, runs } = provider.snapshot();
    expect(calls).toHaveLength(6);
    expect(calls.reduce((sum, { calls: count }) => sum + count, 0)).toBe(300);
    expect(provider.metricsOf("other")?.calls).toBe(295);
    expect(runs.other).toEqual({ ok: 295, error: 0, cancelled: 0 });
    expect(provider.metricsOf("nobody")).toBeUndefined();
    const { samples } = readMetrics(provider.prometheusText());
    expect(new Set(samples.map(({ labels }) => labels.name)).size).toBe(7);
  });

  it("tells kinds of one name apart, also beyond the limit", () => {
    const provider = feed(
      new MetricsProvider({ maxNames: 1 }),
      { name: "x", calls: [{ name: "x", ms: 1 }] },
      { name: "y", kind: "tool", ms: 1 },
    );
    expect(provider.snapshot().calls.map(({ name, kind, calls }) => [name, kind, calls])).toEqual([
      ["x", "model", 1],
      ["other", "agent", 1],
      ["other", "tool", 1],
    ]);
  });

  it("begins every name with the prefix and refuses one that is no metric name", () => {
    const document = readMetrics(feed(new MetricsProvider({ prefix: "shop:ai" }), flow).prometheusText());
    for (const { name } of document.samples) expect(name.startsWith("shop:ai_")).toBe(true);
    for (const options of [
      { prefix: "9x" },
      { prefix: "a b" },
      { prefix: "" },
      { maxNames: 0 },
      { name: "a b" },
      { prefx: "x" },
    ]) {
      expect(() => new MetricsProvider(options)).toThrow(expect.objectContaining({ code: "option_invalid" }));
    }
    expect(() => new MetricsProvider().prometheusText({ format: "json" as never })).toThrow(
      expect.objectContaining({ code: "option_invalid" }),
    );
  });

  it("says nothing but the gauge before anything ran", () => {
    expect(new MetricsProvider().prometheusText().split("\n")).toEqual([
      "# HELP flock_runs_in_flight Runs that have begun and not ended.",
      "# TYPE flock_runs_in_flight gauge",
      "flock_runs_in_flight 0",
      "",
    ]);
  });

  it("watches a Flock, and its runs as they are", async () => {
    const provider = new MetricsProvider();
    const runtime = createTestRuntime();
    await using flock = new Flock({ runtime, providers: [provider] });
    const tool = runnable("tool", async () => ({ ok: true }), { kind: "tool" });
    await flock.run(
      runnable("a", async (_: object, context) => context.call(tool, {})),
      {},
    );
    expect(provider.snapshot().calls).toMatchObject([
      { name: "tool", kind: "tool", succeeded: 1 },
      { name: "a", kind: "agent", succeeded: 1 },
    ]);
  });
});

describe("writeMetrics", () => {
  it("writes infinite values and escapes help as each format wants", () => {
    const family = {
      type: "gauge",
      name: "g",
      help: 'a "b"\\\n',
      samples: [
        { labels: {}, value: Infinity },
        { labels: { x: "1" }, value: -Infinity },
      ],
    } as const;
    expect(writeMetrics([family], "prometheus")).toBe('# HELP g a "b"\\\\\\n\n# TYPE g gauge\ng +Inf\ng{x="1"} -Inf\n');
    expect(writeMetrics([family], "openmetrics")).toContain('# HELP g a \\"b\\"\\\\\\n\n');
    expect(writeMetrics([], "prometheus")).toBe("");
    expect(writeMetrics([], "openmetrics")).toBe("# EOF\n");
    expect(Object.keys(metricsContentTypes)).toEqual(["prometheus", "openmetrics"]);
  });

  it("writes bounds as floats in OpenMetrics", () => {
    const text = feed(new MetricsProvider(), { name: "a", ms: 1 }).prometheusText({ format: "openmetrics" });
    expect(text).toContain('le="1.0"');
    expect(text).toContain('le="0.5"');
    expect(text).toContain('le="+Inf"');
  });
});
