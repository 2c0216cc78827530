/** The front door `flock-ts/introspection`: measuring, watching and advising. */

import "../flock.ts";

export type { CallRecord, RunHistory, RunRecord } from "../core/run-history.ts";
export {
  AgentIntrospection,
  type AgentIntrospectionOptions,
  type AppliedSuggestion,
} from "../introspection/agent-introspection.ts";
export { AgentMetrics, type AgentMetricsSnapshot, agentMetricsFold } from "../introspection/agent-metrics.ts";
export type { AlertMetric, AlertRule } from "../introspection/alert-rule.ts";
export type { MonitorSnapshot, MonitorUpdate, RunMeasure, WindowSnapshot } from "../introspection/monitor-records.ts";
export type { PerformanceAnalysis, StepShare, ToolEfficiency } from "../introspection/performance-analysis.ts";
export { PerformanceMonitor, type PerformanceMonitorOptions } from "../introspection/performance-monitor.ts";
export { type DistributionSummary, QuantileSketch } from "../introspection/quantile-sketch.ts";
export { RunRecorder, type RunRecorderOptions } from "../introspection/run-recorder.ts";
export type { PredictedEffect, SuggestedAction, Suggestion, SuggestionEvidence } from "../introspection/suggestion.ts";
