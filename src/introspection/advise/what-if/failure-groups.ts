/** What mending the cause of a kind of failure would bring, from an error analysis of the recorded runs. */

import type { RunRecord } from "../../../core/events/run-history.ts";
import { ErrorAnalysis } from "../../errors/error-analysis.ts";
import type { ErrorGroup, LikelyCause } from "../../errors/error-report.ts";
import { shareInterval } from "../../measure/statistics.ts";
import { walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import { percent, smallestGain, type WeighedSuggestion, type WhatIfInput } from "../suggestion.ts";

const fewestFailures = 3;
/** Most suggestions of this kind. */
const topGroups = 3;

/** Names the kinds of failures that end the most runs and of which it is known what they have in common or what heals them. */
export function failureGroups({ name, episodes }: WhatIfInput): readonly WeighedSuggestion[] {
  const decided = episodes.filter(({ outcome }) => outcome !== "cancelled").length;
  if (!episodes.some(({ root, outcome }) => outcome === "error" && root !== undefined)) return [];
  const analysis = new ErrorAnalysis();
  // One run may hold several episodes, side by side; here each is a run.
  analysis.addRuns(episodes.flatMap((episode, index) => runOf(name, episode, `${index}`)));
  const { groups } = analysis.snapshot();
  return groups
    .flatMap((group) => weigh(name, group, decided, episodes) ?? [])
    .sort((a, b) => b.value - a.value)
    .slice(0, topGroups);
}

function runOf(name: string, episode: Episode, runId: string): readonly RunRecord[] {
  const { root, tenant, startMs, durationMs, outcome, code, costMicroUsd } = episode;
  if (root === undefined) return [];
  const calls = Array.from(walkTree(root), ({ call }) => ({ ...call, runId }));
  const { kind } = root.call;
  return [
    {
      runId,
      name,
      kind,
      tenant,
      startMs,
      durationMs,
      outcome,
      code,
      usage: undefined,
      costMicroUsd,
      calls,
      droppedCalls: 0,
    },
  ];
}

function weigh(
  name: string,
  group: ErrorGroup,
  runs: number,
  episodes: readonly Episode[],
): WeighedSuggestion | undefined {
  const { failedRuns, advice, likelyCause, code, title } = group;
  const { low, high } = shareInterval(failedRuns, runs);
  const [first] = advice;
  if (first === undefined || failedRuns < fewestFailures || low < smallestGain) return undefined;
  const part = likelyCause === undefined ? 0 : partOfCause(likelyCause);
  const share = failedRuns / runs;
  const about = title === code ? code : `${code}, "${title}"`;
  const sentence =
    `${percent(share)} of the runs of ${name} end with ${about} (${failedRuns} of ${runs}, ${group.trend.direction}): ` +
    `${advice.map((one) => one.sentence).join(". And ")}.`;
  return {
    value: share * Math.max(part, smallestGain),
    suggestion: {
      id: `errors:${group.fingerprint}`,
      sentence,
      evidence: {
        ...{
          runs,
          failures: failedRuns,
          code,
          title,
          attempts: group.count,
          retries: group.retries,
          advice: first.action,
        },
        ...{ survivedRuns: group.survivedRuns, trend: group.trend.direction, ...first.counts },
        ...{ firstSeenMs: group.firstSeen, lastSeenMs: group.lastSeen },
        samples: group.samples.map(({ runId, path }) => ({ runId: episodes[Number(runId)]?.runId ?? runId, path })),
      },
      predicted:
        part === 0
          ? undefined
          : {
              ...{ metric: "successRate", change: share * part, low: low * part, high: high * part },
              unit: "share of runs, once calls with it fail as seldom as the others",
            },
      risk: "low",
    },
  };
}

/** The part of the failing calls that would not fail if calls with the factor failed as seldom as those without. */
function partOfCause({ exposed, others }: LikelyCause): number {
  const usual = (exposed.calls * others.failed) / others.calls;
  return Math.max(0, exposed.failed - usual) / (exposed.failed + others.failed);
}
