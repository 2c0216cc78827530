/** Turns thresholds over sliding windows into episodes: exactly one fired and one resolved each. */

import type { AlertFiredEvent, AlertResolvedEvent } from "../../core/events/event.ts";
import { isVolume, MetricWindow, needsBuckets, type RunSample } from "../measure/metric-window.ts";
import { type AlertRule, checkRule, ruleError } from "./alert-rule.ts";

/** A run that ended, with whose it was. */
export interface AlertSample extends RunSample {
  readonly name: string;
  readonly runId: string;
}

interface Episode {
  readonly rule: AlertRule;
  readonly id: string;
  readonly threshold: number;
  readonly window: MetricWindow;
  firing: boolean;
  clearSince: number | undefined;
  resolvedAt: number;
  /** When the rule first saw a time; "too few runs" means nothing before a whole window has passed. */
  since: number | undefined;
  lastValue: number;
}

/** An alert that is on. */
export interface ActiveAlert {
  readonly id: string;
  readonly rule: AlertRule;
}

/**
 * Watches runs against rules. A figure is looked at when a run ends, before and after it is counted, and whenever
 * {@link check} is called with the time, so that an alert also ends when nothing runs any more. Memory is fixed: one
 * window for each pair of length and name, shared by its rules.
 */
export class Alerts {
  readonly rules: readonly AlertRule[];
  readonly #episodes: readonly Episode[];
  readonly #windows: readonly { readonly name: string | undefined; readonly window: MetricWindow }[];
  readonly #tell: (event: AlertFiredEvent | AlertResolvedEvent) => void;

  /** @throws option_invalid for a rule that cannot be; the message names the rule by its position. */
  constructor(rules: readonly AlertRule[], tell: (event: AlertFiredEvent | AlertResolvedEvent) => void) {
    rules.forEach(checkRule);
    this.rules = Object.freeze(rules.map((rule) => Object.freeze({ ...rule })));
    this.#tell = tell;
    const windows = new Map<string, { name: string | undefined; window: MetricWindow }>();
    for (const { windowMs, name } of rules) {
      const key = windowKey(windowMs, name);
      const same = rules.filter((other) => windowKey(other.windowMs, other.name) === key);
      if (windows.has(key)) continue;
      windows.set(key, {
        name,
        window: new MetricWindow(
          windowMs,
          same.some((other) => needsBuckets(other.metric)),
        ),
      });
    }
    this.#windows = [...windows.values()];
    this.#episodes = this.rules.map((rule) =>
      createEpisode(rule, windows.get(windowKey(rule.windowMs, rule.name))!.window),
    );
    const ids = this.#episodes.map((episode) => episode.id);
    const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
    if (twice >= 0)
      throw ruleError(twice, "id", `another name than that of rule ${ids.indexOf(ids[twice]!)}`, ids[twice]);
  }

  /** The alerts that are on, in order of their rules. */
  get active(): readonly ActiveAlert[] {
    return this.#episodes.filter((episode) => episode.firing).map(({ id, rule }) => ({ id, rule }));
  }

  /** The windows there are. */
  get windows(): readonly { readonly name: string | undefined; readonly window: MetricWindow }[] {
    return this.#windows;
  }

  /** Counts a run that ended. */
  record(sample: AlertSample): void {
    if (this.#episodes.length === 0) return;
    this.check(sample.time, sample.runId);
    for (const { name, window } of this.#windows) if (name === undefined || name === sample.name) window.record(sample);
    for (const episode of this.#episodes) {
      if (episode.rule.name === undefined || episode.rule.name === sample.name)
        this.#look(episode, sample.time, sample.runId);
    }
  }

  /** Looks at all rules at a time (milliseconds since 1970), without a run. */
  check(now: number, runId = ""): void {
    for (const { window } of this.#windows) window.advance(now);
    for (const episode of this.#episodes) this.#look(episode, now, runId);
  }

  #look(episode: Episode, now: number, runId: string): void {
    const { rule } = episode;
    rewind(episode, now);
    const value = figureOf(episode, now);
    if (value !== undefined) episode.lastValue = value;
    if (!episode.firing) {
      const quiet = now - episode.resolvedAt < (rule.cooldownMs ?? 0);
      if (value === undefined || quiet || !isBeyond(rule, value, 0)) return;
      episode.firing = true;
      episode.clearSince = undefined;
      this.#tell(firedEvent(episode, value, now, runId));
      return;
    }
    if (value !== undefined && isBeyond(rule, value, rule.hysteresis ?? 0)) {
      episode.clearSince = undefined;
      return;
    }
    episode.clearSince ??= now;
    if (now - episode.clearSince < (rule.clearAfterMs ?? 0)) return;
    episode.firing = false;
    episode.resolvedAt = now;
    this.#tell(resolvedEvent(episode, now, runId));
  }
}

/** A clock that steps back must not leave times in the future to wait for. */
function rewind(episode: Episode, now: number): void {
  episode.since = Math.min(episode.since ?? now, now);
  if (episode.resolvedAt > now) episode.resolvedAt = now;
  if (episode.clearSince !== undefined && episode.clearSince > now) episode.clearSince = now;
}

/** Gives the figure when enough runs make it. */
function figureOf(episode: Episode, now: number): number | undefined {
  const { rule, window } = episode;
  const volume = isVolume(rule.metric);
  if (window.countOf(rule.metric) < (rule.minimumCount ?? (volume ? 0 : 5))) return undefined;
  if (volume && rule.below !== undefined && now - episode.since! < rule.windowMs) return undefined;
  return window.value(rule.metric);
}

/** Tells whether a value is on the bad side, or has not come back far enough. */
function isBeyond(rule: AlertRule, value: number, hysteresis: number): boolean {
  return rule.above === undefined ? value < rule.below! + hysteresis : value > rule.above - hysteresis;
}

function createEpisode(rule: AlertRule, window: MetricWindow): Episode {
  const threshold = rule.above ?? rule.below!;
  const whose = rule.name === undefined ? "" : ` of ${rule.name}`;
  const words = `${rule.metric}${whose} ${rule.above === undefined ? "below" : "above"} ${threshold} in ${rule.windowMs} ms`;
  const id = rule.id ?? words;
  const past = Number.NEGATIVE_INFINITY;
  return {
    rule,
    id,
    threshold,
    window,
    firing: false,
    clearSince: undefined,
    resolvedAt: past,
    since: undefined,
    lastValue: 0,
  };
}

function firedEvent(episode: Episode, value: number, time: number, runId: string): AlertFiredEvent {
  const { id: alert, threshold, rule } = episode;
  const severity = rule.severity ?? "warning";
  return { v: 1, type: "alert-fired", runId, path: "run", time, alert, severity, value, threshold };
}

/** Without runs to make a figure of, the last one known is told. */
function resolvedEvent(episode: Episode, time: number, runId: string): AlertResolvedEvent {
  return { v: 1, type: "alert-resolved", runId, path: "run", time, alert: episode.id, value: episode.lastValue };
}

function windowKey(windowMs: number, name: string | undefined): string {
  return `${windowMs} ${name ?? ""}`;
}
