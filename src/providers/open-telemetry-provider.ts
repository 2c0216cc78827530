/** Tells OpenTelemetry what it watches: a span a run and call, and two distributions of models' calls. */

import {
  booleanOption,
  checkOptions,
  nameString,
  type OptionCheck,
  objectOption,
  optionError,
  wholeNumber,
} from "../core/errors/options.ts";
import type {
  AttemptEndEvent,
  CallEndEvent,
  CallStartEvent,
  EventType,
  FlockEvent,
  RunEndEvent,
  RunStartEvent,
} from "../core/events/event.ts";
import type { Provider } from "../core/events/provider.ts";
import type { LayerCall, WrapperLayer } from "../core/layer.ts";
import { callSpan, endAttributes, errorAttributes, runEndAttributes } from "./gen-ai-conventions.ts";
import { ModelHistograms } from "./model-histograms.ts";
import { type OpenSpanCounts, OpenSpans, timeOf } from "./open-spans.ts";
import {
  errorStatus,
  type OpenTelemetryApi,
  spanKinds,
  type TelemetryAttributes,
  type TelemetryMeter,
  type TelemetryMeterProvider,
  type TelemetryTracer,
  type TelemetryTracerProvider,
} from "./open-telemetry-api.ts";
import { inputAttributes, outputAttributes } from "./telemetry-content.ts";

/** Where spans and metrics go, and what is in them. */
export interface OpenTelemetryProviderOptions {
  /** `import * as api from "@opentelemetry/api"`, version 1.9 or later. */
  readonly api: OpenTelemetryApi;
  /** Goes before `tracerProvider`. @default one of the provider */
  readonly tracer?: TelemetryTracer;
  /** @default the one registered with the API, now or later */
  readonly tracerProvider?: TelemetryTracerProvider;
  /** Goes before `meterProvider`. @default one of the provider */
  readonly meter?: TelemetryMeter;
  /** @default the one registered with the API when a model's call first ends */
  readonly meterProvider?: TelemetryMeterProvider;
  /** Writes inputs and answers into spans, each cut to about 8,192 characters; vendors' options and headers never. @default false */
  readonly captureContent?: boolean;
  /** Spans open at once; further ones are not begun, and counted. @default 10000 */
  readonly maxOpenSpans?: number;
  /** Name of the provider. @default "opentelemetry" */
  readonly name?: string;
}

/** What became of spans and events so far. */
export interface OpenTelemetryCounts extends OpenSpanCounts {
  /** Events at which OpenTelemetry, or what is plugged into it, threw. */
  readonly failed: number;
}

const scope = "flock-ts";
const watched: readonly EventType[] = [
  ...(["run-start", "run-end", "call-start", "call-end"] as const),
  ...(["attempt-end", "wait-end", "recovery-applied"] as const),
];

/**
 * A provider that makes spans and metrics by OpenTelemetry's conventions for generative AI. A run's span is a child of the
 * one active where the run was started; calls are below it as they are in the run. No content is in them unless asked for,
 * and no message of an error ever. It never throws into a run, and flushes and stops nothing: the SDK is its owner's.
 */
export class OpenTelemetryProvider implements Provider {
  readonly name: string;
  readonly events: readonly EventType[];
  readonly #spans: OpenSpans;
  readonly #histograms: ModelHistograms;
  readonly #captureContent: boolean;
  readonly #context: OpenTelemetryApi["context"];
  #failed = 0;

  /** @throws option_invalid for an unknown option, a wrong value or no `api`. */
  constructor(options: OpenTelemetryProviderOptions) {
    checkOptions("OpenTelemetryProvider", options, {
      api: apiOption,
      tracer: having("startSpan", "a tracer"),
      tracerProvider: having("getTracer", "a tracer provider"),
      meter: having("createHistogram", "a meter"),
      meterProvider: having("getMeter", "a meter provider"),
      captureContent: booleanOption,
      maxOpenSpans: wholeNumber(1),
      name: nameString,
    });
    const { api, tracer, tracerProvider, meter, meterProvider, maxOpenSpans = 10_000 } = options;
    if (api === undefined) throw optionError("OpenTelemetryProvider", "api", apiExpected, undefined);
    this.name = options.name ?? "opentelemetry";
    this.#captureContent = options.captureContent ?? false;
    this.#context = api.context;
    this.events = this.#captureContent ? [...watched, "output"] : watched;
    this.#spans = new OpenSpans(api, tracer ?? (tracerProvider ?? api.trace).getTracer(scope), maxOpenSpans);
    this.#histograms = new ModelHistograms(() => meter ?? (meterProvider ?? api.metrics).getMeter(scope));
  }

  get counts(): OpenTelemetryCounts {
    return { ...this.#spans.counts, failed: this.#failed };
  }

  handle(event: FlockEvent): void {
    try {
      if (!this.#spans.isLate(event.runId)) this.#watch(event);
    } catch {
      this.#failed++;
    }
  }

  /**
   * Makes a layer that lets a call's span be the active one while the call runs, so that spans of your own and of
   * instrumented libraries begin below it. Put it before the stack of the Flock that has the provider; it costs a promise or
   * two a call, and needs a context manager, which the SDK for Node registers.
   *
   * @throws option_invalid for an `api` that cannot make a context active.
   */
  activeSpanLayer(): WrapperLayer {
    if (typeof this.#context.with !== "function") {
      throw optionError("OpenTelemetryProvider.activeSpanLayer", "api", apiExpected, {});
    }
    return { form: "wrapper", name: `${this.name} active span`, wrap: (call, next) => this.#within(call, next) };
  }

  /** Ends the spans that are open. Later events of their runs are only counted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#spans.endAll();
  }

  #within(call: LayerCall, next: (call: LayerCall) => Promise<unknown>): Promise<unknown> {
    let running: Promise<unknown> | undefined;
    const work = (): void => {
      running ??= next(call);
    };
    try {
      const opened = this.#spans.find(call.runId, call.path);
      if (opened !== undefined) this.#context.with?.(opened.context, work);
    } catch {
      this.#failed++;
    }
    return running ?? next(call);
  }

  #watch(event: FlockEvent): void {
    switch (event.type) {
      case "run-start":
        return this.#runStarted(event);
      case "run-end":
        return this.#runEnded(event);
      case "call-start":
        return this.#callStarted(event);
      case "call-end":
        return this.#callEnded(event);
      case "attempt-end":
        return this.#attemptEnded(event);
      case "wait-end":
        return this.#note(event, "flock.wait", {
          "flock.resource": event.resource,
          "flock.waited_seconds": event.waitedMs / 1_000,
        });
      case "recovery-applied":
        return this.#note(event, "flock.recovery", {
          "flock.strategy": event.strategy,
          "flock.healed": event.healed,
          "error.type": event.code,
        });
      case "output":
        if (this.#captureContent) {
          this.#spans.at(event.runId, event.path)?.span.setAttributes(outputAttributes(event));
        }
    }
  }

  #runStarted({ runId, path, name, kind, time }: RunStartEvent): void {
    const attributes = { "flock.run.id": runId, "flock.run.name": name, "flock.run.kind": kind };
    this.#spans.begin(runId, path, { name: `run ${name}`, kind: spanKinds.internal, attributes }, time);
  }

  #runEnded(event: RunEndEvent): void {
    const { runId, path, time } = event;
    try {
      const opened = this.#spans.at(runId, path);
      opened?.span.setAttributes(runEndAttributes(event));
      if (event.outcome === "error") opened?.span.setStatus({ code: errorStatus });
    } finally {
      this.#spans.endRun(runId, path, time);
    }
  }

  #callStarted(event: CallStartEvent): void {
    const opened = this.#spans.begin(event.runId, event.path, callSpan(event), event.time);
    if (this.#captureContent) opened?.span.setAttributes(inputAttributes(event));
  }

  #callEnded(event: CallEndEvent): void {
    const { runId, path, time } = event;
    const opened = this.#spans.at(runId, path);
    try {
      this.#histograms.record(event, opened?.context);
      opened?.span.setAttributes(endAttributes(event));
      if (event.outcome === "error") opened?.span.setStatus({ code: errorStatus });
    } finally {
      this.#spans.end(runId, path, time);
    }
  }

  /** A first attempt that succeeds tells nothing that its call does not. */
  #attemptEnded(event: AttemptEndEvent): void {
    if (event.outcome === "ok" && event.attempt === 1) return;
    this.#note(event, "flock.attempt", {
      "flock.attempt.number": event.attempt,
      "flock.attempt.name": event.name,
      "flock.attempt.seconds": event.durationMs / 1_000,
      ...errorAttributes(event),
    });
  }

  #note({ runId, path, time }: FlockEvent, name: string, attributes: TelemetryAttributes): void {
    this.#spans.find(runId, path)?.span.addEvent(name, attributes, timeOf(time));
  }
}

const apiExpected = 'the API package: import * as api from "@opentelemetry/api"';

const apiOption: OptionCheck = (value) => {
  const { context, trace, metrics } = (value ?? {}) as Partial<OpenTelemetryApi>;
  const isApi =
    typeof context?.active === "function" &&
    typeof trace?.getTracer === "function" &&
    typeof trace.setSpan === "function" &&
    typeof metrics?.getMeter === "function";
  return isApi ? undefined : apiExpected;
};

function having(method: string, what: string): OptionCheck {
  return (value) =>
    objectOption(value) === undefined && typeof (value as Record<string, unknown>)[method] === "function"
      ? undefined
      : `${what} of OpenTelemetry`;
}
