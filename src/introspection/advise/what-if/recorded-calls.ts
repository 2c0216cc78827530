/** Gives simulators the recorded calls inside the runs of a runnable, by what was called. */

import { type CallNode, walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import type { EvidenceSample } from "../suggestion.ts";

/** Most samples of evidence. */
const mostSamples = 5;

/** Gives each call inside the episodes whose calls are still kept, by its name. */
export function callsByName(episodes: readonly Episode[]): Map<string, CallNode[]> {
  return Map.groupBy(
    episodes.flatMap(({ root }) => (root === undefined ? [] : [...walkTree(root)])),
    ({ call }) => call.name,
  );
}

/** Gives how long a call took without its waits for permits. */
export function servedMs({ call }: CallNode): number {
  return call.durationMs - call.queueMs;
}

/** Says where the last of these calls can be looked up. */
export function samplesOf(nodes: readonly CallNode[]): readonly EvidenceSample[] {
  return nodes.slice(-mostSamples).map(({ call: { runId, path } }) => ({ runId, path }));
}

/** Says where the slowest of these calls can be looked up, the slowest first. */
export function slowestOf(
  nodes: readonly CallNode[],
  timeOf: (node: CallNode) => number = servedMs,
): readonly EvidenceSample[] {
  const slowest = [...nodes].sort((a, b) => timeOf(b) - timeOf(a));
  return samplesOf(slowest.slice(0, mostSamples));
}
