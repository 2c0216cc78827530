/** Shows where tokens and money go: by the step of a run they are spent in, and by the model they are spent on. */

import { type CallNode, stepsOf, walkTree } from "../record/call-tree.ts";
import type { Episode } from "../record/episodes.ts";

/** The part of tokens and money that one step or model has. */
export interface CostShare {
  readonly name: string;
  /** Model calls that were paid for. */
  readonly calls: number;
  readonly tokens: number;
  /** Sum of what is known, in micro-dollars; "unknown" when no price was. */
  readonly microUsd: number | "unknown";
  /** Share of all known cost, or of all tokens where no price is known; from 0 to 1. */
  readonly share: number;
}

/** What recorded runs used, whole and in parts. Parts leave out runs whose calls are no longer kept. */
export interface CostBreakdown {
  readonly tokens: number;
  /** Sum of what is known, in micro-dollars; "unknown" when no price was. */
  readonly microUsd: number | "unknown";
  /** Micro-dollars a run on average; "unknown" when no price was. */
  readonly microUsdPerRun: number | "unknown";
  /** Largest share first; what the runnable spent itself has its own name. */
  readonly bySteps: readonly CostShare[];
  /** Largest share first. */
  readonly byModels: readonly CostShare[];
}

/** Adds up what episodes used. */
export function costOf(episodes: readonly Episode[]): CostBreakdown {
  const costs = episodes.flatMap(({ costMicroUsd }) => costMicroUsd ?? []);
  const sum = costs.reduce((all, cost) => all + cost, 0);
  const steps = new Map<string, Spent>();
  const models = new Map<string, Spent>();
  for (const { root } of episodes) {
    if (root === undefined) continue;
    const parent = stepsOf(root);
    for (const node of walkTree(root)) {
      if (node.call.usage === undefined && node.call.costMicroUsd === undefined) continue;
      add(steps, (stepAbove(node, parent) ?? root).call.name, node);
      add(models, node.call.name, node);
    }
  }
  return {
    tokens: episodes.reduce((all, { tokens }) => all + tokens, 0),
    microUsd: costs.length === 0 ? "unknown" : sum,
    microUsdPerRun: costs.length === 0 ? "unknown" : sum / costs.length,
    bySteps: sharesOf(steps),
    byModels: sharesOf(models),
  };
}

interface Spent {
  calls: number;
  tokens: number;
  microUsd: number | undefined;
}

function add(sums: Map<string, Spent>, name: string, { call: { usage, costMicroUsd } }: CallNode): void {
  const sum = sums.get(name) ?? { calls: 0, tokens: 0, microUsd: undefined };
  sums.set(name, sum);
  sum.calls += 1;
  if (usage !== undefined) sum.tokens += usage.inputTokens + usage.outputTokens;
  if (costMicroUsd !== undefined) sum.microUsd = (sum.microUsd ?? 0) + costMicroUsd;
}

function sharesOf(sums: ReadonlyMap<string, Spent>): readonly CostShare[] {
  const all = [...sums];
  const known = all.reduce((total, [, { microUsd }]) => total + (microUsd ?? 0), 0);
  const tokens = all.reduce((total, [, spent]) => total + spent.tokens, 0);
  const shareOf = ({ microUsd = 0, tokens: own }: Spent): number =>
    known > 0 ? microUsd / known : tokens === 0 ? 0 : own / tokens;
  return all
    .map(([name, spent]) => ({
      ...{ name, calls: spent.calls, tokens: spent.tokens, microUsd: spent.microUsd ?? ("unknown" as const) },
      share: shareOf(spent),
    }))
    .sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1));
}

/** The step a call belongs to: the child of `steps` that it is or that stands above it. */
export function stepAbove(node: CallNode, steps: CallNode): CallNode | undefined {
  for (let above: CallNode | undefined = node; above !== undefined; above = above.parent) {
    if (above.parent === steps) return above;
  }
  return undefined;
}
