/** What is written down of a suggestion that was applied: plain JSON, enough to go on watching in another process. */

import { checkOptions, listOption, optionError } from "../../../core/errors/options.ts";
import type { Json } from "../../../core/json/json.ts";
import type { Forecast } from "../suggestion.ts";
import type { Moments } from "./sequential-test.ts";

/**
 * `proposed`: a dry run would have applied it. `watching`: in effect, on trial. `kept`: it held its promise. `rolled-back`: it
 * did not, and the setting is what it was. `undone`: taken back by hand. `replaced`: somebody else changed the setting.
 */
export type AdviceStatus = "proposed" | "watching" | "kept" | "rolled-back" | "undone" | "replaced";

/** The figures of some runs. Cancelled ones do not count. */
export interface WatchedRuns {
  readonly runs: number;
  readonly failed: number;
  readonly durationMs: Moments;
  readonly costMicroUsd: Moments;
  /** Calls of the runnable whose cache was turned on, and those it answered. */
  readonly cacheCalls: number;
  readonly cacheHits: number;
}

/** What was promised and what came. */
export interface MeasuredFigure {
  readonly metric: Forecast["metric"];
  readonly before: number;
  readonly predicted: number;
  readonly low: number;
  readonly high: number;
  readonly measured: number;
}

/** One change of a live setting, from its beginning to its verdict. */
export interface AdviceRecord {
  readonly id: string;
  /** What the suggestion said. */
  readonly sentence: string;
  readonly knob: string;
  readonly from: Json;
  readonly to: Json;
  readonly status: AdviceStatus;
  /** Milliseconds since 1970 UTC. */
  readonly appliedAtMs: number;
  readonly endedAtMs?: number;
  /** Runs after which there is a verdict. */
  readonly watchRuns: number;
  readonly forecasts: readonly Forecast[];
  readonly baseline: WatchedRuns;
  readonly watched: WatchedRuns;
  /** Predicted against measured, once there is a verdict. */
  readonly figures?: readonly MeasuredFigure[];
  /** The verdict in a sentence. */
  readonly report?: string;
}

/** All that an introspection must remember to go on after a restart. Plain JSON. */
export interface AdviceState {
  readonly v: 1;
  readonly records: readonly AdviceRecord[];
}

const statuses: readonly unknown[] = ["proposed", "watching", "kept", "rolled-back", "undone", "replaced"];

/**
 * Gives back what was written down, as far as it is that.
 *
 * @throws option_invalid for anything else.
 */
export function readState(state: unknown): readonly AdviceRecord[] {
  if (state === undefined) return [];
  checkOptions("AgentIntrospection state", state, {
    v: (value) => (value === 1 ? undefined : "1"),
    records: listOption,
  });
  const records = (state as Partial<AdviceState>).records ?? [];
  const bad = records.findIndex((record) => !isRecord(record));
  if (bad >= 0)
    throw optionError("AgentIntrospection state", `records[${bad}]`, "a record as it was given", records[bad]);
  return records;
}

function isRecord(value: unknown): value is AdviceRecord {
  const { id, knob, from, to, status, appliedAtMs, watchRuns, forecasts, baseline, watched } = Object(
    value,
  ) as Partial<AdviceRecord>;
  return (
    [id, knob].every((text) => typeof text === "string") &&
    [from, to].every((setting) => setting !== undefined) &&
    statuses.includes(status) &&
    [appliedAtMs, watchRuns].every(Number.isFinite) &&
    Array.isArray(forecasts) &&
    forecasts.every((one) =>
      ["runs", "before", "after", "low", "high"].every((key) => Number.isFinite(Object(one)[key])),
    ) &&
    [baseline, watched].every(isRuns)
  );
}

function isRuns(value: unknown): boolean {
  const runs = Object(value) as Partial<WatchedRuns>;
  const { durationMs, costMicroUsd, failed, cacheCalls, cacheHits } = runs;
  const numbers = [runs.runs, failed, cacheCalls, cacheHits];
  for (const moments of [durationMs, costMicroUsd]) numbers.push(moments?.count, moments?.mean, moments?.squares);
  return numbers.every(Number.isFinite);
}
