/** Watches runs as they happen: the last records, figures by runnable, and alerts over sliding windows. */

import { executeRun, type OutputOf, type RunInput } from "../../core/door/run.ts";
import { checkRunOptions, type RunOptions } from "../../core/door/run-options.ts";
import {
  checkOptions,
  functionOption,
  listOption,
  nonEmptyString,
  numberBetween,
  objectOption,
  optionError,
  wholeNumber,
} from "../../core/errors/options.ts";
import {
  type CallEndEvent,
  type CallStartEvent,
  defaultEventTypes,
  type EventType,
  eventBits,
  type FlockEvent,
  maskOf,
  type RunEndEvent,
} from "../../core/events/event.ts";
import type { Provider, ProviderHost } from "../../core/events/provider.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import type { AgentMetrics, CallFigures } from "../measure/agent-metrics.ts";
import { BoundedNames } from "../measure/bounded-names.ts";
import { Measured, sampleOf } from "../measure/measured.ts";
import { type ProcessSample, ProcessSamples } from "../measure/process-samples.ts";
import { RecentRecords } from "../measure/recent.ts";
import { AlertDesk, type AlertOptions } from "./alert-desk.ts";
import type { AlertMetric, AlertRule } from "./alert-rule.ts";
import type { AlertSample } from "./alerts.ts";
import { CallTable } from "./call-figures.ts";
import {
  describeWindow,
  figuresOf,
  type MonitorSnapshot,
  type MonitorUpdate,
  type RunMeasure,
} from "./monitor-records.ts";
import { NestedCalls } from "./nested-calls.ts";

const mostNames = 256;
const mostOpenRuns = 65_536;
const runEvents: readonly EventType[] = ["run-start", "call-end", "run-end"];

/** Which way an event came. A run is counted the way its start came first. */
type Way = "execution" | "observed" | "provider";

/** How runs are monitored. */
export interface PerformanceMonitorOptions extends AlertOptions {
  /** Records that are kept. @default 1000 */
  readonly bufferSize?: number;
  /** Where memory and the time of {@link PerformanceMonitor.check} come from. @default the process's own */
  readonly runtime?: Runtime;
}

interface OpenRun {
  readonly way: Way;
  readonly startedAt: number;
  /** How many runs had begun, this one included; later ones make it shared. */
  readonly order: number;
  readonly alone: boolean;
  readonly heapBytes: number | undefined;
}

/** How something measured ended: a run, or a call followed inside one. */
type Ending = Pick<
  RunEndEvent,
  "name" | "runId" | "time" | "durationMs" | "outcome" | "code" | "usage" | "costMicroUsd"
>;

/**
 * Measures the runs it is given, in fixed memory: a ring of records, one sketch a runnable, one window an alert. Use
 * {@link monitorExecution} for single runs, or hand the monitor to an agent or a Flock as a provider for all of them; a run
 * seen both ways counts once. Of an agent that works inside the runs of others it measures each call of that agent instead,
 * with all that happens inside, unless it sees the whole run anyway. As a provider it tells its alerts to the house it was
 * first used in. It never throws into a run.
 */
export class PerformanceMonitor implements Provider {
  readonly name = "performance-monitor";
  readonly events: readonly EventType[] = [...runEvents, "call-start"];
  readonly #runtime: Runtime;
  readonly #records: RecentRecords<RunMeasure>;
  readonly #desk: AlertDesk;
  readonly #process: ProcessSamples;
  readonly #metrics = new BoundedNames(mostNames, (name) => new Measured(name));
  readonly #calls = new CallTable();
  /** Runs by id, followed calls by run and path. */
  readonly #open = new Map<string, OpenRun>();
  readonly #nested = new NestedCalls();
  readonly #listeners = new Set<(update: MonitorUpdate) => void>();
  #started = 0;
  #ended = 0;
  #host: ProviderHost | undefined;
  #failures = 0;

  /** @throws option_invalid for an unknown option, a wrong value, or an alert rule that cannot be. */
  constructor(options: PerformanceMonitorOptions = {}) {
    checkOptions("PerformanceMonitor", options, {
      alerts: listOption,
      onAlert: functionOption,
      webhooks: listOption,
      store: objectOption,
      storeKey: nonEmptyString,
      checkEveryMs: numberBetween(10, 86_400_000),
      bufferSize: wholeNumber(1),
      runtime: objectOption,
    });
    this.#runtime = options.runtime ?? systemRuntime;
    this.#records = new RecentRecords(options.bufferSize ?? 1_000);
    this.#process = new ProcessSamples(this.#runtime);
    this.#desk = new AlertDesk(options, this.#runtime, (event) => {
      this.#tell(event);
      this.#host?.emit(event);
    });
    this.observe = this.observe.bind(this);
  }

  /** How often subscribers or `onAlert` threw. */
  get listenerFailures(): number {
    return this.#failures + this.#desk.failures;
  }

  /** How often the store could not be read or written; alerts go on without it. */
  get storeFailures(): number {
    return this.#desk.storeFailures;
  }

  /** Settles once the store said which alerts are on; at once without a store, and never rejects. */
  get ready(): Promise<void> {
    return this.#desk.ready;
  }

  /** Memory and event loop, looked at when a run begins or ends, at most once a second; the last 120 looks. */
  get processSamples(): readonly ProcessSample[] {
    return this.#process.all;
  }

  /** The last records, oldest first; a copy. */
  get metricsBuffer(): readonly RunMeasure[] {
    return this.#records.toArray();
  }

  /** The alert rules by what they watch. */
  get alertThresholds(): Readonly<Partial<Record<AlertMetric, readonly AlertRule[]>>> {
    return Object.groupBy(this.#desk.alerts.rules, (rule) => rule.metric);
  }

  /**
   * Runs a runnable as its own run and measures it. Gives its output and fails as it fails; the options are those of
   * `execute`.
   */
  async monitorExecution<R extends AnyRunnable>(
    runnable: R,
    input: RunInput<R>,
    options: RunOptions = {},
  ): Promise<OutputOf<R>> {
    if (typeof (runnable as Partial<AnyRunnable> | null | undefined)?.perform !== "function") {
      const expected = "an agent, a pattern or another runnable";
      throw optionError("PerformanceMonitor.monitorExecution", "runnable", expected, runnable);
    }
    checkRunOptions(runnable.name, options);
    return (await executeRun(runnable, input, this.#listening(options))) as OutputOf<R>;
  }

  /** Takes an event of any run; others than `run-start`, `call-end` and `run-end` are passed over. Bound, and never throws. */
  observe(event: FlockEvent): void {
    this.#take(event, "observed");
  }

  /** Takes an event as a provider: those of runs, and the calls of runs whose start it did not see. */
  start(host: ProviderHost): void {
    this.#host = host;
  }

  handle(event: FlockEvent): void {
    if (event.type === "call-start") this.#callStarted(event);
    else if (event.type === "call-end") this.#callEnded(event);
    else this.#take(event, "provider");
  }

  /** Looks at the alerts at a time, without a run: call it now and then so that alerts end when nothing runs. */
  check(now: number = this.#runtime.now()): void {
    if (!Number.isFinite(now)) throw optionError("PerformanceMonitor.check", "now", "milliseconds since 1970", now);
    this.#desk.alerts.check(now);
  }

  /** Tells a function about each measured run and each alert; gives the way to stop. What it throws is counted. */
  subscribe(listener: (update: MonitorUpdate) => void): () => void {
    if (typeof listener !== "function") {
      throw optionError("PerformanceMonitor.subscribe", "listener", "a function", listener);
    }
    const own = (update: MonitorUpdate): void => listener(update);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Gives all figures as plain data. Figures of the last minute, five minutes and hour end at `now`. */
  snapshot(now: number = this.#runtime.now()): MonitorSnapshot {
    if (!Number.isFinite(now)) throw optionError("PerformanceMonitor.snapshot", "now", "milliseconds since 1970", now);
    const runnables = [...this.#metrics.entries()].map(([name, one]) => {
      return [name, { ...figuresOf(one.metrics), recent: one.recent(now) }] as const;
    });
    return {
      runs: this.#ended,
      inFlight: this.#open.size,
      runnables: Object.fromEntries(runnables),
      calls: this.#calls.snapshot(now),
      process: this.#process.all.at(-1),
      windows: this.#desk.alerts.windows.map(describeWindow),
      alerts: this.#desk.alerts.active,
      webhooks: this.#desk.webhooks,
    };
  }

  /** Stops watching the event loop and the clock, and waits up to two seconds for webhooks, with the store up to five in all. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stop();
    await this.#desk.close();
  }

  /** The user's own listener keeps getting the events it asked for, and those alone. */
  #listening(options: RunOptions): RunOptions {
    const { onEvent } = options;
    const take = (event: FlockEvent): void => this.#take(event, "execution");
    if (onEvent === undefined) return { ...options, onEvent: take, events: runEvents };
    const wanted = options.events ?? defaultEventTypes;
    const mask = maskOf(wanted);
    const both = (event: FlockEvent): void => {
      take(event);
      if ((mask & eventBits[event.type]) !== 0) onEvent(event);
    };
    return { ...options, onEvent: both, events: [...new Set([...wanted, ...runEvents])] };
  }

  #take(event: FlockEvent, way: Way): void {
    if (event.type === "run-start") this.#begin(event.runId, event.time, way);
    else if (event.type === "run-end") this.#end(event.runId, event);
    else if (event.type === "call-end" && this.#open.get(event.runId)?.way === way) this.#count(event);
  }

  #callStarted(event: CallStartEvent): void {
    if (this.#open.has(event.runId) || this.#open.size >= mostOpenRuns) return;
    if (this.#nested.begin(event)) this.#begin(`${event.runId} ${event.path}`, event.time, "provider");
  }

  #callEnded(event: CallEndEvent): void {
    const run = this.#open.get(event.runId);
    if (run === undefined || run.way === "provider") this.#count(event);
    const call = this.#nested.end(event);
    if (call === undefined) return;
    const { usage, costMicroUsd } = call;
    this.#end(`${event.runId} ${event.path}`, { ...event, usage, costMicroUsd });
  }

  #count(event: CallEndEvent): void {
    const sample = sampleOf(event);
    this.#calls.record(event, sample);
    const { alerts } = this.#desk;
    if (alerts.watches(event.kind)) {
      alerts.record({ ...sample, name: event.name, runId: event.runId, subject: event.kind });
    }
  }

  #begin(key: string, startedAt: number, way: Way): void {
    if (this.#open.has(key) || this.#open.size >= mostOpenRuns) return;
    const alone = this.#open.size === 0;
    const heapBytes = this.#look(startedAt)?.heapUsedBytes;
    this.#started++;
    this.#open.set(key, { way, startedAt, order: this.#started, alone, heapBytes: alone ? heapBytes : undefined });
  }

  #end(key: string, ending: Ending): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    this.#ended++;
    const measured = this.#metrics.of(ending.name);
    const measure = Object.freeze(measureOf(open, ending, this.#memoryOf(open, measured.metrics)));
    const sample = runSample(measure, ending);
    measured.record(runFigures(ending), sample);
    this.#records.push(measure);
    this.#tell({ type: "run-measured", measure });
    this.#desk.alerts.record(sample);
    this.#look(ending.time);
  }

  #look(time: number): ProcessSample | undefined {
    const sample = this.#process.look(time);
    const { alerts } = this.#desk;
    if (sample === undefined || !alerts.watches("process")) return sample;
    const nothing = { name: "process", runId: "", durationMs: 0, outcome: "ok", tokens: 0, costMicroUsd: 0 } as const;
    const eventLoopDelayMs = sample.eventLoopDelay?.p99Ms;
    alerts.record({ ...nothing, time, subject: "process", heapBytes: sample.heapUsedBytes, eventLoopDelayMs });
    return sample;
  }

  #memoryOf(open: OpenRun, metrics: AgentMetrics): number | "shared" | undefined {
    if (!open.alone || this.#started !== open.order) return "shared";
    const memory = open.heapBytes === undefined ? undefined : this.#process.memory();
    if (open.heapBytes === undefined || memory === undefined) return undefined;
    metrics.recordMemory(memory);
    return memory.heapUsedBytes - open.heapBytes;
  }

  #tell(update: MonitorUpdate): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(update);
      } catch {
        this.#failures++;
      }
    }
  }
}

function measureOf(open: OpenRun, ending: Ending, memoryBytes: number | "shared" | undefined): RunMeasure {
  const { name, runId, durationMs, outcome, code, usage, costMicroUsd } = ending;
  const { startedAt } = open;
  const tokens = finite(usage === undefined ? 0 : usage.inputTokens + usage.outputTokens);
  const success = outcome === "ok";
  return { name, runId, startedAt, durationMs, success, outcome, code, memoryBytes, tokens, costMicroUsd };
}

// Both are written out: spreading an event costs more than all that is counted.
function runSample(measure: RunMeasure, { time, costMicroUsd = 0 }: Ending): AlertSample {
  const { name, runId, durationMs, outcome, tokens } = measure;
  return { name, runId, time, durationMs, outcome, tokens, costMicroUsd: finite(costMicroUsd) };
}

function runFigures({ outcome, code, durationMs, usage, costMicroUsd }: Ending): CallFigures {
  const queueMs = 0;
  const attempts = 1;
  return {
    outcome,
    code,
    durationMs,
    usage,
    costMicroUsd,
    queueMs,
    attempts,
    cacheState: undefined,
    stream: undefined,
  };
}

/** A vendor's broken figure must not spoil the sums of a window. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
