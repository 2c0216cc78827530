/** Watches runs as they happen: the last records, figures by runnable, and alerts over sliding windows. */

import { FlockError } from "../../core/errors.ts";
import {
  defaultEventTypes,
  type EventType,
  eventBits,
  type FlockEvent,
  maskOf,
  type RunEndEvent,
  type RunStartEvent,
} from "../../core/event.ts";
import { checkOptions, describeValue, listOption, objectOption, optionError, wholeNumber } from "../../core/options.ts";
import type { Provider } from "../../core/provider.ts";
import { executeRun, type OutputOf, type RunInput } from "../../core/run.ts";
import { checkRunOptions, type RunOptions } from "../../core/run-options.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import type { Runtime } from "../../core/runtime.ts";
import { systemRuntime } from "../../core/system-runtime.ts";
import { AgentMetrics } from "../measure/agent-metrics.ts";
import { BoundedNames } from "../measure/bounded-names.ts";
import { windowMetrics } from "../measure/metric-window.ts";
import { RecentRecords } from "../measure/recent.ts";
import type { AlertMetric, AlertRule } from "./alert-rule.ts";
import { Alerts } from "./alerts.ts";
import type { MonitorSnapshot, MonitorUpdate, RunMeasure, WindowSnapshot } from "./monitor-records.ts";

const mostNames = 256;
const mostOpenRuns = 65_536;
const memoryEveryMs = 1_000;

/** How runs are monitored. */
export interface PerformanceMonitorOptions {
  /** When to raise alerts. @default none */
  readonly alerts?: readonly AlertRule[];
  /** Records that are kept. @default 1000 */
  readonly bufferSize?: number;
  /** Where memory and the time of {@link PerformanceMonitor.check} come from. @default the process's own */
  readonly runtime?: Runtime;
}

interface OpenRun {
  readonly event: RunStartEvent;
  /** How many runs had begun, this one included; later ones make it shared. */
  readonly order: number;
  readonly alone: boolean;
  readonly heapBytes: number | undefined;
}

/**
 * Measures the runs it is given, in fixed memory: a ring of records, one sketch a runnable, one window an alert. Use
 * {@link monitorExecution} for single runs, or hand the monitor to an agent or a Flock as a provider for all of them; a run
 * seen both ways counts once. It never throws into a run.
 */
export class PerformanceMonitor implements Provider {
  readonly name = "performance-monitor";
  readonly events: readonly EventType[] = ["run-start", "run-end"];
  readonly #runtime: Runtime;
  readonly #records: RecentRecords<RunMeasure>;
  readonly #alerts: Alerts;
  readonly #metrics = new BoundedNames(mostNames, (name) => new AgentMetrics(name));
  readonly #open = new Map<string, OpenRun>();
  readonly #listeners = new Set<(update: MonitorUpdate) => void>();
  #started = 0;
  #ended = 0;
  #sampledAt = Number.NEGATIVE_INFINITY;
  /** How often subscribers threw. */
  listenerFailures = 0;

  /** @throws option_invalid for an unknown option, a wrong value, or an alert rule that cannot be. */
  constructor(options: PerformanceMonitorOptions = {}) {
    checkOptions("PerformanceMonitor", options, {
      alerts: listOption,
      bufferSize: wholeNumber(1),
      runtime: objectOption,
    });
    this.#runtime = options.runtime ?? systemRuntime;
    this.#records = new RecentRecords(options.bufferSize ?? 1_000);
    this.#alerts = new Alerts(options.alerts ?? [], (event) => this.#tell(event));
    this.observe = this.observe.bind(this);
  }

  /** The last records, oldest first; a copy. */
  get metricsBuffer(): readonly RunMeasure[] {
    return this.#records.toArray();
  }

  /** The alert rules by what they watch. */
  get alertThresholds(): Readonly<Partial<Record<AlertMetric, readonly AlertRule[]>>> {
    return Object.groupBy(this.#alerts.rules, (rule) => rule.metric);
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

  /** Takes an event of any run; others than `run-start` and `run-end` are passed over. Bound, and never throws. */
  observe(event: FlockEvent): void {
    if (event.type === "run-start") this.#runStarted(event);
    else if (event.type === "run-end") this.#runEnded(event);
  }

  handle(event: FlockEvent): void {
    this.observe(event);
  }

  /** Looks at the alerts at a time, without a run: call it now and then so that alerts end when nothing runs. */
  check(now: number = this.#runtime.now()): void {
    if (!Number.isFinite(now)) throw optionError("PerformanceMonitor.check", "now", "milliseconds since 1970", now);
    this.#alerts.check(now);
  }

  /** Tells a function about each measured run and each alert; gives the way to stop. What it throws is counted. */
  subscribe(listener: (update: MonitorUpdate) => void): () => void {
    if (typeof listener !== "function") {
      throw new FlockError(
        "option_invalid",
        `PerformanceMonitor.subscribe takes a function, not ${describeValue(listener)}`,
        {
          details: { option: "listener", expected: "a function", received: describeValue(listener) },
        },
      );
    }
    const own = (update: MonitorUpdate): void => listener(update);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Gives all figures as plain data. */
  snapshot(): MonitorSnapshot {
    return {
      runs: this.#ended,
      inFlight: this.#open.size,
      runnables: Object.fromEntries([...this.#metrics.entries()].map(([name, metrics]) => [name, metrics.toJSON()])),
      windows: this.#alerts.windows.map(describeWindow),
      alerts: this.#alerts.active,
    };
  }

  /** The user's own listener keeps getting the events it asked for, and those alone. */
  #listening(options: RunOptions): RunOptions {
    const { onEvent } = options;
    if (onEvent === undefined) return { ...options, onEvent: this.observe, events: this.events };
    const wanted = options.events ?? defaultEventTypes;
    const mask = maskOf(wanted);
    const both = (event: FlockEvent): void => {
      this.observe(event);
      if ((mask & eventBits[event.type]) !== 0) onEvent(event);
    };
    return { ...options, onEvent: both, events: [...new Set([...wanted, ...this.events])] };
  }

  #runStarted(event: RunStartEvent): void {
    if (this.#open.has(event.runId) || this.#open.size >= mostOpenRuns) return;
    const alone = this.#open.size === 0;
    let heapBytes: number | undefined;
    if (alone && Math.abs(event.time - this.#sampledAt) >= memoryEveryMs) {
      this.#sampledAt = event.time;
      heapBytes = this.#runtime.memory().heapUsedBytes;
    }
    this.#started++;
    this.#open.set(event.runId, { event, order: this.#started, alone, heapBytes });
  }

  #runEnded(event: RunEndEvent): void {
    const open = this.#open.get(event.runId);
    if (open === undefined) return;
    this.#open.delete(event.runId);
    this.#ended++;
    const metrics = this.#metrics.of(event.name);
    metrics.recordCall({ ...event, queueMs: 0, attempts: 1, cacheState: undefined });
    const measure = Object.freeze(measureOf(open, event, this.#memoryOf(open, metrics)));
    this.#records.push(measure);
    this.#tell({ type: "run-measured", measure });
    this.#alerts.record({ ...measure, time: event.time, costMicroUsd: finite(event.costMicroUsd ?? 0) });
  }

  #memoryOf(open: OpenRun, metrics: AgentMetrics): number | "shared" | undefined {
    if (!open.alone || this.#started !== open.order) return "shared";
    if (open.heapBytes === undefined) return undefined;
    const memory = this.#runtime.memory();
    metrics.recordMemory(memory);
    return memory.heapUsedBytes - open.heapBytes;
  }

  #tell(update: MonitorUpdate): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(update);
      } catch {
        this.listenerFailures++;
      }
    }
  }
}

function measureOf(open: OpenRun, event: RunEndEvent, memoryBytes: number | "shared" | undefined): RunMeasure {
  const { name, runId, durationMs, outcome, code, usage, costMicroUsd } = event;
  const startedAt = open.event.time;
  const tokens = finite(usage === undefined ? 0 : usage.inputTokens + usage.outputTokens);
  return {
    name,
    runId,
    startedAt,
    durationMs,
    success: outcome === "ok",
    outcome,
    code,
    memoryBytes,
    tokens,
    costMicroUsd,
  };
}

/** A vendor's broken figure must not spoil the sums of a window. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

function describeWindow({ name, window }: Alerts["windows"][number]): WindowSnapshot {
  const metrics = Object.keys(windowMetrics) as AlertMetric[];
  const figures = Object.fromEntries(metrics.map((metric) => [metric, window.value(metric)]));
  return { windowMs: window.windowMs, name, runs: window.runs, figures: figures as WindowSnapshot["figures"] };
}
