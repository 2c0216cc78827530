/** What one change on trial is, and what it takes of the environment. */

import type { EventListener } from "../../../core/events/event-dispatcher.ts";
import type { RunHistory } from "../../../core/events/run-history.ts";
import type { Json } from "../../../core/json/json.ts";
import type { Knobs } from "../../../core/knob.ts";
import type { Episode } from "../../record/episodes.ts";
import type { Suggestion } from "../suggestion.ts";
import type { AdviceRecord } from "./advice-record.ts";
import { noRuns, withRun } from "./verdict.ts";

/** What trials need of the environment. */
export interface TrialEnvironment {
  readonly history: RunHistory | undefined;
  readonly knobs?: Knobs;
  readonly events?: { add(listener: EventListener): () => void };
  readonly runtime?: { now(): number };
}

/** One change, while it may still be taken back. */
export interface Trial {
  record: AdviceRecord;
  /** Its setting is what it says. False after a restart, until what has the setting ran once. */
  inEffect: boolean;
  sinceMs: number;
  /** Makes the setting what it was, declared or learnt; there while it is in effect. */
  restore: (() => void) | undefined;
  settle: (record: AdviceRecord) => void;
  readonly verdict: Promise<AdviceRecord>;
}

/** What a new trial is made of. */
export interface TrialStart {
  readonly suggestion: Suggestion;
  readonly watchRuns: number;
  readonly episodes: readonly Episode[];
}

/** A change on trial, for who made it. */
export interface StartedTrial {
  readonly record: AdviceRecord;
  readonly verdict: Promise<AdviceRecord>;
  undo(): void;
}

/** Makes the promise of a verdict; there already where there is nothing to wait for. */
export function deferred(record: AdviceRecord): Pick<Trial, "settle" | "verdict"> {
  if (record.status !== "watching") return { settle: () => {}, verdict: Promise.resolve(record) };
  const { promise, resolve } = Promise.withResolvers<AdviceRecord>();
  return { settle: resolve, verdict: promise };
}

/** Tells whether a change holds, as far as is known. */
export function isOpen({ record: { status } }: Trial): boolean {
  return status === "watching" || status === "kept";
}

/** Gives the record of a change that begins now, from what its setting was. */
export function recordOf(
  { suggestion, watchRuns, episodes }: TrialStart,
  from: Json,
  appliedAtMs: number,
): AdviceRecord {
  const { id, sentence, action, forecasts = [] } = suggestion;
  const { knob, value } = action!;
  const runs = Math.min(watchRuns, ...forecasts.slice(0, 1).map((forecast) => forecast.runs));
  const baseline = episodes.reduce((sum, episode) => withRun(sum, episode, ""), noRuns);
  return {
    ...{ id, sentence, knob, from, to: value, status: "watching", appliedAtMs },
    ...{ watchRuns: runs, forecasts, baseline, watched: noRuns },
  };
}
