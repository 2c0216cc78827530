/** Turns recorded runs back into the events they were made of, so that one fold reads both. */

import type { FlockEvent } from "../../core/events/event.ts";
import type { CallRecord, RunRecord } from "../../core/events/run-history.ts";
import { type CallNode, callTrees } from "../record/call-tree.ts";

/** What a record holds of an input and a failure stands where the event has the live one; as when it was read from JSON. */
type WrittenEvent = FlockEvent;

/** Gives the events of recorded runs in order of time. Attempts that failed have no times of their own. */
export function recordedEvents(runs: readonly RunRecord[]): readonly FlockEvent[] {
  const events = runs.flatMap(eventsOfRun);
  // The sort is stable: what happened at the same time stays in the order of the tree.
  return events.sort((a, b) => a.time - b.time);
}

function eventsOfRun(run: RunRecord): WrittenEvent[] {
  const { runId, name, kind, tenant, startMs, durationMs, outcome, usage, costMicroUsd, code } = run;
  const head = { v: 1, runId, path: "run", name } as const;
  const endMs = startMs + durationMs;
  const events: WrittenEvent[] = [{ ...head, type: "run-start", time: startMs, kind, tenant }];
  for (const tree of callTrees(run)) addCall(tree, startMs, endMs, events);
  events.push({ ...head, type: "run-end", time: endMs, outcome, durationMs, usage, costMicroUsd, code });
  return events;
}

/** Times are kept within those of the caller: they have the grain of a float. */
function addCall(node: CallNode, from: number, until: number, events: WrittenEvent[]): void {
  const { call } = node;
  const { runId, path, name, kind, reads, writes, attempts, durationMs } = call;
  const head = { v: 1, runId, path, name, kind } as const;
  const start = Math.min(Math.max(call.startMs, from), until);
  const end = call.ended ? Math.min(Math.max(call.startMs + durationMs, start), until) : until;
  const input = { hash: call.inputHash ?? null, size: call.inputSize };
  events.push({
    ...head,
    type: "call-start",
    time: start,
    input,
    reads,
    writes,
    attempt: 1,
  } as unknown as WrittenEvent);
  for (const child of node.children) addCall(child, start, end, events);
  if (!call.ended) return;
  const failed = failedAttempts(call);
  for (let attempt = 1; attempt <= failed; attempt++) {
    const isLast = attempt === failed && call.outcome === "error";
    const ended = { time: end, attempt, outcome: "error", durationMs: isLast ? durationMs : Number.NaN };
    const { code } = call.failure!;
    events.push({ ...head, type: "attempt-end", ...ended, code, failure: call.failure } as unknown as WrittenEvent);
  }
  const { outcome, queueMs, usage, costMicroUsd, cacheState, stream, code, failure } = call;
  const told = { outcome, durationMs, queueMs, attempts, usage, costMicroUsd, cacheState, stream, code, failure };
  events.push({ ...head, type: "call-end", time: end, ...told } as unknown as WrittenEvent);
}

/** A call that failed at once needs no attempt: its end tells it. */
function failedAttempts({ failure, outcome, attempts }: CallRecord): number {
  if (failure === undefined) return 0;
  if (outcome === "ok") return Math.max(1, attempts - 1);
  return outcome === "error" && attempts > 1 ? attempts : 0;
}
