/** Replays a recorded run with some calls faster, to see when it would have ended. */

import { type CallNode, clockGrainMs, endOf } from "../../record/call-tree.ts";

/**
 * Gives how long a call would have taken had some calls inside taken another time. `durationOf` gives the new time of a
 * call as a whole, or undefined to work it out from the calls inside.
 *
 * A call starts as long after the calls it followed as it did; it follows every sibling that had ended by then. So
 * nothing ever starts earlier than it could have, and a saving is never overstated.
 */
export function replayDuration(node: CallNode, durationOf: (node: CallNode) => number | undefined): number {
  const changed = durationOf(node);
  if (changed !== undefined) return changed;
  const { children } = node;
  if (children.length === 0) return node.call.durationMs;
  const start = node.call.startMs;
  const inOrder = [...children].sort((a, b) => a.call.startMs - b.call.startMs);
  const ended: { readonly before: number; readonly after: number }[] = [];
  for (const child of inOrder) {
    const childStart = child.call.startMs - start;
    const newStart = shifted(ended, childStart);
    ended.push({ before: endOf(child) - start, after: newStart + replayDuration(child, durationOf) });
  }
  return Math.max(shifted(ended, node.call.durationMs), 0);
}

/** Moves a moment along with what had ended by then: the same wait after the last of them. */
function shifted(ended: readonly { readonly before: number; readonly after: number }[], moment: number): number {
  let before = 0;
  let after = 0;
  for (const one of ended) {
    if (one.before > moment + clockGrainMs) continue;
    before = Math.max(before, one.before);
    after = Math.max(after, one.after);
  }
  return after + Math.max(moment - before, 0);
}
