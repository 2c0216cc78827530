/** Applies advice by itself, one change at a time, within what the user allows. */

import { booleanOption, checkOptions, optionError, wholeNumber } from "../../../core/errors/options.ts";
import { canonicalText } from "../../../core/json/canonical-key.ts";
import { defaultNextRuns, type Suggestion } from "../suggestion.ts";
import type { AdviceRecord } from "./advice-record.ts";
import type { TrialStart } from "./trial.ts";
import type { Trials } from "./trials.ts";

/** Kinds of settings that may be changed without asking. */
export type AdaptableSetting = "cache" | "timeout" | "retry" | "hedge" | "concurrency" | "rate";

/** The setting of each kind by how the ids of its knobs begin. */
const settingOfKnob: Readonly<Record<string, AdaptableSetting>> = {
  cache: "cache",
  "attempt-timeout": "timeout",
  retry: "retry",
  hedge: "hedge",
  concurrency: "concurrency",
  requests: "rate",
};

/** Within which bounds behaviour may be adapted. */
export interface AdaptOptions {
  /** Which settings may be changed. */
  readonly allow: readonly AdaptableSetting[];
  /**
   * Most that a change may add to the cost of 1,000 runs by its forecast, in dollars. What calls more often and has no forecast
   * of it, since no costs are known, is left alone unless this is `Infinity`. @default 0
   */
  readonly maxCostUsd?: number;
  /** Write down what would be changed, and change nothing. @default false */
  readonly dryRun?: boolean;
  /** After how many runs to look for something to change. @default 50 */
  readonly everyRuns?: number;
  /** How many runs to watch a change for. @default 200 */
  readonly watchRuns?: number;
}

/** An adaptation that goes on. */
export interface Adaptation extends Disposable {
  /** What it did so far, oldest first: the changes of the introspection it belongs to. */
  readonly records: readonly AdviceRecord[];
  /** Looks for nothing more. Changes on trial are still watched to their verdict. */
  stop(): void;
}

/** @throws option_invalid for an unknown option or a wrong value. */
export function checkAdaptOptions(options: unknown): asserts options is AdaptOptions {
  checkOptions("AgentIntrospection.adaptBehavior", options, {
    allow: (value) => {
      const known: readonly unknown[] = Object.values(settingOfKnob);
      const fits = Array.isArray(value) && value.length > 0 && value.every((one) => known.includes(one));
      return fits ? undefined : `a list of ${known.map((one) => `"${one}"`).join(", ")}`;
    },
    maxCostUsd: (value) => (typeof value === "number" && value >= 0 ? undefined : "a number of dollars, 0 or more"),
    dryRun: booleanOption,
    everyRuns: wholeNumber(1),
    watchRuns: wholeNumber(1),
  });
  const { allow } = options as Partial<AdaptOptions>;
  if (allow === undefined) throw optionError("AgentIntrospection.adaptBehavior", "allow", "a list of settings", allow);
}

/** What an adaptation takes advice from. */
export interface AdviceSource {
  /** The suggestions of now, as they would be applied, best first. */
  advise(nextRuns: number): readonly Suggestion[];
  /** What a trial of a suggestion is made of. */
  startOf(suggestion: Suggestion, watchRuns: number): TrialStart;
}

/**
 * Looks for something to change after every so many runs while nothing is on trial, applies the best of what is allowed, and
 * leaves the verdict to the trial. What is of high risk is left to a person; what was once taken back, by the trial or by hand, is not tried again.
 */
export function adapt(trials: Trials, source: AdviceSource, options: AdaptOptions): Adaptation {
  const { dryRun = false, everyRuns = 50, watchRuns = defaultNextRuns } = options;
  let sinceLook = 0;
  const look = (): void => {
    // Runs under a trial say nothing of what comes after it.
    sinceLook = trials.isWatching ? 0 : sinceLook + 1;
    if (sinceLook < everyRuns) return;
    sinceLook = 0;
    const best = source.advise(watchRuns).find((one) => mayApply(one, options, trials.records));
    if (best === undefined) return;
    const start = source.startOf(best, watchRuns);
    if (dryRun) trials.propose(start);
    else trials.start(start);
  };
  const stop = trials.afterRun(look);
  return {
    get records() {
      return trials.records;
    },
    stop,
    [Symbol.dispose]: stop,
  };
}

function mayApply(suggestion: Suggestion, options: AdaptOptions, records: readonly AdviceRecord[]): boolean {
  const { action, forecasts = [], risk } = suggestion;
  // How old an answer may be, and the like, a person decides.
  if (action === undefined || risk === "high") return false;
  const setting = settingOfKnob[action.knob.slice(0, Math.max(0, action.knob.indexOf(":")))];
  if (setting === undefined || !options.allow.includes(setting)) return false;
  const cost = forecasts.find(({ metric }) => metric === "costMicroUsd");
  const unknownUsd = callsMore(suggestion) ? Number.POSITIVE_INFINITY : 0;
  const addedUsd = cost === undefined ? unknownUsd : ((cost.after - cost.before) * 1_000) / 1e6;
  if (addedUsd > (options.maxCostUsd ?? 0)) return false;
  return !records.some(({ id, to, status }) => {
    const isSame = canonicalText(to) === canonicalText(action.value);
    return id === suggestion.id && (isSame || status === "rolled-back" || status === "undone" || status === "replaced");
  });
}

/** A hedge asks twice, and further attempts, which are for more success, ask again. */
function callsMore({ action, predicted }: Suggestion): boolean {
  const knob = action?.knob ?? "";
  return knob.startsWith("hedge:") || (knob.startsWith("retry:") && predicted?.metric === "successRate");
}
