/** A run and its calls while they are being recorded; finished, they are the records themselves. */

import type {
  AttemptRecord,
  CacheState,
  CallEndEvent,
  CallStartEvent,
  Outcome,
  OutputsUsedEvent,
  OutputUse,
  RunEndEvent,
  RunnableKind,
  RunStartEvent,
  StreamTiming,
  Usage,
} from "../../core/events/event.ts";
import type { FailureReference } from "../../core/events/failure-reference.ts";
import { liveInput } from "../../core/events/input-reference.ts";
import type { CallRecord, FailureRecord, RunRecord } from "../../core/events/run-history.ts";
import { fingerprintOf } from "./input-fingerprint.ts";

/** Runs of fewer calls are searched; more get an index. */
const searchedCalls = 16;

/** Up to here a run's list of calls has exactly their length. */
const fewCalls = 8;

/** One call: made when it starts, filled when it ends. */
export class CallEntry implements CallRecord {
  readonly runId: string;
  readonly path: string;
  readonly name: string;
  readonly kind: RunnableKind;
  readonly startMs: number;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly inputHash: number | undefined;
  readonly looseInputHash: number | undefined;
  readonly inputSize: number;
  durationMs: number;
  queueMs: number;
  outcome: Outcome;
  ended: boolean;
  code: string | undefined;
  failure: FailureRecord | undefined;
  usage: Usage | undefined;
  costMicroUsd: number | undefined;
  attempts: number;
  tried: readonly AttemptRecord[] | undefined;
  cacheState: CacheState | undefined;
  stream: StreamTiming | undefined;
  outputUse: readonly OutputUse[] | undefined;
  /** Hardly any call has one of these, so that hardly any takes room for them. */
  declare answeredBy: string | undefined;
  declare outputHashes: readonly (number | null)[] | undefined;

  constructor(event: CallStartEvent, hashed: boolean) {
    const fingerprint = hashed ? fingerprintOf(liveInput(event.input)) : undefined;
    this.runId = event.runId;
    this.path = event.path;
    this.name = event.name;
    this.kind = event.kind;
    this.startMs = event.time;
    this.reads = event.reads;
    this.writes = event.writes;
    this.inputHash = fingerprint?.hash;
    this.looseInputHash = fingerprint?.loose;
    this.inputSize = fingerprint?.size ?? 0;
    this.durationMs = 0;
    this.queueMs = 0;
    this.outcome = "cancelled";
    this.ended = false;
    this.code = undefined;
    this.failure = undefined;
    this.usage = undefined;
    this.costMicroUsd = undefined;
    this.attempts = event.attempt;
    this.tried = undefined;
    this.cacheState = undefined;
    this.stream = undefined;
    this.outputUse = undefined;
  }

  end(event: CallEndEvent): void {
    this.durationMs = event.durationMs;
    this.queueMs = event.queueMs;
    this.outcome = event.outcome;
    this.ended = true;
    this.code = event.code;
    this.usage = event.usage;
    this.costMicroUsd = event.costMicroUsd;
    this.attempts = event.attempts;
    this.tried = event.tried;
    this.cacheState = event.cacheState;
    if (event.answeredBy !== undefined) this.answeredBy = event.answeredBy;
    this.stream = event.stream;
    if (event.failure !== undefined) this.#keepFailure(event.failure);
  }

  /** The error itself is let go of. */
  #keepFailure(failure: FailureReference): void {
    const { code } = failure;
    failure.describe(({ fingerprint, title }) => {
      this.failure = { code, fingerprint, title };
    });
  }
}

/** One run: made when it starts, filled when it ends. */
export class RunEntry implements RunRecord {
  readonly runId: string;
  readonly name: string;
  readonly kind: RunnableKind;
  readonly tenant: string | undefined;
  readonly startMs: number;
  durationMs: number;
  outcome: Outcome;
  code: string | undefined;
  usage: Usage | undefined;
  costMicroUsd: number | undefined;
  calls: CallEntry[];
  droppedCalls: number;
  #index: Map<string, CallEntry> | undefined;

  constructor(event: RunStartEvent) {
    this.runId = event.runId;
    this.name = event.name;
    this.kind = event.kind;
    this.tenant = event.tenant;
    this.startMs = event.time;
    this.durationMs = 0;
    this.outcome = "cancelled";
    this.code = undefined;
    this.usage = undefined;
    this.costMicroUsd = undefined;
    this.calls = [];
    this.droppedCalls = 0;
    this.#index = undefined;
  }

  /** Adds a call that began. */
  open(call: CallEntry): void {
    // A list that grows by push keeps room for 17 and more, which every run in flight would hold.
    if (this.calls.length < fewCalls) this.calls = [...this.calls, call];
    else this.calls.push(call);
    if (this.#index !== undefined) this.#index.set(call.path, call);
    else if (this.calls.length > searchedCalls) {
      this.#index = new Map(this.calls.map((kept) => [kept.path, kept]));
    }
  }

  /** Fills the call that ended and gives it; undefined when it was not kept. */
  close(event: CallEndEvent): CallEntry | undefined {
    const call = this.#find(event.path);
    if (call !== undefined && !call.ended) call.end(event);
    return call;
  }

  /** Gives the name of the model that answered last below a call; undefined when none did. */
  modelBelow(caller: CallEntry): string | undefined {
    const { calls } = this;
    for (let at = calls.length - 1; at >= 0; at--) {
      const call = calls[at]!;
      if (call === caller) return undefined;
      if (call.kind === "model" && isBelow(call.path, caller.path)) return call.answeredBy ?? call.name;
    }
    return undefined;
  }

  /** Keeps whether an agent used what its tools gave; told before its call ends. */
  noteUse({ path, tools }: OutputsUsedEvent): void {
    const call = this.#find(path);
    if (call !== undefined) call.outputUse = tools;
  }

  /** Gives the kept call that stands right above a path. */
  callerOf(path: string): CallEntry | undefined {
    const caller = callerPath(path);
    return caller === undefined ? undefined : this.#find(caller);
  }

  end(event: RunEndEvent): void {
    this.durationMs = event.durationMs;
    this.outcome = event.outcome;
    this.code = event.code;
    this.usage = event.usage;
    this.costMicroUsd = event.costMicroUsd;
    this.#index = undefined;
  }

  /** Lets go of the calls; gives how many there were. */
  dropCalls(): number {
    const count = this.calls.length;
    this.calls = [];
    this.droppedCalls += count;
    return count;
  }

  #find(path: string): CallEntry | undefined {
    if (this.#index !== undefined) return this.#index.get(path);
    const { calls } = this;
    for (let at = calls.length - 1; at >= 0; at--) {
      const call = calls[at]!;
      if (call.path === path) return call;
    }
    return undefined;
  }
}

/** Tells whether a path leads to a call inside another: `x#10` is not inside `x#1`. */
function isBelow(path: string, caller: string): boolean {
  const next = path.charAt(caller.length);
  return (next === "/" || next === "@") && path.startsWith(caller);
}

/** Gives the path of the call that made the call at a path: one step up, without the number of the attempt. */
export function callerPath(path: string): string | undefined {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return undefined;
  const attempt = path.indexOf("@", path.lastIndexOf("/", slash - 1) + 1);
  return path.slice(0, attempt >= 0 && attempt < slash ? attempt : slash);
}
