/** Prints what analysing failures costs, in nanoseconds an event, beside counting codes in a bare Map: `npm run bench:errors`. */

import type { FlockEvent } from "../src/core/events/event.ts";
import { FailureReference } from "../src/core/events/failure-reference.ts";
import { InputReference } from "../src/core/events/input-reference.ts";
import { ErrorAnalysis } from "../src/introspection/errors/error-analysis.ts";

/** Few enough to stay in the processor's cache, as events do that were just made. */
const runs = 128;
const rounds = 200;
const inputs = Array.from({ length: 512 }, (_, index) => ({ topic: `Impact of AI on healthcare, part ${index}` }));
const names = ["red", "green", "blue", "violet"];

/** An agent that calls a model; the model fails `failed` times before it answers, or for good. */
function eventsOfRun(index: number, failed: number, healed: boolean): FlockEvent[] {
  const runId = `bench-${index}`;
  const time = 1_700_000_000_000 + index * 50;
  const head = { v: 1, runId, time } as const;
  const agent = { ...head, path: "run/writer#0", name: "writer", kind: "agent" } as const;
  const model = { ...head, path: "run/writer#0/gpt#0", name: "gpt", kind: "model" } as const;
  const error = new Error(`the ${names[index & 3]} server answered ${index} after ${index * 7} ms`);
  const start = {
    type: "call-start",
    input: new InputReference(inputs[index & 511]),
    reads: [],
    writes: [],
    attempt: 1,
  } as const;
  const reference = failed > 0 ? new FailureReference(error, "unknown") : undefined;
  const outcome = healed ? "ok" : "error";
  const code = healed ? undefined : "unknown";
  const end = {
    type: "call-end",
    outcome,
    durationMs: 9,
    queueMs: 0,
    usage: undefined,
    costMicroUsd: 3,
    code,
  } as const;
  const rest = { cacheState: undefined, answeredBy: undefined, stream: undefined, failure: reference } as const;
  const attempts = Array.from({ length: failed }, (_, attempt) => {
    const ended = { outcome: "error", durationMs: 3, code: "unknown", failure: reference } as const;
    return { ...model, type: "attempt-end", attempt: attempt + 1, ...ended } as const;
  });
  return [
    { ...head, path: "run", type: "run-start", name: "writer", kind: "agent", tenant: undefined },
    { ...agent, ...start },
    { ...model, ...start },
    ...attempts,
    { ...model, ...end, attempts: failed + (healed ? 1 : 0), ...rest },
    { ...agent, ...end, attempts: 1, ...rest },
    {
      ...head,
      path: "run",
      type: "run-end",
      name: "writer",
      outcome,
      durationMs: 9,
      usage: undefined,
      costMicroUsd: 3,
      code,
    },
  ];
}

/** Best of five rounds, since other work on the machine only ever adds. */
function nanoseconds(events: readonly FlockEvent[], make: () => (event: FlockEvent) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const take = make();
    const start = process.hrtime.bigint();
    for (let again = 0; again < rounds; again++) for (const event of events) take(event);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / (events.length * rounds));
  }
  return best;
}

function print(label: string, figure: number, unit = "ns an event"): void {
  console.log(`${label.padEnd(62)}${figure.toFixed(0).padStart(8)} ${unit}`);
}

const mixes: readonly (readonly [string, (index: number) => FlockEvent[]])[] = [
  ["nothing fails", (index) => eventsOfRun(index, 0, true)],
  ["5 % of the calls fail once and heal", (index) => eventsOfRun(index, index % 20 === 0 ? 1 : 0, true)],
  ["every call fails twice", (index) => eventsOfRun(index, 2, false)],
];
let analysis = new ErrorAnalysis();
for (const [label, make] of mixes) {
  const events = Array.from({ length: runs }, (_, index) => make(index)).flat();
  const counter = nanoseconds(events, () => {
    const counts = new Map<string, number>();
    return (event) => {
      if (event.type === "call-end" && event.code !== undefined)
        counts.set(event.code, (counts.get(event.code) ?? 0) + 1);
    };
  });
  print(`bare limit, codes counted in a Map: ${label}`, counter);
  print(
    `error analysis: ${label}`,
    nanoseconds(events, () => {
      analysis = new ErrorAnalysis();
      return (event) => analysis.notify(event);
    }),
  );
}
const started = process.hrtime.bigint();
const report = analysis.snapshot();
print(`snapshot of ${report.groups.length} groups`, Number(process.hrtime.bigint() - started) / 1_000, "µs");
globalThis.gc?.();
const before = process.memoryUsage().heapUsed;
const full = new ErrorAnalysis();
for (let index = 0; index < 20_000; index++) {
  for (const event of eventsOfRun(index, 1, index % 2 === 0)) {
    const code = `code-${index % 1_000}`;
    full.notify({ ...event, ...("failure" in event ? { code, failure: undefined } : {}) } as FlockEvent);
  }
}
globalThis.gc?.();
const held = (process.memoryUsage().heapUsed - before) / 1_024;
print(`held with ${full.snapshot().groups.length} groups (needs --expose-gc)`, held, "KB");
