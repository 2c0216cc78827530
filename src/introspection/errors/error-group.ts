/** What is known of one kind of failure, in fixed memory. */

import type { AttemptEndEvent, CallEndEvent, RunnableKind } from "../../core/events/event.ts";
import { BoundedNames } from "../measure/bounded-names.ts";
import { RecentRecords } from "../measure/recent.ts";
import { CallFactors, type CallTraits } from "./call-factors.ts";
import { DistinctCount } from "./distinct-count.ts";
import type { ErrorGroup, NamedCount, SpentOnFailing } from "./error-report.ts";
import { RateWindow } from "./rate-window.ts";

const keptNames = 16;
const keptSamples = 5;
const comparedRunnables = 4;

/** What a group needs to know of a call. */
export interface FailedCall extends CallTraits {
  readonly name: string;
  readonly kind: RunnableKind;
  /** Name of the nearest agent, itself included. */
  readonly agent: string | undefined;
  /** Name of the outermost call. */
  readonly root: string;
  readonly inputHash: number | undefined;
}

/** The sums of a group: what a report says that needs nothing else. */
export type GroupFigures = Omit<ErrorGroup, "trend" | "ratePerMinute" | "likelyCause" | "advice" | "shareOfFailedRuns">;

/** One kind of failure. Its owner tells it what happened; each step is a few additions. */
export class GroupRecord {
  readonly fingerprint: string;
  readonly code: string;
  title: string;
  readonly missedAtMost: number;
  readonly rates: RateWindow;
  /** Counts of the calls it happened in, for each of the first runnables it began in. */
  readonly factors = new Map<string, CallFactors>();
  readonly #recoveries = new BoundedNames<{ tried: number; healed: number }>(keptNames, () => ({
    tried: 0,
    healed: 0,
  }));
  readonly #runnables = nameCounts();
  readonly #agents = nameCounts();
  readonly #models = nameCounts();
  readonly #tools = nameCounts();
  readonly #paths = nameCounts();
  readonly #inputs = new DistinctCount();
  readonly #samples = new RecentRecords<{ runId: string; path: string; time: number }>(keptSamples);
  readonly #wasted = { ms: 0, tokens: 0, costMicroUsd: 0 };
  readonly #lost = { ms: 0, tokens: 0, costMicroUsd: 0 };
  count = 0;
  calls = 0;
  runs = 0;
  failedRuns = 0;
  survivedRuns = 0;
  retries = 0;
  firstSeen = Number.POSITIVE_INFINITY;
  lastSeen = Number.NEGATIVE_INFINITY;
  #healed = 0;
  #timedHeals = 0;
  #healMs = 0;

  constructor(kind: { fingerprint: string; code: string; title: string }, missedAtMost: number, windowMs: number) {
    this.fingerprint = kind.fingerprint;
    this.code = kind.code;
    this.title = kind.title;
    this.missedAtMost = missedAtMost;
    this.rates = new RateWindow(windowMs);
  }

  /** Counts an attempt that failed so. */
  attemptFailed(call: FailedCall, event: AttemptEndEvent | CallEndEvent): void {
    // A further attempt may be one of something else, such as a fallback model.
    const { runId, path, time, name, kind } = event;
    this.count++;
    this.firstSeen = Math.min(this.firstSeen, time);
    this.lastSeen = Math.max(this.lastSeen, time);
    this.rates.record(time);
    this.#samples.push({ runId, path, time });
    this.#runnables.of(name).count++;
    this.#paths.of(path.replace(/#\d+|\[\d+\]|@\d+/g, "")).count++;
    this.#agents.of(call.agent ?? call.root).count++;
    const model = kind === "model" ? name : call.model;
    if (model !== undefined) this.#models.of(model).count++;
    if (kind === "tool") this.#tools.of(name).count++;
  }

  /** Counts a call that met it, once it has ended. */
  callEnded(call: FailedCall, time: number, spellMs: number): void {
    this.calls++;
    if (call.inputHash !== undefined) this.#inputs.add(call.inputHash);
    let factors = this.factors.get(call.name);
    if (factors === undefined && this.factors.size < comparedRunnables) {
      factors = new CallFactors();
      this.factors.set(call.name, factors);
    }
    factors?.add(call, time, spellMs);
  }

  recovered(strategy: string, healed: boolean): void {
    const recovery = this.#recoveries.of(strategy);
    recovery.tried++;
    if (healed) recovery.healed++;
  }

  /** Counts a call that succeeded after it; without milliseconds when it is not known how long that took. */
  healedAfter(ms: number | undefined): void {
    this.#healed++;
    if (ms === undefined) return;
    this.#timedHeals++;
    this.#healMs += ms;
  }

  wasted(spent: SpentOnFailing): void {
    addSpent(this.#wasted, spent);
  }

  /** Counts a run that ended with it. */
  runLost(spent: SpentOnFailing): void {
    this.failedRuns++;
    addSpent(this.#lost, spent);
  }

  figures(): GroupFigures {
    const { fingerprint, code, title, count, missedAtMost, firstSeen, lastSeen, calls, runs } = this;
    const { failedRuns, survivedRuns, retries } = this;
    const meanMs = this.#timedHeals === 0 ? undefined : this.#healMs / this.#timedHeals;
    const recoveries = [...this.#recoveries.entries()].map(([strategy, { tried, healed }]) => {
      return { strategy, tried, healed, share: healed / tried };
    });
    return {
      ...{ fingerprint, code, title, count, missedAtMost, firstSeen, lastSeen },
      ...{ runnables: listed(this.#runnables), agents: listed(this.#agents), models: listed(this.#models) },
      ...{ tools: listed(this.#tools), paths: listed(this.#paths), calls, runs },
      inputs: { count: this.#inputs.count, isExact: this.#inputs.isExact },
      ...{ failedRuns, survivedRuns, retries, healed: { calls: this.#healed, meanMs } },
      recoveries: recoveries.sort((a, b) => b.tried - a.tried),
      ...{ wasted: { ...this.#wasted }, lostRuns: { ...this.#lost } },
      samples: this.#samples.toArray(),
    };
  }
}

function nameCounts(): BoundedNames<{ count: number }> {
  return new BoundedNames(keptNames, () => ({ count: 0 }));
}

function listed(names: BoundedNames<{ count: number }>): readonly NamedCount[] {
  return [...names.entries()]
    .map(([name, { count }]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

/** A figure that a vendor broke counts as 0. */
function addSpent(sum: { ms: number; tokens: number; costMicroUsd: number }, spent: SpentOnFailing): void {
  sum.ms += finite(spent.ms);
  sum.tokens += finite(spent.tokens);
  sum.costMicroUsd += finite(spent.costMicroUsd);
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
