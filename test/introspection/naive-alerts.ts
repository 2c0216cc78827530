/** The reference for alerts: keeps every run for ever and works each figure out from scratch. */

import { bucketOf, bucketValue } from "../../src/introspection/measure/quantile-sketch.ts";
import type { AlertRule } from "../../src/introspection/watch/alert-rule.ts";
import type { AlertSample } from "../../src/introspection/watch/alerts.ts";

/** What the reference says happened to one rule. */
export interface NaiveEvent {
  readonly type: "alert-fired" | "alert-resolved";
  readonly rule: number;
  readonly time: number;
  readonly value: number;
}

const quantiles: Record<string, number> = { p50Ms: 0.5, p90Ms: 0.9, p95Ms: 0.95, p99Ms: 0.99 };
const volumes = ["runsPerMinute", "tokens", "costMicroUsd"];

export class NaiveAlerts {
  readonly events: NaiveEvent[] = [];
  readonly #rules: readonly AlertRule[];
  readonly #samples: AlertSample[] = [];
  readonly #looks: { time: number }[] = [];
  readonly #on: boolean[] = [];
  readonly #goodSince: (number | undefined)[] = [];
  readonly #endedAt: number[] = [];
  readonly #lastValue: number[] = [];

  constructor(rules: readonly AlertRule[]) {
    this.#rules = rules;
  }

  record(sample: AlertSample): void {
    this.check(sample.time);
    this.#samples.push(sample);
    for (const [index, rule] of this.#rules.entries()) {
      if (rule.name === undefined || rule.name === sample.name) this.#look(index, sample.time);
    }
  }

  check(time: number): void {
    this.#looks.push({ time });
    for (const index of this.#rules.keys()) this.#look(index, time);
  }

  #look(index: number, now: number): void {
    const rule = this.#rules[index]!;
    const value = this.#value(rule, now);
    if (value !== undefined) this.#lastValue[index] = value;
    const margin = this.#on[index] ? (rule.hysteresis ?? 0) : 0;
    const bad =
      value !== undefined && (rule.above === undefined ? value - margin < rule.below! : value + margin > rule.above);
    if (this.#on[index]) {
      if (bad) this.#goodSince[index] = undefined;
      else {
        this.#goodSince[index] ??= now;
        if (now - this.#goodSince[index]! >= (rule.clearAfterMs ?? 0)) {
          this.#on[index] = false;
          this.#endedAt[index] = now;
          this.events.push({ type: "alert-resolved", rule: index, time: now, value: this.#lastValue[index] ?? 0 });
        }
      }
    } else if (bad && now >= (this.#endedAt[index] ?? -Infinity) + (rule.cooldownMs ?? 0)) {
      this.#on[index] = true;
      this.#goodSince[index] = undefined;
      this.events.push({ type: "alert-fired", rule: index, time: now, value: value! });
    }
  }

  #value(rule: AlertRule, now: number): number | undefined {
    const slot = (time: number): number => Math.floor(time / (rule.windowMs / 20));
    const inside = this.#samples.filter(
      ({ time, name }) => slot(time) > slot(now) - 20 && (rule.name === undefined || rule.name === name),
    );
    const decided = inside.filter(({ outcome }) => outcome !== "cancelled");
    const { metric } = rule;
    const sum = (key: "tokens" | "costMicroUsd" | "durationMs", of: readonly AlertSample[]): number =>
      of.reduce((total, sample) => total + sample[key], 0);
    const all = volumes.includes(metric) || metric.endsWith("PerRun");
    const count = (all ? inside : decided).length;
    if (count < (rule.minimumCount ?? (volumes.includes(metric) ? 0 : 5))) return undefined;
    if (volumes.includes(metric) && rule.below !== undefined && now - this.#looks[0]!.time < rule.windowMs)
      return undefined;
    if (metric === "runsPerMinute") return (count * 60_000) / rule.windowMs;
    if (metric === "tokens" || metric === "costMicroUsd") return sum(metric, inside);
    if (count === 0) return undefined;
    if (metric === "tokensPerRun") return sum("tokens", inside) / count;
    if (metric === "costMicroUsdPerRun") return sum("costMicroUsd", inside) / count;
    if (metric === "meanMs") return sum("durationMs", decided) / count;
    const failed = decided.filter(({ outcome }) => outcome === "error").length;
    if (metric === "errorRate") return failed / count;
    if (metric === "successRate") return (count - failed) / count;
    const sorted = decided.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
    return bucketValue(bucketOf(sorted[Math.max(0, Math.ceil(quantiles[metric]! * count) - 1)]!));
  }
}
