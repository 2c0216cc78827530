/** Says what keeps failing, since when, how much it hurts and what would heal it, from the events of runs. */

import { checkOptions, positiveNumber, wholeNumber } from "../../core/errors/options.ts";
import { describeFailure } from "../../core/events/describe-failure.ts";
import type { EventType, FlockEvent } from "../../core/events/event.ts";
import { describeFailuresWith } from "../../core/events/failure-reference.ts";
import type { Fold } from "../../core/events/fold.ts";
import type { Provider } from "../../core/events/provider.ts";
import type { RunRecord } from "../../core/events/run-history.ts";
import { adviceFor } from "./error-advice.ts";
import type { GroupRecord } from "./error-group.ts";
import type { ErrorAnalysisReport, ErrorGroup, LikelyCause } from "./error-report.ts";
import { FailureLedger } from "./failure-ledger.ts";
import { falseAlarmRate, likelyCause } from "./likely-cause.ts";
import { recordedEvents } from "./recorded-events.ts";

/** How much is kept. */
export interface ErrorAnalysisOptions {
  /** Kinds of failures that are kept; the rarest leave first and are counted together. @default 200 */
  readonly maxGroups?: number;
  /** Over which time rates and trends are. @default 3600000 */
  readonly windowMs?: number;
}

/**
 * Groups failures by fingerprint, in fixed memory: at most 200 groups of some 10 KB, 256 runnables, 4,096 open runs.
 * A provider: `new Flock({ providers: [analysis] })`; or feed it recorded events with {@link notify}, or runs of a
 * Flock's history with {@link addRuns}. Reads no clock: an event's time is the time. Never throws on an event.
 */
export class ErrorAnalysis implements Provider {
  readonly name = "error-analysis";
  readonly types: readonly EventType[] = [
    ...(["run-start", "run-end", "call-start", "call-end", "attempt-end", "recovery-applied"] as const),
  ];
  readonly events: readonly EventType[] = this.types;
  readonly #windowMs: number;
  readonly #maxGroups: number;
  #ledger: FailureLedger;
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;
  /** Events that could not be read because one of their values was broken. */
  broken = 0;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(options: ErrorAnalysisOptions = {}) {
    checkOptions("ErrorAnalysis", options, { maxGroups: wholeNumber(1), windowMs: positiveNumber });
    describeFailuresWith(describeFailure);
    this.#windowMs = options.windowMs ?? 3_600_000;
    this.#maxGroups = options.maxGroups ?? 200;
    this.#ledger = new FailureLedger(this.#maxGroups, this.#windowMs);
  }

  handle(event: FlockEvent): void {
    this.notify(event);
  }

  /** Takes an event, live or recorded; others than {@link types} are passed over. */
  notify(event: FlockEvent): void {
    try {
      if (!this.#ledger.take(event)) return;
      if (event.time < this.#from) this.#from = event.time;
      if (event.time > this.#to) this.#to = event.time;
    } catch {
      this.broken++;
    }
  }

  /**
   * Takes recorded runs, such as `flock.history.runs()`. They hold no single attempts: those of a call count as failed
   * like the last of them, how long they took and how long it was to heal is left out.
   */
  addRuns(runs: readonly RunRecord[]): void {
    for (const event of recordedEvents(runs)) this.notify(event);
  }

  /** Gives what is known now, as plain JSON. */
  snapshot(): ErrorAnalysisReport {
    const { runs, failedRuns, failures } = this.#ledger;
    const seen = this.#from <= this.#to;
    const groups = [...this.#ledger.groups.values()].sort((a, b) => b.count - a.count || b.lastSeen - a.lastSeen);
    const kept = groups.reduce((sum, { count }) => sum + count, 0);
    return {
      ...{ from: seen ? this.#from : 0, to: seen ? this.#to : 0, runs, failedRuns },
      ...{ failures, groups: groups.map((group) => this.#report(group)) },
      ...{ other: { count: failures - kept }, falseAlarmRate },
    };
  }

  toJSON(): ErrorAnalysisReport {
    return this.snapshot();
  }

  /** Forgets everything. */
  clear(): void {
    this.#ledger = new FailureLedger(this.#maxGroups, this.#windowMs);
    this.#from = Number.POSITIVE_INFINITY;
    this.#to = Number.NEGATIVE_INFINITY;
  }

  #report(group: GroupRecord): ErrorGroup {
    const figures = group.figures();
    const report = {
      ...figures,
      ratePerMinute: group.rates.ratePerMinute(this.#to, this.#from),
      trend: group.rates.trend(this.#to, this.#from),
      shareOfFailedRuns: figures.failedRuns / Math.max(1, this.#ledger.failedRuns),
      likelyCause: this.#causeOf(group),
    };
    return { ...report, advice: adviceFor(report, this.#to) };
  }

  #causeOf(group: GroupRecord): LikelyCause | undefined {
    const { spellMs } = this.#ledger;
    const causes = [...group.factors].flatMap(([runnable, failing]) => {
      const all = this.#ledger.factorsOf(runnable);
      return (
        (all === undefined
          ? undefined
          : likelyCause({ runnable, failing, all, spellMs, runnables: group.factors.size })) ?? []
      );
    });
    return causes.sort((a, b) => b.low - a.low)[0];
  }
}

/** Makes the fold that analyses the failures in a stream of events, live or recorded. */
export function errorAnalysisFold(options?: ErrorAnalysisOptions): Fold<ErrorAnalysis> {
  const { types } = new ErrorAnalysis(options);
  return {
    types,
    initial: () => new ErrorAnalysis(options),
    step(analysis, event) {
      analysis.notify(event);
      return analysis;
    },
  };
}
