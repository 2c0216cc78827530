/** Answers "is it better than it was?": measures of two periods beside each other, and whether chance explains it. */

import type { Interval } from "../../measure/statistics.ts";
import {
  compareQuantiles,
  compareRatios,
  compareShares,
  type Difference,
  fewestForQuantile,
  holm,
} from "../../measure/two-samples.ts";
import type { Episode } from "../../record/episodes.ts";
import { countOf, duration, listOf, percent } from "../suggestion.ts";
import { type ComparedMeasure, isSane, ratioMeasures } from "./compared-measures.ts";
import type { ComparedRuns } from "./compared-period.ts";
import { type MovedCall, mostMoved } from "./moved-call.ts";

/** Runs that a period needs for a measure. */
export const fewestCompared = 10;
/** Of a hundred pairs of periods that do not differ, at most five are given any verdict but "no difference shown". */
const level = 0.05;

/** What can be said of a measure. */
export type ComparisonVerdict = "better" | "worse" | "no difference shown" | "too little data";

/** A measure in both periods. */
export interface MeasureComparison {
  /** Runs that say something of it, in either period. */
  readonly runs: { readonly a: number; readonly b: number };
  /** Undefined when no run says anything of it. */
  readonly a: number | undefined;
  readonly b: number | undefined;
  /** `b` less `a`. */
  readonly difference: number | undefined;
  /** The 95 % interval of the difference; undefined with too little data. */
  readonly interval: Interval | undefined;
  /** Chance of a difference as large when nothing changed, both sides; undefined with too little data. */
  readonly p: number | undefined;
  /** The same with regard to how many measures are compared (S. Holm, 1979). */
  readonly correctedP: number | undefined;
  /** "better" and "worse" are said where `correctedP` is below 0.05. */
  readonly verdict: ComparisonVerdict;
  /** Says it in words. */
  readonly sentence: string;
}

/** Two periods beside each other. */
export interface RunsComparison {
  readonly runsA: number;
  readonly runsB: number;
  readonly measures: Readonly<Record<ComparedMeasure, MeasureComparison>>;
  /** The call inside whose part in the time changed most; undefined when no calls are recorded in both periods. */
  readonly movedMost: MovedCall | undefined;
  /** Sums it up for people. */
  readonly sentence: string;
}

/** A measure before it is known how many are compared. */
interface Compared {
  readonly label: string;
  readonly isMoreBetter: boolean;
  readonly words: (value: number) => string;
  readonly runs: { readonly a: number; readonly b: number };
  readonly fewest: number;
  readonly found: Difference | { readonly a: number | undefined; readonly b: number | undefined };
}

/** Compares the runs of two periods. Takes runs as independent of one another. */
export function compareRuns(runs: ComparedRuns): RunsComparison {
  const compared = comparedMeasures(runs);
  const names = Object.keys(compared) as ComparedMeasure[];
  const tested = names.filter((name) => "p" in compared[name].found);
  const corrected = holm(tested.map((name) => (compared[name].found as Difference).p));
  const measures = Object.fromEntries(
    names.map((name) => [name, judged(compared[name], corrected[tested.indexOf(name)])]),
  ) as Record<ComparedMeasure, MeasureComparison>;
  const movedMost = mostMoved(runs, fewestCompared);
  const counts = { runsA: runs.a.length, runsB: runs.b.length };
  return { ...counts, measures, movedMost, sentence: summary(runs, Object.values(measures), movedMost) };
}

function comparedMeasures({ a, b }: ComparedRuns): Readonly<Record<ComparedMeasure, Compared>> {
  const ratios = Object.entries(ratioMeasures).map(([name, { part, ...look }]) => {
    const parts = { a: a.flatMap((run) => part(run) ?? []), b: b.flatMap((run) => part(run) ?? []) };
    return [name, compareWith(look, parts, fewestCompared, compareRatios)];
  });
  const decided = { a: a.filter(isDecided), b: b.filter(isDecided) };
  const times = { a: timesOf(decided.a), b: timesOf(decided.b) };
  const tail = (one: readonly number[], other: readonly number[]): Difference => compareQuantiles(one, other, 0.95);
  const p95 = { label: "95th percentile of time", isMoreBetter: false, words: duration };
  const success = { label: "success rate", isMoreBetter: true, words: percent };
  const { meanMs, ...rest } = Object.fromEntries(ratios) as Record<ComparedMeasure, Compared>;
  return {
    meanMs,
    ...{ p95Ms: compareWith(p95, times, fewestForQuantile(0.95), tail) },
    ...{ successRate: compareWith(success, decided, fewestCompared, compareSuccess) },
    ...rest,
  } as Record<ComparedMeasure, Compared>;
}

function compareWith<Item>(
  look: Pick<Compared, "label" | "isMoreBetter" | "words">,
  { a, b }: { readonly a: readonly Item[]; readonly b: readonly Item[] },
  fewest: number,
  compare: (a: readonly Item[], b: readonly Item[]) => Difference,
): Compared {
  const one = (items: readonly Item[]): number | undefined =>
    items.length === 0 ? undefined : compare(items, items).a;
  const isEnough = Math.min(a.length, b.length) >= fewest;
  return {
    ...look,
    runs: { a: a.length, b: b.length },
    fewest,
    found: isEnough ? compare(a, b) : { a: one(a), b: one(b) },
  };
}

function compareSuccess(a: readonly Episode[], b: readonly Episode[]): Difference {
  const hits = (runs: readonly Episode[]): number => runs.filter(({ outcome }) => outcome === "ok").length;
  return compareShares(hits(a), a.length, hits(b), b.length);
}

function judged({ label, words, runs, fewest, found, isMoreBetter }: Compared, correctedP?: number): MeasureComparison {
  const { a, b } = found;
  const difference = a === undefined || b === undefined ? undefined : b - a;
  const base = { runs, a, b, difference };
  if (!("p" in found) || correctedP === undefined || difference === undefined) {
    const why = `it needs ${fewest} runs in both periods, there are ${runs.a} and ${runs.b}`;
    const rest = { interval: undefined, p: undefined, correctedP: undefined, verdict: "too little data" } as const;
    return { ...base, ...rest, sentence: `${label}: too little data, ${why}` };
  }
  const isBetter = difference > 0 === isMoreBetter;
  const verdict = correctedP >= level || difference === 0 ? "no difference shown" : isBetter ? "better" : "worse";
  const { p, interval } = found;
  const sentence = `${label}: ${verdict}, ${words(found.a)} then ${words(found.b)} (${chance(correctedP)})`;
  return { ...base, interval, p, correctedP, verdict, sentence };
}

function summary({ a, b }: ComparedRuns, measures: readonly MeasureComparison[], moved: MovedCall | undefined): string {
  const changed = measures.filter(({ verdict }) => verdict === "better" || verdict === "worse");
  const label = ({ sentence }: MeasureComparison): string => sentence.slice(0, sentence.indexOf(":"));
  const rest = (["no difference shown", "too little data"] as const).flatMap((verdict) => {
    const labels = measures.filter((measure) => measure.verdict === verdict).map(label);
    return labels.length === 0 ? [] : `${verdict}: ${listOf(labels)}`;
  });
  const most = moved !== undefined && moved.correctedP < level ? [moved.sentence] : [];
  const parts = [...changed.map(({ sentence }) => sentence), ...rest, ...most];
  return `${countOf(a.length, "run")} and ${countOf(b.length, "run")}. ${parts.map(capitalized).join(". ")}.`;
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function chance(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
}

function isDecided({ outcome, durationMs }: Episode): boolean {
  return outcome !== "cancelled" && isSane(durationMs);
}

function timesOf(episodes: readonly Episode[]): readonly number[] {
  return episodes.map(({ durationMs }) => durationMs);
}
