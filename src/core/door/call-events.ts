/** Tells what happens to a call, each event as a single literal and only when somebody wants it. */

import { codeOf, type FlockError } from "../errors/errors.ts";
import { type AttemptRecord, type CacheState, type CallEndEvent, eventBits, type Outcome } from "../events/event.ts";
import { FailureReference } from "../events/failure-reference.ts";
import { InputReference } from "../events/input-reference.ts";
import { copyJson } from "../json/copy-json.ts";
import type { CallCost, Shape } from "../runnable.ts";
import type { Call } from "./execution-context.ts";

/** The value came from elsewhere: this call cost nothing. */
const keptStates: ReadonlySet<CacheState | undefined> = new Set(["hit", "stale", "joined"]);
/** Attempts that are told of one call. */
const mostTried = 32;
const noNames: readonly string[] = Object.freeze([]);
const namesOf = new WeakMap<Shape, readonly string[]>();

/** Tells that a call entered the door. */
export function tellStart(call: Call): void {
  const { run, runnable } = call;
  if ((run.events.mask & eventBits["call-start"]) === 0) return;
  run.events.emit({
    v: 1,
    type: "call-start",
    runId: run.id,
    path: call.path,
    time: run.wallTime(call.startedAt),
    name: runnable.name,
    kind: runnable.kind,
    input: new InputReference(call.input),
    reads: fieldNames(runnable.input),
    writes: fieldNames(runnable.output),
    attempt: call.attempt,
  });
}

/** Tells that an attempt began, and keeps its time for its end. */
export function tellAttemptStart(call: Call): void {
  if (!call.wants("attempt-start") && !call.wants("attempt-end")) return;
  const head = call.head();
  call.attemptStartedAt = head.time;
  const { name, kind } = call.runnable;
  call.run.events.emit({ ...head, type: "attempt-start", name, kind, attempt: call.attempt });
}

/** Tells that an attempt ended; one that did not answer, or was a further one, is kept for the end of its call. */
export function tellAttemptEnd(call: Call, ok: boolean, error: unknown): void {
  if (!ok || (call.within && call.attempts > 1)) noteAttempt(call, ok, error);
  if (!call.wants("attempt-end")) return;
  const head = call.head();
  const { name, kind } = call.runnable;
  const { attempt } = call;
  const outcome = outcomeOf(call, ok);
  const durationMs = head.time - call.attemptStartedAt;
  const code = ok ? undefined : codeOf(error);
  const failure = code === undefined ? undefined : new FailureReference(error, code);
  call.run.events.emit({ ...head, type: "attempt-end", name, kind, attempt, outcome, durationMs, code, failure });
}

function noteAttempt(call: Call, ok: boolean, error: unknown): void {
  const { whole, run, runnable, startedAt, cost } = call;
  if (!ok && !call.wasCancelled) whole.failed = error;
  const isTold = (run.events.mask & eventBits["call-end"]) !== 0;
  if (!isTold || !(call.within || call.plan.recovery !== undefined)) return;
  whole.tried ??= [];
  const attempt: AttemptRecord = {
    name: runnable.name,
    outcome: outcomeOf(call, ok),
    code: ok ? undefined : codeOf(error),
    beganMs: startedAt - whole.startedAt,
    endedMs: run.runtime.monotonic() - whole.startedAt,
    costMicroUsd: ok ? cost?.costMicroUsd : undefined,
  };
  whole.tried.push(Object.freeze(attempt));
  // Of more attempts the first and the last are kept.
  if (whole.tried.length > mostTried) whole.tried.splice(mostTried / 2, 1);
}

/** Adds up what a call cost and tells that it ended; the outermost one ends the run. */
export function tellEnd(call: Call, ok: boolean, value: unknown): void {
  const { run, runnable, path, cacheState, queueMs } = call;
  const endedAt = run.runtime.monotonic();
  const durationMs = endedAt - call.startedAt;
  const time = run.wallTime(endedAt);
  const { name, kind } = runnable;
  const outcome = outcomeOf(call, ok);
  const code = ok ? undefined : codeOf(value);
  const answered = ok && !keptStates.has(cacheState);
  const isOwn = call.output !== value && !call.isSubstitute;
  const cost = answered ? (isOwn ? costOf(call, value) : call.cost) : undefined;
  if (cost !== undefined) run.addCost(cost);
  const { events } = run;
  if (ok && (events.mask & eventBits.output) !== 0 && (kind === "agent" || kind === "pattern")) {
    tellOutput(call, time, value);
  }
  if ((events.mask & eventBits["call-end"]) !== 0) {
    const event: CallEndEvent = {
      v: 1,
      type: "call-end",
      runId: run.id,
      path,
      time,
      name,
      kind,
      outcome,
      durationMs,
      queueMs,
      attempts: Math.max(call.attempts, answered || !ok ? 1 : 0),
      tried: call.attempts > 1 && call.tried !== undefined ? Object.freeze(call.tried) : undefined,
      usage: cost?.usage,
      costMicroUsd: cost?.costMicroUsd,
      cacheState,
      answeredBy: call.answeredBy,
      stream: kind === "model" ? call.stream?.timing : undefined,
      finishReason: answered && kind === "model" ? finishReasonOf(value) : undefined,
      code,
      failure: failureOf(call, value, code),
    };
    events.emit(event, ok ? value : undefined);
  }
  if (call.parent === undefined) run.finish(name, outcome, code, endedAt, durationMs);
}

/** A vendor's answer may be anything, and break when it is read. */
function finishReasonOf(answer: unknown): string | undefined {
  try {
    const { unified } = (answer as { readonly finishReason: { readonly unified: unknown } }).finishReason;
    return typeof unified === "string" && /^[a-z-]{1,20}$/.test(unified) ? unified : undefined;
  } catch {
    return undefined;
  }
}

/** What ended the call, or what an attempt of it failed with before another one succeeded. */
function failureOf(call: Call, error: unknown, code: string | undefined): FailureReference | undefined {
  if (code !== undefined) return new FailureReference(error, code);
  const { failed } = call;
  return failed === undefined ? undefined : new FailureReference(failed, codeOf(failed));
}

/** Keeps what an attempt gave and cost: its guards settle by it what they reserved. */
export function keepOutput(call: Call, value: unknown): void {
  call.output = value;
  call.cost = costOf(call, value);
}

/** A runnable's own arithmetic may break; its call and its run end all the same. */
function costOf(call: Call, value: unknown): CallCost | undefined {
  const { runnable, run } = call;
  if (runnable.costOf === undefined) return undefined;
  try {
    const { environment } = run;
    const cost = runnable.costOf(value, environment.priceOf?.(runnable));
    if (cost !== undefined && cost.costMicroUsd === undefined && call.wants("warning")) {
      const complaint = environment.complainOfPrice?.(runnable);
      if (complaint !== undefined) call.warn("price_unknown", complaint);
    }
    return cost;
  } catch (fault) {
    call.warn(
      "internal",
      `costOf of ${call.runnable.name} broke: ${fault instanceof Error ? fault.message : String(fault)}`,
    );
    return undefined;
  }
}

function tellOutput(call: Call, time: number, value: unknown): void {
  const { run, path, runnable } = call;
  try {
    run.events.emit({ v: 1, type: "output", runId: run.id, path, time, name: runnable.name, value: copyJson(value) });
  } catch (fault) {
    call.warn(
      "internal",
      `the output of ${runnable.name} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`,
    );
  }
}

/** Lets an error learn where it happened and what was remarked on the way, at the first call it leaves. */
export function tellStory(call: Call, error: FlockError): void {
  error.path ??= call.path;
  if (error.breadcrumbs.length === 0) error.breadcrumbs = call.breadcrumbs;
}

function outcomeOf(call: Call, ok: boolean): Outcome {
  return ok ? "ok" : call.wasCancelled ? "cancelled" : "error";
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
