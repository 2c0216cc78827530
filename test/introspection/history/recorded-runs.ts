/** Recorded runs of any form, for tests of what keeps and carries them. */

import fc from "fast-check";
import type { CallRecord, RunRecord } from "../../../src/core/events/run-history.ts";

const text = fc.string({ unit: "binary" });
const most = Number.MAX_SAFE_INTEGER;
const finite = fc.double({ noNaN: true, min: -most, max: most }).map((value) => value + 0);
const count = fc.nat();
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const kind = fc.constantFrom("agent", "pattern", "model", "tool");
const outcome = fc.constantFrom("ok", "error", "cancelled");
const usage = fc.record({
  ...{ inputTokens: count, outputTokens: count, cacheReadTokens: count, cacheWriteTokens: count },
  reasoningTokens: count,
});

const attempt = fc.record({
  ...{ name: text, outcome, code: maybe(text), beganMs: finite, endedMs: finite, costMicroUsd: maybe(finite) },
});

const call = fc.record({
  tried: maybe(fc.array(attempt, { maxLength: 3 })),
  ...{ path: text, name: text, kind, startMs: finite, durationMs: finite, queueMs: finite, outcome },
  ...{ ended: fc.boolean(), code: maybe(text), usage: maybe(usage), costMicroUsd: maybe(finite), attempts: count },
  failure: maybe(fc.record({ code: text, fingerprint: text, title: text })),
  cacheState: maybe(fc.constantFrom("hit", "miss", "stale", "joined", "bypass", "refresh")),
  stream: maybe(fc.record({ firstTokenMs: finite, meanGapMs: finite, longestGapMs: finite, pieces: count })),
  ...{ reads: fc.array(text, { maxLength: 3 }), writes: fc.array(text, { maxLength: 3 }) },
  ...{ inputHash: maybe(fc.maxSafeNat()), looseInputHash: maybe(fc.integer()), inputSize: count },
  answeredBy: maybe(text),
  outputHashes: maybe(fc.array(fc.option(fc.maxSafeNat()), { maxLength: 3 })),
});

/** Any record. */
export const anyRun: fc.Arbitrary<RunRecord> = fc
  .record({
    ...{ runId: text, name: text, kind, tenant: maybe(text), startMs: finite, durationMs: finite, outcome },
    ...{ code: maybe(text), usage: maybe(usage), costMicroUsd: maybe(finite), droppedCalls: count },
    calls: fc.array(call, { maxLength: 4 }),
  })
  .map((run) => ({ ...run, calls: run.calls.map((each) => ({ ...each, runId: run.runId })) }) as RunRecord);

/** Makes a plain run with one failed call, and what a test says otherwise. */
export function plainRun(change: Partial<RunRecord> = {}, callChange: Partial<CallRecord> = {}): RunRecord {
  const runId = change.runId ?? "run-1";
  const start = Date.UTC(2026, 0, 1);
  const base = { name: "writer", kind: "agent", startMs: start, durationMs: 20, outcome: "error" } as const;
  const spent = { usage: undefined, costMicroUsd: 12, code: "timeout" } as const;
  const failure = { code: "timeout", fingerprint: "f1", title: "no answer for … ms" };
  const seen = { reads: ["topic"], writes: ["line"], inputHash: 17, looseInputHash: 5, inputSize: 9 };
  const rest = { queueMs: 0, ended: true, attempts: 1, cacheState: undefined, stream: undefined } as const;
  const answer = { answeredBy: undefined, outputHashes: undefined } as const;
  const only = { ...base, ...spent, ...rest, ...answer, ...seen, runId, path: "run/writer#0", failure, ...callChange };
  return { ...base, ...spent, runId, tenant: "acme", droppedCalls: 0, calls: [only], ...change };
}

/** Gives all of a sequence. */
export async function listOf<Item>(sequence: AsyncIterable<Item>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of sequence) items.push(item);
  return items;
}
