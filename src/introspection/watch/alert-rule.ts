/** When to raise an alert, as a person writes it down. */

import type { RunnableKind } from "../../core/events/event.ts";
import type { WindowMetric } from "../measure/window-metrics.ts";

/** What an alert can watch. */
export type AlertMetric = WindowMetric;

/** When to raise an alert. Exactly one of `above`, `below` and `unusual`. */
export interface AlertRule {
  readonly metric: AlertMetric;
  /** Fires when the figure is greater. */
  readonly above?: number;
  /** Fires when the figure is less. */
  readonly below?: number;
  /**
   * Fires when the figure is far from what it was in the windows before: more than `deviations` from their median, a
   * deviation being 1.4826 times the median absolute deviation, and at least 5 % of the median (2 points of a share). B.
   * Iglewicz, D. Hoaglin: "How to Detect and Handle Outliers" (1993). It keeps the last 60 windows and is silent before
   * it knows 12; a change that stays becomes usual. It knows nothing of times of day.
   */
  readonly unusual?: "high" | "low" | "either";
  /** How far is unusual. @default 3.5 */
  readonly deviations?: number;
  /** A second threshold, further out: an alert of its own with severity "critical", whose id ends in ` (critical)`. @default none */
  readonly critical?: number;
  /** Over how long, from 100 ms to 31 days. */
  readonly windowMs: number;
  /** The figure must be beyond the threshold over this shorter window too, so that the alert ends soon after its cause. @default none */
  readonly alsoWithinMs?: number;
  /** What is watched: whole runs, or calls of this kind. @default runs */
  readonly kind?: RunnableKind;
  /** This runnable alone. @default all together */
  readonly name?: string;
  /** @default "warning" */
  readonly severity?: "warning" | "critical";
  /** Runs the figure must be made of; with fewer there is no alert, and one that is on ends. @default 5, for volumes 0, for figures of the process 1 */
  readonly minimumCount?: number;
  /** How long the figure must be good before the alert ends. @default 0 */
  readonly clearAfterMs?: number;
  /** How far, in the figure's own unit, it must come back behind the threshold before the alert ends. @default 0 */
  readonly hysteresis?: number;
  /** How long after its end the same alert stays silent. @default 0 */
  readonly cooldownMs?: number;
  /** Names the alert in events. @default the rule in words, such as `p95Ms above 5000 in 300000 ms` */
  readonly id?: string;
}

/** Gives a rule in words: its id where it has none. */
export function wordsOf(rule: AlertRule): string {
  const { metric, kind, name, above, below, unusual, windowMs, alsoWithinMs } = rule;
  const of = [kind === undefined ? "" : `${kind} `, name ?? ""].join("").trim();
  const whose = of === "" ? "" : ` of ${of}`;
  const level =
    unusual === undefined ? (above === undefined ? `below ${below}` : `above ${above}`) : `unusual ${unusual}`;
  const also = alsoWithinMs === undefined ? "" : ` and in ${alsoWithinMs} ms`;
  return `${metric}${whose} ${level} in ${windowMs} ms${also}`;
}
