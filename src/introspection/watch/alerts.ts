/** Turns rules over sliding windows into episodes: exactly one fired and one resolved each. */

import type { AlertFiredEvent, AlertResolvedEvent } from "../../core/events/event.ts";
import { MetricWindow } from "../measure/metric-window.ts";
import type { WindowContents } from "../measure/window-contents.ts";
import { isOfProcess, needsBuckets, type RunSample, type WindowSubject } from "../measure/window-metrics.ts";
import { AlertEpisode, type EpisodeState } from "./alert-episode.ts";
import type { AlertRule } from "./alert-rule.ts";
import { checkRule, ruleError } from "./check-alert-rule.ts";

/** A run or call that ended or a sample of the process, with whose it was. */
export interface AlertSample extends RunSample {
  readonly name: string;
  readonly runId: string;
  /** @default "run" */
  readonly subject?: WindowSubject;
}

/** An alert that is on. */
export interface ActiveAlert {
  readonly id: string;
  readonly rule: AlertRule;
  readonly severity: "warning" | "critical";
}

/** A window that rules watch. */
export interface WatchedWindow {
  readonly subject: WindowSubject;
  readonly name: string | undefined;
  readonly window: MetricWindow;
}

/** What alerts tell. */
export interface AlertsListener {
  /** An alert began or ended. */
  tell(event: AlertFiredEvent | AlertResolvedEvent): void;
  /** Something changed that should outlive the process. @default nothing */
  changed?(): void;
  /** Something was counted. @default nothing */
  counted?(): void;
}

/** What of alerts outlives the process, by alert and by window. */
export interface AlertsState {
  readonly states: Readonly<Record<string, EpisodeState>>;
  readonly windows: Readonly<Record<string, WindowContents>>;
}

/**
 * Watches runs, calls and the process against rules. A figure is looked at when something ends, before and after it is
 * counted, and whenever {@link check} is called with the time, so that an alert also ends when nothing runs any more.
 * Memory is fixed: one window for each subject, name and length, shared by its rules.
 */
export class Alerts {
  readonly rules: readonly AlertRule[];
  readonly #episodes: readonly AlertEpisode[];
  readonly #windows: readonly WatchedWindow[];
  readonly #listener: AlertsListener;
  readonly #subjects: ReadonlySet<WindowSubject>;
  #held = false;
  /** The last look that was due while what an earlier process knew was on its way. */
  #missed: { readonly now: number; readonly runId: string } | undefined;

  /** @throws option_invalid for a rule that cannot be; the message names the rule by its position. */
  constructor(rules: readonly AlertRule[], listener: AlertsListener) {
    rules.forEach(checkRule);
    this.rules = Object.freeze(rules.map((rule) => Object.freeze({ ...rule })));
    this.#listener = listener;
    const windows = new Map<string, WatchedWindow>();
    this.#episodes = this.rules.flatMap((rule) => episodesOf(rule, windows, this.rules));
    this.#windows = [...windows.values()];
    this.#subjects = new Set(this.#windows.map(({ subject }) => subject));
    this.#refuseTwins();
  }

  /** The alerts that are on, in order of their rules. */
  get active(): readonly ActiveAlert[] {
    const firing = this.#episodes.filter((episode) => episode.firing);
    return firing.map(({ id, rule, severity }) => ({ id, rule, severity }));
  }

  /** The windows there are. */
  get windows(): readonly WatchedWindow[] {
    return this.#windows;
  }

  /** What should outlive the process. */
  get state(): AlertsState {
    const states = Object.fromEntries(this.#episodes.map((episode) => [episode.id, episode.state]));
    const windows = this.#windows.flatMap((watched) => {
      const { contents } = watched.window;
      return contents === undefined ? [] : [[keyOf(watched), contents] as const];
    });
    return { states, windows: Object.fromEntries(windows) };
  }

  /** Tells whether a rule watches such things at all. */
  watches(subject: WindowSubject): boolean {
    return this.#subjects.has(subject);
  }

  /** Counts without looking until {@link restore}: what an earlier process knew is still on its way. */
  hold(): void {
    this.#held = true;
  }

  /** Goes on where an earlier process stopped, as far as it knew the alerts and windows there are now, and looks if it was due. */
  restore({ states, windows }: AlertsState): void {
    this.#held = false;
    for (const watched of this.#windows) {
      const key = keyOf(watched);
      if (Object.hasOwn(windows, key)) watched.window.restore(windows[key]!);
    }
    for (const episode of this.#episodes) {
      if (Object.hasOwn(states, episode.id)) episode.restore(states[episode.id]!);
    }
    const missed = this.#missed;
    this.#missed = undefined;
    if (missed !== undefined) this.check(missed.now, missed.runId);
  }

  /** Counts what ended. */
  record(sample: AlertSample): void {
    const { subject = "run" } = sample;
    if (!this.#subjects.has(subject)) return;
    this.check(sample.time, sample.runId);
    for (const watched of this.#windows) {
      if (watched.subject === subject && isOf(watched.name, sample)) watched.window.record(sample);
    }
    for (const episode of this.#episodes) {
      if (subjectOf(episode.rule) === subject && isOf(episode.rule.name, sample))
        this.#look(episode, sample.time, sample.runId);
    }
    this.#listener.counted?.();
  }

  /** Looks at all rules at a time (milliseconds since 1970), without a run. */
  check(now: number, runId = ""): void {
    if (this.#held) this.#missed = { now, runId };
    for (const { window } of this.#windows) window.advance(now);
    for (const episode of this.#episodes) this.#look(episode, now, runId);
  }

  #look(episode: AlertEpisode, now: number, runId: string): void {
    if (this.#held) return;
    const { event, learned } = episode.look(now, runId);
    if (event !== undefined) this.#listener.tell(event);
    if (event !== undefined || learned) this.#listener.changed?.();
  }

  #refuseTwins(): void {
    const ids = this.#episodes.map(({ id }) => id);
    const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
    if (twice < 0) return;
    const first = this.rules.indexOf(this.#episodes[ids.indexOf(ids[twice]!)]!.rule);
    const second = this.rules.indexOf(this.#episodes[twice]!.rule);
    throw ruleError(second, "id", `another name than that of rule ${first}`, ids[twice]);
  }
}

/** Names a window apart from the others. */
function keyOf({ subject, name, window }: WatchedWindow): string {
  return `${window.windowMs} ${subject} ${name ?? ""}`;
}

/** Gives what a rule is about. */
function subjectOf({ metric, kind }: AlertRule): WindowSubject {
  return isOfProcess(metric) ? "process" : (kind ?? "run");
}

function isOf(name: string | undefined, sample: AlertSample): boolean {
  return name === undefined || name === sample.name;
}

function episodesOf(
  rule: AlertRule,
  windows: Map<string, WatchedWindow>,
  rules: readonly AlertRule[],
): readonly AlertEpisode[] {
  const { windowMs, alsoWithinMs } = rule;
  const window = windowOf(rule, windowMs, windows, rules);
  const also = alsoWithinMs === undefined ? undefined : windowOf(rule, alsoWithinMs, windows, rules);
  const first = new AlertEpisode(rule, { window, also }, "first");
  return rule.critical === undefined ? [first] : [first, new AlertEpisode(rule, { window, also }, "critical")];
}

/** Gives the one window of a subject, name and length, with buckets when any of the rules needs them. */
function windowOf(
  rule: AlertRule,
  windowMs: number,
  windows: Map<string, WatchedWindow>,
  rules: readonly AlertRule[],
): MetricWindow {
  const keyFor = (other: AlertRule, length: number): string => `${length} ${subjectOf(other)} ${other.name ?? ""}`;
  const key = keyFor(rule, windowMs);
  const known = windows.get(key);
  if (known !== undefined) return known.window;
  const lengths = (other: AlertRule): readonly number[] => [other.windowMs, other.alsoWithinMs ?? other.windowMs];
  const sharers = rules.filter((other) => lengths(other).some((length) => keyFor(other, length) === key));
  const hasBuckets = sharers.some(({ metric }) => needsBuckets(metric));
  const window = new MetricWindow(windowMs, hasBuckets);
  windows.set(key, { subject: subjectOf(rule), name: rule.name, window });
  return window;
}
