/** Finds what failing calls have in common by comparing them with all calls of the same runnable. */

import { type CallFactors, type NameCounts, stepFloor } from "./call-factors.ts";
import type { LikelyCause } from "./error-report.ts";
import { fisherTail, relativeRisk } from "./exact-tests.ts";

/** At most this share of groups without a cause is given one: each comparison gets an equal part of it (Bonferroni). */
export const falseAlarmRate = 0.0001;

/** Fewer calls on one side are not compared: they could not differ enough. */
const fewestCalls = 5;
/** A time of day is one only when it came more than once. */
const twoDaysMs = 48 * 3_600_000;

interface Comparison {
  readonly factor: LikelyCause["factor"];
  readonly value: string;
  readonly from?: number;
  readonly to?: number;
  readonly exposed: { readonly calls: number; readonly failed: number };
  readonly others: { readonly calls: number; readonly failed: number };
}

/** What is compared. */
export interface ComparedCalls {
  readonly runnable: string;
  readonly failing: CallFactors;
  readonly all: CallFactors;
  readonly spellMs: number;
  /** Runnables of the group that are compared, this one included. */
  readonly runnables: number;
}

/**
 * Gives the factor with the highest relative risk, by the lower end of its interval, among those that chance alone would
 * bring less than once in ten thousand groups; undefined when there is none.
 */
export function likelyCause({ runnable, failing, all, spellMs, runnables }: ComparedCalls): LikelyCause | undefined {
  const comparisons = [
    ...names("caller", failing.callers, all.callers),
    ...names("model", failing.models, all.models),
    ...names("tool", failing.tools, all.tools),
    ...steps("input-size", failing.sizes, all.sizes),
    ...steps("concurrency", failing.crowds, all.crowds),
    ...hours(failing, all),
    ...spells(failing, all, spellMs),
  ].filter(({ exposed, others }) => exposed.calls >= fewestCalls && others.calls >= fewestCalls);
  const significant = comparisons
    .map((one) => weigh(runnable, one, comparisons.length * runnables))
    .filter((one) => one !== undefined);
  const [best] = significant.sort((a, b) => b.low - a.low);
  return best?.factor === "time" ? joined(best, significant) : best;
}

function weigh(runnable: string, comparison: Comparison, comparisons: number): LikelyCause | undefined {
  const { exposed, others } = comparison;
  const failed = exposed.failed + others.failed;
  const calls = exposed.calls + others.calls;
  if (exposed.failed * others.calls <= others.failed * exposed.calls) return undefined;
  const p = Math.min(
    1,
    fisherTail(exposed.failed, exposed.calls, failed, calls, falseAlarmRate / comparisons) * comparisons,
  );
  if (!(p < falseAlarmRate)) return undefined;
  const { ratio, low, high } = relativeRisk(exposed.failed, exposed.calls, others.failed, others.calls);
  return { runnable, ...comparison, relativeRisk: ratio, low, high, p };
}

function names(factor: "caller" | "model" | "tool", failing: NameCounts, all: NameCounts): Comparison[] {
  const totals = { failed: sum(failing.values()), calls: sum(all.values()) };
  return [...all].map(([value, calls]) =>
    against(totals, { factor, value }, { calls, failed: failing.get(value) ?? 0 }),
  );
}

/** Each border is tried: at or above it, and below it. */
function steps(factor: "input-size" | "concurrency", failing: Uint32Array, all: Uint32Array): Comparison[] {
  const totals = { failed: sum(failing), calls: sum(all) };
  const unit = factor === "input-size" ? "characters" : "calls at once";
  const below = { calls: 0, failed: 0 };
  const comparisons: Comparison[] = [];
  for (let step = 0; step < all.length; step++) {
    const from = stepFloor(step);
    if (all[step]! > 0 && below.calls > 0) {
      const above = { calls: totals.calls - below.calls, failed: totals.failed - below.failed };
      comparisons.push(against(totals, { factor, value: `${from} ${unit} or more`, from }, above));
      comparisons.push(against(totals, { factor, value: `fewer than ${from} ${unit}`, to: from }, { ...below }));
    }
    below.calls += all[step]!;
    below.failed += failing[step]!;
  }
  return comparisons;
}

function hours(failing: CallFactors, all: CallFactors): Comparison[] {
  if (!(failing.lastAt - failing.firstAt >= twoDaysMs)) return [];
  const totals = { failed: sum(failing.hours), calls: sum(all.hours) };
  return Array.from(all.hours, (calls, hour) => {
    const value = `${String(hour).padStart(2, "0")}:00 to ${String(hour + 1).padStart(2, "0")}:00 UTC`;
    return against(
      totals,
      { factor: "time-of-day", value, from: hour, to: hour + 1 },
      { calls, failed: failing.hours[hour]! },
    );
  });
}

/** Only the spells that are still kept are compared with each other. */
function spells(failing: CallFactors, all: CallFactors, spellMs: number): Comparison[] {
  const kept = [...all.spellNumbers].filter((number) => all.spell(number) > 0);
  const totals = {
    failed: sum(kept.map((number) => failing.spell(number))),
    calls: sum(kept.map((number) => all.spell(number))),
  };
  return kept.map((number) => {
    const [from, to] = [number * spellMs, (number + 1) * spellMs];
    return against(
      totals,
      { factor: "time", value: span(from, to), from, to },
      { calls: all.spell(number), failed: failing.spell(number) },
    );
  });
}

/** Spells in a row are one. */
function joined(best: LikelyCause, significant: readonly LikelyCause[]): LikelyCause {
  const parts = significant.filter(({ factor }) => factor === "time");
  const row = [best];
  for (let grown = true; grown; ) {
    const next = parts.find(
      (part) => !row.includes(part) && row.some(({ from, to }) => part.to === from || part.from === to),
    );
    grown = next !== undefined;
    if (next !== undefined) row.push(next);
  }
  const calls = sum(row.map(({ exposed }) => exposed.calls));
  const failed = sum(row.map(({ exposed }) => exposed.failed));
  const totals = { calls: best.exposed.calls + best.others.calls, failed: best.exposed.failed + best.others.failed };
  const others = { calls: totals.calls - calls, failed: totals.failed - failed };
  if (others.calls === 0) return best;
  const from = Math.min(...row.map((part) => part.from!));
  const to = Math.max(...row.map((part) => part.to!));
  const { ratio, low, high } = relativeRisk(failed, calls, others.failed, others.calls);
  return {
    ...best,
    value: span(from, to),
    from,
    to,
    exposed: { calls, failed },
    others,
    relativeRisk: ratio,
    low,
    high,
  };
}

function against(
  totals: { readonly calls: number; readonly failed: number },
  what: Pick<Comparison, "factor" | "value" | "from" | "to">,
  exposed: Comparison["exposed"],
): Comparison {
  const others = { calls: totals.calls - exposed.calls, failed: totals.failed - exposed.failed };
  return { ...what, exposed, others };
}

function span(from: number, to: number): string {
  const text = (time: number): string =>
    Math.abs(time) <= 8.64e15 ? new Date(time).toISOString().slice(0, 16) : `${time}`;
  return `${text(from)} to ${text(to)} UTC`;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
