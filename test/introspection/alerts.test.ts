import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AlertFiredEvent, AlertResolvedEvent } from "../../src/core/events/event.ts";
import { MetricWindow } from "../../src/introspection/measure/metric-window.ts";
import { isVolume, windowMetrics } from "../../src/introspection/measure/window-metrics.ts";
import type { AlertMetric, AlertRule } from "../../src/introspection/watch/alert-rule.ts";
import { type AlertSample, Alerts } from "../../src/introspection/watch/alerts.ts";
import { nothingKept, readKeptAlerts } from "../../src/introspection/watch/kept-alerts.ts";
import { NaiveAlerts } from "./naive-alerts.ts";

type AlertEvent = AlertFiredEvent | AlertResolvedEvent;

function watch(rules: readonly AlertRule[]): { alerts: Alerts; events: AlertEvent[] } {
  const events: AlertEvent[] = [];
  return { alerts: new Alerts(rules, { tell: (event) => void events.push(event) }), events };
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
const levels: Record<AlertMetric, number> = {
  ...{ p50Ms: 200, p90Ms: 400, p95Ms: 400, p99Ms: 500, meanMs: 250, successRate: 0.7, errorRate: 0.3 },
  ...{ runsPerMinute: 300, tokens: 200, tokensPerRun: 25, costMicroUsd: 200, costMicroUsdPerRun: 25 },
  ...{ costMicroUsdPerHour: 360_000, queueMs: 50, attempts: 2, cacheHitRate: 0.5, firstTokenMs: 100 },
  ...{ heapBytes: 500, eventLoopDelayMs: 20 },
};
const ofCalls: readonly AlertMetric[] = ["queueMs", "attempts", "cacheHitRate", "firstTokenMs"];
const ofProcess: readonly AlertMetric[] = ["heapBytes", "eventLoopDelayMs"];
const rule: fc.Arbitrary<AlertRule> = fc
  .record({
    metric: fc.constantFrom(...metrics),
    side: fc.constantFrom("above", "below", "above", "below", "high", "low", "either"),
    windowMs: fc.constantFrom(1_000, 2_000, 5_000),
    alsoWithinMs: fc.constantFrom(undefined, undefined, 300),
    isCritical: fc.boolean(),
    deviations: fc.constantFrom(undefined, 1),
    kind: fc.constantFrom(undefined, "model" as const),
    name: fc.constantFrom(undefined, "a", "b"),
    minimumCount: fc.constantFrom(undefined, 0, 1, 3),
    clearAfterMs: fc.constantFrom(undefined, 300, 2_500),
    hysteresis: fc.constantFrom(0, 0.1, 0.5),
    cooldownMs: fc.constantFrom(undefined, 1_500),
  })
  .map(({ side, hysteresis, isCritical, deviations, kind, name, metric, ...rest }) => {
    const level = levels[metric];
    const isFixed = side === "above" || side === "below";
    const isOfProcess = ofProcess.includes(metric);
    const all = {
      ...rest,
      metric,
      kind: isOfProcess ? undefined : ofCalls.includes(metric) ? "model" : kind,
      name: isOfProcess ? undefined : name,
      ...(isFixed ? { [side]: level } : { unusual: side, deviations }),
      critical: isFixed && isCritical ? level * (side === "above" ? 1.3 : 0.7) : undefined,
      hysteresis: Math.floor(hysteresis * level),
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as AlertRule;
  });
const step = fc.record({
  waitMs: fc.oneof(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 0, max: 8_000 })),
  subject: fc.constantFrom("run" as const, "run" as const, "model" as const, "process" as const),
  name: fc.constantFrom("a", "b"),
  durationMs: fc.integer({ min: 1, max: 600 }),
  outcome: fc.constantFrom("ok" as const, "ok" as const, "error" as const, "cancelled" as const),
  tokens: fc.integer({ min: 0, max: 50 }),
  costMicroUsd: fc.integer({ min: 0, max: 50 }),
  queueMs: fc.integer({ min: 0, max: 100 }),
  attempts: fc.integer({ min: 1, max: 3 }),
  cacheHit: fc.constantFrom(undefined, true, false),
  firstTokenMs: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
  heapBytes: fc.integer({ min: 0, max: 1_000 }),
  eventLoopDelayMs: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
  happens: fc.constantFrom("run", "run", "run", "check"),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type Trouble = "restart" | { readonly stepMs: number };

/** Plays steps to the alerts and to the reference, with troubles on the way, and gives what each told. */
function playBoth(rules: readonly AlertRule[], steps: readonly Step[], troubles: ReadonlyMap<number, Trouble>) {
  const named = rules.map((one, index) => ({ ...one, id: `${index}` }));
  const events: AlertEvent[] = [];
  const listener = { tell: (event: AlertEvent) => void events.push(event) };
  let alerts = new Alerts(named, listener);
  const reference = new NaiveAlerts(named);
  let time = 1_700_000_000_000;
  for (const [index, { waitMs, happens, ...sample }] of steps.entries()) {
    time += waitMs;
    const trouble = troubles.get(index);
    if (trouble === "restart") {
      const kept = readKeptAlerts(JSON.stringify({ ...nothingKept, ...alerts.state }));
      alerts = new Alerts(named, listener);
      alerts.restore(kept!);
      reference.restart();
    } else if (trouble !== undefined) time += trouble.stepMs;
    for (const each of [alerts, reference]) {
      if (happens === "check") each.check(time);
      else each.record({ ...sample, runId: "r", time });
    }
  }
  const told = events.map(({ type, alert, time: at, value }) => ({ type, alert, time: at, value }));
  return { told, expected: reference.events, active: alerts.active };
}

const rules = fc.array(rule, { minLength: 1, maxLength: 4 });
const noTroubles: ReadonlyMap<number, Trouble> = new Map();

describe("Alerts", () => {
  it("fires and resolves exactly as the reference that keeps every run, over thousands of random histories", () => {
    let fired = 0;
    fc.assert(
      fc.property(rules, fc.array(step, { maxLength: 60 }), (some, steps) => {
        const { told, expected } = playBoth(some, steps, noTroubles);
        expect(told).toEqual(expected);
        fired += told.filter(({ type }) => type === "alert-fired").length;
      }),
      { numRuns: 5_000 },
    );
    expect(fired).toBeGreaterThan(1_000);
  });

  it("does so too where the clock steps and the process begins anew in the middle", { timeout: 60_000 }, () => {
    const trouble = fc.oneof(
      fc.constant("restart" as const),
      fc.record({ stepMs: fc.oneof(fc.integer({ min: -4_000, max: 0 }), fc.constantFrom(-3_600_000, 3_600_000)) }),
    );
    const troubles = fc.array(fc.tuple(fc.nat(59), trouble), { minLength: 1, maxLength: 4 });
    let fired = 0;
    fc.assert(
      fc.property(rules, fc.array(step, { minLength: 20, maxLength: 60 }), troubles, (some, steps, places) => {
        const { told, expected, active } = playBoth(some, steps, new Map(places));
        expect(told).toEqual(expected);
        // Of each alert, one ends for each that began, and the last is on or over.
        for (const id of new Set(told.map(({ alert }) => alert))) {
          const types = told.filter(({ alert }) => alert === id).map(({ type }) => type);
          expect(types).toEqual(types.map((_, index) => (index % 2 === 0 ? "alert-fired" : "alert-resolved")));
          expect(active.some((alert) => alert.id === id)).toBe(types.length % 2 === 1);
        }
        fired += told.filter(({ type }) => type === "alert-fired").length;
      }),
      { numRuns: 3_000 },
    );
    expect(fired).toBeGreaterThan(1_000);
  });

  it("tells the same as if no process had ended, where each goes on within a twentieth of a window", {
    timeout: 60_000,
  }, () => {
    let fired = 0;
    const dense = step.map((one) => ({ ...one, waitMs: one.waitMs % 50 }));
    const everywhere = fc.uniqueArray(fc.nat(149), { minLength: 1, maxLength: 150 });
    fc.assert(
      fc.property(rule, fc.array(dense, { minLength: 150, maxLength: 150 }), everywhere, (one, any, places) => {
        // A window that nothing is counted in is not looked at either.
        const subject = ofProcess.includes(one.metric) ? "process" : ((one.kind ?? "run") as "run" | "model");
        const steps = any.map((each) => ({ ...each, subject, name: one.name ?? each.name }) as Step);
        const whole = playBoth([one], steps, noTroubles);
        const parts = playBoth([one], steps, new Map(places.map((place) => [place, "restart"])));
        expect(parts.told).toEqual(whole.told);
        fired += whole.told.length;
      }),
      { numRuns: 100 },
    );
    expect(fired).toBeGreaterThan(50);
  });

  it("fires nothing and ends nothing only because a process was away", { timeout: 60_000 }, () => {
    let [fired, ended] = [0, 0];
    const watched = rule
      .filter(({ metric, above, unusual }) => unusual === undefined && (above !== undefined || !isVolume(metric)))
      .map((one) => ({ ...one, cooldownMs: 0 }));
    const places = fc.uniqueArray(fc.nat(59), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(watched, fc.array(step, { minLength: 20, maxLength: 60 }), places, (one, steps, restarts) => {
        const whole = playBoth([one], steps, noTroubles).told;
        const parts = playBoth([one], steps, new Map(restarts.map((place) => [place, "restart"]))).told;
        const isOn = (alert: string, time: number) =>
          whole.findLast((event) => event.alert === alert && event.time <= time)?.type === "alert-fired";
        for (const { type, alert, time } of parts) {
          // At one instant it may have ended and begun: both ways are right then.
          if (whole.some((event) => event.alert === alert && event.time === time)) continue;
          expect(isOn(alert, time), `${type} ${time}`).toBe(type === "alert-fired");
          if (type === "alert-fired") fired += 1;
          else ended += 1;
        }
        fired += parts.filter(({ type }) => type === "alert-fired").length;
      }),
      { numRuns: 1_000 },
    );
    expect(fired).toBeGreaterThan(250);
    expect(ended).toBeGreaterThan(5);
  });

  it("knows what is unusual exactly as the reference does, over long histories", () => {
    const unusual = rule
      .filter((one) => one.unusual !== undefined)
      .map((one) => ({ ...one, minimumCount: 1, deviations: 0.5 }));
    const often = step.map((one) => ({ ...one, waitMs: one.waitMs % 1_500 }));
    const troubles = fc.array(fc.tuple(fc.nat(199), fc.constant("restart" as const)), { maxLength: 2 });
    let fired = 0;
    fc.assert(
      fc.property(unusual, fc.array(often, { minLength: 200, maxLength: 200 }), troubles, (one, steps, places) => {
        const { told, expected } = playBoth([one], steps, new Map(places));
        expect(told).toEqual(expected);
        fired += told.filter(({ type }) => type === "alert-fired").length;
      }),
      { numRuns: 400 },
    );
    expect(fired).toBeGreaterThan(50);
  });

  it("tells each episode once, in turn, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { alerts, events } = watch([{ metric: "errorRate", above: 0.4, windowMs: 1_000, minimumCount: 1 }]);
        let time = 0;
        for (const { waitMs, happens: _, ...sample } of steps) {
          time += waitMs;
          alerts.record({ ...sample, subject: "run", runId: "r", time });
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
    expect(alerts.active).toEqual([{ id: "p95Ms above 1000 in 60000 ms", rule: slow, severity: "warning" }]);
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
    [{ metric: "p95Ms", windowMs: 1_000 }, "above", "it has none"],
    [{ ...slow, hysteresis: -1 }, "hysteresis", "number"],
    [{ ...slow, minimumCount: 1.5 }, "minimumCount", "whole number"],
    [{ ...slow, severity: "bad" }, "severity", "one of"],
    [{ ...slow, treshold: 1 }, "treshold", "has no option"],
    [{ metric: "p95Ms", unusual: "odd", windowMs: 1_000 }, "unusual", "one of"],
    [{ ...slow, unusual: "high" }, "unusual", '"above" and "unusual"'],
    [{ ...slow, below: 1, unusual: "high" }, "below", "exactly one"],
    [{ ...slow, deviations: 3 }, "deviations", "absent"],
    [{ ...slow, critical: 900 }, "critical", "greater than above, 1000"],
    [{ ...slow, critical: Number.NaN }, "critical", "a finite number"],
    [{ ...slow, critical: 2_000, severity: "critical" }, "critical", "critical"],
    [{ metric: "successRate", below: 0.9, critical: 0.95, windowMs: 1_000 }, "critical", "less than below, 0.9"],
    [{ metric: "successRate", below: 0, windowMs: 1_000 }, "below", "a share from 0 to 1"],
    [{ metric: "errorRate", above: 1, windowMs: 1_000 }, "above", "from 0 to less than 1"],
    [{ metric: "errorRate", above: 95, windowMs: 1_000 }, "above", "a share"],
    [{ metric: "p95Ms", unusual: "high", critical: 5, windowMs: 1_000 }, "critical", "absent"],
    [{ ...slow, alsoWithinMs: 60_000 }, "alsoWithinMs", "shorter than windowMs"],
    [{ ...slow, kind: "run" }, "kind", "one of"],
    [{ metric: "queueMs", above: 5, windowMs: 1_000 }, "kind", "is of calls, not of runs"],
    [{ metric: "heapBytes", above: 5, windowMs: 1_000, kind: "model" }, "kind", "whole process"],
    [{ metric: "heapBytes", above: 5, windowMs: 1_000, name: "a" }, "name", "whole process"],
    [null, "options", "an object"],
  ])("refuses the rule %j and says why", (bad, option, words) => {
    const make = () => new Alerts([slow, bad as AlertRule], { tell: () => {} });
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
      metrics.map((metric) =>
        ["runsPerMinute", "tokens", "costMicroUsd", "costMicroUsdPerHour"].includes(metric) ? 0 : undefined,
      ),
    );
    window.record(run(10));
    expect(window.value("p95Ms")).toBeUndefined();
    expect([window.value("meanMs"), window.value("runsPerMinute")]).toEqual([100, 60]);
  });
});
