/** What an error analysis says, as plain JSON. */

import type { Trend } from "./rate-window.ts";

/** How often a name was hit. */
export interface NamedCount {
  readonly name: string;
  readonly count: number;
}

/** What calls that failed had in common, more than chance explains. */
export interface LikelyCause {
  /** The runnable whose calls were compared. */
  readonly runnable: string;
  readonly factor: "caller" | "model" | "tool" | "input-size" | "concurrency" | "time" | "time-of-day";
  /** What the failing calls share: a name, or a range such as `46341 characters or more`. */
  readonly value: string;
  /** Where the range begins, for sizes, concurrency (calls) and time (milliseconds since 1970). */
  readonly from?: number;
  /** Where the range ends, itself not part of it. */
  readonly to?: number;
  /** Calls with it, and how many of them failed so. */
  readonly exposed: { readonly calls: number; readonly failed: number };
  /** All other calls of the runnable that could be compared. */
  readonly others: { readonly calls: number; readonly failed: number };
  /** How much more often calls with it fail; undefined when no other call did. */
  readonly relativeRisk: number | undefined;
  /** The 95 % interval of the relative risk. */
  readonly low: number;
  readonly high: number;
  /** Chance of so many by accident, times the comparisons that were made. */
  readonly p: number;
}

/** What became of the calls that one way of recovery was tried on. */
export interface RecoveryRecord {
  /** Such as `retry`. */
  readonly strategy: string;
  readonly tried: number;
  readonly healed: number;
  readonly share: number;
}

/** What would heal a group, and the counts it stands on. */
export interface HealingAdvice {
  readonly action:
    | "keep-recovering"
    | "stop-retrying"
    | "change-model"
    | "change-tool"
    | "mend-caller"
    | "shrink-input"
    | "limit-concurrency"
    | "wait-out";
  readonly sentence: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** What failing spent: milliseconds, tokens, and micro-dollars where a price was known. */
export interface SpentOnFailing {
  readonly ms: number;
  readonly tokens: number;
  readonly costMicroUsd: number;
}

/** Failures of one kind. */
export interface ErrorGroup {
  readonly fingerprint: string;
  readonly code: string;
  /** The message with everything masked that varies; the code where only a record on disk was seen. */
  readonly title: string;
  /** Failed attempts, each counted where it began and not again in the calls around it. */
  readonly count: number;
  /** How many more there may have been before the group was kept; 0 until there are more kinds than are kept. */
  readonly missedAtMost: number;
  /** Mean of the window, at most. */
  readonly ratePerMinute: number;
  readonly trend: Trend;
  /** Milliseconds since 1970. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Where it begins, and the agents, models and tools it hits; the most frequent first. */
  readonly runnables: readonly NamedCount[];
  readonly agents: readonly NamedCount[];
  readonly models: readonly NamedCount[];
  readonly tools: readonly NamedCount[];
  /** Without the numbers of calls. */
  readonly paths: readonly NamedCount[];
  /** Calls it happened in. */
  readonly calls: number;
  readonly runs: number;
  /** Different inputs, of the nearest caller that is no model. */
  readonly inputs: { readonly count: number; readonly isExact: boolean };
  /** Runs that ended with it, and their share of all failed runs. */
  readonly failedRuns: number;
  readonly shareOfFailedRuns: number;
  /** Runs that met it and succeeded. */
  readonly survivedRuns: number;
  /** Further attempts it led to. */
  readonly retries: number;
  readonly recoveries: readonly RecoveryRecord[];
  /** Calls that succeeded after it, and the mean milliseconds from the end of the first failed attempt; undefined when not known. */
  readonly healed: { readonly calls: number; readonly meanMs: number | undefined };
  /** Spent in failed attempts, calls inside included. */
  readonly wasted: SpentOnFailing;
  /** Spent on whole runs that ended with it. */
  readonly lostRuns: SpentOnFailing;
  /** Undefined when nothing stands out more than chance explains. */
  readonly likelyCause: LikelyCause | undefined;
  readonly advice: readonly HealingAdvice[];
  /** The last five. */
  readonly samples: readonly { readonly runId: string; readonly path: string; readonly time: number }[];
}

/** What keeps failing, since when, how much it hurts, and what would heal it. */
export interface ErrorAnalysisReport {
  /** Milliseconds since 1970 of the first and the last event; 0 when there was none. */
  readonly from: number;
  readonly to: number;
  readonly runs: number;
  readonly failedRuns: number;
  /** Failed attempts of all kinds. */
  readonly failures: number;
  /** What fails most first. */
  readonly groups: readonly ErrorGroup[];
  /** Failures whose kind is not kept. */
  readonly other: { readonly count: number };
  /** Chance that a group is given a cause where there is none, when calls fail independently of each other. */
  readonly falseAlarmRate: number;
}
