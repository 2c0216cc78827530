/** The front door `flock-ts/introspection`: measuring, watching and advising. */

import "../flock.ts";

export type { CallRecord, RunHistory, RunRecord } from "../core/run-history.ts";
export {
  AgentIntrospection,
  type AgentIntrospectionOptions,
  type AppliedSuggestion,
} from "../introspection/advise/agent-introspection.ts";
export type { PerformanceAnalysis, StepShare, ToolEfficiency } from "../introspection/advise/performance-analysis.ts";
export type {
  PredictedEffect,
  SuggestedAction,
  Suggestion,
  SuggestionEvidence,
} from "../introspection/advise/suggestion.ts";
export { AgentMetrics, type AgentMetricsSnapshot, agentMetricsFold } from "../introspection/measure/agent-metrics.ts";
export { type DistributionSummary, QuantileSketch } from "../introspection/measure/quantile-sketch.ts";
export { RunRecorder, type RunRecorderOptions } from "../introspection/record/run-recorder.ts";
export type { AlertMetric, AlertRule } from "../introspection/watch/alert-rule.ts";
export type {
  MonitorSnapshot,
  MonitorUpdate,
  RunMeasure,
  WindowSnapshot,
} from "../introspection/watch/monitor-records.ts";
export { PerformanceMonitor, type PerformanceMonitorOptions } from "../introspection/watch/performance-monitor.ts";
