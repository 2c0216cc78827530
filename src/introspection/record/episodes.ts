/** Finds, in recorded runs, each time a runnable worked: as the whole run, or as a call somewhere inside. */

import type { Outcome } from "../../core/events/event.ts";
import type { RunRecord } from "../../core/events/run-history.ts";
import { type CallNode, callTrees, nodesNamed, walkTree } from "./call-tree.ts";

/** One time a runnable worked. */
export interface Episode {
  readonly runId: string;
  readonly tenant: string | undefined;
  readonly startMs: number;
  readonly durationMs: number;
  readonly outcome: Outcome;
  readonly code: string | undefined;
  /** Input and output tokens, calls inside included. */
  readonly tokens: number;
  /** Sum of what is known; undefined when nothing is. */
  readonly costMicroUsd: number | undefined;
  /** Its call and those inside; undefined when they are no longer kept. */
  readonly root: CallNode | undefined;
  /** False when some calls of the run were not kept. */
  readonly complete: boolean;
}

/** Gives the episodes of a runnable, oldest first. */
export function episodesOf(runs: readonly RunRecord[], name: string): readonly Episode[] {
  const episodes = runs.flatMap((run) => {
    const nodes = callTrees(run).flatMap((tree) => nodesNamed(tree, name));
    if (run.name === name) return [wholeRun(run, nodes[0])];
    return nodes.filter((node) => node.call.ended).map((node) => partOfRun(run, node));
  });
  return episodes.sort((a, b) => a.startMs - b.startMs);
}

function wholeRun(run: RunRecord, root: CallNode | undefined): Episode {
  const { runId, tenant, startMs, durationMs, outcome, code, usage, costMicroUsd } = run;
  const tokens = usage === undefined ? 0 : usage.inputTokens + usage.outputTokens;
  const complete = run.droppedCalls === 0;
  return { runId, tenant, startMs, durationMs, outcome, code, tokens, costMicroUsd, root, complete };
}

function partOfRun(run: RunRecord, root: CallNode): Episode {
  const { runId, startMs, durationMs, outcome, code } = root.call;
  const { tokens, costMicroUsd } = spentIn(root);
  const complete = run.droppedCalls === 0;
  return { runId, tenant: run.tenant, startMs, durationMs, outcome, code, tokens, costMicroUsd, root, complete };
}

/** Adds up what a call and those inside it used. */
export function spentIn(root: CallNode): { readonly tokens: number; readonly costMicroUsd: number | undefined } {
  let tokens = 0;
  let costMicroUsd: number | undefined;
  for (const { call } of walkTree(root)) {
    if (call.usage !== undefined) tokens += call.usage.inputTokens + call.usage.outputTokens;
    if (call.costMicroUsd !== undefined) costMicroUsd = (costMicroUsd ?? 0) + call.costMicroUsd;
  }
  return { tokens, costMicroUsd };
}
