/** All that is measured of one name: figures since the beginning, and of the last minute, five minutes and hour. */

import type { CallEndEvent } from "../../core/events/event.ts";
import { AgentMetrics, type CallFigures } from "./agent-metrics.ts";
import { comparePeriods, type PeriodComparison } from "./compare-periods.ts";
import { MetricWindow } from "./metric-window.ts";
import { type RunSample, type WindowMetric, windowMetrics } from "./window-metrics.ts";

/** The windows every name has, with their length in milliseconds. */
export const recentWindows = { "1m": 60_000, "5m": 300_000, "1h": 3_600_000 } as const;

/** The name of such a window. */
export type RecentWindow = keyof typeof recentWindows;

/** Figures of one window; those it has nothing to make of are undefined. */
export interface RecentFigures {
  readonly runs: number;
  readonly figures: Readonly<Record<WindowMetric, number | undefined>>;
  /** Beside the same time before. */
  readonly comparison: PeriodComparison;
}

/** The figures of one name, in fixed memory. */
export class Measured {
  readonly metrics: AgentMetrics;
  readonly #windows: readonly MetricWindow[];

  constructor(name: string) {
    this.metrics = new AgentMetrics(name);
    this.#windows = Object.values(recentWindows).map((windowMs) => new MetricWindow(windowMs, true));
  }

  /** Counts what ended. */
  record(figures: CallFigures, sample: RunSample): void {
    this.metrics.recordCall(figures);
    for (const window of this.#windows) window.record(sample);
  }

  /** Gives the figures of the windows that end now. */
  recent(now: number): Readonly<Record<RecentWindow, RecentFigures>> {
    const names = Object.keys(recentWindows) as RecentWindow[];
    const entries = names.map((name, index) => [name, recentOf(this.#windows[index]!, now)]);
    return Object.fromEntries(entries) as Record<RecentWindow, RecentFigures>;
  }
}

/** Gives a call that ended as windows count it. A vendor's broken figure counts as nothing. */
export function sampleOf(event: CallEndEvent): RunSample {
  const { time, durationMs, outcome, queueMs, attempts, usage, costMicroUsd, cacheState, stream } = event;
  const tokens = usage === undefined ? 0 : usage.inputTokens + usage.outputTokens;
  const isAnswered = cacheState === "hit" || cacheState === "stale" || cacheState === "joined";
  const cacheHit = isAnswered ? true : cacheState === "miss" ? false : undefined;
  const firstTokenMs = stream?.firstTokenMs;
  return {
    time,
    durationMs,
    outcome,
    queueMs,
    attempts,
    tokens,
    costMicroUsd: costMicroUsd ?? 0,
    cacheHit,
    firstTokenMs,
  };
}

/** Gives all figures of a window. */
export function figuresIn(window: MetricWindow): Readonly<Record<WindowMetric, number | undefined>> {
  const metrics = Object.keys(windowMetrics) as WindowMetric[];
  return Object.fromEntries(metrics.map((metric) => [metric, window.value(metric)])) as Record<
    WindowMetric,
    number | undefined
  >;
}

function recentOf(window: MetricWindow, now: number): RecentFigures {
  window.advance(now);
  const { before, now: current } = window.periods();
  return { runs: window.runs, figures: figuresIn(window), comparison: comparePeriods(before, current) };
}
