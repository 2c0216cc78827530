/** What a faster step would bring: finds the step that decides how long a run takes, and replays the runs with it halved. */

import { meanInterval, meanOf } from "../../measure/statistics.ts";
import { type CallNode, criticalTimes, stepsOf, walkTree } from "../../record/call-tree.ts";
import {
  countOf,
  duration,
  listOf,
  percent,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
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
  const parts = partsOf(step, trees);
  const spent = parts.map((part) => `${duration(part.ms / trees.length)} in ${part.words}`);
  const sentence =
    `${step} takes ${percent(ms / total)} of a run of ${name} (${duration(ms / trees.length)} of ` +
    `${duration(total / trees.length)}, mean of ${countOf(trees.length, "run")})${spent.length === 0 ? "" : `, ${listOf(spent)}`}. ` +
    `${parts[0]?.words === ownCode ? "Begin there" : "Fewer or faster calls help"}: at twice the speed a run would take ${duration(savedMs)} less.`;
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
          parts: spent,
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

const ownCode = "its own code";

interface Part {
  readonly words: string;
  readonly ms: number;
}

/**
 * Finds where a step's time on the critical path is spent: the largest parts, two at most, those below a tenth left out.
 * None for a step that calls nothing: it is its only part.
 */
function partsOf(step: string, trees: readonly CallNode[]): readonly Part[] {
  const parts = new Map<string, number>();
  let total = 0;
  for (const root of trees) {
    const critical = criticalTimes(root);
    for (const top of stepsOf(root).children.filter(({ call }) => call.name === step)) {
      if (top.children.length === 0) continue;
      for (const node of walkTree(top)) {
        const words = node === top ? ownCode : node.call.name;
        const ms = critical.get(node) ?? 0;
        parts.set(words, (parts.get(words) ?? 0) + ms);
        total += ms;
      }
    }
  }
  return [...parts]
    .map(([words, ms]) => ({ words, ms }))
    .sort((a, b) => b.ms - a.ms)
    .filter(({ ms }, index) => index < 2 && ms >= total / 10);
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
