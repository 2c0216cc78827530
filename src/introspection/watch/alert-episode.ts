/** One alert through time: off, on, off again, told exactly once each way. */

import type { AlertFiredEvent, AlertResolvedEvent } from "../../core/events/event.ts";
import { type MetricWindow, slotsPerWindow } from "../measure/metric-window.ts";
import { isOfProcess, isShare, isVolume } from "../measure/window-metrics.ts";
import { type AlertRule, wordsOf } from "./alert-rule.ts";
import { type Range, UsualRange } from "./usual-range.ts";

/** What of an alert outlives the process. */
export interface EpisodeState {
  readonly firing: boolean;
  readonly clearSince: number | undefined;
  readonly resolvedAt: number | undefined;
  readonly lastValue: number;
  /** Figures of past windows of a rule that knows what is usual. */
  readonly past: readonly number[];
  /** Where it stood in time, for a process that goes on without a gap; undefined before it looked. */
  readonly place?: EpisodePlace | undefined;
}

/** When an alert looked first and last, and what it was waiting for. */
export interface EpisodePlace {
  readonly since: number;
  readonly seenAt: number;
  /** It was on when it was restored, and no figure said otherwise yet. */
  readonly waits: boolean;
  readonly period: number | undefined;
}

/** What an alert looks at. */
export interface EpisodeWindows {
  readonly window: MetricWindow;
  /** The shorter one the figure must be bad in too. */
  readonly also: MetricWindow | undefined;
}

/** An alert of one threshold of one rule. */
export class AlertEpisode {
  readonly id: string;
  /** As the person wrote it. */
  readonly rule: AlertRule;
  readonly severity: "warning" | "critical";
  firing = false;
  readonly #windows: EpisodeWindows;
  readonly #fixed: Range;
  #usual: UsualRange | undefined;
  #clearSince: number | undefined = undefined;
  #resolvedAt = Number.NEGATIVE_INFINITY;
  /** When the rule first saw a time; "too few runs" means nothing before a whole window has passed. */
  #since: number | undefined = undefined;
  #lastValue = 0;
  #restored = false;
  #seenAt = 0;
  #place: EpisodePlace | undefined = undefined;

  constructor(rule: AlertRule, windows: EpisodeWindows, level: "first" | "critical") {
    const isCritical = level === "critical";
    this.rule = rule;
    this.id = `${rule.id ?? wordsOf(rule)}${isCritical ? " (critical)" : ""}`;
    this.severity = isCritical ? "critical" : (rule.severity ?? "warning");
    this.#windows = windows;
    const threshold = isCritical ? rule.critical : (rule.above ?? rule.below);
    this.#fixed = {
      low: rule.below === undefined ? Number.NEGATIVE_INFINITY : threshold!,
      high: rule.above === undefined ? Number.POSITIVE_INFINITY : threshold!,
    };
    if (rule.unusual !== undefined) this.#usual = this.#usualAfter([]);
  }

  /** What should outlive the process. */
  get state(): EpisodeState {
    const { firing } = this;
    const resolvedAt = Number.isFinite(this.#resolvedAt) ? this.#resolvedAt : undefined;
    const past = this.#usual?.past ?? [];
    const [since, seenAt, waits, period] = [this.#since, this.#seenAt, this.#restored, this.#usual?.period];
    const place = since === undefined ? this.#place : { since, seenAt, waits, period };
    return { firing, clearSince: this.#clearSince, resolvedAt, lastValue: this.#lastValue, past, place };
  }

  /** Goes on where an earlier process stopped. What is on stays on until a figure, or a whole window without one, says otherwise. */
  restore(state: EpisodeState): void {
    this.firing = state.firing;
    this.#restored = state.firing;
    this.#clearSince = state.clearSince;
    this.#resolvedAt = state.resolvedAt ?? Number.NEGATIVE_INFINITY;
    this.#lastValue = state.lastValue;
    if (this.#usual !== undefined) this.#usual = this.#usualAfter(state.past);
    this.#place = state.place;
  }

  /** What is shorter than the grain of a window is no gap: nothing was missed that the window could tell. */
  #continue({ since, seenAt, waits, period }: EpisodePlace, now: number): void {
    this.#place = undefined;
    if (Math.abs(now - seenAt) >= this.rule.windowMs / slotsPerWindow) return;
    this.#since = since;
    this.#restored = waits;
    if (this.#usual !== undefined) this.#usual.period = period;
  }

  /** Looks at the figure at a time; gives the event when the alert begins or ends. `learned` tells what else is worth keeping. */
  look(now: number, runId: string): { event: AlertFiredEvent | AlertResolvedEvent | undefined; learned: boolean } {
    this.#rewind(now);
    const value = this.#figure(now);
    if (value !== undefined) this.#lastValue = value;
    const event = this.firing ? this.#lookForEnd(value, now, runId) : this.#lookForStart(value, now, runId);
    return { event, learned: this.#usual?.learn(value, now) ?? false };
  }

  #lookForStart(value: number | undefined, now: number, runId: string): AlertFiredEvent | undefined {
    if (value === undefined || now - this.#resolvedAt < (this.rule.cooldownMs ?? 0)) return undefined;
    const threshold = this.#crossed(value, 0);
    if (threshold === undefined) return undefined;
    this.firing = true;
    this.#clearSince = undefined;
    const { id: alert, severity } = this;
    return { v: 1, type: "alert-fired", runId, path: "run", time: now, alert, severity, value, threshold };
  }

  #lookForEnd(value: number | undefined, now: number, runId: string): AlertResolvedEvent | undefined {
    const { rule } = this;
    if (value === undefined && this.#restored && now - this.#since! < rule.windowMs) return undefined;
    if (value !== undefined && this.#crossed(value, rule.hysteresis ?? 0) !== undefined) {
      this.#clearSince = undefined;
      return undefined;
    }
    this.#clearSince ??= now;
    if (now - this.#clearSince < (rule.clearAfterMs ?? 0)) return undefined;
    this.firing = false;
    this.#restored = false;
    this.#resolvedAt = now;
    // Without runs to make a figure of, the last one known is told.
    const last = this.#lastValue;
    return { v: 1, type: "alert-resolved", runId, path: "run", time: now, alert: this.id, value: last };
  }

  /** Gives the threshold the value is beyond, or has not come back far enough from; in the shorter window as well. */
  #crossed(value: number, hysteresis: number): number | undefined {
    const threshold = this.#beyond(value, hysteresis);
    const { also } = this.#windows;
    if (threshold === undefined || also === undefined) return threshold;
    const soon = also.value(this.rule.metric);
    return soon !== undefined && this.#beyond(soon, hysteresis) === threshold ? threshold : undefined;
  }

  #beyond(value: number, hysteresis: number): number | undefined {
    const { unusual } = this.rule;
    const { low, high } = this.#usual?.range ?? this.#fixed;
    if (unusual !== "low" && value > high - hysteresis) return high;
    if (unusual !== "high" && value < low + hysteresis) return low;
    return undefined;
  }

  /** Gives the figure when enough runs make it. */
  #figure(now: number): number | undefined {
    const { metric, below, unusual, windowMs, minimumCount } = this.rule;
    const { window } = this.#windows;
    const volume = isVolume(metric);
    const fewest = minimumCount ?? (volume ? 0 : isOfProcess(metric) ? 1 : 5);
    if (window.countOf(metric) < fewest) return undefined;
    const fromFirst = below !== undefined || unusual !== undefined;
    if (volume && fromFirst && now - this.#since! < windowMs) return undefined;
    return window.value(metric);
  }

  /** A clock that steps back must not leave times in the future to wait for. */
  #rewind(now: number): void {
    if (this.#place !== undefined) this.#continue(this.#place, now);
    this.#since = Math.min(this.#since ?? now, now);
    this.#seenAt = now;
    if (this.#resolvedAt > now) this.#resolvedAt = now;
    if (this.#clearSince !== undefined && this.#clearSince > now) this.#clearSince = now;
  }

  #usualAfter(past: readonly number[]): UsualRange {
    const { windowMs, deviations = 3.5, metric } = this.rule;
    return new UsualRange({ windowMs, deviations, isShare: isShare(metric), past });
  }
}
