/** Builds the events of a call as single literals, so that the door reads as flow alone. */

import type { CacheState, CallEndEvent, CallStartEvent, Outcome } from "./event.ts";
import { InputReference } from "./input-reference.ts";
import type { LayerCall } from "./layer.ts";
import type { CallCost, Shape } from "./runnable.ts";

const noNames: readonly string[] = Object.freeze([]);
const namesOf = new WeakMap<Shape, readonly string[]>();

/** What the door alone knows when a call ends. */
export interface CallEnding {
  readonly outcome: Outcome;
  readonly time: number;
  readonly durationMs: number;
  readonly queueMs: number;
  readonly attempts: number;
  readonly cost: CallCost | undefined;
  readonly cacheState: CacheState | undefined;
  readonly code: string | undefined;
}

/** Makes the event of a call that entered the door. */
export function callStartEvent(call: LayerCall, time: number): CallStartEvent {
  const { runnable } = call;
  return {
    v: 1,
    type: "call-start",
    runId: call.runId,
    path: call.path,
    time,
    name: runnable.name,
    kind: runnable.kind,
    input: new InputReference(call.input),
    reads: fieldNames(runnable.input),
    writes: fieldNames(runnable.output),
    attempt: call.attempt,
  };
}

/** Makes the event of a call that ended. */
export function callEndEvent(call: LayerCall, ending: CallEnding): CallEndEvent {
  return {
    v: 1,
    type: "call-end",
    runId: call.runId,
    path: call.path,
    time: ending.time,
    name: call.runnable.name,
    kind: call.runnable.kind,
    outcome: ending.outcome,
    durationMs: ending.durationMs,
    queueMs: ending.queueMs,
    attempts: ending.attempts,
    usage: ending.cost?.usage,
    costMicroUsd: ending.cost?.costMicroUsd,
    cacheState: ending.cacheState,
    code: ending.code,
  };
}

/** The names of a shape's fields: one list for each shape, however often it is asked. */
function fieldNames(shape: Shape | undefined): readonly string[] {
  if (shape === undefined) return noNames;
  let names = namesOf.get(shape);
  if (names === undefined) {
    names = Object.freeze(shape.fields.map((field) => field.name));
    namesOf.set(shape, names);
  }
  return names;
}
