/** Decides whether a change of a live setting stays: measured runs against the ones before and against what was promised. */

import { shareInterval } from "../../measure/statistics.ts";
import { type CallNode, walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import { countOf, type Forecast, points } from "../suggestion.ts";
import type { AdviceRecord, MeasuredFigure, WatchedRuns } from "./advice-record.ts";
import { failsMoreAtEnd, isAboveAtEnd } from "./final-test.ts";
import { failsMoreThan, isSurelyAbove, noMoments, withValue } from "./sequential-test.ts";

export const noRuns: WatchedRuns = {
  ...{ runs: 0, failed: 0, durationMs: noMoments, costMicroUsd: noMoments, cacheCalls: 0, cacheHits: 0 },
};

/** Adds a run to the figures; a cancelled one says nothing. */
export function withRun(runs: WatchedRuns, episode: Episode, knob: string): WatchedRuns {
  if (episode.outcome === "cancelled") return runs;
  const { calls, hits } = cacheUse(episode.root, knob);
  return {
    runs: runs.runs + 1,
    failed: runs.failed + (episode.outcome === "error" ? 1 : 0),
    durationMs: withValue(runs.durationMs, episode.durationMs),
    costMicroUsd: withValue(runs.costMicroUsd, episode.costMicroUsd ?? 0),
    cacheCalls: runs.cacheCalls + calls,
    cacheHits: runs.cacheHits + hits,
  };
}

function cacheUse(root: CallNode | undefined, knob: string): { readonly calls: number; readonly hits: number } {
  let calls = 0;
  let hits = 0;
  if (root === undefined || !knob.startsWith("cache:")) return { calls, hits };
  const name = knob.slice("cache:".length);
  for (const { call } of walkTree(root)) {
    if (call.name !== name) continue;
    calls++;
    if (call.cacheState === "hit" || call.cacheState === "joined" || call.cacheState === "stale") hits++;
  }
  return { calls, hits };
}

/** How a trial ended. */
export interface Verdict {
  readonly keep: boolean;
  readonly figures: readonly MeasuredFigure[];
  readonly report: string;
}

/** Failures below this share are no reason to take anything back. */
const usualFailures = 0.01;

/**
 * Gives the verdict, or undefined while there is none. A change that surely made runs slower, dearer or fail more often
 * than before, and than was said, ends at once. Any other waits for the runs to watch, is then held against those before once
 * more, in one look that sees less harm, and stays if it brought at least half
 * of what was promised, or a figure within the promised range that is better than before.
 */
export function verdictOn(record: AdviceRecord): Verdict | undefined {
  const figures = record.forecasts.map(({ metric, before, after, low, high }) => {
    return { metric, before, predicted: after, low, high, measured: measureFigure(metric, record.watched) };
  });
  const harm = harmOf(record);
  if (harm !== undefined) return { keep: false, figures, report: report(record, figures, `rolled back: ${harm}`) };
  if (record.watched.runs < record.watchRuns) return undefined;
  const promised = figures[0];
  if (promised === undefined) return { keep: true, figures, report: report(record, figures, "kept: it did no harm") };
  const { keep, why } = promiseHeld(promised);
  return { keep, figures, report: report(record, figures, keep ? "kept" : `rolled back: ${why}`) };
}

function promiseHeld({ metric, before, predicted, low, high, measured }: MeasuredFigure): {
  keep: boolean;
  why: string;
} {
  const more = isShare(metric) ? 1 : -1;
  const gain = (measured - before) * more;
  const wanted = (predicted - before) * more;
  // A smaller cache promises no more than to lose nothing.
  if (metric === "cacheHitRate" && wanted <= 0) {
    return { keep: gain >= 0 || measured >= low, why: "it cost more than was said" };
  }
  if (gain <= 0) return { keep: false, why: "it brought nothing" };
  const isInRange = more > 0 ? measured >= low : measured <= high;
  return { keep: isInRange || gain >= wanted / 2, why: "it brought less than half of what was promised" };
}

function harmOf(record: AdviceRecord): string | undefined {
  const { baseline, watched, watchRuns, forecasts } = record;
  const said = (metric: Forecast["metric"]): Forecast | undefined => forecasts.find((one) => one.metric === metric);
  const isOver = watched.runs >= watchRuns;
  const isAbove = (figure: "durationMs" | "costMicroUsd", allowed: number | undefined): boolean =>
    isSurelyAbove(watched[figure], watchRuns, baseline[figure], allowed) ||
    (isOver && isAboveAtEnd(watched[figure], baseline[figure], allowed));
  const failureLimit = Math.max(usualFailures, shareInterval(baseline.failed, baseline.runs).high);
  const allowedFailures = Math.max(usualFailures, 1 - (said("successRate")?.low ?? 1));
  if (
    failsMoreThan(failureLimit, watched.failed, watched.runs) ||
    (isOver && failsMoreAtEnd(watched, baseline, allowedFailures))
  )
    return `${watched.failed} of ${countOf(watched.runs, "run")} failed, ${baseline.failed} of ${baseline.runs} before`;
  if (isAbove("durationMs", said("avgExecutionTimeMs")?.high)) return "runs take longer";
  if (isAbove("costMicroUsd", said("costMicroUsd")?.high)) return "runs cost more";
  return undefined;
}

/** Gives what a metric came to over some runs; 0 of none. */
export function measureFigure(metric: Forecast["metric"], watched: WatchedRuns): number {
  return {
    avgExecutionTimeMs: watched.durationMs.mean,
    costMicroUsd: watched.costMicroUsd.mean,
    successRate: watched.runs === 0 ? 0 : 1 - watched.failed / watched.runs,
    cacheHitRate: watched.cacheCalls === 0 ? 0 : watched.cacheHits / watched.cacheCalls,
  }[metric];
}

const words: Readonly<Record<Forecast["metric"], string>> = {
  avgExecutionTimeMs: "mean latency",
  costMicroUsd: "cost",
  successRate: "success rate",
  cacheHitRate: "cache hit rate",
};

function report({ watched }: AdviceRecord, figures: readonly MeasuredFigure[], ending: string): string {
  const [figure] = figures;
  const over = `over ${countOf(watched.runs, "run")}: ${ending}.`;
  if (figure === undefined) return `watched ${over}`;
  const { metric, predicted, measured } = figure;
  const of = isShare(metric) ? " points" : " %";
  const [said, came] = [predicted, measured].map((one) => `${change(figure, one)}${of}`);
  return `predicted ${said} ${words[metric]}, measured ${came} ${over}`;
}

function change({ metric, before }: MeasuredFigure, figure: number): string {
  const by = isShare(metric) ? figure - before : before === 0 ? 0 : figure / before - 1;
  return `${by < 0 ? "−" : "+"}${points(Math.abs(by))}`;
}

function isShare(metric: Forecast["metric"]): boolean {
  return metric === "successRate" || metric === "cacheHitRate";
}
