/** Tells after the fact how a runnable does and what to change, from what its environment recorded. */

import { defaultEnvironment, type RunEnvironment } from "../../core/environment.ts";
import { checkOptions, nonEmptyString, objectOption, optionError, wholeNumber } from "../../core/errors/options.ts";
import type { CallRecord, RunHistory } from "../../core/events/run-history.ts";
import type { Json } from "../../core/json/json.ts";
import { AgentMetrics } from "../measure/agent-metrics.ts";
import { walkTree } from "../record/call-tree.ts";
import { type Episode, episodesOf } from "../record/episodes.ts";
import type { RunMeasure } from "../watch/monitor-records.ts";
import { adviceFrom } from "./advice-from.ts";
import { type Adaptation, type AdaptOptions, adapt, checkAdaptOptions } from "./apply/adaptation.ts";
import { type AdviceRecord, type AdviceState, readState } from "./apply/advice-record.ts";
import type { TrialEnvironment } from "./apply/trial.ts";
import { Trials } from "./apply/trials.ts";
import { compareRuns, type RunsComparison } from "./compare/compare-runs.ts";
import { type ComparedPeriod, runsOfPeriods } from "./compare/compared-period.ts";
import { cannotApply, findSuggestion, isSuggestion } from "./find-suggestion.ts";
import { analyzeEpisodes, type PerformanceAnalysis } from "./performance-analysis.ts";
import { defaultNextRuns, type Suggestion } from "./suggestion.ts";

/** Runs below which there is no advice. */
const fewestRuns = 10;

/**
 * Where introspection reads and acts: a Flock, or anything with its recorded runs, its live settings, and events by which
 * changes on trial are watched.
 */
export interface IntrospectedEnvironment extends Omit<TrialEnvironment, "history">, Pick<RunEnvironment, "priceOf"> {
  readonly history:
    | (RunHistory & { metricsOf?(name: string, create: (name: string) => AgentMetrics): AgentMetrics | undefined })
    | undefined;
}

/** What introspection looks at. */
export interface AgentIntrospectionOptions {
  /** A monitor whose records count where the environment recorded no run of the runnable. @default none */
  readonly monitor?: { readonly metricsBuffer: readonly RunMeasure[] };
  /** Runs to read in the place of the Flock's, such as those a `RunLog` kept of earlier processes. @default the Flock's */
  readonly history?: RunHistory;
  /** The Flock the runnable runs in. @default the process's default one */
  readonly flock?: IntrospectedEnvironment;
  /**
   * What an earlier one gave as its `state`: settings it had changed are changed again, and trials go on.
   * @default nothing was changed
   */
  readonly state?: AdviceState;
}

/** How a change is watched. */
export interface ApplyOptions {
  /** Runs after which it is decided whether the change stays; fewer when the forecast is about fewer. @default 200 */
  readonly watchRuns?: number;
}

/** One recorded time the runnable worked. */
export interface HistoryEntry extends Omit<Episode, "root"> {
  /** Its own call and those inside, in order of their place in the tree; empty when they are no longer kept. */
  readonly calls: readonly CallRecord[];
}

/** A suggestion that is in effect, on trial. */
export interface AppliedSuggestion {
  readonly suggestion: Suggestion;
  readonly knob: string;
  readonly from: Json;
  readonly to: Json;
  /** What is known of it now, as plain JSON. */
  readonly record: AdviceRecord;
  /** Settles when the trial is over, however it ends; never rejects. */
  readonly verdict: Promise<AdviceRecord>;
  /** Puts the setting back; a second call does nothing. */
  undo(): void;
}

/**
 * Looks into one runnable: how it did in the last 1,000 runs of its environment, alone or inside others, and what would
 * make it better. Reads the record each time it is asked; makes no call and changes nothing but through {@link apply}.
 */
export class AgentIntrospection implements Disposable {
  readonly name: string;
  readonly #monitor: AgentIntrospectionOptions["monitor"];
  readonly #history: RunHistory | undefined;
  readonly #flock: IntrospectedEnvironment | undefined;
  readonly #trials: Trials;

  /** @throws option_invalid when the runnable has no name, or an option is wrong. */
  constructor(runnable: { readonly name: string }, options: AgentIntrospectionOptions = {}) {
    if (typeof runnable !== "object" || runnable === null || nonEmptyString(runnable.name) !== undefined) {
      throw optionError("AgentIntrospection", "runnable", "an agent, a pattern or another runnable", runnable);
    }
    checkOptions("AgentIntrospection", options, {
      monitor: (value) =>
        Array.isArray((value as { metricsBuffer?: unknown } | null)?.metricsBuffer)
          ? undefined
          : "a PerformanceMonitor",
      history: (value) =>
        typeof (value as Partial<RunHistory> | null)?.runs === "function" ? undefined : "a history of runs",
      flock: (value) => (typeof value === "object" && value !== null && "history" in value ? undefined : "a Flock"),
      state: objectOption,
    });
    this.name = runnable.name;
    this.#monitor = options.monitor;
    this.#history = options.history;
    this.#flock = options.flock;
    this.#trials = new Trials(this.name, () => this.#environment, readState(options.state));
  }

  /** Each recorded time the runnable worked, oldest first, as plain data: of the last 1,000 runs. */
  get history(): readonly HistoryEntry[] {
    return this.#episodes().map(({ root, ...entry }) => {
      return { ...entry, calls: root === undefined ? [] : Array.from(walkTree(root), ({ call }) => call) };
    });
  }

  /** Metrics since recording began, also of runs that are no longer kept; undefined when it was never seen. */
  get metrics(): AgentMetrics | undefined {
    return this.#environment.history?.metricsOf?.(this.name, (name) => new AgentMetrics(name));
  }

  #episodes(): readonly Episode[] {
    const recorded = episodesOf((this.#history ?? this.#environment.history)?.runs() ?? [], this.name);
    if (recorded.length > 0 || this.#monitor === undefined) return recorded;
    return this.#monitor.metricsBuffer.filter((measure) => measure.name === this.name).map(measuredEpisode);
  }

  /** Runs with settings that were changed since say little of the runs to come. */
  #episodesOfNow(): readonly Episode[] {
    return this.#episodes().filter((episode) => this.#trials.isOfNow(episode));
  }

  /** How many runs are missing before there can be advice; 0 when there are enough. */
  get dataNeeded(): number {
    return Math.max(0, fewestRuns - this.#episodesOfNow().length);
  }

  /** Gives figures of the recorded runs; all 0 when there is none. */
  analyzePerformance(): PerformanceAnalysis {
    return analyzeEpisodes(this.#episodes());
  }

  /**
   * Compares two periods, such as before and after a deployment: `compare({ to: at }, { from: at })`. A measure is called better
   * or worse where chance would show as much in less than one of twenty comparisons, all measures together. Takes runs as
   * independent of one another; cancelled ones count in cost and tokens alone.
   * @throws option_invalid for a period that is empty by its bounds or has none, an unknown key, or a run in both periods.
   */
  compare(periodA: ComparedPeriod, periodB: ComparedPeriod): RunsComparison {
    return compareRuns(runsOfPeriods(this.#episodes(), periodA, periodB));
  }

  /**
   * Gives what is worth changing, the greatest gain first. Each is worked out from the recorded runs by a simulator, without
   * a model call, and left out when its gain may be chance. An empty list means that there is nothing worth changing, or,
   * when {@link dataNeeded} is above 0, that too little was recorded to say.
   */
  suggestImprovements(): readonly Suggestion[] {
    return this.#advise(defaultNextRuns);
  }

  /**
   * Does what a suggestion says, by changing a live setting, and watches the next runs: a change that makes them slower, dearer
   * or fail more often is taken back as soon as that is sure, one that does not hold its promise at the end. In an environment
   * that tells no events, runs are counted when {@link audit} or {@link state} is read.
   *
   * @throws option_invalid for an id that is not among the present suggestions, a suggestion that takes a person to do, or one
   * for a setting that is on trial.
   * @throws knob_invalid when the setting is not there or refuses the value; nothing is changed then.
   */
  apply(idOrSuggestion: string | Suggestion, options: ApplyOptions = {}): AppliedSuggestion {
    checkOptions("AgentIntrospection.apply", options, { watchRuns: wholeNumber(1) });
    const { watchRuns = defaultNextRuns } = options;
    const given =
      typeof idOrSuggestion === "string" ? findSuggestion(idOrSuggestion, this.#advise(watchRuns)) : idOrSuggestion;
    if (!isSuggestion(given)) {
      throw optionError("AgentIntrospection.apply", "suggestion", "a suggestion or its id", given);
    }
    if (given.action === undefined || this.#environment.knobs === undefined) throw cannotApply(given);
    const trial = this.#trials.start(this.#startOf(given, watchRuns));
    const { knob, from, to } = trial.record;
    return {
      ...{ suggestion: given, knob, from, to, verdict: trial.verdict, undo: trial.undo },
      get record() {
        return trial.record;
      },
    };
  }

  /**
   * Applies advice by itself from now on: after every so many runs the best suggestion for a setting that is allowed, one at a
   * time, each on trial like one of {@link apply}.
   *
   * @throws option_invalid for an unknown option or a wrong value, or an environment without live settings or events.
   */
  adaptBehavior(options: AdaptOptions): Adaptation {
    checkAdaptOptions(options);
    const { knobs, events, history } = this.#environment;
    if (knobs === undefined || events === undefined || history === undefined) {
      throw optionError(
        "AgentIntrospection.adaptBehavior",
        "flock",
        "one that records runs, tells events and has knobs",
        null,
      );
    }
    const source = {
      advise: (nextRuns: number) => this.#advise(nextRuns, false),
      startOf: (suggestion: Suggestion, watchRuns: number) => this.#startOf(suggestion, watchRuns),
    };
    return adapt(this.#trials, source, options);
  }

  /** What was changed, oldest first, with what came of it: the last 200. Plain JSON. */
  get audit(): readonly AdviceRecord[] {
    if (this.#trials.isWatching) this.#trials.catchUp();
    return this.#trials.records;
  }

  /** All that another one needs to go on where this one is, as plain JSON: keep it, and give it as the option `state`. */
  get state(): AdviceState {
    return { v: 1, records: this.audit };
  }

  /** Stops watching and adapting; settings stay as they are. */
  [Symbol.dispose](): void {
    this.#trials.stop();
  }

  get #environment(): IntrospectedEnvironment {
    return this.#flock ?? defaultEnvironment();
  }

  #advise(nextRuns: number, forPeople = true): readonly Suggestion[] {
    const episodes = this.#episodesOfNow();
    if (episodes.length < fewestRuns) return [];
    return adviceFrom({ name: this.name, episodes, nextRuns }, this.#environment, { forPeople });
  }

  #startOf(suggestion: Suggestion, watchRuns: number) {
    return { suggestion, watchRuns, episodes: this.#episodesOfNow() };
  }
}

/** A monitor knows runs as a whole, not the calls inside. */
function measuredEpisode(measure: RunMeasure): Episode {
  const { runId, startedAt: startMs, durationMs, outcome, code, tokens, costMicroUsd } = measure;
  const spent = { tokens, costMicroUsd };
  return { runId, tenant: undefined, startMs, durationMs, outcome, code, ...spent, root: undefined, complete: false };
}
