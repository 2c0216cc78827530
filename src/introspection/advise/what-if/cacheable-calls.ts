/** Finds the recorded calls that a cache could have answered. */

import { type CallNode, walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import type { AskedCall } from "./cache-replay.ts";
import { modelOf } from "./paired-models.ts";

/** A call with where it was made. */
export interface SeenCall extends AskedCall {
  readonly node: CallNode;
  /** Position of its run. */
  readonly run: number;
}

/** All calls that a cache could answer, grouped by name, the names nearest to the root first. */
export function cacheableCalls(episodes: readonly Episode[]): readonly (readonly SeenCall[])[] {
  const groups = new Map<string, { depth: number; calls: SeenCall[]; cached: boolean; model: string | undefined }>();
  for (const [run, { root, tenant = "" }] of episodes.entries()) {
    for (const node of root === undefined ? [] : walkTree(root)) {
      const { name, kind, inputHash, cacheState, path, startMs, durationMs, outcome } = node.call;
      if (inputHash === undefined) continue;
      let depth = 1;
      for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) depth++;
      const group = groups.get(name) ?? { depth, calls: [], cached: false, model: undefined };
      group.depth = Math.min(group.depth, depth);
      group.cached ||= cacheState !== undefined && cacheState !== "bypass";
      const model = kind === "agent" ? modelOf(node) : undefined;
      group.model ??= model;
      // A cache does not give one model's answer for another's.
      const isOther = model !== undefined && model !== group.model;
      const key = tenant === "" && !isOther ? inputHash : `${inputHash} ${tenant} ${isOther ? model : ""}`;
      group.calls.push({ node, run, key, startMs, durationMs, ok: outcome === "ok" });
      groups.set(name, group);
    }
  }
  return [...groups.values()]
    .filter((group) => !group.cached)
    .sort((a, b) => a.depth - b.depth)
    .map(({ calls }) => calls.sort((a, b) => a.startMs - b.startMs));
}

/** Tells whether a call, or one above it, would not have been made. */
export function isCovered(node: CallNode, covered: ReadonlySet<CallNode>): boolean {
  if (covered.size === 0) return false;
  for (let above: CallNode | undefined = node; above !== undefined; above = above.parent) {
    if (covered.has(above)) return true;
  }
  return false;
}
