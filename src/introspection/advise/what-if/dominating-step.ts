/** What a faster step would bring: finds the step that decides how long a run takes, and replays the runs with it halved. */

import { meanInterval, meanOf } from "../../measure/statistics.ts";
import { type CallNode, criticalTimes, stepsOf } from "../../record/call-tree.ts";
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
  const found = stepTimes(trees);
  const [first] = [...found].sort(([, a], [, b]) => b.ms - a.ms);
  if (first === undefined || found.size < 2 || total === 0 || first[1].ms / total < dominatingShare) return [];
  const [step, { ms, parts: within }] = first;
  const saved = trees.map((root) => root.call.durationMs - replayHalved(root, step));
  const interval = meanInterval(saved);
  const savedMs = meanOf(saved);
  const share = savedMs / (total / trees.length);
  if (share < smallestGain || interval.low <= 0) return [];
  const parts = largestOf(within);
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

interface StepTime {
  ms: number;
  readonly parts: Map<string, number>;
}

/** Adds up the time of each step on the critical paths, and in what it was spent. A step that calls nothing has no parts. */
function stepTimes(trees: readonly CallNode[]): ReadonlyMap<string, StepTime> {
  const times = new Map<string, StepTime>();
  for (const root of trees) {
    const critical = criticalTimes(root);
    for (const step of stepsOf(root).children) {
      const time = times.get(step.call.name) ?? { ms: 0, parts: new Map<string, number>() };
      times.set(step.call.name, time);
      addTimes(time, step, step, critical);
    }
  }
  return times;
}

function addTimes(time: StepTime, step: CallNode, node: CallNode, critical: ReadonlyMap<CallNode, number>): void {
  const ms = critical.get(node) ?? 0;
  time.ms += ms;
  if (step.children.length === 0) return;
  const words = node === step ? ownCode : node.call.name;
  time.parts.set(words, (time.parts.get(words) ?? 0) + ms);
  for (const child of node.children) addTimes(time, step, child, critical);
}

/** Gives the largest parts, two at most, those below a tenth left out. */
function largestOf(parts: ReadonlyMap<string, number>): readonly Part[] {
  const total = [...parts.values()].reduce((sum, ms) => sum + ms, 0);
  return [...parts]
    .map(([words, ms]) => ({ words, ms }))
    .sort((a, b) => b.ms - a.ms)
    .filter(({ ms }, index) => index < 2 && ms >= total / 10);
}

function replayHalved(root: CallNode, step: string): number {
  const steps = stepsOf(root);
  return replayDuration(root, (node) =>
    node.parent === steps && node.call.name === step ? node.call.durationMs / 2 : undefined,
  );
}
