/** The front door `flock-ts/introspection`: measuring, watching and advising. */

import "../flock.ts";

export type { FailureDescription } from "../core/events/describe-failure.ts";
export type { FailureReference } from "../core/events/failure-reference.ts";
export type { CallRecord, FailureRecord, RunHistory, RunRecord, RunSink } from "../core/events/run-history.ts";
export type { RunQuery } from "../core/run-store.ts";
export {
  AgentIntrospection,
  type AgentIntrospectionOptions,
  type AppliedSuggestion,
  type ApplyOptions,
  type HistoryEntry,
  type IntrospectedEnvironment,
} from "../introspection/advise/agent-introspection.ts";
export type { AdaptableSetting, Adaptation, AdaptOptions } from "../introspection/advise/apply/adaptation.ts";
export type {
  AdviceRecord,
  AdviceState,
  AdviceStatus,
  MeasuredFigure,
  WatchedRuns,
} from "../introspection/advise/apply/advice-record.ts";
export type { Moments } from "../introspection/advise/apply/sequential-test.ts";
export type { TrialEnvironment } from "../introspection/advise/apply/trial.ts";
export type {
  ComparisonVerdict,
  MeasureComparison,
  RunsComparison,
} from "../introspection/advise/compare/compare-runs.ts";
export type { ComparedMeasure } from "../introspection/advise/compare/compared-measures.ts";
export type { ComparedPeriod } from "../introspection/advise/compare/compared-period.ts";
export type { MovedCall } from "../introspection/advise/compare/moved-call.ts";
export type { CostBreakdown, CostShare } from "../introspection/advise/cost-breakdown.ts";
export type {
  CommonError,
  PerformanceAnalysis,
  StepShare,
  ToolEfficiency,
} from "../introspection/advise/performance-analysis.ts";
export type {
  EvidenceSample,
  Forecast,
  PredictedEffect,
  SuggestedAction,
  Suggestion,
  SuggestionEvidence,
} from "../introspection/advise/suggestion.ts";
export type { FigureTrend, TrendMetric } from "../introspection/advise/trend.ts";
export { ErrorAnalysis, type ErrorAnalysisOptions, errorAnalysisFold } from "../introspection/errors/error-analysis.ts";
export type {
  ErrorAnalysisReport,
  ErrorGroup,
  HealingAdvice,
  LikelyCause,
  NamedCount,
  RecoveryRecord,
  SpentOnFailing,
} from "../introspection/errors/error-report.ts";
export type { RatePart, Trend } from "../introspection/errors/rate-window.ts";
export type { RunRedaction } from "../introspection/history/run-line.ts";
export { RunLog, type RunLogOptions, type RunLogStats } from "../introspection/history/run-log.ts";
export {
  type ExportedRuns,
  type ExportRunsOptions,
  exportRuns,
  type ImportRunsOptions,
  importRuns,
  type LineSource,
} from "../introspection/history/run-transfer.ts";
export {
  AgentMetrics,
  type AgentMetricsSnapshot,
  agentMetricsFold,
  type CallFigures,
  type ToolUsage,
} from "../introspection/measure/agent-metrics.ts";
export type { FigureComparison, PeriodComparison } from "../introspection/measure/compare-periods.ts";
export type { RecentFigures, RecentWindow } from "../introspection/measure/measured.ts";
export type { ProcessSample } from "../introspection/measure/process-samples.ts";
export { type DistributionSummary, QuantileSketch } from "../introspection/measure/quantile-sketch.ts";
export type { WindowSubject } from "../introspection/measure/window-metrics.ts";
export { type DescribedCall, type DescribedRun, describeRun } from "../introspection/record/described-calls.ts";
export { RunRecorder, type RunRecorderOptions } from "../introspection/record/run-recorder.ts";
export type { AlertListener, AlertOptions } from "../introspection/watch/alert-desk.ts";
export type { AlertMetric, AlertRule } from "../introspection/watch/alert-rule.ts";
export type { WebhookCounts } from "../introspection/watch/alert-webhook.ts";
export type { ActiveAlert } from "../introspection/watch/alerts.ts";
export { burnRateAlerts, type Objective } from "../introspection/watch/burn-rate.ts";
export type { CallsByKind, MeasuredCalls } from "../introspection/watch/call-figures.ts";
export type {
  MeasuredRuns,
  MonitorSnapshot,
  MonitorUpdate,
  RunFigures,
  RunMeasure,
  WindowSnapshot,
} from "../introspection/watch/monitor-records.ts";
export { PerformanceMonitor, type PerformanceMonitorOptions } from "../introspection/watch/performance-monitor.ts";
export type { WebhookOptions } from "../introspection/watch/webhook-options.ts";
