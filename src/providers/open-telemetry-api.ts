/** What is used of OpenTelemetry's API package, by shape: nothing here imports it, so nobody needs it who does not use it. */

/** Values of attributes. */
export type TelemetryAttributes = Readonly<Record<string, string | number | boolean | string[]>>;

/** Seconds since 1970 UTC, and nanoseconds. A plain number of milliseconds could be taken for a time since process start. */
export type TelemetryTime = [seconds: number, nanoseconds: number];

/** Carries the active span. */
export interface TelemetryContext {
  getValue(key: symbol): unknown;
}

/** A span that is open. */
export interface TelemetrySpan {
  setAttributes(attributes: TelemetryAttributes): unknown;
  setStatus(status: { code: number }): unknown;
  addEvent(name: string, attributes?: TelemetryAttributes, time?: TelemetryTime): unknown;
  end(time?: TelemetryTime): void;
}

/** How a span begins. */
export interface TelemetrySpanOptions {
  kind?: number;
  attributes?: TelemetryAttributes;
  startTime?: TelemetryTime;
}

/** Makes spans. */
export interface TelemetryTracer {
  startSpan(name: string, options?: TelemetrySpanOptions, context?: TelemetryContext): TelemetrySpan;
}

/** Takes values of one distribution. */
export interface TelemetryHistogram {
  record(value: number, attributes?: TelemetryAttributes, context?: TelemetryContext): void;
}

/** How a histogram is described. */
export interface TelemetryHistogramOptions {
  description?: string;
  unit?: string;
  advice?: { explicitBucketBoundaries?: number[] };
}

/** Makes instruments. */
export interface TelemetryMeter {
  createHistogram(name: string, options?: TelemetryHistogramOptions): TelemetryHistogram;
}

/** Gives tracers. */
export interface TelemetryTracerProvider {
  getTracer(name: string): TelemetryTracer;
}

/** Gives meters. */
export interface TelemetryMeterProvider {
  getMeter(name: string): TelemetryMeter;
}

/** The part of `import * as api from "@opentelemetry/api"` that is used; version 1.9 or later. */
export interface OpenTelemetryApi {
  readonly context: {
    active(): TelemetryContext;
    /** Calls a function with a context active, also past its awaits where a context manager is registered. */
    with?(context: TelemetryContext, work: () => void): void;
  };
  readonly trace: TelemetryTracerProvider & {
    setSpan(context: TelemetryContext, span: TelemetrySpan): TelemetryContext;
  };
  readonly metrics: TelemetryMeterProvider;
}

/** `SpanKind` of the API. */
export const spanKinds = { internal: 0, client: 2 } as const;

/** `SpanStatusCode.ERROR` of the API. */
export const errorStatus = 2;
