/** Keeps the last runs as compact records, so that advice works after the fact. It sits in every run: each step is small. */

import { booleanOption, checkOptions, objectOption, oneOf, wholeNumber } from "../../core/errors/options.ts";
import type {
  CallEndEvent,
  CallStartEvent,
  EventType,
  FlockEvent,
  RunEndEvent,
  RunStartEvent,
} from "../../core/events/event.ts";
import { type EventListener, internal } from "../../core/events/event-dispatcher.ts";
import {
  type CallRecord,
  type RunHistory,
  type RunRecord,
  type RunSink,
  recordedEvents,
} from "../../core/events/run-history.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import type { AgentMetrics } from "../measure/agent-metrics.ts";
import type { BoundedNames } from "../measure/bounded-names.ts";
import { ComparedAnswers, type HashedOutputs } from "./compared-answers.ts";
import { LateMetrics } from "./late-metrics.ts";
import { RecentRuns } from "./recent-runs.ts";
import { CallEntry, RunEntry } from "./run-entry.ts";

const mostNames = 256;
const mostLiveRuns = 65_536;
const memoryEveryMs = 1_000;

/** How much is recorded. */
export interface RunRecorderOptions {
  /** Finished runs that are kept. @default 1000 */
  readonly maxRuns?: number;
  /** Calls that are kept of one run; later ones are counted as dropped. @default 256 */
  readonly maxCallsPerRun?: number;
  /** Calls that are kept over all finished runs; beyond, the oldest runs lose their calls and keep their own record. @default 32768 */
  readonly maxCalls?: number;
  /**
   * Whose inputs are hashed, for finding calls that repeat. Models are left out by default: their prompt follows from
   * their caller's input and is by far the largest. @default "callers"
   */
  readonly hashInputs?: "callers" | "all" | "none";
  /**
   * Whose answers are hashed, field by field, for telling whether two models answer alike: those of agents that were seen with
   * two models, of all agents, or of none. @default "compared", or "all" when the sink asks for it
   */
  readonly hashOutputs?: HashedOutputs;
  /** Keep metrics of each runnable beside the records. @default true */
  readonly metrics?: boolean;
  /** Gives memory samples, at most one a second; without it there are none. */
  readonly runtime?: Pick<Runtime, "memory">;
  /** Takes each run that ends, also when it is kept here no longer. @default nobody */
  readonly sink?: RunSink | undefined;
}

/**
 * Records runs from their events, in bounded memory: 1,000 runs of up to 256 calls, 32,768 calls in all, metrics of 256
 * runnables. A listener; never throws. An input is hashed as its call begins, before anyone can change it, and is never
 * kept: a run in flight holds one small object a call. An answer is hashed as its call ends, and never kept either.
 */
export class RunRecorder implements RunHistory, EventListener {
  readonly name = "recorder";
  readonly types: readonly EventType[] = ["run-start", "run-end", "call-start", "call-end", "outputs-used"];
  readonly mask = recordedEvents;
  readonly [internal] = true;
  readonly #maxCallsPerRun: number;
  readonly #hashInputs: "callers" | "all" | "none";
  readonly #answers: ComparedAnswers;
  readonly #runtime: Pick<Runtime, "memory"> | undefined;
  readonly #metrics: LateMetrics | undefined;
  readonly #sink: RunSink | undefined;
  /** The run that began last, while it is open. Runs that come one after the other never enter the map, which hashes their ids. */
  #newest: RunEntry | undefined;
  /** All other open runs. */
  readonly #live = new Map<string, RunEntry>();
  readonly #runs: RecentRuns;
  #last: RunEntry | undefined;
  #memoryAt = Number.NEGATIVE_INFINITY;
  /** Events that could not be recorded because one of their values was broken. */
  failures = 0;
  /** Runs that were not recorded because 65,536 others were open. */
  missedRuns = 0;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(options: RunRecorderOptions = {}) {
    checkOptions("RunRecorder", options, {
      maxRuns: wholeNumber(1),
      maxCallsPerRun: wholeNumber(0),
      maxCalls: wholeNumber(0),
      hashInputs: oneOf("callers", "all", "none"),
      hashOutputs: oneOf("compared", "all", "none"),
      metrics: booleanOption,
      runtime: objectOption,
      sink: objectOption,
    });
    this.#maxCallsPerRun = options.maxCallsPerRun ?? 256;
    this.#hashInputs = options.hashInputs ?? "callers";
    this.#answers = new ComparedAnswers(options.hashOutputs ?? (options.sink?.comparesAnswers ? "all" : "compared"));
    this.#runtime = options.runtime;
    this.#metrics = options.metrics === false ? undefined : new LateMetrics(mostNames);
    this.#sink = options.sink;
    this.#runs = new RecentRuns(options.maxRuns ?? 1_000, options.maxCalls ?? 32_768);
  }

  get size(): number {
    return this.#runs.size;
  }

  /** Runs that have begun and not ended. */
  get openRuns(): number {
    return this.#live.size + (this.#newest === undefined ? 0 : 1);
  }

  runs(name?: string): readonly RunRecord[] {
    const runs = this.#runs.toArray();
    return name === undefined ? runs : runs.filter((run) => run.name === name);
  }

  calls(name?: string): readonly CallRecord[] {
    const calls = this.#runs.toArray().flatMap((run) => run.calls);
    return name === undefined ? calls : calls.filter((call) => call.name === name);
  }

  /**
   * Gives the metrics of a runnable since recording began, also of runs that are no longer kept.
   *
   * @param create makes metrics, `(name) => new AgentMetrics(name)`: the recorder may not have imported them yet.
   */
  metricsOf(name: string, create: (name: string) => AgentMetrics): AgentMetrics | undefined {
    return this.#metrics?.use(create).peek(name);
  }

  clear(): void {
    this.#newest = undefined;
    this.#live.clear();
    this.#runs.clear();
    this.#metrics?.clear();
    this.#answers.clear();
    this.#last = undefined;
    this.failures = 0;
    this.missedRuns = 0;
  }

  /** Records an event; others than the wanted types are passed over. Never throws. */
  notify(event: FlockEvent, output?: unknown): void {
    try {
      switch (event.type) {
        case "call-start":
          return this.#callStarted(event);
        case "call-end":
          return this.#callEnded(event, output);
        case "run-start":
          return this.#runStarted(event);
        case "run-end":
          return this.#runEnded(event);
        case "outputs-used":
          return this.#find(event.runId)?.noteUse(event);
      }
    } catch {
      this.failures++;
    }
  }

  #runStarted(event: RunStartEvent): void {
    if (this.openRuns >= mostLiveRuns) this.missedRuns++;
    else if (this.#find(event.runId) === undefined) {
      if (this.#newest !== undefined) this.#live.set(this.#newest.runId, this.#newest);
      this.#newest = new RunEntry(event);
    }
  }

  #callStarted(event: CallStartEvent): void {
    const run = this.#find(event.runId);
    if (run === undefined) return;
    if (run.calls.length >= this.#maxCallsPerRun) {
      run.droppedCalls++;
      return;
    }
    const hashed = this.#hashInputs === "all" || (this.#hashInputs === "callers" && event.kind !== "model");
    run.open(new CallEntry(event, hashed));
  }

  #callEnded(event: CallEndEvent, output: unknown): void {
    const run = this.#find(event.runId);
    const call = run?.close(event);
    if (event.kind === "model") this.#answers.noteModel(event.answeredBy ?? event.name);
    else if (call?.kind === "agent" && output !== undefined) this.#answers.hash(call, run!, output);
    const metrics = this.#metrics;
    if (metrics?.names !== undefined) countCall(metrics.names, event, run);
    else metrics?.later((names) => countCall(names, event, run));
  }

  #runEnded(event: RunEndEvent): void {
    const run = this.#find(event.runId);
    if (run === undefined) return;
    if (run === this.#newest) this.#newest = undefined;
    else this.#live.delete(event.runId);
    if (run === this.#last) this.#last = undefined;
    run.end(event);
    this.#sink?.add(run);
    this.#runs.push(run);
    this.#sampleMemory(event.name, event.time);
  }

  /** Calls of one run mostly come in a row. */
  #find(runId: string): RunEntry | undefined {
    if (this.#newest?.runId === runId) return this.#newest;
    if (this.#live.size === 0) return undefined;
    if (this.#last?.runId === runId) return this.#last;
    const run = this.#live.get(runId);
    if (run !== undefined) this.#last = run;
    return run;
  }

  #sampleMemory(name: string, time: number): void {
    if (this.#runtime === undefined || this.#metrics === undefined) return;
    if (Math.abs(time - this.#memoryAt) < memoryEveryMs) return;
    this.#memoryAt = time;
    const memory = this.#runtime.memory();
    if (this.#metrics.names !== undefined) this.#metrics.names.of(name).recordMemory(memory);
    else this.#metrics.later((names) => names.of(name).recordMemory(memory));
  }
}

/** Counts a call for its runnable, and a tool's for all who stand above it. */
function countCall(metrics: BoundedNames<AgentMetrics>, event: CallEndEvent, run: RunEntry | undefined): void {
  metrics.of(event.name).recordCall(event);
  if (event.kind !== "tool" || run === undefined) return;
  for (let caller = run.callerOf(event.path); caller !== undefined; caller = run.callerOf(caller.path)) {
    metrics.of(caller.name).recordTool(event);
  }
}
