/** Prints what recording costs, in nanoseconds, beside a bare array push: `node bench/metrics.ts`. */

import type { FlockEvent } from "../src/core/events/event.ts";
import { InputReference } from "../src/core/events/input-reference.ts";
import { AgentMetrics } from "../src/introspection/measure/agent-metrics.ts";
import { Measured, sampleOf } from "../src/introspection/measure/measured.ts";
import { MetricWindow } from "../src/introspection/measure/metric-window.ts";
import { QuantileSketch } from "../src/introspection/measure/quantile-sketch.ts";
import { fingerprintOf } from "../src/introspection/record/input-fingerprint.ts";
import { RunRecorder } from "../src/introspection/record/run-recorder.ts";
import { PerformanceMonitor } from "../src/introspection/watch/performance-monitor.ts";

const values = Float64Array.from({ length: 4_096 }, (_, index) => 0.1 + ((index * 2_654_435_761) % 100_003) / 7);
const usage = { inputTokens: 120, outputTokens: 30, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
const reads = ["topic"];
const writes = ["summary"];

/** Best of nine rounds, since other work on the machine only ever adds. */
function nanoseconds(count: number, work: (index: number) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 9; round++) {
    const start = process.hrtime.bigint();
    for (let index = 0; index < count; index++) work(index);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / count);
  }
  return best;
}

/** The events of one structured run: an agent that calls a model once. */
function eventsOfRun(index: number, input: unknown): FlockEvent[] {
  const runId = `bench-${index}`;
  const time = 1_700_000_000_000 + index;
  const agent = { v: 1, runId, path: `run/researcher#0`, time, name: "researcher", kind: "agent" } as const;
  const model = { v: 1, runId, path: `run/researcher#0/scripted#0`, time, name: "scripted", kind: "model" } as const;
  const end = {
    outcome: "ok",
    queueMs: 0,
    attempts: 1,
    cacheState: "miss",
    answeredBy: undefined,
    stream: undefined,
    code: undefined,
    failure: undefined,
  } as const;
  const ended = { ...end, durationMs: 0.5 + (index & 7) };
  return [
    { v: 1, runId, path: "run", time, type: "run-start", name: "researcher", kind: "agent", tenant: undefined },
    { ...agent, type: "call-start", input: new InputReference(input), reads, writes, attempt: 1 },
    { ...model, type: "call-start", input: new InputReference(input), reads, writes, attempt: 1 },
    { ...model, ...ended, type: "call-end", usage, costMicroUsd: 12 },
    { ...agent, ...ended, type: "call-end", usage: undefined, costMicroUsd: undefined },
    {
      ...{ v: 1, runId, path: "run", time, type: "run-end", name: "researcher", outcome: "ok" },
      ...{ durationMs: 1, usage, costMicroUsd: 12, code: undefined },
    } as FlockEvent,
  ];
}

function print(label: string, figure: number, note = ""): void {
  console.log(`${label.padEnd(58)}${figure.toFixed(1).padStart(8)} ns  ${note}`);
}

let pushed: number[] = [];
print(
  "bare limit: array push",
  nanoseconds(200_000, (index) => {
    if (index === 0) pushed = [];
    pushed.push(values[index & 4_095]!);
  }),
);
const sketch = new QuantileSketch();
print(
  "sketch record",
  nanoseconds(200_000, (index) => sketch.record(values[index & 4_095]!)),
  "goal 25",
);
const ends = Array.from({ length: 4_096 }, (_, index) => eventsOfRun(index, { topic: `topic ${index}` })[3]!);
const metrics = new AgentMetrics("scripted");
print(
  "agent metrics, one call with usage and cost",
  nanoseconds(200_000, (index) => metrics.recordCall(ends[index & 4_095] as Extract<FlockEvent, { type: "call-end" }>)),
);
const callEnds = ends as Extract<FlockEvent, { type: "call-end" }>[];
const samples = callEnds.map(sampleOf);
const window = new MetricWindow(60_000, true);
print(
  "sliding window, one call of eleven values",
  nanoseconds(200_000, (index) => window.record(samples[index & 4_095]!)),
  "goal 25 a value",
);
const measured = new Measured("scripted");
print(
  "all figures and three windows, one call",
  nanoseconds(200_000, (index) => measured.record(callEnds[index & 4_095]!, samples[index & 4_095]!)),
  "44 values",
);
const inputs = Array.from({ length: 4_096 }, (_, index) => ({ topic: `Impact of AI on healthcare, part ${index}` }));
print(
  "fingerprint of a small input",
  nanoseconds(100_000, (index) => void fingerprintOf(inputs[index & 4_095])),
);

// Few enough to stay in the processor's cache, as events do that were just made.
const runs = inputs.slice(0, 128).map((input, index) => eventsOfRun(index, input));
for (const [label, options] of [
  ["recorder, a whole run of two calls", {}],
  ["the same without metrics", { metrics: false }],
  ["the same without metrics and hashes", { metrics: false, hashInputs: "none" }],
] as const) {
  const recorder = new RunRecorder(options);
  const perRun = nanoseconds(50_000, (index) => {
    for (const event of runs[index & 127]!) recorder.notify(event);
  });
  print(label, perRun, "6 events");
}

const monitor = new PerformanceMonitor({ alerts: [{ metric: "p95Ms", above: 1_000, windowMs: 60_000 }] });
print(
  "monitor with an alert, a whole run of two calls",
  nanoseconds(50_000, (index) => {
    for (const event of runs[index & 127]!) monitor.handle(event);
  }),
  "6 events",
);

const inFlight = new RunRecorder();
const many = Array.from({ length: 20_000 }, (_, index) => eventsOfRun(index, inputs[index & 4_095]));
globalThis.gc?.();
const before = process.memoryUsage().heapUsed;
for (const events of many) for (const event of events.slice(0, 3)) inFlight.notify(event);
globalThis.gc?.();
const held = (process.memoryUsage().heapUsed - before) / many.length;
console.log(
  `recorder, held by each of ${inFlight.openRuns} runs in flight: ${held.toFixed(0)} bytes (needs --expose-gc)`,
);
