/** The reference for alerts: keeps every sample for ever and works each figure out from scratch. */

import { bucketOf, bucketValue } from "../../src/introspection/measure/quantile-sketch.ts";
import type { AlertRule } from "../../src/introspection/watch/alert-rule.ts";
import type { AlertSample } from "../../src/introspection/watch/alerts.ts";

/** What the reference says happened to one alert. */
export interface NaiveEvent {
  readonly type: "alert-fired" | "alert-resolved";
  readonly alert: string;
  readonly time: number;
  readonly value: number;
}

const quantiles: Record<string, number> = { p50Ms: 0.5, p90Ms: 0.9, p95Ms: 0.95, p99Ms: 0.99 };
const volumes = ["runsPerMinute", "tokens", "costMicroUsd", "costMicroUsdPerHour"];
const process = ["heapBytes", "eventLoopDelayMs"];
const shares = ["successRate", "errorRate", "cacheHitRate"];

function subjectOf({ metric, kind }: AlertRule): string {
  return process.includes(metric) ? "process" : (kind ?? "run");
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.ceil(sorted.length / 2) - 1]! + sorted[Math.floor(sorted.length / 2)]!) / 2;
}

/** All samples of one length of window, each with the slot it fell in. */
class NaiveWindow {
  #samples: { slot: number; sample: AlertSample }[] = [];
  #newest = Number.NEGATIVE_INFINITY;
  readonly #rule: AlertRule;
  readonly #windowMs: number;

  constructor(rule: AlertRule, windowMs: number) {
    this.#rule = rule;
    this.#windowMs = windowMs;
  }

  advance(now: number): void {
    const slot = Math.floor(now / (this.#windowMs / 20));
    if (slot <= this.#newest - 20) this.#samples = [];
    if (slot > this.#newest || slot <= this.#newest - 20) this.#newest = slot;
  }

  record(sample: AlertSample): void {
    this.#samples.push({ slot: this.#newest, sample });
  }

  #inside(): readonly AlertSample[] {
    return this.#samples.filter(({ slot }) => slot > this.#newest - 20).map(({ sample }) => sample);
  }

  countedFor(metric: string): number {
    const inside = this.#inside();
    if (metric === "cacheHitRate") return inside.filter(({ cacheHit }) => cacheHit !== undefined).length;
    for (const key of ["firstTokenMs", "heapBytes", "eventLoopDelayMs"] as const)
      if (metric === key) return inside.filter((sample) => sample[key] !== undefined).length;
    const all = volumes.includes(metric) || metric.endsWith("PerRun") || ["queueMs", "attempts"].includes(metric);
    return (all ? inside : inside.filter(({ outcome }) => outcome !== "cancelled")).length;
  }

  value(): number | undefined {
    const { metric } = this.#rule;
    const inside = this.#inside();
    const count = this.countedFor(metric);
    const sum = (read: (sample: AlertSample) => number | undefined): number =>
      inside.reduce((total, sample) => total + (read(sample) ?? 0), 0);
    if (metric === "runsPerMinute") return (count * 60_000) / this.#windowMs;
    if (metric === "tokens" || metric === "costMicroUsd") return sum((sample) => sample[metric]);
    if (metric === "costMicroUsdPerHour") return (sum((sample) => sample.costMicroUsd) * 3_600_000) / this.#windowMs;
    if (count === 0) return undefined;
    if (metric === "tokensPerRun") return sum(({ tokens }) => tokens) / count;
    if (metric === "costMicroUsdPerRun") return sum(({ costMicroUsd }) => costMicroUsd) / count;
    if (metric === "cacheHitRate") return sum(({ cacheHit }) => (cacheHit ? 1 : 0)) / count;
    for (const key of ["queueMs", "attempts", "firstTokenMs", "heapBytes", "eventLoopDelayMs"] as const)
      if (metric === key) return sum((sample) => sample[key]) / count;
    const decided = inside.filter(({ outcome }) => outcome !== "cancelled");
    if (metric === "meanMs") return decided.reduce((total, { durationMs }) => total + durationMs, 0) / count;
    const failed = decided.filter(({ outcome }) => outcome === "error").length;
    if (metric === "errorRate") return failed / count;
    if (metric === "successRate") return (count - failed) / count;
    const sorted = decided.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
    return bucketValue(bucketOf(sorted[Math.max(0, Math.ceil(quantiles[metric]! * count) - 1)]!));
  }
}

/** One alert, as simply as it can be said. */
class NaiveAlert {
  readonly #rule: AlertRule;
  readonly #id: string;
  readonly #threshold: number | undefined;
  readonly #window: NaiveWindow;
  readonly #also: NaiveWindow | undefined;
  #on = false;
  #held = false;
  #goodSince: number | undefined;
  #endedAt = Number.NEGATIVE_INFINITY;
  #last = 0;
  #firstLook: number | undefined;
  #past: number[] = [];
  #period: number | undefined;
  #lastLook = 0;
  #isNew = false;

  constructor(rule: AlertRule, critical: boolean) {
    this.#rule = rule;
    this.#id = critical ? `${rule.id} (critical)` : rule.id!;
    this.#threshold = critical ? rule.critical : (rule.above ?? rule.below);
    const { windowMs, alsoWithinMs } = rule;
    this.#window = new NaiveWindow(rule, windowMs);
    this.#also = alsoWithinMs === undefined ? undefined : new NaiveWindow(rule, alsoWithinMs);
  }

  restart(): void {
    this.#isNew = true;
  }

  watches({ subject = "run", name }: AlertSample): boolean {
    return subjectOf(this.#rule) === subject && (this.#rule.name === undefined || this.#rule.name === name);
  }

  advance(now: number): void {
    for (const window of [this.#window, this.#also]) window?.advance(now);
  }

  record(sample: AlertSample): void {
    for (const window of [this.#window, this.#also]) window?.record(sample);
  }

  look(now: number): NaiveEvent | undefined {
    const rule = this.#rule;
    // A new process missed nothing that a window of twenty parts could tell, or it begins to watch anew.
    if (this.#isNew && Math.abs(now - this.#lastLook) >= rule.windowMs / 20) {
      this.#firstLook = undefined;
      this.#period = undefined;
      this.#held = this.#on;
    }
    this.#isNew = false;
    this.#lastLook = now;
    this.#firstLook = Math.min(this.#firstLook ?? now, now);
    this.#endedAt = Math.min(this.#endedAt, now);
    if (this.#goodSince !== undefined) this.#goodSince = Math.min(this.#goodSince, now);
    const value = this.#value(now);
    this.#last = value ?? this.#last;
    const event = this.#judge(value, now);
    const period = Math.floor(now / rule.windowMs);
    if (this.#period !== undefined && period > this.#period && value !== undefined) this.#past.push(value);
    this.#period = period;
    return event;
  }

  #judge(value: number | undefined, now: number): NaiveEvent | undefined {
    const rule = this.#rule;
    const margin = this.#on ? (rule.hysteresis ?? 0) : 0;
    const side = value === undefined ? undefined : this.#side(value, margin);
    const alsoValue = this.#also?.value();
    const isBad =
      side !== undefined &&
      (this.#also === undefined || (alsoValue !== undefined && this.#side(alsoValue, margin) === side));
    if (!this.#on) {
      if (!isBad || now < this.#endedAt + (rule.cooldownMs ?? 0)) return undefined;
      this.#on = true;
      this.#goodSince = undefined;
      return { type: "alert-fired", alert: this.#id, time: now, value: value! };
    }
    if (this.#held && value === undefined && now - this.#firstLook! < rule.windowMs) return undefined;
    if (isBad) {
      this.#goodSince = undefined;
      return undefined;
    }
    this.#goodSince ??= now;
    if (now - this.#goodSince < (rule.clearAfterMs ?? 0)) return undefined;
    this.#on = this.#held = false;
    this.#endedAt = now;
    return { type: "alert-resolved", alert: this.#id, time: now, value: this.#last };
  }

  #side(value: number, margin: number): "high" | "low" | undefined {
    const rule = this.#rule;
    if (rule.above !== undefined) return value > this.#threshold! - margin ? "high" : undefined;
    if (rule.below !== undefined) return value < this.#threshold! + margin ? "low" : undefined;
    const past = this.#past.slice(-60);
    if (past.length < 12) return undefined;
    const middle = median(past);
    const strays = 1.4826 * median(past.map((one) => Math.abs(one - middle)));
    const far = (rule.deviations ?? 3.5) * Math.max(strays, shares.includes(rule.metric) ? 0.02 : 0.05 * middle);
    if (rule.unusual !== "low" && value > middle + far - margin) return "high";
    return rule.unusual !== "high" && value < middle - far + margin ? "low" : undefined;
  }

  #value(now: number): number | undefined {
    const { metric, minimumCount, windowMs, above } = this.#rule;
    const volume = volumes.includes(metric);
    const fewest = minimumCount ?? (volume ? 0 : process.includes(metric) ? 1 : 5);
    if (this.#window.countedFor(metric) < fewest) return undefined;
    if (volume && above === undefined && now - this.#firstLook! < windowMs) return undefined;
    return this.#window.value();
  }
}

export class NaiveAlerts {
  readonly events: NaiveEvent[] = [];
  readonly #rules: readonly AlertRule[];
  readonly #alerts: readonly NaiveAlert[];

  constructor(rules: readonly AlertRule[]) {
    this.#rules = rules;
    this.#alerts = rules.flatMap((rule) => [
      new NaiveAlert(rule, false),
      ...(rule.critical === undefined ? [] : [new NaiveAlert(rule, true)]),
    ]);
  }

  record(sample: AlertSample): void {
    if (!this.#rules.some((rule) => subjectOf(rule) === (sample.subject ?? "run"))) return;
    this.check(sample.time);
    const concerned = this.#alerts.filter((alert) => alert.watches(sample));
    for (const alert of concerned) alert.record(sample);
    this.#look(concerned, sample.time);
  }

  check(time: number): void {
    for (const alert of this.#alerts) alert.advance(time);
    this.#look(this.#alerts, time);
  }

  /** Another process goes on from here: it knows what was counted, and what it could not have seen. */
  restart(): void {
    for (const alert of this.#alerts) alert.restart();
  }

  #look(alerts: readonly NaiveAlert[], time: number): void {
    for (const alert of alerts) {
      const event = alert.look(time);
      if (event !== undefined) this.events.push(event);
    }
  }
}
