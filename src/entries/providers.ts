/** The front door `flock-ts/providers`: listeners with a lifetime. */

export type { Provider, ProviderEvent, ProviderHost, ProviderMiddleware } from "../core/events/provider.ts";
export {
  type AuditCounts,
  AuditProvider,
  type AuditProviderOptions,
  type AuditSink,
} from "../providers/audit-provider.ts";
export {
  type ListenOptions,
  MetricsEndpoint,
  type MetricsEndpointOptions,
  type MetricsServer,
  type MetricsSource,
} from "../providers/metrics-endpoint.ts";
export {
  type CallFiguresSnapshot,
  MetricsProvider,
  type MetricsProviderOptions,
  type MetricsProviderSnapshot,
} from "../providers/metrics-provider.ts";
export type { OpenSpanCounts } from "../providers/open-spans.ts";
export type {
  OpenTelemetryApi,
  TelemetryAttributes,
  TelemetryContext,
  TelemetryHistogram,
  TelemetryHistogramOptions,
  TelemetryMeter,
  TelemetryMeterProvider,
  TelemetrySpan,
  TelemetrySpanOptions,
  TelemetryTime,
  TelemetryTracer,
  TelemetryTracerProvider,
} from "../providers/open-telemetry-api.ts";
export {
  type OpenTelemetryCounts,
  OpenTelemetryProvider,
  type OpenTelemetryProviderOptions,
} from "../providers/open-telemetry-provider.ts";
export { type MetricsFormat, metricsContentTypes } from "../providers/prometheus-text.ts";
export {
  type AnswerSearchOptions,
  type RememberedAnswer,
  VectorStoreProvider,
  type VectorStoreProviderOptions,
} from "../providers/vector-store-provider.ts";
