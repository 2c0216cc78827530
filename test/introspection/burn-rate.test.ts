import { describe, expect, it } from "vitest";
import type { AlertFiredEvent, AlertResolvedEvent } from "../../src/core/events/event.ts";
import { Alerts } from "../../src/introspection/watch/alerts.ts";
import { burnRateAlerts } from "../../src/introspection/watch/burn-rate.ts";

const minuteMs = 60_000;

/** Plays a run a second with so many failures of a hundred, minute by minute. */
function play(failuresOf100: readonly number[], costMicroUsd = 0) {
  const events: (AlertFiredEvent | AlertResolvedEvent)[] = [];
  const rules = [...burnRateAlerts({ successRate: 0.99 }), ...burnRateAlerts({ costMicroUsdPerHour: 3_600 })];
  const alerts = new Alerts(rules, { tell: (event) => void events.push(event) });
  for (const [minute, failures] of failuresOf100.entries()) {
    for (let second = 0; second < 60; second++) {
      const isBad = (second * 37) % 100 < failures;
      const time = minute * minuteMs + second * 1_000;
      const shared = { name: "a", runId: "r", durationMs: 1, tokens: 0, costMicroUsd };
      alerts.record({ ...shared, time, outcome: isBad ? "error" : "ok" });
    }
  }
  return events.map(({ type, alert, time }) => `${type} ${alert} at ${Math.floor(time / minuteMs)} min`);
}

describe("burnRateAlerts", () => {
  it("gives the three pairs of windows of the workbook", () => {
    const rules = burnRateAlerts({ successRate: 0.999, name: "writer" });
    expect(
      rules.map(({ above, windowMs, alsoWithinMs, severity }) => [above, windowMs, alsoWithinMs, severity]),
    ).toEqual([
      [expect.closeTo(0.0144, 9), 60 * minuteMs, 5 * minuteMs, "critical"],
      [expect.closeTo(0.006, 9), 360 * minuteMs, 30 * minuteMs, "critical"],
      [expect.closeTo(0.001, 9), 72 * 60 * minuteMs, 360 * minuteMs, "warning"],
    ]);
    expect(rules[0]).toMatchObject({ metric: "errorRate", name: "writer" });
    expect(rules[0]?.id).toBe("success budget of writer burns 14.4 times as fast in 1 h");
  });

  it("leaves out what could never fire", () => {
    expect(burnRateAlerts({ successRate: 0.9 }).map(({ above }) => above)).toEqual([
      expect.closeTo(0.6, 9),
      expect.closeTo(0.1, 9),
    ]);
  });

  it("fires while a budget burns, and ends soon after the cause is gone", () => {
    const told = play([...Array<number>(90).fill(0), ...Array<number>(30).fill(60), ...Array<number>(30).fill(0)]);
    const fast = told.filter((line) => line.includes("14.4"));
    expect(fast).toHaveLength(2);
    expect(fast[0]).toMatch(/^alert-fired success budget burns 14.4 times as fast in 1 h at (9\d|10\d) min$/);
    expect(fast[1]).toMatch(/^alert-resolved .* at 12[3-6] min$/);
  });

  it("says nothing of a single bad minute, nor of what is allowed", () => {
    const minutes = Array.from({ length: 200 }, (_, minute) => (minute === 100 ? 30 : 0));
    expect(play(minutes).filter((line) => line.includes("14.4") || line.includes("cost"))).toEqual([]);
  });

  it("watches what runs cost in the same way", () => {
    expect(play(Array<number>(70).fill(0), 20).filter((line) => line.includes("cost budget burns 14.4"))).toHaveLength(
      1,
    );
  });

  it.each([
    {},
    { successRate: 0.9, costMicroUsdPerHour: 1 },
    { successRate: 1 },
    { successRate: Number.NaN },
    { sla: 1 },
  ])("refuses %j", (objective) => {
    expect(() => burnRateAlerts(objective)).toThrow(expect.objectContaining({ code: "option_invalid" }));
  });
});
