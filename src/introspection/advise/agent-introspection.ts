/** Tells after the fact how a runnable does and what to change, from what its environment recorded. */

import { defaultEnvironment } from "../../core/environment.ts";
import { FlockError } from "../../core/errors/errors.ts";
import { nearestName } from "../../core/errors/nearest-name.ts";
import { checkOptions, describeValue, nonEmptyString, optionError } from "../../core/errors/options.ts";
import type { CallRecord, RunHistory } from "../../core/events/run-history.ts";
import type { Json } from "../../core/json/json.ts";
import type { Knobs } from "../../core/knob.ts";
import { AgentMetrics } from "../measure/agent-metrics.ts";
import { walkTree } from "../record/call-tree.ts";
import { type Episode, episodesOf } from "../record/episodes.ts";
import type { RunMeasure } from "../watch/monitor-records.ts";
import { analyzeEpisodes, type PerformanceAnalysis } from "./performance-analysis.ts";
import type { Suggestion, WeighedSuggestion, WhatIf } from "./suggestion.ts";
import { attemptTimeouts } from "./what-if/attempt-timeouts.ts";
import { dominatingStep } from "./what-if/dominating-step.ts";
import { failureGroups } from "./what-if/failure-groups.ts";
import { failingTools, frequentFailures } from "./what-if/failures.ts";
import { independentSteps } from "./what-if/independent-steps.ts";
import { repeatedCalls } from "./what-if/repeated-calls.ts";

/** Runs below which there is no advice. */
const fewestRuns = 10;

const simulators: readonly WhatIf[] = [
  repeatedCalls,
  independentSteps,
  attemptTimeouts,
  dominatingStep,
  frequentFailures,
  failingTools,
  failureGroups,
];

/** Where introspection reads and acts: a Flock, or anything with its recorded runs and its live settings. */
export interface IntrospectedEnvironment {
  readonly history:
    | (RunHistory & { metricsOf?(name: string, create: (name: string) => AgentMetrics): AgentMetrics | undefined })
    | undefined;
  readonly knobs?: Knobs;
}

/** What introspection looks at. */
export interface AgentIntrospectionOptions {
  /** A monitor whose records count where the environment recorded no run of the runnable. @default none */
  readonly monitor?: { readonly metricsBuffer: readonly RunMeasure[] };
  /** The Flock the runnable runs in. @default the process's default one */
  readonly flock?: IntrospectedEnvironment;
}

/** One recorded time the runnable worked. */
export interface HistoryEntry extends Omit<Episode, "root"> {
  /** Its own call and those inside, in order of their place in the tree; empty when they are no longer kept. */
  readonly calls: readonly CallRecord[];
}

/** A suggestion that is in effect. */
export interface AppliedSuggestion {
  readonly suggestion: Suggestion;
  readonly knob: string;
  readonly from: Json;
  readonly to: Json;
  /** Puts the setting back; a second call does nothing. */
  undo(): void;
}

/**
 * Looks into one runnable: how it did in the last 1,000 runs of its environment, alone or inside others, and what would
 * make it better. Reads the record each time it is asked; makes no call and changes nothing but through {@link apply}.
 */
export class AgentIntrospection {
  readonly name: string;
  readonly #monitor: AgentIntrospectionOptions["monitor"];
  readonly #flock: IntrospectedEnvironment | undefined;

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
      flock: (value) => (typeof value === "object" && value !== null && "history" in value ? undefined : "a Flock"),
    });
    this.name = runnable.name;
    this.#monitor = options.monitor;
    this.#flock = options.flock;
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
    const recorded = episodesOf(this.#environment.history?.runs() ?? [], this.name);
    if (recorded.length > 0 || this.#monitor === undefined) return recorded;
    return this.#monitor.metricsBuffer.filter((measure) => measure.name === this.name).map(measuredEpisode);
  }

  /** How many runs are missing before there can be advice; 0 when there are enough. */
  get dataNeeded(): number {
    return Math.max(0, fewestRuns - this.#episodes().length);
  }

  /** Gives figures of the recorded runs; all 0 when there is none. */
  analyzePerformance(): PerformanceAnalysis {
    return analyzeEpisodes(this.#episodes());
  }

  /**
   * Gives what is worth changing, the greatest gain first. Each is worked out from the recorded runs by a simulator, without
   * a model call, and left out when its gain may be chance. An empty list means that there is nothing worth changing, or,
   * when {@link dataNeeded} is above 0, that too little was recorded to say.
   */
  suggestImprovements(): readonly Suggestion[] {
    const episodes = this.#episodes();
    if (episodes.length < fewestRuns) return [];
    const { knobs } = this.#environment;
    const found: readonly WeighedSuggestion[] = simulators.flatMap((whatIf) =>
      whatIf({ name: this.name, episodes, knobs }),
    );
    return [...found].sort((a, b) => b.value - a.value).map(({ suggestion }) => suggestion);
  }

  /**
   * Does what a suggestion says, by changing a live setting.
   *
   * @throws option_invalid for an id that is not among the present suggestions, or a suggestion that takes a person to do.
   * @throws knob_invalid when the setting is not there or refuses the value; nothing is changed then.
   */
  apply(idOrSuggestion: string | Suggestion): AppliedSuggestion {
    const suggestion = typeof idOrSuggestion === "string" ? this.#find(idOrSuggestion) : idOrSuggestion;
    if (typeof suggestion?.id !== "string") {
      throw optionError("AgentIntrospection.apply", "suggestion", "a suggestion or its id", suggestion);
    }
    const { action } = suggestion;
    const { knobs } = this.#environment;
    if (action === undefined || knobs === undefined) throw cannotApply(suggestion);
    const from = knobs.read(action.knob);
    const undo = knobs.change(action.knob, action.value);
    return { suggestion, knob: action.knob, from, to: action.value, undo };
  }

  get #environment(): IntrospectedEnvironment {
    return this.#flock ?? defaultEnvironment();
  }

  #find(id: string): Suggestion {
    const known = this.suggestImprovements();
    const suggestion = known.find((one) => one.id === id);
    if (suggestion !== undefined) return suggestion;
    const ids = known.map((one) => one.id);
    const near = nearestName(id, ids);
    const hint = near
      ? `did you mean "${near}"?`
      : ids.length === 0
        ? "there is none at present"
        : `there are ${ids.join(", ")}`;
    throw new FlockError("option_invalid", `no suggestion has the id "${id.slice(0, 128)}"; ${hint}`, {
      details: {
        ...{ option: "suggestion", expected: "the id of a present suggestion", received: describeValue(id) },
        ...(near ? { suggestion: near } : {}),
      },
    });
  }
}

function cannotApply({ id, action }: Suggestion): FlockError<"option_invalid"> {
  const [received, why] =
    action === undefined
      ? ["a suggestion without an action", "no live setting does what it says, so it takes a person to change the code"]
      : ["an environment without knobs", "the environment has no live settings to change"];
  return new FlockError("option_invalid", `"${id}" cannot be applied: ${why}`, {
    details: { option: "suggestion", expected: "a suggestion with an action", received },
  });
}

/** A monitor knows runs as a whole, not the calls inside. */
function measuredEpisode(measure: RunMeasure): Episode {
  const { runId, startedAt: startMs, durationMs, outcome, code, tokens, costMicroUsd } = measure;
  const spent = { tokens, costMicroUsd };
  return { runId, tenant: undefined, startMs, durationMs, outcome, code, ...spent, root: undefined, complete: false };
}
