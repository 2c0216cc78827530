/** Follows open runs and counts each failure where it began, with what came of it. */

import type {
  AttemptEndEvent,
  CallEndEvent,
  CallStartEvent,
  EventOf,
  FlockEvent,
  RunEndEvent,
} from "../../core/events/event.ts";
import { CallFactors } from "./call-factors.ts";
import type { GroupRecord } from "./error-group.ts";
import { type FailureKind, kindOf } from "./failure-kind.ts";
import { GroupTable } from "./group-table.ts";
import { meet, type OpenCall, type OpenRun, OpenRuns, openCall } from "./open-runs.ts";

const mostRunnables = 256;
const spellsPerWindow = 12;
/** What one call remembers of failed attempts and of failures inside. */
const mostFailures = 64;

interface Runnable {
  open: number;
  readonly factors: CallFactors;
}

/** The counts of an analysis. */
export class FailureLedger {
  readonly groups: GroupTable;
  /** Length of the spells of time that are compared, in milliseconds. */
  readonly spellMs: number;
  readonly #runnables = new Map<string, Runnable>();
  readonly #open: OpenRuns;
  runs = 0;
  failedRuns = 0;
  failures = 0;

  constructor(maxGroups: number, windowMs: number) {
    this.groups = new GroupTable(maxGroups, windowMs);
    this.spellMs = windowMs / spellsPerWindow;
    this.#open = new OpenRuns((call) => this.#leave(call));
  }

  /** Counts an event; false for one of a type that tells nothing here. */
  take(event: FlockEvent): boolean {
    switch (event.type) {
      case "run-start":
        this.#open.open(event.runId, true);
        return true;
      case "call-start":
        this.#callStarted(event);
        return true;
      case "attempt-end":
        if (event.outcome === "error") this.#attemptEnded(event);
        return true;
      case "recovery-applied":
        this.#recovered(event);
        return true;
      case "call-end":
        this.#callEnded(event);
        return true;
      case "run-end":
        this.#runEnded(event);
        return true;
      default:
        return false;
    }
  }

  /** Gives the counts of all calls of a runnable. */
  factorsOf(runnable: string): CallFactors | undefined {
    return this.#runnables.get(runnable)?.factors;
  }

  #callStarted(event: CallStartEvent): void {
    const run = this.#open.get(event.runId) ?? this.#open.open(event.runId, false);
    const runnable = this.#runnable(event.name);
    const call = openCall(run, event, (runnable?.open ?? 0) + 1);
    if (call !== undefined && runnable !== undefined) runnable.open++;
  }

  #attemptEnded(event: AttemptEndEvent): void {
    const run = this.#open.get(event.runId);
    const call = run?.calls.get(callPath(event.path));
    if (run === undefined || call === undefined) return;
    const kind = kindOf(event);
    const passedOn = call.inner?.get(kind.fingerprint);
    const group = passedOn ?? this.#begin(run, call, kind, event);
    if (passedOn !== undefined) meet(run, passedOn);
    if (call.failed.length < mostFailures) call.failed = [...call.failed, group];
    call.lastKind = kind;
    if (call.firstFailedAt === undefined && Number.isFinite(event.durationMs)) call.firstFailedAt = event.time;
  }

  /** Counts a failure where it began, with what was spent there since the last one. */
  #begin(run: OpenRun, call: OpenCall, kind: FailureKind, event: AttemptEndEvent | CallEndEvent): GroupRecord {
    const group = this.groups.of(kind);
    this.failures++;
    group.attemptFailed(call, event);
    const tokens = call.tokens - call.chargedTokens;
    const costMicroUsd = call.costMicroUsd - call.chargedMicroUsd;
    group.wasted({ ms: event.durationMs, tokens, costMicroUsd });
    call.chargedTokens = call.tokens;
    call.chargedMicroUsd = call.costMicroUsd;
    if (call.begun.length < mostFailures) call.begun = [...call.begun, group];
    meet(run, group);
    return group;
  }

  #recovered(event: EventOf<"recovery-applied">): void {
    const { code, strategy, healed } = event;
    const run = this.#open.get(event.runId);
    const call = run?.calls.get(callPath(event.path));
    const isSo = (group: GroupRecord): boolean => group.code === code;
    // What did not heal may have failed in its turn; it answered the failure before that.
    const before = healed ? call?.failed : call?.failed.slice(0, -1);
    const group = before?.findLast(isSo) ?? call?.failed.findLast(isSo) ?? run?.groups.find(isSo);
    if (group === undefined) return;
    if (call === undefined) group.recovered(strategy, healed);
    else if (call.answers.length < mostFailures) call.answers = [...call.answers, { strategy, group, healed }];
  }

  #callEnded(event: CallEndEvent): void {
    const run = this.#open.get(event.runId);
    const call = run?.calls.get(event.path);
    if (run === undefined || call === undefined) return;
    run.calls.delete(event.path);
    this.#leave(call);
    call.tokens += event.usage === undefined ? 0 : finite(event.usage.inputTokens) + finite(event.usage.outputTokens);
    call.costMicroUsd += finite(event.costMicroUsd ?? 0);
    if (call.parent !== undefined) {
      call.parent.tokens += call.tokens;
      call.parent.costMicroUsd += call.costMicroUsd;
    }
    if (event.outcome === "error") this.#callFailed(run, call, event);
    if (event.outcome !== "cancelled") this.#count(call, event);
    if (!run.announced && run.calls.size === 0) this.#runOver(run, event, call);
  }

  /** What is passed on, by the call or under another message, is not counted anew. */
  #callFailed(run: OpenRun, call: OpenCall, event: CallEndEvent): void {
    const kind = kindOf(event);
    const { lastKind } = call;
    const isLast = lastKind?.fingerprint === kind.fingerprint || lastKind?.code === kind.code;
    const group =
      (isLast ? call.failed.at(-1) : undefined) ??
      call.inner?.get(kind.fingerprint) ??
      this.#begin(run, call, kind, event);
    if (call.parent === undefined) run.lostTo = group;
    else {
      call.parent.inner ??= new Map();
      if (call.parent.inner.size < mostFailures) call.parent.inner.set(kind.fingerprint, group);
    }
  }

  /** Counts an ended call for its runnable and for the failures it met. */
  #count(call: OpenCall, event: CallEndEvent): void {
    const { time } = event;
    const { spellMs } = this;
    this.#runnables.get(call.name)?.factors.add(call, time, spellMs);
    if (call.begun.length > 0) for (const group of new Set(call.begun)) group.callEnded(call, time, spellMs);
    if (call.answers.length > 0) countAnswers(call);
    if (call.failed.length === 0) return;
    const further = event.attempts - 1;
    const healed = event.outcome === "ok";
    for (const group of call.failed.slice(0, further)) group.retries++;
    for (const group of new Set(call.failed)) {
      if (further > 0 && call.answers.length === 0) group.recovered("retry", healed);
      if (healed) group.healedAfter(call.firstFailedAt === undefined ? undefined : time - call.firstFailedAt);
    }
  }

  #runEnded(event: RunEndEvent): void {
    const run = this.#open.get(event.runId);
    if (run !== undefined) this.#runOver(run, event, undefined);
  }

  #runOver(run: OpenRun, end: RunEndEvent | CallEndEvent, only: OpenCall | undefined): void {
    this.#open.close(run.id);
    this.runs++;
    if (end.outcome === "ok") for (const group of run.groups) group.survivedRuns++;
    if (end.outcome !== "error") return;
    this.failedRuns++;
    const { usage, costMicroUsd, durationMs } = end;
    const tokens = only?.tokens ?? (usage === undefined ? 0 : usage.inputTokens + usage.outputTokens);
    run.lostTo?.runLost({ ms: durationMs, tokens, costMicroUsd: only?.costMicroUsd ?? costMicroUsd ?? 0 });
  }

  #runnable(name: string): Runnable | undefined {
    let known = this.#runnables.get(name);
    if (known === undefined && this.#runnables.size < mostRunnables) {
      known = { open: 0, factors: new CallFactors() };
      this.#runnables.set(name, known);
    }
    return known;
  }

  #leave(call: OpenCall): void {
    const runnable = this.#runnables.get(call.name);
    if (runnable !== undefined && runnable.open > 0) runnable.open--;
  }
}

/** A strategy counts once for each kind of failure of a call, however often it was tried. */
function countAnswers({ answers }: OpenCall): void {
  const isSame = (a: OpenCall["answers"][number], b: OpenCall["answers"][number]): boolean =>
    a.strategy === b.strategy && a.group === b.group;
  for (const [index, answer] of answers.entries()) {
    if (answers.findIndex((one) => isSame(one, answer)) < index) continue;
    answer.group.recovered(
      answer.strategy,
      answers.some((one) => one.healed && isSame(one, answer)),
    );
  }
}

/** The path of the call an attempt is one of. */
function callPath(path: string): string {
  const at = path.lastIndexOf("@");
  return at > path.lastIndexOf("#") ? path.slice(0, at) : path;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
