/** Keeps the changes that are on trial: counts each run that ends against them, and takes back what does not hold. */

import { optionError } from "../../../core/errors/options.ts";
import { maskOf } from "../../../core/events/event.ts";
import { type EventListener, internal } from "../../../core/events/event-dispatcher.ts";
import type { RunRecord } from "../../../core/events/run-history.ts";
import { canonicalText } from "../../../core/json/canonical-key.ts";
import type { KnobChange, Knobs } from "../../../core/knob.ts";
import { type Episode, episodesOf } from "../../record/episodes.ts";
import type { AdviceRecord, AdviceStatus } from "./advice-record.ts";
import {
  deferred,
  isOpen,
  recordOf,
  type StartedTrial,
  type Trial,
  type TrialEnvironment,
  type TrialStart,
} from "./trial.ts";
import { verdictOn, withRun } from "./verdict.ts";

const mostRecords = 200;

/** The changes made for one runnable, oldest first. Listens to ends of runs only while something is on trial. */
export class Trials {
  readonly #name: string;
  readonly #environment: () => TrialEnvironment;
  #trials: Trial[];
  #stopListening: (() => void) | undefined = undefined;
  #stopWatching: (() => void) | undefined = undefined;
  #lastRun: RunRecord | undefined = undefined;
  /** A change of ours is no interference. */
  #changing = false;
  readonly #afterRun = new Set<() => void>();

  constructor(name: string, environment: () => TrialEnvironment, records: readonly AdviceRecord[]) {
    this.#name = name;
    this.#environment = environment;
    this.#trials = records.map((record) => {
      return { record, inEffect: false, restore: undefined, sinceMs: Number.POSITIVE_INFINITY, ...deferred(record) };
    });
    if (records.some(({ status }) => status === "watching" || status === "kept")) {
      this.#listen();
      this.#putIntoEffect();
    }
  }

  get records(): readonly AdviceRecord[] {
    return this.#trials.map(({ record }) => record);
  }

  get isWatching(): boolean {
    return this.#trials.some(({ record }) => record.status === "watching");
  }

  /** Tells whether a run took place with the settings of now: others say little of the runs to come. */
  isOfNow({ startMs, durationMs }: Episode): boolean {
    return this.#trials.every(({ record, inEffect, sinceMs }) => {
      const { status, appliedAtMs, endedAtMs = Number.POSITIVE_INFINITY } = record;
      if (status === "proposed") return true;
      if (status === "watching" || status === "kept") return !inEffect || startMs >= sinceMs;
      return startMs >= endedAtMs || startMs + durationMs <= appliedAtMs;
    });
  }

  /** Writes down what would have been done. */
  propose(start: TrialStart): void {
    const { action } = start.suggestion;
    if (action === undefined) return;
    const record = recordOf(start, this.#knobs.read(action.knob), this.#now());
    this.#add({ ...record, status: "proposed" }, undefined);
  }

  /**
   * Changes the setting and begins to watch.
   *
   * @throws option_invalid while another change of the setting is on trial; knob_invalid when the knob refuses.
   */
  start(start: TrialStart): StartedTrial {
    const { action } = start.suggestion;
    const knob = action!.knob;
    if (this.#trials.some(({ record }) => record.status === "watching" && record.knob === knob)) {
      const expected = `one for a setting not on trial (${knob} is)`;
      throw optionError("AgentIntrospection.apply", "suggestion", expected, start.suggestion.id);
    }
    const record = recordOf(start, this.#knobs.read(knob), this.#now());
    const restore = this.#asOurs(() => this.#knobs.change(knob, action!.value));
    const trial = this.#add(record, restore);
    this.#listen();
    return {
      get record() {
        return trial.record;
      },
      verdict: trial.verdict,
      undo: () => this.#undo(trial),
    };
  }

  /** Calls back after each run of the runnable; gives the way to stop. */
  afterRun(callback: () => void): () => void {
    this.#afterRun.add(callback);
    this.#listen();
    return () => {
      this.#afterRun.delete(callback);
      this.#rest();
    };
  }

  /** Counts runs that ended since last time. Called by itself where the environment tells of them. */
  catchUp(): void {
    for (const episode of this.#newEpisodes()) {
      for (const trial of this.#trials) this.#count(trial, episode);
      for (const callback of [...this.#afterRun]) callback();
    }
    this.#putIntoEffect();
    this.#rest();
  }

  /** Stops watching. Settings stay as they are. */
  stop(): void {
    this.#afterRun.clear();
    this.#stopListening?.();
    this.#stopWatching?.();
    this.#stopListening = undefined;
    this.#stopWatching = undefined;
  }

  #add(record: AdviceRecord, restore: (() => void) | undefined): Trial {
    const trial: Trial = {
      record,
      restore,
      inEffect: restore !== undefined,
      sinceMs: record.appliedAtMs,
      ...deferred(record),
    };
    this.#trials = [...this.#trials, trial].slice(-mostRecords);
    return trial;
  }

  #count(trial: Trial, episode: Episode): void {
    const { record } = trial;
    if (record.status !== "watching" || !trial.inEffect || episode.startMs < trial.sinceMs) return;
    trial.record = { ...record, watched: withRun(record.watched, episode, record.knob) };
    const verdict = verdictOn(trial.record);
    if (verdict === undefined) return;
    const { keep, figures, report } = verdict;
    if (!keep) this.#restore(trial);
    this.#end(trial, keep ? "kept" : "rolled-back", { figures, report });
  }

  /** What was turned on top of it goes first: each puts back what it found. */
  #undo(trial: Trial): void {
    if (!isOpen(trial)) return;
    const onTop = this.#trials.slice(this.#trials.indexOf(trial) + 1);
    for (const later of [trial, ...onTop].reverse()) {
      if (!isOpen(later) || later.record.knob !== trial.record.knob) continue;
      this.#restore(later);
      this.#end(later, "undone");
    }
    this.#rest();
  }

  #end(trial: Trial, status: AdviceStatus, extra: Pick<AdviceRecord, "figures" | "report"> = {}): void {
    trial.record = { ...trial.record, ...extra, status, endedAtMs: this.#now() };
    trial.settle(trial.record);
  }

  /** After a restart settings are what the program says, and knobs appear as things first run. */
  #putIntoEffect(): void {
    const { knobs } = this.#environment();
    for (const trial of this.#trials) {
      const { status, knob, to } = trial.record;
      if (trial.inEffect || (status !== "watching" && status !== "kept") || knobs?.has(knob) !== true) continue;
      trial.inEffect = true;
      trial.sinceMs = this.#now();
      try {
        trial.restore = this.#asOurs(() => this.#knobs.change(knob, to));
      } catch {
        this.#end(trial, "replaced", { report: `${knob} no longer takes the value.` });
      }
    }
  }

  #restore(trial: Trial): void {
    this.#asOurs(() => trial.restore?.());
  }

  #asOurs<Result>(change: () => Result): Result {
    this.#changing = true;
    try {
      return change();
    } finally {
      this.#changing = false;
    }
  }

  #interfered({ knob, to }: KnobChange): void {
    if (this.#changing) return;
    for (const trial of this.#trials) {
      const { record } = trial;
      if (!isOpen(trial) || record.knob !== knob || canonicalText(to) === canonicalText(record.to)) continue;
      this.#end(trial, "replaced", { report: `${knob} was changed by somebody else.` });
    }
  }

  *#newEpisodes(): Generator<Episode> {
    const runs = this.#environment().history?.runs() ?? [];
    const from = this.#lastRun === undefined ? 0 : runs.lastIndexOf(this.#lastRun) + 1;
    this.#lastRun = runs.at(-1);
    yield* episodesOf(runs.slice(from), this.#name);
  }

  #listen(): void {
    this.#stopWatching ??= this.#environment().knobs?.watch((change) => this.#interfered(change));
    if (this.#stopListening !== undefined) return;
    this.#lastRun = this.#environment().history?.runs().at(-1);
    const ends: EventListener = {
      name: `advice for ${this.#name}`,
      ...{ mask: maskOf(["run-end"]), [internal]: true },
      notify: () => this.catchUp(),
    };
    this.#stopListening = this.#environment().events?.add(ends) ?? (() => {});
  }

  /** Lets go of the environment where nothing is left to watch. A change that was kept may still be changed by others. */
  #rest(): void {
    if (!this.#trials.some(isOpen)) {
      this.#stopWatching?.();
      this.#stopWatching = undefined;
    }
    const isNeeded = this.#trials.some(({ record, inEffect }) => {
      return record.status === "watching" || (record.status === "kept" && !inEffect);
    });
    if (isNeeded || this.#afterRun.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  get #knobs(): Knobs {
    return this.#environment().knobs!;
  }

  #now(): number {
    const { runtime, history } = this.#environment();
    const last = history?.runs().at(-1);
    return runtime?.now() ?? (last === undefined ? 0 : last.startMs + last.durationMs);
  }
}
