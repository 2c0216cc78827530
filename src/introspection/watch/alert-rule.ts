/** When to raise an alert, and the check of what a person wrote. */

import { FlockError } from "../../core/errors/errors.ts";
import { nearestName } from "../../core/errors/nearest-name.ts";
import {
  checkOptions,
  nonEmptyString,
  numberBetween,
  oneOf,
  optionError,
  wholeNumber,
} from "../../core/errors/options.ts";
import { type WindowMetric, windowMetrics } from "../measure/metric-window.ts";

const longestWindowMs = 31 * 24 * 3_600_000;

/** What an alert can watch. */
export type AlertMetric = WindowMetric;

/** When to raise an alert. Exactly one of `above` and `below`. */
export interface AlertRule {
  readonly metric: AlertMetric;
  /** Fires when the figure is greater. */
  readonly above?: number;
  /** Fires when the figure is less. */
  readonly below?: number;
  /** Over how long, from 100 ms to 31 days. */
  readonly windowMs: number;
  /** The runs of this runnable alone. @default all runs together */
  readonly name?: string;
  /** @default "warning" */
  readonly severity?: "warning" | "critical";
  /** Runs the figure must be made of; with fewer there is no alert, and one that is on ends. @default 5, for volumes 0 */
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

/**
 * Checks a rule at its position in the list.
 *
 * @throws option_invalid naming the rule, the option and the way out.
 */
export function checkRule(rule: AlertRule, index: number): void {
  const owner = `alert rule ${index}`;
  const finite = (value: unknown) => (Number.isFinite(value) ? undefined : "a finite number");
  checkOptions(owner, rule, {
    metric: nonEmptyString,
    above: finite,
    below: finite,
    windowMs: numberBetween(100, longestWindowMs),
    name: nonEmptyString,
    severity: oneOf("warning", "critical"),
    minimumCount: wholeNumber(0),
    clearAfterMs: numberBetween(0, longestWindowMs),
    hysteresis: numberBetween(0, Number.MAX_VALUE),
    cooldownMs: numberBetween(0, longestWindowMs),
    id: nonEmptyString,
  });
  if (rule.metric === undefined || !Object.hasOwn(windowMetrics, rule.metric)) throw metricError(owner, rule.metric);
  if (rule.windowMs === undefined)
    throw ruleError(index, "windowMs", `a number from 100 to ${longestWindowMs}`, undefined);
  if ((rule.above === undefined) === (rule.below === undefined)) {
    const both = rule.above !== undefined;
    const message = `${owner} needs exactly one of "above" and "below", it has ${both ? "both" : "neither"}`;
    throw new FlockError("option_invalid", message, {
      details: {
        option: both ? "below" : "above",
        expected: "exactly one of above and below",
        received: both ? "both" : "neither",
      },
    });
  }
}

function metricError(owner: string, metric: unknown): FlockError<"option_invalid"> {
  const known = Object.keys(windowMetrics);
  const suggestion = nearestName(String(metric), known);
  const hint = suggestion ? `did you mean "${suggestion}"?` : `it knows ${known.join(", ")}`;
  const message = `${owner}: there is no metric ${metric === undefined ? "given" : `"${String(metric).slice(0, 64)}"`}; ${hint}`;
  return new FlockError("option_invalid", message, {
    details: {
      option: "metric",
      expected: `one of ${known.join(", ")}`,
      received: String(metric).slice(0, 64),
      ...(suggestion ? { suggestion } : {}),
    },
  });
}

/** Makes the error for one wrong option of a rule. */
export function ruleError(
  index: number,
  option: string,
  expected: string,
  value: unknown,
): FlockError<"option_invalid"> {
  return optionError(`alert rule ${index}`, option, expected, value);
}
