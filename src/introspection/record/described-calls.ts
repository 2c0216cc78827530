/** Shows a recorded run as the tree of its calls, with what each did for how long the run took. */

import type { Outcome, RunnableKind } from "../../core/events/event.ts";
import type { RunRecord } from "../../core/events/run-history.ts";
import { type CallNode, callTrees, criticalTimes } from "./call-tree.ts";

/** One call of a run with the calls it made, as plain data. */
export interface DescribedCall {
  readonly name: string;
  readonly kind: RunnableKind;
  readonly path: string;
  readonly outcome: Outcome;
  /** Milliseconds since 1970 UTC. */
  readonly startMs: number;
  readonly durationMs: number;
  /** How much of the run's time was spent in this call itself, on the path that decided how long the run took. */
  readonly criticalMs: number;
  /** In order of their start. */
  readonly calls: readonly DescribedCall[];
}

/** A run and what decided how long it took. */
export interface DescribedRun {
  readonly runId: string;
  readonly name: string;
  readonly durationMs: number;
  /** The outermost calls: one, unless some were not kept. */
  readonly calls: readonly DescribedCall[];
  /** The calls that the run waited for, the most time first. Their times add up to the duration. */
  readonly criticalPath: readonly DescribedCall[];
}

/** Gives a run of `flock.history` as the tree of its calls, and its critical path. */
export function describeRun(run: RunRecord): DescribedRun {
  const found: DescribedCall[] = [];
  const describe = (node: CallNode, times: ReadonlyMap<CallNode, number>): DescribedCall => {
    const { name, kind, path, outcome, startMs, durationMs } = node.call;
    const calls = node.children.map((child) => describe(child, times));
    const call = { name, kind, path, outcome, startMs, durationMs, criticalMs: times.get(node) ?? 0, calls };
    if (call.criticalMs > 0) found.push(call);
    return call;
  };
  const calls = callTrees(run).map((root) => describe(root, criticalTimes(root)));
  const criticalPath = found.sort((a, b) => b.criticalMs - a.criticalMs);
  return { runId: run.runId, name: run.name, durationMs: run.durationMs, calls, criticalPath };
}
