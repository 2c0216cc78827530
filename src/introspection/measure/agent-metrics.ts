/** What is known about one runnable from its events: the five measures of an agent, each in fixed memory. */

import type { CallEndEvent, FlockEvent, StreamTiming, Usage } from "../../core/events/event.ts";
import type { Fold } from "../../core/events/fold.ts";
import type { MemoryUse } from "../../core/runtime/runtime.ts";
import { BoundedNames } from "./bounded-names.ts";
import { type DistributionSummary, QuantileSketch } from "./quantile-sketch.ts";
import { RecentNumbers } from "./recent.ts";

const keptTimes = 1_000;
const keptMemorySamples = 120;
const namesPerAgent = 64;
const noTimes: DistributionSummary = new QuantileSketch().summary();

/** Uses of one tool by a runnable. */
export interface ToolUsage {
  readonly calls: number;
  readonly failures: number;
  readonly totalMs: number;
}

/** What a call that ended tells its metrics. */
export type CallFigures = Pick<
  CallEndEvent,
  "outcome" | "code" | "durationMs" | "queueMs" | "attempts" | "usage" | "costMicroUsd" | "cacheState" | "stream"
>;

/** All figures of a runnable as plain data. */
export interface AgentMetricsSnapshot {
  readonly name: string;
  readonly calls: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Succeeded of those that were not cancelled; 0 when there is none. */
  readonly successRate: number;
  readonly executionMs: DistributionSummary;
  readonly errorCounts: Readonly<Record<string, number>>;
  readonly toolUsage: Readonly<Record<string, ToolUsage>>;
  /** Heap in use at the samples, in bytes, oldest first; the last 120. */
  readonly memoryUsage: readonly number[];
  readonly usage: Usage;
  /** Sum of what is known; undefined when no call had a known price. */
  readonly costMicroUsd: number | undefined;
  readonly attempts: number;
  readonly queueMs: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /** Milliseconds to the first piece of streamed answers; all 0 when none was streamed. */
  readonly firstTokenMs: DistributionSummary;
  /** Mean milliseconds between the pieces of streamed answers, over all pieces; 0 when there was none. */
  readonly meanGapMs: number;
}

/**
 * Metrics of one runnable. Feed it the ends of its calls and of the tools it used; each step is a few additions, never
 * throws and never allocates once the codes and tools are known.
 */
export class AgentMetrics {
  readonly name: string;
  /** How long its calls took, in milliseconds. */
  readonly durations = new QuantileSketch();
  readonly #times = new RecentNumbers(keptTimes);
  readonly #memory = new RecentNumbers(keptMemorySamples);
  readonly #errors = new BoundedNames<{ count: number }>(namesPerAgent, () => ({ count: 0 }));
  readonly #tools = new BoundedNames(namesPerAgent, () => ({ calls: 0, failures: 0, totalMs: 0 }));
  readonly #usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
  succeeded = 0;
  failed = 0;
  cancelled = 0;
  /** Tries over all calls; more than the calls when some were tried again. */
  attempts = 0;
  /** Milliseconds spent waiting for permits. */
  queueMs = 0;
  cacheHits = 0;
  cacheMisses = 0;
  costMicroUsd: number | undefined = undefined;
  /** Times from one piece of a streamed answer to the next, how many and their sum. */
  gaps = 0;
  gapMs = 0;
  /** Made at the first streamed answer: most runnables never stream. */
  #firstTokens: QuantileSketch | undefined = undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Milliseconds to the first piece of streamed answers; undefined before the first one. */
  get firstTokens(): QuantileSketch | undefined {
    return this.#firstTokens;
  }

  /** Mean milliseconds between the pieces of streamed answers; 0 when there was none. */
  get meanGapMs(): number {
    return this.gaps === 0 ? 0 : this.gapMs / this.gaps;
  }

  /** Ended calls, however they ended. */
  get calls(): number {
    return this.succeeded + this.failed + this.cancelled;
  }

  /** Succeeded of those that were not cancelled; 0 when there is none. */
  get successRate(): number {
    const decided = this.succeeded + this.failed;
    return decided === 0 ? 0 : this.succeeded / decided;
  }

  /** Milliseconds of the last 1,000 calls, oldest first. */
  get executionTimes(): readonly number[] {
    return this.#times.toArray();
  }

  /** Failures by code; codes beyond the first 64 count as "other". */
  get errorCounts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#errors.entries()].map(([code, { count }]) => [code, count]));
  }

  /** Uses by tool; tools beyond the first 64 count as "other". */
  get toolUsage(): Readonly<Record<string, ToolUsage>> {
    return Object.fromEntries([...this.#tools.entries()].map(([tool, usage]) => [tool, { ...usage }]));
  }

  /** Heap in use at the last 120 samples, in bytes, oldest first. */
  get memoryUsage(): readonly number[] {
    return this.#memory.toArray();
  }

  /** Tokens of its own calls. */
  get usage(): Usage {
    return { ...this.#usage };
  }

  /** Counts the end of a call of this runnable. */
  recordCall(end: CallFigures): void {
    if (end.outcome === "ok") this.succeeded++;
    else {
      if (end.outcome === "error") this.failed++;
      else this.cancelled++;
      this.#errors.of(end.code ?? "unknown").count++;
    }
    this.durations.record(end.durationMs);
    this.#times.push(end.durationMs);
    this.attempts += end.attempts;
    this.queueMs += end.queueMs;
    if (end.cacheState !== undefined) this.#countCache(end.cacheState);
    if (end.stream !== undefined) this.#addStream(end.stream);
    if (end.costMicroUsd !== undefined) this.costMicroUsd = (this.costMicroUsd ?? 0) + (end.costMicroUsd || 0);
    if (end.usage !== undefined) this.#addUsage(end.usage);
  }

  /** Counts the end of a tool call that this runnable made. */
  recordTool(end: CallEndEvent): void {
    const tool = this.#tools.of(end.name);
    tool.calls++;
    if (end.outcome !== "ok") tool.failures++;
    tool.totalMs += end.durationMs;
  }

  /** Adds a memory sample; its owner takes one at most once a second. */
  recordMemory(memory: MemoryUse): void {
    this.#memory.push(memory.heapUsedBytes);
  }

  toJSON(): AgentMetricsSnapshot {
    const { name, calls, succeeded, failed, cancelled, successRate, errorCounts, toolUsage, memoryUsage, usage } = this;
    const { costMicroUsd, attempts, queueMs, cacheHits, cacheMisses } = this;
    const executionMs = this.durations.summary();
    const streams = { firstTokenMs: this.#firstTokens?.summary() ?? noTimes, meanGapMs: this.meanGapMs };
    const counts = { name, calls, succeeded, failed, cancelled, successRate, executionMs };
    const measures = { errorCounts, toolUsage, memoryUsage, usage, costMicroUsd };
    return { ...counts, ...measures, ...streams, attempts, queueMs, cacheHits, cacheMisses };
  }

  #addStream({ firstTokenMs, meanGapMs, pieces }: StreamTiming): void {
    this.#firstTokens ??= new QuantileSketch();
    this.#firstTokens.record(firstTokenMs);
    if (!(pieces > 1 && meanGapMs >= 0 && meanGapMs < Number.POSITIVE_INFINITY)) return;
    this.gaps += pieces - 1;
    this.gapMs += meanGapMs * (pieces - 1);
  }

  #countCache(state: NonNullable<CallEndEvent["cacheState"]>): void {
    if (state === "hit" || state === "stale" || state === "joined") this.cacheHits++;
    else if (state === "miss") this.cacheMisses++;
  }

  /** A figure that a vendor broke (NaN) counts as 0, so that it spoils no sum. */
  #addUsage(usage: Usage): void {
    const sum = this.#usage;
    sum.inputTokens += usage.inputTokens || 0;
    sum.outputTokens += usage.outputTokens || 0;
    sum.cacheReadTokens += usage.cacheReadTokens || 0;
    sum.cacheWriteTokens += usage.cacheWriteTokens || 0;
    sum.reasoningTokens += usage.reasoningTokens || 0;
  }
}

/**
 * Makes the fold that gives the metrics of one runnable from a stream of events, live or recorded. A tool call counts as
 * its own when the runnable stands anywhere above it in the call's path.
 */
export function agentMetricsFold(name: string): Fold<AgentMetrics> {
  return {
    types: ["call-end"],
    initial: () => new AgentMetrics(name),
    step(metrics: AgentMetrics, event: FlockEvent): AgentMetrics {
      if (event.type !== "call-end") return metrics;
      if (event.name === name) metrics.recordCall(event);
      else if (event.kind === "tool" && isBelow(event.path, name)) metrics.recordTool(event);
      return metrics;
    },
  };
}

/** Tells whether a runnable of this name stands above a call in its path. */
export function isBelow(path: string, name: string): boolean {
  const step = `/${name}`;
  for (let at = path.indexOf(step); at >= 0; at = path.indexOf(step, at + 1)) {
    const after = path[at + step.length];
    if ((after === "#" || after === "[") && path.includes("/", at + 1)) return true;
  }
  return false;
}
