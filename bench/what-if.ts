/** Prints what advice over 100,000 recorded runs costs: `npm run bench:what-if`. */

import type { CallRecord, RunRecord } from "../src/core/events/run-history.ts";
import { AgentIntrospection } from "../src/introspection/advise/agent-introspection.ts";
import { replayCache } from "../src/introspection/advise/what-if/cache-replay.ts";
import { replayQueue } from "../src/introspection/advise/what-if/queue-replay.ts";
import { missRatioCurve } from "../src/introspection/advise/what-if/reuse-distances.ts";
import { createTestRuntime } from "../src/testing/test-runtime.ts";

const runs = 100_000;
const { random } = createTestRuntime({ seed: 7 });

function call(runId: string, path: string, startMs: number, durationMs: number, rest: Partial<CallRecord>): CallRecord {
  return {
    ...{ runId, path, name: "agent", kind: "agent", startMs, durationMs, queueMs: 0, outcome: "ok", ended: true },
    ...{ code: undefined, failure: undefined, usage: undefined, costMicroUsd: undefined, attempts: 1 },
    ...{ cacheState: undefined, answeredBy: undefined, stream: undefined, reads: [], writes: [] },
    ...{ inputHash: undefined, looseInputHash: undefined, inputSize: 0, outputHashes: undefined },
    ...rest,
  };
}

/** A run of an agent that searches, half of the time for something it searched before, and asks its model. */
function record(index: number): RunRecord {
  const runId = `r${index}`;
  const at = 1.7e12 + index * 400;
  const searchMs = 100 + 400 * random();
  const modelMs = 200 + 900 * random() ** 4;
  const question = Math.floor(20_000 * random() ** 3);
  const calls = [
    call(runId, "run/agent#0", at, searchMs + modelMs, { inputHash: index }),
    call(runId, "run/agent#0/search#0", at, searchMs, { name: "search", kind: "tool", inputHash: question }),
    call(runId, "run/agent#0/model#0", at + searchMs, modelMs, { name: "model", kind: "model" }),
  ];
  return {
    ...{ runId, name: "agent", kind: "agent", tenant: undefined, startMs: at, durationMs: searchMs + modelMs },
    ...{ outcome: "ok", code: undefined, usage: undefined, costMicroUsd: undefined, calls, droppedCalls: 0 },
  };
}

const records = Array.from({ length: runs }, (_, index) => record(index));
const history = {
  size: runs,
  runs: () => records,
  calls: () => records.flatMap(({ calls }) => calls),
  clear: () => {},
};
const asked = records.map(({ calls: [, search] }) => {
  return { key: search!.inputHash!, startMs: search!.startMs, durationMs: search!.durationMs, ok: true };
});
const arrivals = asked.map(({ startMs, durationMs }) => ({ atMs: startMs, serviceMs: durationMs }));

/** Best of five, since other work on the machine only ever adds. */
function print(label: string, work: () => unknown): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    work();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e6);
  }
  console.log(`${label.padEnd(52)}${best.toFixed(0).padStart(7)} ms`);
}

print(`miss-ratio curve, all sizes, ${runs} calls`, () => missRatioCurve(asked.map(({ key }) => key)));
print(`cache of 4,096 entries, ${runs} calls`, () => replayCache(asked, { maxEntries: 4_096 }));
print(`queue of two, ${runs} calls`, () => replayQueue(arrivals, { concurrency: 2 }));
print(`all advice, ${runs} runs of 3 calls`, () =>
  new AgentIntrospection({ name: "agent" }, { flock: { history } }).suggestImprovements(),
);
