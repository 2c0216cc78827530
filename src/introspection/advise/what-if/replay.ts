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
  const ended = new EndedCalls();
  for (const child of inOrder(children)) {
    const newStart = ended.shift(child.call.startMs - start);
    ended.add(endOf(child) - start, newStart + replayDuration(child, durationOf));
  }
  return Math.max(ended.shift(node.call.durationMs), 0);
}

/** They are recorded in order of their start, but for a clock that was set back. */
function inOrder(children: readonly CallNode[]): readonly CallNode[] {
  const isInOrder = children.every(
    ({ call }, index) => index === 0 || children[index - 1]!.call.startMs <= call.startMs,
  );
  return isInOrder ? children : [...children].sort((a, b) => a.call.startMs - b.call.startMs);
}

/** When calls had ended, before and after. */
class EndedCalls {
  readonly #before: number[] = [];
  readonly #after: number[] = [];

  add(before: number, after: number): void {
    this.#before.push(before);
    this.#after.push(after);
  }

  /** Moves a moment along with what had ended by then: the same wait after the last of them. */
  shift(moment: number): number {
    let before = 0;
    let after = 0;
    for (let index = 0; index < this.#before.length; index++) {
      if (this.#before[index]! > moment + clockGrainMs) continue;
      before = Math.max(before, this.#before[index]!);
      after = Math.max(after, this.#after[index]!);
    }
    return after + Math.max(moment - before, 0);
  }
}
