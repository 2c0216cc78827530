/** The alerts of an objective: how fast what it allows is being used up. */

import { checkOptions, nonEmptyString, numberBetween, optionError, positiveNumber } from "../../core/errors/options.ts";
import type { AlertRule } from "./alert-rule.ts";

const hourMs = 3_600_000;

/** How much faster than allowed, over how long, and how bad that is. The short window is a twelfth of the long one. */
const pairs = [
  { burnRate: 14.4, windowMs: hourMs, severity: "critical" },
  { burnRate: 6, windowMs: 6 * hourMs, severity: "critical" },
  { burnRate: 1, windowMs: 72 * hourMs, severity: "warning" },
] as const;

/** What is promised. Exactly one of `successRate` and `costMicroUsdPerHour`. */
export interface Objective {
  /** Share of runs that should succeed over 30 days, such as 0.99. */
  readonly successRate?: number;
  /** What runs may cost by hour on average over 30 days. */
  readonly costMicroUsdPerHour?: number;
  /** The runs of this runnable alone. @default all runs together */
  readonly name?: string;
}

/**
 * Gives the alerts of an objective over 30 days: critical when 2 % of what it allows is used within an hour (14.4 times as
 * fast as allowed) or 5 % within six hours (6 times), a warning at 10 % within three days; each only while the last
 * twelfth of that time is as bad. These are the multiwindow, multi-burn-rate alerts of "The Site Reliability Workbook"
 * (Google 2018), chapter 5. Where an objective allows so many failures that a rate cannot be reached, that alert is left
 * out.
 *
 * @throws option_invalid for an unknown option, a wrong value, or none or both objectives.
 */
export function burnRateAlerts(objective: Objective): readonly AlertRule[] {
  checkOptions("burnRateAlerts", objective, {
    successRate: numberBetween(0.001, 0.999_999),
    costMicroUsdPerHour: positiveNumber,
    name: nonEmptyString,
  });
  const { successRate, costMicroUsdPerHour, name } = objective;
  if ((successRate === undefined) === (costMicroUsdPerHour === undefined)) {
    const expected = "given, or costMicroUsdPerHour, and not both";
    throw optionError("burnRateAlerts", "successRate", expected, successRate);
  }
  const whose = name === undefined ? {} : { name };
  return pairs.flatMap(({ burnRate, windowMs, severity }) => {
    const metric = successRate === undefined ? "costMicroUsdPerHour" : "errorRate";
    const above = burnRate * (successRate === undefined ? costMicroUsdPerHour! : 1 - successRate);
    if (metric === "errorRate" && above >= 1) return [];
    const id = `${metric === "errorRate" ? "success" : "cost"} budget${name === undefined ? "" : ` of ${name}`} burns ${burnRate} times as fast in ${windowMs / hourMs} h`;
    return [{ ...whose, metric, above, windowMs, alsoWithinMs: windowMs / 12, severity, id }];
  });
}
