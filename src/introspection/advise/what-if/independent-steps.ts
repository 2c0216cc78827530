/** What running steps beside each other would bring: finds steps that waited for one they read nothing from. */

import { meanInterval, meanOf } from "../../measure/statistics.ts";
import { type CallNode, clockGrainMs, endOf, walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import {
  countOf,
  defaultNextRuns,
  duration,
  listOf,
  percent,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import { forecastRuns } from "./forecast.ts";
import { replayDuration } from "./replay.ts";

const mostSteps = 32;

interface Sequence {
  readonly pattern: string;
  readonly steps: readonly string[];
  /** The pattern's call in each episode. */
  readonly found: { readonly node: CallNode; readonly root: CallNode }[];
}

/**
 * Finds patterns whose steps ran one after the other although some read nothing that the ones before them wrote, and
 * replays the runs with each step starting as soon as what it reads is there.
 *
 * It stays silent where the order may mean something else: when runs took different steps, when a step writes something
 * that nobody reads (it may decide what comes next), when two write the same field, and inside agents, whose calls follow
 * from each other.
 */
export function independentSteps({
  name,
  episodes,
  nextRuns = defaultNextRuns,
}: WhatIfInput): readonly WeighedSuggestion[] {
  return sequencesOf(episodes).flatMap((sequence) => weigh(name, sequence, episodes, nextRuns));
}

function weigh(
  owner: string,
  sequence: Sequence,
  episodes: readonly Episode[],
  nextRuns: number,
): readonly WeighedSuggestion[] {
  const first = sequence.found[0]!.node;
  const needs = dependencies(first);
  if (needs === undefined) return [];
  const free = needs.flatMap((needed, step) => (step > 0 && needed.length < step ? step : []));
  if (free.length === 0) return [];
  const saved = sequence.found.map(({ node, root }) => {
    const shorter = new Map([[node, node.call.durationMs - savedBy(node, needs)]]);
    return root.call.durationMs - replayDuration(root, (one) => shorter.get(one));
  });
  const after = sequence.found.map(({ root }, index) => root.call.durationMs - saved[index]!);
  const perRun = meanOf(saved);
  const interval = meanInterval(saved);
  const mean = meanOf(episodes.map(({ durationMs }) => durationMs));
  const share = mean === 0 ? 0 : perRun / mean;
  if (share < smallestGain || interval.low <= 0) return [];
  const together = groupsOf(needs).map((group) => group.map((step) => sequence.steps[step]!));
  const beside = together.filter((group) => group.length > 1).map(listOf);
  const sentence =
    `${sequence.pattern} runs ${beside.join(", and ")} one after the other though none reads what another writes. ` +
    `Side by side, in a ParallelPattern, a run of ${owner} would take ${duration(perRun)} less ` +
    `(${percent(share)}, over ${countOf(saved.length, "run")}).`;
  return [
    {
      value: share,
      suggestion: {
        id: `independent-steps:${sequence.pattern}`,
        sentence,
        evidence: {
          ...{ runs: sequence.found.length, pattern: sequence.pattern, steps: sequence.steps },
          independent: beside,
          samples: sequence.found.slice(-5).map(({ node: { call } }) => ({ runId: call.runId, path: call.path })),
        },
        predicted: {
          ...{ metric: "avgExecutionTimeMs", change: -perRun, low: -interval.high, high: -interval.low },
          unit: "ms",
        },
        forecasts: [forecastRuns({ metric: "avgExecutionTimeMs", unit: "ms", before: mean }, after, nextRuns)],
        assumptions: ["the steps take as long side by side as they did alone"],
        sideEffects: ["more calls at the same time"],
        risk: "medium",
      },
    },
  ];
}

/** Patterns that made the same steps, one after the other, in every run. */
function sequencesOf(episodes: readonly Episode[]): readonly Sequence[] {
  const sequences = new Map<string, Sequence | undefined>();
  for (const { root, complete, outcome } of episodes) {
    if (root === undefined || !complete || outcome !== "ok") continue;
    for (const node of walkTree(root)) {
      if (node.call.kind !== "pattern") continue;
      const pattern = node.call.name;
      const steps = node.children.map((child) => child.call.name);
      const known = sequences.get(pattern);
      if (!sequences.has(pattern)) sequences.set(pattern, { pattern, steps, found: [{ node, root }] });
      else if (known !== undefined && sameNames(known.steps, steps)) known.found.push({ node, root });
      else sequences.set(pattern, undefined);
    }
  }
  return [...sequences.values()].flatMap((sequence) => {
    const fits = sequence !== undefined && sequence.steps.length > 1 && sequence.steps.length <= mostSteps;
    return fits && sequence.found.every(({ node }) => ranInSequence(node)) ? [sequence] : [];
  });
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

function ranInSequence({ children }: CallNode): boolean {
  return children.every((child, index) => {
    const before = children[index - 1];
    const isStep = child.call.kind === "agent" || child.call.kind === "pattern";
    return isStep && (before === undefined || endOf(before) <= child.call.startMs + clockGrainMs);
  });
}

/** Gives for each step the earlier ones it needs, or undefined when the fields do not tell. */
function dependencies({ call, children }: CallNode): readonly (readonly number[])[] | undefined {
  const needs: number[][] = [];
  for (const [index, { call: step }] of children.entries()) {
    const later = children.slice(index + 1);
    const isRead = (field: string): boolean =>
      call.writes.includes(field) || later.some((other) => other.call.reads.includes(field));
    if (step.writes.length === 0 || !step.writes.every(isRead)) return undefined;
    const before = children.slice(0, index);
    needs.push(before.flatMap((other, position) => (shareFields(other.call, step) ? position : [])));
  }
  return needs;
}

function shareFields(
  before: { readonly reads: readonly string[]; readonly writes: readonly string[] },
  after: { readonly reads: readonly string[]; readonly writes: readonly string[] },
): boolean {
  return (
    before.writes.some((field) => after.reads.includes(field) || after.writes.includes(field)) ||
    before.reads.some((field) => after.writes.includes(field))
  );
}

/** How much sooner the last step would have ended, each starting when the last one it needs had. */
function savedBy({ children }: CallNode, needs: readonly (readonly number[])[]): number {
  const ends: number[] = [];
  for (const [index, { call }] of children.entries()) {
    const start = Math.max(0, ...(needs[index] ?? []).map((needed) => ends[needed] ?? 0));
    ends.push(start + call.durationMs);
  }
  const inSequence = children.reduce((sum, { call }) => sum + call.durationMs, 0);
  return inSequence - Math.max(0, ...ends);
}

/** Steps by how many must come before them; those of one group may run side by side. */
function groupsOf(needs: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const levels: number[] = [];
  for (const needed of needs) levels.push(Math.max(0, ...needed.map((step) => levels[step]! + 1)));
  return [...new Set(levels)]
    .sort((a, b) => a - b)
    .map((level) => levels.flatMap((own, step) => (own === level ? step : [])));
}
