/** The real OpenTelemetry SDK, keeping in memory what it is told. */

import * as api from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";

/** Spans and metrics of one test. */
export interface Telemetry {
  readonly api: typeof api;
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider;
  /** Spans begun and not ended. */
  open(): number;
  /** Spans in the order they ended. */
  spans(): readonly ReadableSpan[];
  span(name: string): ReadableSpan;
  parentOf(span: ReadableSpan): ReadableSpan | undefined;
  /** Data points by the metric's name. */
  metrics(): Promise<ReadonlyMap<string, readonly { attributes: api.Attributes; value: unknown }[]>>;
}

export function startTelemetry(): Telemetry {
  const exporter = new InMemorySpanExporter();
  let open = 0;
  const counting: SpanProcessor = {
    onStart: () => void open++,
    onEnd: () => void open--,
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const tracerProvider = new TracerProvider({ spanProcessors: [counting, new SimpleSpanProcessor({ exporter })] });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const spans = () => exporter.getFinishedSpans();
  return {
    ...{ api, tracerProvider, meterProvider, open: () => open, spans },
    span: (name) => {
      const found = spans().filter((span) => span.name === name);
      if (found.length !== 1) throw new Error(`${found.length} spans "${name}" in ${spans().map((span) => span.name)}`);
      return found[0]!;
    },
    parentOf: (child) => spans().find((span) => span.spanContext().spanId === child.parentSpanContext?.spanId),
    metrics: async () => {
      await reader.forceFlush();
      const scopes = metricExporter.getMetrics().at(-1)?.scopeMetrics ?? [];
      return new Map(scopes.flatMap(({ metrics }) => metrics).map((one) => [one.descriptor.name, one.dataPoints]));
    },
  };
}
