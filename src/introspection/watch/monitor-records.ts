/** What the performance monitor hands out, as plain data. */

import type { AlertFiredEvent, AlertResolvedEvent, Outcome } from "../../core/events/event.ts";
import type { AgentMetrics, AgentMetricsSnapshot } from "../measure/agent-metrics.ts";
import { figuresIn, type RecentFigures, type RecentWindow } from "../measure/measured.ts";
import type { ProcessSample } from "../measure/process-samples.ts";
import type { WindowSubject } from "../measure/window-metrics.ts";
import type { AlertMetric } from "./alert-rule.ts";
import type { WebhookCounts } from "./alert-webhook.ts";
import type { ActiveAlert, WatchedWindow } from "./alerts.ts";
import type { CallsByKind } from "./call-figures.ts";

/** One monitored run, or one call of a monitored agent inside a run that is not monitored itself. */
export interface RunMeasure {
  readonly name: string;
  /** The run it was, or was part of. */
  readonly runId: string;
  /** Milliseconds since 1970 UTC. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly success: boolean;
  readonly outcome: Outcome;
  /** The error's code when it did not succeed. */
  readonly code: string | undefined;
  /**
   * By how much the heap grew during the run, in bytes; below 0 when the collector ran. "shared" when other monitored
   * runs went on beside it, undefined when it was not sampled (at most one run a second is).
   */
  readonly memoryBytes: number | "shared" | undefined;
  /** Input and output tokens of all its model calls. */
  readonly tokens: number;
  /** Sum of what is known; undefined when no model call had a known price. */
  readonly costMicroUsd: number | undefined;
}

/** Something the monitor tells its subscribers. */
export type MonitorUpdate =
  | { readonly type: "run-measured"; readonly measure: RunMeasure }
  | AlertFiredEvent
  | AlertResolvedEvent;

/** Figures of one sliding window; those it has no runs for are undefined. Quantiles are there when a rule asks for one. */
export interface WindowSnapshot {
  readonly windowMs: number;
  /** What it counts: runs, calls of a kind, or samples of the process. */
  readonly subject: WindowSubject;
  /** The runnable it is of; undefined for all runs together. */
  readonly name: string | undefined;
  readonly runs: number;
  readonly figures: Readonly<Record<AlertMetric, number | undefined>>;
}

/** What is known of the runs of one runnable. Tools, tries, waiting and cache belong to calls, see {@link AgentMetricsSnapshot}. */
export type RunFigures = Omit<AgentMetricsSnapshot, "toolUsage" | "attempts" | "queueMs" | "cacheHits" | "cacheMisses">;

/** Figures of the runs of one runnable: since the monitor was made, and of the last minute, five minutes and hour. */
export interface MeasuredRuns extends RunFigures {
  readonly recent: Readonly<Record<RecentWindow, RecentFigures>>;
}

/** All the monitor knows. */
export interface MonitorSnapshot {
  /** Runs that ended since the monitor was made. */
  readonly runs: number;
  readonly inFlight: number;
  /** By name, since the monitor was made; names beyond the first 256 count as "other". */
  readonly runnables: Readonly<Record<string, MeasuredRuns>>;
  /** Calls inside runs, by kind and name; of each kind, names beyond the first 64 count as "other". */
  readonly calls: CallsByKind;
  /** Memory and event loop when they were last looked at; undefined before the first run. */
  readonly process: ProcessSample | undefined;
  /** One for each length and name that alerts watch. */
  readonly windows: readonly WindowSnapshot[];
  /** The alerts that are on. */
  readonly alerts: readonly ActiveAlert[];
  /** What became of the messages to each web address, in the order given. */
  readonly webhooks: readonly WebhookCounts[];
}

/** Gives the figures of runs, without what only calls have. */
export function figuresOf(metrics: AgentMetrics): RunFigures {
  const { toolUsage: _, attempts: _a, queueMs: _q, cacheHits: _h, cacheMisses: _m, ...figures } = metrics.toJSON();
  return figures;
}

/** Gives all figures of one window. */
export function describeWindow({ subject, name, window }: WatchedWindow): WindowSnapshot {
  return { windowMs: window.windowMs, subject, name, runs: window.runs, figures: figuresIn(window) };
}
