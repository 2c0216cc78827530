import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FlockEvent } from "../../src/core/events/event.ts";
import { OpenTelemetryProvider } from "../../src/providers/open-telemetry-provider.ts";
import { eventsOf } from "../introspection/run-events.ts";
import { startTelemetry } from "./open-telemetry.ts";

const error = new Error("boom");
const events: readonly FlockEvent[] = ["r1", "r2"].flatMap((runId) =>
  eventsOf(
    {
      ...{ name: "flow", kind: "pattern", outcome: "error", code: "timeout" },
      calls: [
        { name: "agent", calls: [{ name: "openai/gpt-5", ms: 5, tokens: 4, failedAttempts: [{ error, ms: 2 }] }] },
        { name: "search", kind: "tool", ms: 5, outcome: "cancelled" },
      ],
    },
    { runId },
  ).flatMap((event): FlockEvent[] => {
    const { path, time } = event;
    const head = { v: 1, runId, path, time } as const;
    return [
      event,
      { ...head, type: "wait-end", resource: "openai", waitedMs: 3 },
      { ...head, type: "recovery-applied", strategy: "retry", code: "overloaded", healed: false },
      { ...head, type: "output", name: "agent", value: { a: 1 } },
    ];
  }),
);

/** Any of the events, any number of times, in any order; some at impossible places and times. */
const sequence = fc.array(
  fc
    .record({
      event: fc.constantFrom(...events),
      change: fc.option(
        fc.record(
          {
            time: fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY)),
            path: fc.oneof(fc.constantFrom("", "/", "run", "run/flow#0@2", "@", "//@#"), fc.string()),
            durationMs: fc.double(),
          },
          { requiredKeys: [] },
        ),
        { freq: 4 },
      ),
    })
    .map(({ event, change }) => ({ ...event, ...change }) as FlockEvent),
  { maxLength: 120, size: "max" },
);

describe("OpenTelemetryProvider, whatever events come in whatever order", () => {
  it("never throws, and leaves no span open once its runs have ended", () => {
    fc.assert(
      fc.property(sequence, fc.integer({ min: 1, max: 8 }), fc.boolean(), (seen, maxOpenSpans, captureContent) => {
        const telemetry = startTelemetry();
        const { api, tracerProvider, meterProvider } = telemetry;
        const options = { api, tracerProvider, meterProvider, maxOpenSpans, captureContent };
        const provider = new OpenTelemetryProvider(options);
        for (const event of seen) {
          provider.handle(event);
          expect(provider.counts.open).toBe(telemetry.open());
          expect(telemetry.open()).toBeLessThanOrEqual(maxOpenSpans);
        }
        for (const event of events) if (event.type === "run-end") provider.handle(event);
        expect(telemetry.open()).toBe(0);
        for (const event of seen) provider.handle(event);
        expect(telemetry.open()).toBe(0);
        expect(provider.counts).toMatchObject({ open: 0, failed: 0 });
        expect(provider.counts.late).toBeGreaterThanOrEqual(seen.length);
        for (const { startTime, endTime, duration } of telemetry.spans()) {
          expect([...startTime, ...endTime, ...duration].every(Number.isFinite)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("makes a whole tree of a whole sequence, and of two runs side by side two traces", () => {
    const telemetry = startTelemetry();
    const { api, tracerProvider, meterProvider } = telemetry;
    const provider = new OpenTelemetryProvider({ api, tracerProvider, meterProvider });
    const byTime = [...events].sort((a, b) => a.time - b.time || (a.type === "run-start" ? -1 : 0));
    const order = (type: string) => ["run-start", "call-start", "call-end", "run-end"].indexOf(type);
    for (const event of byTime.filter(({ type }) => order(type) >= 0)) provider.handle(event);
    expect(provider.counts).toEqual({ open: 0, dropped: 0, unfinished: 0, late: 0, failed: 0 });
    expect(telemetry.spans()).toHaveLength(10);
    expect(new Set(telemetry.spans().map((span) => span.spanContext().traceId)).size).toBe(2);
  });
});
