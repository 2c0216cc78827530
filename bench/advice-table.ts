/** Prints what an evaluation of advice found: a row a metric, then sums. */

import { quantileOf } from "../src/introspection/measure/statistics.ts";
import {
  type ComparedMetric,
  type ComparedTrial,
  coverageOf,
  isCovered,
  isGoodChange,
  isShare,
  type Misses,
} from "./advice-comparison.ts";
import type { AdviceOutcome } from "./advice-evaluation.ts";
import type { PlantedOutcome } from "./planted-changes.ts";

const shortNames: Readonly<Record<string, string>> = {
  avgExecutionTimeMs: "time, ms",
  costMicroUsd: "cost, µ$",
  successRate: "success",
  cacheHitRate: "hit rate",
};

/** Prints a row for each metric of each workload. */
export function printComparison(rows: readonly ComparedMetric[]): void {
  console.log("Off by: median / 90 % of figures / share within 10 % (hit and success rate: points, within 1 point).");
  console.log(
    "tried: foretold by having made the change over as many runs as were recorded. oracle: by the median of what comes.\n",
  );
  let workload = "";
  for (const row of rows) {
    if (row.workload !== workload) console.log(row.workload);
    workload = row.workload;
    printRow(row);
  }
}

function printRow(row: ComparedMetric): void {
  const unit = isShare(row.metric) ? "pt" : "%";
  const isBiased = Math.abs(row.bias) > Math.max(isShare(row.metric) ? 0.5 : 1, 2.6 * row.biasError);
  const figures = `${round(row.before)} → ${round(row.predicted)}, true ${round(row.truth)}`;
  const bias = `${row.bias > 0 ? "+" : ""}${row.bias.toFixed(1)} ± ${row.biasError.toFixed(1)} ${unit}${isBiased ? " !" : ""}`;
  console.log(
    `  ${(shortNames[row.metric] ?? row.metric).padEnd(9)}${figures.padEnd(32)}bias ${bias.padEnd(16)}` +
      `ours ${missesIn(row.ours)}  tried ${missesIn(row.tried)}  oracle ${missesIn(row.oracle)}  ` +
      `in range ${coverageOf(row.covered, row.trials).padEnd(17)} ± ${row.halfWidth.toFixed(1)} of ${row.neededHalfWidth.toFixed(1)} ${unit}`,
  );
}

function missesIn({ median, ninety, within }: Misses): string {
  return `${median.toFixed(1).padStart(4)}/${ninety.toFixed(1).padStart(4)}/${`${Math.round(100 * within)} %`.padStart(5)}`;
}

/** Prints sums over all workloads, and what went wrong. */
export function printSummary(outcomes: readonly AdviceOutcome[], rows: readonly ComparedMetric[]): void {
  const steady = outcomes.filter(({ workload }) => workload.shifts !== true).flatMap(({ figures }) => figures);
  const covered = steady.filter(isCovered).length;
  console.log(`\nfigures within their 95 % range        ${coverageOf(covered, steady.length)}`);
  for (const [metric, name] of Object.entries(shortNames))
    printMetric(
      name,
      rows.filter((row) => row.metric === metric),
    );
  const sum = (read: (outcome: AdviceOutcome) => number): number => outcomes.reduce((all, one) => all + read(one), 0);
  const toldWrongly = sum(({ realHits, replayedHits }) => Math.abs(realHits - replayedHits));
  console.log(`hits of real caches told wrongly       ${toldWrongly} of ${sum(({ realHits }) => realHits)}`);
  printNames("missed advice", outcomes, ({ missed }) => missed);
  printNames("false advice", outcomes, ({ falseAdvice }) => falseAdvice.length > 0);
  printNames(
    "left slower after the verdict",
    outcomes,
    ({ status, promisedMore, endMs, beforeMs }) => status !== undefined && !promisedMore && endMs > beforeMs * 1.1,
  );
}

/** Prints which changes were judged wrongly, by what they come to in many futures. */
export function printVerdicts(trials: readonly ComparedTrial[]): void {
  const judged = trials.map((trial) => ({ ...trial, isGood: isGoodChange(trial) }));
  const good = judged.filter(({ isGood }) => isGood === true).map(({ outcome }) => outcome);
  const others = judged.filter(({ isGood }) => isGood !== true).map(({ outcome }) => outcome);
  printNames("good changes taken back", good, ({ status }) => status !== "kept");
  printNames("bad or useless changes kept", others, ({ status }) => status === "kept");
}

/** Prints what came of planted changes. */
export function printPlanted(outcomes: readonly PlantedOutcome[]): void {
  console.log(
    `\nplanted changes, on trial for 200 runs: how often taken back, after how many runs (median, 90 %, most)`,
  );
  for (const { change, noise, trials, kept, runsUntilBack } of outcomes) {
    const after = [0.5, 0.9, 1].map((p) => quantileOf(runsUntilBack, p)).join(", ");
    const wrong =
      change.isGood === undefined ? "" : `wrong ${coverageOf(change.isGood ? trials - kept : kept, trials)}`;
    const what = change.isGood === true ? "good" : change.isGood === false ? "bad" : "none";
    console.log(
      `  ${what.padEnd(5)}${change.name.padEnd(22)}${noise.padEnd(12)}` +
        `back ${`${trials - kept} of ${trials}`.padEnd(12)}${(trials === kept ? "" : `after ${after}`).padEnd(22)}${wrong}`,
    );
  }
}

function printMetric(name: string, rows: readonly ComparedMetric[]): void {
  if (rows.length === 0) return;
  const parts = (["ours", "tried", "oracle"] as const).map((who) => {
    const mean = (read: (misses: Misses) => number): number =>
      rows.reduce((sum, row) => sum + read(row[who]) * row.trials, 0) / rows.reduce((sum, row) => sum + row.trials, 0);
    return `${who} ${missesIn({ median: mean((one) => one.median), ninety: mean((one) => one.ninety), within: mean((one) => one.within) })}`;
  });
  console.log(`${name}, mean over the workloads`.padEnd(39) + parts.join("   "));
}

function printNames(what: string, outcomes: readonly AdviceOutcome[], has: (outcome: AdviceOutcome) => boolean): void {
  const found = outcomes.filter(has);
  console.log(`${what.padEnd(39)}${found.length} of ${outcomes.length}`);
  for (const { workload, seed, verdict, falseAdvice } of found)
    console.log(`  ${workload.name}, seed ${seed}: ${falseAdvice.join(", ") || verdict}`);
}

function round(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
