import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AlertFiredEvent, AlertResolvedEvent } from "../../src/core/events/event.ts";
import { MetricWindow, windowMetrics } from "../../src/introspection/measure/metric-window.ts";
import type { AlertMetric, AlertRule } from "../../src/introspection/watch/alert-rule.ts";
import { type AlertSample, Alerts } from "../../src/introspection/watch/alerts.ts";
import { NaiveAlerts } from "./naive-alerts.ts";

type AlertEvent = AlertFiredEvent | AlertResolvedEvent;

function watch(rules: readonly AlertRule[]): { alerts: Alerts; events: AlertEvent[] } {
  const events: AlertEvent[] = [];
  return { alerts: new Alerts(rules, (event) => events.push(event)), events };
}

function run(time: number, changes: Partial<AlertSample> = {}): AlertSample {
  return {
    name: "a",
    runId: `r${time}`,
    time,
    durationMs: 100,
    outcome: "ok",
    tokens: 10,
    costMicroUsd: 5,
    ...changes,
  };
}

const slow: AlertRule = { metric: "p95Ms", above: 1_000, windowMs: 60_000 };

const metrics = Object.keys(windowMetrics) as AlertMetric[];
const levels: Record<string, number> = {
  ...{
    p50Ms: 200,
    p90Ms: 400,
    p95Ms: 400,
    p99Ms: 500,
    meanMs: 250,
    successRate: 0.7,
    errorRate: 0.3,
    runsPerMinute: 300,
  },
  ...{ tokens: 200, tokensPerRun: 25, costMicroUsd: 200, costMicroUsdPerRun: 25 },
};
const rule: fc.Arbitrary<AlertRule> = fc
  .record({
    metric: fc.constantFrom(...metrics),
    side: fc.constantFrom("above", "below"),
    windowMs: fc.constantFrom(1_000, 2_000, 5_000),
    name: fc.constantFrom(undefined, "a", "b"),
    minimumCount: fc.constantFrom(undefined, 0, 1, 3),
    clearAfterMs: fc.constantFrom(undefined, 300, 2_500),
    hysteresis: fc.constantFrom(0, 0.1, 0.5),
    cooldownMs: fc.constantFrom(undefined, 1_500),
  })
  .map(({ side, name, minimumCount, clearAfterMs, cooldownMs, hysteresis, ...rest }) => {
    const level = levels[rest.metric]!;
    const optional = Object.entries({ name, minimumCount, clearAfterMs, cooldownMs }).filter(
      ([, value]) => value !== undefined,
    );
    return {
      ...rest,
      [side]: level,
      hysteresis: Math.floor(hysteresis * level),
      ...Object.fromEntries(optional),
    } as AlertRule;
  });
const step = fc.record({
  waitMs: fc.oneof(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 0, max: 8_000 })),
  name: fc.constantFrom("a", "b"),
  durationMs: fc.integer({ min: 1, max: 600 }),
  outcome: fc.constantFrom("ok" as const, "ok" as const, "error" as const, "cancelled" as const),
  tokens: fc.integer({ min: 0, max: 50 }),
  costMicroUsd: fc.integer({ min: 0, max: 50 }),
  checkOnly: fc.boolean(),
});

describe("Alerts", () => {
  it("fires and resolves exactly as the reference that keeps every run, over thousands of random histories", () => {
    let fired = 0;
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), fc.array(step, { maxLength: 60 }), (rules, steps) => {
        const named = rules.map((one, index) => ({ ...one, id: `${index}` }));
        const { alerts, events } = watch(named);
        const reference = new NaiveAlerts(named);
        let time = 1_700_000_000_000;
        for (const { waitMs, checkOnly, ...sample } of steps) {
          time += waitMs;
          if (checkOnly && waitMs > 60) {
            alerts.check(time);
            reference.check(time);
          } else {
            alerts.record({ ...sample, runId: "r", time });
            reference.record({ ...sample, runId: "r", time });
          }
        }
        const told = events.map(({ type, alert, time: at, value }) => ({ type, rule: Number(alert), time: at, value }));
        expect(told).toEqual(reference.events);
        fired += events.filter(({ type }) => type === "alert-fired").length;
      }),
      { numRuns: 3_000 },
    );
    expect(fired).toBeGreaterThan(1_000);
  });

  it("tells each episode once, in turn, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { alerts, events } = watch([{ metric: "errorRate", above: 0.4, windowMs: 1_000, minimumCount: 1 }]);
        let time = 0;
        for (const { waitMs, ...sample } of steps) {
          time += waitMs;
          alerts.record({ ...sample, runId: "r", time });
        }
        for (const [index, event] of events.entries())
          expect(event.type).toBe(index % 2 === 0 ? "alert-fired" : "alert-resolved");
        expect(alerts.active).toHaveLength(events.length % 2);
      }),
    );
  });

  it("fires once when a percentile rises, and resolves by time alone when the slow runs are past", () => {
    const { alerts, events } = watch([slow]);
    for (let index = 0; index < 20; index++) alerts.record(run(index * 100));
    for (let index = 20; index < 30; index++) alerts.record(run(index * 100, { durationMs: 5_000 }));
    expect(events).toMatchObject([
      {
        type: "alert-fired",
        alert: "p95Ms above 1000 in 60000 ms",
        severity: "warning",
        threshold: 1_000,
        runId: "r2100",
      },
    ]);
    expect(Math.abs((events[0]?.value ?? 0) / 5_000 - 1)).toBeLessThan(0.01);
    expect(alerts.active).toEqual([{ id: "p95Ms above 1000 in 60000 ms", rule: slow }]);
    alerts.check(40_000);
    expect(events).toHaveLength(1);
    alerts.check(120_000);
    alerts.check(130_000);
    expect(events.slice(1)).toMatchObject([{ type: "alert-resolved", time: 120_000, runId: "" }]);
    expect(alerts.active).toEqual([]);
  });

  it("watches one runnable alone when a rule names it", () => {
    const { alerts, events } = watch([{ ...slow, name: "b", severity: "critical", minimumCount: 1 }]);
    alerts.record(run(0, { durationMs: 9_000 }));
    expect(events).toEqual([]);
    alerts.record(run(1, { durationMs: 9_000, name: "b" }));
    expect(events).toMatchObject([{ alert: "p95Ms of b above 1000 in 60000 ms", severity: "critical" }]);
  });

  it("waits for as many runs as it must, five by default", () => {
    const { alerts, events } = watch([{ metric: "successRate", below: 0.5, windowMs: 10_000 }]);
    for (let index = 0; index < 4; index++) alerts.record(run(index, { outcome: "error" }));
    expect(events).toEqual([]);
    alerts.record(run(5, { outcome: "error" }));
    expect(events).toMatchObject([{ type: "alert-fired", value: 0 }]);
  });

  it("says that nothing runs any more only once a whole window has passed", () => {
    const { alerts, events } = watch([{ metric: "runsPerMinute", below: 1, windowMs: 60_000 }]);
    alerts.check(1_000_000);
    alerts.check(1_059_000);
    expect(events).toEqual([]);
    alerts.check(1_060_000);
    expect(events).toMatchObject([{ type: "alert-fired", value: 0 }]);
    alerts.record(run(1_060_001));
    expect(events[1]).toMatchObject({ type: "alert-resolved", value: 1 });
  });

  it("keeps working when the clock steps back, by little or by much", () => {
    const base = 1_700_000_000_000;
    const { alerts, events } = watch([
      { metric: "errorRate", above: 0.5, windowMs: 10_000, minimumCount: 1, cooldownMs: 1_000 },
    ]);
    alerts.record(run(base, { outcome: "error" }));
    alerts.record(run(base - 2_000));
    expect(events.map(({ type }) => type)).toEqual(["alert-fired", "alert-resolved"]);
    const hourBefore = base - 3_600_000;
    alerts.record(run(hourBefore, { outcome: "error" }));
    alerts.record(run(hourBefore + 1_500, { outcome: "error" }));
    expect(events.map(({ type }) => type)).toEqual(["alert-fired", "alert-resolved", "alert-fired"]);
  });

  it("shares one window between rules of one length and name", () => {
    const { alerts } = watch([
      slow,
      { ...slow, metric: "meanMs" },
      { ...slow, name: "b" },
      { ...slow, windowMs: 1_000 },
    ]);
    expect(alerts.windows.map(({ name, window }) => [name, window.windowMs])).toEqual([
      [undefined, 60_000],
      ["b", 60_000],
      [undefined, 1_000],
    ]);
  });

  it.each([
    [{ ...slow, metric: "p95ms" }, "metric", 'did you mean "p95Ms"?'],
    [{ ...slow, metric: "weather" }, "metric", "it knows p50Ms"],
    [{ above: 1, windowMs: 1_000 }, "metric", "no metric given"],
    [{ ...slow, metric: 7 }, "metric", "non-empty string"],
    [{ ...slow, windowMs: 0 }, "windowMs", "from 100 to"],
    [{ ...slow, windowMs: Number.NaN }, "windowMs", "from 100 to"],
    [{ ...slow, windowMs: 1e12 }, "windowMs", "from 100 to"],
    [{ metric: "p95Ms", above: 1 }, "windowMs", "not undefined"],
    [{ ...slow, above: Number.NaN }, "above", "a finite number"],
    [{ ...slow, above: "1" }, "above", "a finite number"],
    [{ ...slow, below: 1 }, "below", "exactly one"],
    [{ metric: "p95Ms", windowMs: 1_000 }, "above", "neither"],
    [{ ...slow, hysteresis: -1 }, "hysteresis", "number"],
    [{ ...slow, minimumCount: 1.5 }, "minimumCount", "whole number"],
    [{ ...slow, severity: "bad" }, "severity", "one of"],
    [{ ...slow, treshold: 1 }, "treshold", "has no option"],
    [null, "options", "an object"],
  ])("refuses the rule %j and says why", (bad, option, words) => {
    const make = () => new Alerts([slow, bad as AlertRule], () => {});
    expect(make).toThrow(
      expect.objectContaining({ code: "option_invalid", details: expect.objectContaining({ option }) }),
    );
    expect(make).toThrow(words);
    expect(make).toThrow("alert rule 1");
  });

  it("refuses two rules that nothing tells apart, unless they have names of their own", () => {
    expect(() => watch([slow, { ...slow, severity: "critical" }])).toThrow(
      expect.objectContaining({ code: "option_invalid" }),
    );
    expect(watch([slow, { ...slow, severity: "critical", id: "page me" }]).alerts.rules).toHaveLength(2);
  });
});

describe("MetricWindow", () => {
  it("gives no quantile without buckets, and no rate without runs", () => {
    const window = new MetricWindow(1_000, false);
    expect(metrics.map((metric) => window.value(metric))).toEqual(
      metrics.map((metric) => (["runsPerMinute", "tokens", "costMicroUsd"].includes(metric) ? 0 : undefined)),
    );
    window.record(run(10));
    expect(window.value("p95Ms")).toBeUndefined();
    expect([window.value("meanMs"), window.value("runsPerMinute")]).toEqual([100, 60]);
  });
});
