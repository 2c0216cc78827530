/** What advice is: a sentence with its evidence, a predicted effect, and what to do about it. */

import type { Json } from "../../core/json/json.ts";
import type { Knobs } from "../../core/knob.ts";
import type { ModelPrice } from "../../core/model-price.ts";
import type { Episode } from "../record/episodes.ts";

/** The effect a simulator worked out from what was recorded, with its 95 % interval. */
export interface PredictedEffect {
  /** What changes, such as `cacheHitRate` or `avgExecutionTimeMs`. */
  readonly metric: string;
  /** By how much; below 0 when the figure gets less. */
  readonly change: number;
  readonly low: number;
  readonly high: number;
  readonly unit: string;
}

/** What the mean over the next runs will be if the advice is followed, with the range it will fall into 95 times of 100. */
export interface Forecast {
  /** `cacheHitRate` is a share of the calls of one runnable, all others are figures of a run; failed runs count in all. */
  readonly metric: "avgExecutionTimeMs" | "costMicroUsd" | "successRate" | "cacheHitRate";
  readonly unit: string;
  /** How many runs it is about, beginning with the change. */
  readonly runs: number;
  /** The mean of what was recorded. */
  readonly before: number;
  readonly after: number;
  readonly low: number;
  readonly high: number;
}

/** Where the evidence can be looked up: paths and hashes, never content. */
export interface EvidenceSample {
  readonly runId: string;
  readonly path: string;
  /** Hash of the call's input, when there is one. */
  readonly inputHash?: string;
}

/** The figures a suggestion stands on. */
export interface SuggestionEvidence {
  readonly [figure: string]: number | string | readonly string[] | readonly EvidenceSample[] | undefined;
  /** At most five. */
  readonly samples?: readonly EvidenceSample[];
}

/** A change of a live setting. */
export interface SuggestedAction {
  readonly knob: string;
  readonly value: Json;
}

/** One piece of advice. */
export interface Suggestion {
  /** The same for the same advice, such as `cache:searchDocuments`. */
  readonly id: string;
  readonly sentence: string;
  readonly evidence: SuggestionEvidence;
  /** Undefined when the effect depends on something that was not recorded. */
  readonly predicted: PredictedEffect | undefined;
  /** What is `high` is applied by a person alone, never by `adaptBehavior`. */
  readonly risk: "low" | "medium" | "high";
  /** How surely the gain is more than chance: by how far the interval stays from no change. */
  readonly confidence?: "low" | "medium" | "high";
  /** What the next runs will be like, the promised figure first; the one that a change is kept or taken back by. @default none */
  readonly forecasts?: readonly Forecast[];
  /** What the prediction takes for granted. @default nothing */
  readonly assumptions?: readonly string[];
  /** What else changes. @default nothing */
  readonly sideEffects?: readonly string[];
  /** Undefined when it takes a person to do it. */
  readonly action?: SuggestedAction;
}

/** Advice with what it is worth: the share of time, tokens or runs it gains, from 0 to 1. */
export interface WeighedSuggestion {
  readonly value: number;
  readonly suggestion: Suggestion;
  /** Ids of advice whose prediction would no longer hold if this one were followed. @default none */
  readonly excludes?: readonly string[];
}

/** What a simulator works on. */
export interface WhatIfInput {
  /** The runnable the advice is for. */
  readonly name: string;
  /** Oldest first. */
  readonly episodes: readonly Episode[];
  /** The live settings; advice that needs one that is not there has no action. */
  readonly knobs: Knobs | undefined;
  /** For how many runs to forecast. @default 200 */
  readonly nextRuns?: number | undefined;
  /** What a model costs, by its name; without it, as far as recorded costs tell. */
  readonly priceOf?: ((model: string) => ModelPrice | undefined) | undefined;
}

/** Works out from recorded runs what a change would have done; makes no call. */
export type WhatIf = (input: WhatIfInput) => readonly WeighedSuggestion[];

/** Runs that are forecast, and watched after a change, when nothing else is said. */
export const defaultNextRuns = 200;

/** Advice that gains less than this share is not given. */
export const smallestGain = 0.02;

/** Writes a share for people. */
export function percent(share: number): string {
  return `${points(share)} %`;
}

/** Writes a share for people, in hundredths, without the sign for them. */
export function points(share: number): string {
  const hundredths = share * 100;
  return `${hundredths >= 10 || hundredths === 0 ? Math.round(hundredths) : Number(hundredths.toPrecision(2))}`;
}

/** Writes an amount of money for people. */
export function dollars(usd: number): string {
  return usd >= 0.01 ? `$${usd.toFixed(2)}` : `$${Number(usd.toPrecision(2))}`;
}

/** Writes milliseconds for people. */
export function duration(ms: number): string {
  if (ms === 3_600_000) return "an hour";
  if (ms >= 10_000) return `${Math.round(ms / 1_000)} s`;
  return ms >= 1_000 ? `${Number((ms / 1_000).toPrecision(2))} s` : `${Number(ms.toPrecision(ms >= 100 ? 3 : 2))} ms`;
}

/** Writes a number of things for people. */
export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** Writes a list for people: `a`, `a and b`, `a, b and c`. */
export function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
