/** What a faster step would bring: finds the step that decides how long a run takes, and replays the runs with it halved. */

import { meanInterval, meanOf } from "../../measure/statistics.ts";
import { type CallNode, criticalTimes, stepsOf, walkTree } from "../../record/call-tree.ts";
import { duration, percent, smallestGain, type WeighedSuggestion, type WhatIfInput } from "../suggestion.ts";
import { replayDuration } from "./replay.ts";

/** A step that takes more than this share of the time dominates. */
const dominatingShare = 0.5;

/** Names the step to look at first, when there are several and one takes most of the time on the critical path. */
export function dominatingStep({ name, episodes }: WhatIfInput): readonly WeighedSuggestion[] {
  const trees = episodes.flatMap(({ root, complete }) => (root !== undefined && complete ? [root] : []));
  const total = trees.reduce((sum, root) => sum + root.call.durationMs, 0);
  const times = new Map<string, number>();
  for (const root of trees) {
    const steps = stepsOf(root);
    const critical = criticalTimes(root);
    for (const step of steps.children) {
      const ms = timeWithin(step, critical);
      times.set(step.call.name, (times.get(step.call.name) ?? 0) + ms);
    }
  }
  const [first] = [...times].sort((a, b) => b[1] - a[1]);
  if (first === undefined || times.size < 2 || total === 0 || first[1] / total < dominatingShare) return [];
  const [step, ms] = first;
  const saved = trees.map((root) => root.call.durationMs - replayHalved(root, step));
  const interval = meanInterval(saved);
  const savedMs = meanOf(saved);
  const share = savedMs / (total / trees.length);
  if (share < smallestGain || interval.low <= 0) return [];
  const sentence =
    `${step} takes ${percent(ms / total)} of the time of ${name}, more than all other steps together; ` +
    `were it twice as fast, a run would take ${duration(savedMs)} less (${percent(share)}).`;
  const longest = [...trees].sort((a, b) => b.call.durationMs - a.call.durationMs).slice(0, 5);
  return [
    {
      // It says where to look, not what to do, so it comes after advice of equal gain.
      value: share / 2,
      suggestion: {
        id: `dominating-step:${step}`,
        sentence,
        evidence: {
          ...{ runs: trees.length, shareOfTime: ms / total, meanMs: ms / trees.length },
          samples: longest.map(({ call }) => ({ runId: call.runId, path: call.path })),
        },
        predicted: {
          ...{ metric: "avgExecutionTimeMs", change: -savedMs, low: -interval.high, high: -interval.low },
          unit: `ms, with ${step} twice as fast`,
        },
        risk: "low",
      },
    },
  ];
}

function timeWithin(step: CallNode, critical: ReadonlyMap<CallNode, number>): number {
  let sum = 0;
  for (const node of walkTree(step)) sum += critical.get(node) ?? 0;
  return sum;
}

function replayHalved(root: CallNode, step: string): number {
  const steps = stepsOf(root);
  return replayDuration(root, (node) =>
    node.parent === steps && node.call.name === step ? node.call.durationMs / 2 : undefined,
  );
}
