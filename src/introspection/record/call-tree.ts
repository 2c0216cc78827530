/** Puts the recorded calls of a run back into the tree they were, and finds the path that decided how long it took. */

import type { CallRecord, RunRecord } from "../../core/events/run-history.ts";
import { callerPath } from "./run-entry.ts";

/** Milliseconds since 1970 have this grain in a float; calls in a row may seem to overlap by it. */
export const clockGrainMs = 0.001;

/** A call with the calls it made, in order of their start. */
export interface CallNode {
  readonly call: CallRecord;
  readonly parent: CallNode | undefined;
  readonly children: readonly CallNode[];
}

/** Gives when a call ended, in milliseconds since 1970. */
export function endOf(node: CallNode): number {
  return node.call.startMs + node.call.durationMs;
}

/** Builds the tree of a run: usually one, none when its calls were thinned out. */
export function callTrees(run: RunRecord): readonly CallNode[] {
  const nodes = new Map<string, { call: CallRecord; parent: CallNode | undefined; children: CallNode[] }>();
  const roots: CallNode[] = [];
  for (const call of run.calls) {
    const above = callerPath(call.path);
    const parent = above === undefined ? undefined : nodes.get(above);
    const node = { call, parent, children: [] };
    nodes.set(call.path, node);
    if (parent === undefined) roots.push(node);
    else parent.children.push(node);
  }
  return roots;
}

/** Goes through a tree, callers before the calls they made. */
export function* walkTree(node: CallNode): Generator<CallNode> {
  yield node;
  for (const child of node.children) yield* walkTree(child);
}

/** Gives the nearest calls of this name in a tree; one inside another of the same name is part of it. */
export function nodesNamed(node: CallNode, name: string): readonly CallNode[] {
  return node.call.name === name ? [node] : node.children.flatMap((child) => nodesNamed(child, name));
}

/**
 * Gives the milliseconds each call itself spent on the critical path of a tree. Walked backwards from the end: whatever
 * ended last was waited for; the time in which none of the calls inside ran is the call's own. The sum is the duration.
 */
export function criticalTimes(root: CallNode): Map<CallNode, number> {
  const times = new Map<CallNode, number>();
  const visit = (node: CallNode, from: number, until: number): void => {
    let at = until;
    let own = 0;
    const byEnd = [...node.children].sort((a, b) => endOf(b) - endOf(a));
    for (const child of byEnd) {
      const end = Math.min(endOf(child), until);
      const start = Math.max(child.call.startMs, from);
      if (end > at + clockGrainMs || start >= end) continue;
      own += Math.max(at - end, 0);
      visit(child, start, end);
      at = start;
    }
    times.set(node, (times.get(node) ?? 0) + own + Math.max(at - from, 0));
  };
  visit(root, root.call.startMs, endOf(root));
  return times;
}

/**
 * Gives the node whose children are the steps a person would name: the root itself, or further in where the only thing a
 * call did was to call one other (an orchestration and its pattern).
 */
export function stepsOf(root: CallNode): CallNode {
  let node = root;
  while (node.children.length === 1 && node.children[0]!.children.length > 0) node = node.children[0]!;
  return node;
}
