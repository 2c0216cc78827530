import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ErrorAnalysis } from "../../../src/introspection/errors/error-analysis.ts";
import { eventsOf } from "../run-events.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Four runs' worth of ever new kinds, names, inputs and callers, some of which never end. */
function feed(analysis: ErrorAnalysis, from: number, runs: number): number {
  let events = 0;
  for (let index = from; index < from + runs; index++) {
    const letters = String.fromCharCode(...[0, 1, 2, 3].map((place) => 97 + (Math.floor(index / 26 ** place) % 26)));
    const error = new Error(`the ${letters} thing broke`);
    const call = { name: `tool-${index % 5_000}`, kind: "tool", input: { index }, ms: 5 } as const;
    const run = {
      ...({ name: `agent-${index % 3_000}`, kind: "agent", outcome: "error", code: "unknown", error } as const),
      calls: [
        { ...call, outcome: "error", code: "unknown", error } as const,
        { ...call, failedAttempts: [{ error, ms: 1 }] },
      ],
    };
    const all = eventsOf(run, { runId: `run-${index}`, time: index * 500 });
    for (const event of index % 3 === 0 ? all.slice(0, -2) : all) {
      analysis.notify(event);
      events++;
    }
  }
  return events;
}

describe("the memory of an analysis", () => {
  it("is flat over 200,000 events of ever new kinds, names, inputs and runs that never end", () => {
    const analysis = new ErrorAnalysis();
    let events = feed(analysis, 0, 16_000);
    collect();
    const before = process.memoryUsage().heapUsed;
    events += feed(analysis, 16_000, 16_000);
    collect();
    const grown = process.memoryUsage().heapUsed - before;
    expect(events).toBeGreaterThan(200_000);
    expect(grown).toBeLessThan(2_000_000);
    const report = analysis.snapshot();
    expect(report.groups).toHaveLength(200);
    expect(report.groups.reduce((sum, { count }) => sum + count, report.other.count)).toBe(report.failures);
    expect(JSON.stringify(report).length).toBeLessThan(1_000_000);
  }, 60_000);
});
