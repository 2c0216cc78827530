/** Checks what a person wrote as an alert rule, so that no alert is silent because of a slip. */

import { FlockError } from "../../core/errors/errors.ts";
import { nearestName } from "../../core/errors/nearest-name.ts";
import {
  checkOptions,
  nonEmptyString,
  numberBetween,
  oneOf,
  optionError,
  positiveNumber,
  wholeNumber,
} from "../../core/errors/options.ts";
import { isOfCalls, isOfProcess, isShare, windowMetrics } from "../measure/window-metrics.ts";
import type { AlertRule } from "./alert-rule.ts";

const shortestWindowMs = 100;
const longestWindowMs = 31 * 24 * 3_600_000;

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
    unusual: oneOf("high", "low", "either"),
    deviations: positiveNumber,
    critical: finite,
    windowMs: numberBetween(shortestWindowMs, longestWindowMs),
    alsoWithinMs: numberBetween(shortestWindowMs, longestWindowMs),
    kind: oneOf("agent", "pattern", "model", "tool"),
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
    throw ruleError(index, "windowMs", `a number from ${shortestWindowMs} to ${longestWindowMs}`, undefined);
  checkLevels(rule, index);
  checkSubject(rule, index);
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

function checkLevels(rule: AlertRule, index: number): void {
  const { above, below, unusual, critical, deviations, metric, alsoWithinMs, windowMs } = rule;
  const given = Object.entries({ above, below, unusual }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) throw levelsError(index, given);
  if (alsoWithinMs !== undefined && alsoWithinMs >= windowMs)
    throw ruleError(index, "alsoWithinMs", `shorter than windowMs, ${windowMs}`, alsoWithinMs);
  if (deviations !== undefined && unusual === undefined)
    throw ruleError(index, "deviations", 'absent where there is no "unusual"', deviations);
  if (critical !== undefined) checkCritical(rule, critical, index);
  for (const option of ["above", "below", "critical"] as const) {
    const level = rule[option];
    if (level === undefined || !isShare(metric)) continue;
    const isReachable = above === undefined ? level > 0 && level <= 1 : level >= 0 && level < 1;
    const bounds = above === undefined ? "above 0 and at most 1" : "from 0 to less than 1";
    if (!isReachable) throw ruleError(index, option, `${bounds}, since ${metric} is a share from 0 to 1`, level);
  }
}

function checkCritical({ above, below, severity }: AlertRule, critical: number, index: number): void {
  if (above === undefined && below === undefined)
    throw ruleError(index, "critical", 'absent where there is neither "above" nor "below"', critical);
  if (severity === "critical")
    throw ruleError(index, "critical", 'absent where the severity is "critical" already', critical);
  const isFurther = above === undefined ? critical < below! : critical > above;
  if (isFurther) return;
  const further = above === undefined ? `less than below, ${below}` : `greater than above, ${above}`;
  throw ruleError(index, "critical", further, critical);
}

function checkSubject({ metric, kind, name }: AlertRule, index: number): void {
  if (isOfCalls(metric) && kind === undefined)
    throw ruleError(index, "kind", `"agent", "pattern", "model" or "tool": ${metric} is of calls, not of runs`, kind);
  if (!isOfProcess(metric)) return;
  if (kind !== undefined) throw ruleError(index, "kind", `absent: ${metric} is of the whole process`, kind);
  if (name !== undefined) throw ruleError(index, "name", `absent: ${metric} is of the whole process`, name);
}

function levelsError(index: number, given: readonly [string, unknown][]): FlockError<"option_invalid"> {
  const received = given.length === 0 ? "neither" : given.length === 2 ? "both" : "all three";
  const has = given.length === 0 ? "none" : given.map(([option]) => `"${option}"`).join(" and ");
  const expected = 'exactly one of "above", "below" and "unusual"';
  return new FlockError("option_invalid", `alert rule ${index} needs ${expected}, it has ${has}`, {
    details: { option: given.at(1)?.[0] ?? "above", expected, received },
  });
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
