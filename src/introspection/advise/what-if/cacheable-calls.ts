/** Finds the recorded calls that a cache could have answered, or did. */

import { type CallNode, walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import type { AskedCall } from "./cache-replay.ts";
import { modelOf } from "./paired-models.ts";

/** What making a call takes, calls inside included. */
export interface MadeCall {
  readonly durationMs: number;
  readonly tokens: number;
  readonly costMicroUsd: number;
}

/** A call with where it was made. */
export interface SeenCall extends AskedCall {
  readonly node: CallNode;
  /** Position of its run. */
  readonly run: number;
  /** The same as well for questions that differ in case and surplus white space alone; undefined where that was not recorded. */
  readonly looseKey: string | number | undefined;
  /** What it would have taken had its cache not answered it; undefined for one that was made. */
  readonly whenMade?: MadeCall;
}

/** The calls of one name. */
export interface CallGroup {
  readonly name: string;
  /** In order of their start. */
  readonly calls: readonly SeenCall[];
  /** A cache answered some, or kept them. */
  readonly isCached: boolean;
}

/** Several simulators ask for the calls of one record. */
const known = new WeakMap<readonly Episode[], readonly CallGroup[]>();

/** Gives all calls that a cache could answer, grouped by name, the names nearest to the root first. */
export function cacheableCalls(episodes: readonly Episode[]): readonly CallGroup[] {
  const groups = known.get(episodes) ?? groupCalls(episodes);
  known.set(episodes, groups);
  return groups;
}

function groupCalls(episodes: readonly Episode[]): readonly CallGroup[] {
  const groups = new Map<string, { depth: number; calls: SeenCall[]; isCached: boolean; model: string | undefined }>();
  for (const [run, { root, tenant = "" }] of episodes.entries()) {
    for (const node of root === undefined ? [] : walkTree(root)) {
      const { name, kind, inputHash, looseInputHash, cacheState, path, startMs, durationMs, outcome } = node.call;
      if (inputHash === undefined) continue;
      let depth = 1;
      for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) depth++;
      const group = groups.get(name) ?? { depth, calls: [], isCached: false, model: undefined };
      group.depth = Math.min(group.depth, depth);
      group.isCached ||= cacheState !== undefined && cacheState !== "bypass";
      const model = kind === "agent" ? modelOf(node) : undefined;
      group.model ??= model;
      // A cache does not give one model's answer for another's.
      const isOther = model !== undefined && model !== group.model;
      const keyOf = (hash: number): string | number =>
        tenant === "" && !isOther ? hash : `${hash} ${tenant} ${isOther ? model : ""}`;
      const key = keyOf(inputHash);
      const looseKey = looseInputHash === undefined ? undefined : keyOf(looseInputHash);
      const [ok, isRefresh] = [outcome === "ok", cacheState === "refresh"];
      group.calls.push({ node, run, key, looseKey, startMs, durationMs, ok, isRefresh });
      groups.set(name, group);
    }
  }
  return [...groups]
    .sort(([, a], [, b]) => a.depth - b.depth)
    .map(([name, { calls, isCached }]) => {
      return { name, calls: calls.sort((a, b) => a.startMs - b.startMs), isCached };
    });
}

/** Tells whether a call, or one above it, would not have been made. */
export function isCovered(node: CallNode, covered: ReadonlySet<CallNode>): boolean {
  if (covered.size === 0) return false;
  for (let above: CallNode | undefined = node; above !== undefined; above = above.parent) {
    if (covered.has(above)) return true;
  }
  return false;
}
