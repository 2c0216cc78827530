/** Records how long models' calls took and how many tokens they used, in OpenTelemetry's two distributions. */

import type { CacheState, CallEndEvent } from "../core/events/event.ts";
import { errorAttributes, genAi, genAiMetrics, modelAttributes } from "./gen-ai-conventions.ts";
import type { TelemetryContext, TelemetryHistogram, TelemetryMeter } from "./open-telemetry-api.ts";

/** Answers that no model was asked for. */
const keptStates: ReadonlySet<CacheState | undefined> = new Set(["hit", "stale", "joined"]);

/** Two histograms, made when a model's call first ends: the API has no meter that waits for its provider. */
export class ModelHistograms {
  readonly #meter: () => TelemetryMeter;
  #made: { readonly duration: TelemetryHistogram; readonly tokens: TelemetryHistogram } | undefined;

  constructor(meter: () => TelemetryMeter) {
    this.#meter = meter;
  }

  /** Records a call of a model; others, and answers from the cache, are left out. */
  record(event: CallEndEvent, context: TelemetryContext | undefined): void {
    const { kind, name, durationMs, usage, cacheState, code, outcome } = event;
    if (kind !== "model" || keptStates.has(cacheState)) return;
    this.#made ??= make(this.#meter());
    const { duration, tokens } = this.#made;
    const attributes = modelAttributes(name);
    const errorType = errorAttributes({ outcome, code })[genAi.errorType];
    const told = errorType === undefined ? attributes : { ...attributes, [genAi.errorType]: errorType };
    duration.record(durationMs / 1_000, told, context);
    if (usage === undefined) return;
    tokens.record(usage.inputTokens, { ...attributes, [genAi.tokenType]: "input" }, context);
    tokens.record(usage.outputTokens, { ...attributes, [genAi.tokenType]: "output" }, context);
  }
}

function make(meter: TelemetryMeter): { duration: TelemetryHistogram; tokens: TelemetryHistogram } {
  const histogram = ({ name, unit, description, bounds }: (typeof genAiMetrics)["duration" | "tokens"]) =>
    meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries: [...bounds] } });
  return { duration: histogram(genAiMetrics.duration), tokens: histogram(genAiMetrics.tokens) };
}
