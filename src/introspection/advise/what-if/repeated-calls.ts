/** What a cache would have done: finds calls whose answer was there already, and replays the runs without them. */

import type { Json } from "../../../core/json/json.ts";
import type { Knobs } from "../../../core/knob.ts";
import { meanInterval, meanOf, shareInterval } from "../../measure/statistics.ts";
import { type CallNode, walkTree } from "../../record/call-tree.ts";
import { type Episode, spentIn } from "../../record/episodes.ts";
import { fingerprintText } from "../../record/input-fingerprint.ts";
import { countOf, duration, percent, smallestGain, type WeighedSuggestion, type WhatIfInput } from "../suggestion.ts";
import { replayDuration } from "./replay.ts";

const fewestRepeats = 3;
const assumedTtlMs = 3_600_000;
const sizesOfInterest = [256, 1_000] as const;

interface SeenCall {
  readonly node: CallNode;
  readonly episode: Episode;
  readonly key: string;
}

/** What a cache of one size would have answered. */
export interface CacheSimulation {
  readonly calls: number;
  readonly hits: number;
  readonly distinct: number;
  /** Which of the calls, by position. */
  readonly hit: readonly boolean[];
}

/**
 * Runs calls, in order of their start, through an LRU cache: a hit is a call whose answer was stored within the TTL, or is
 * being made by an earlier one; only good answers are stored. Exact for the recorded sequence.
 */
export function simulateCache(
  calls: readonly { readonly key: string; readonly startMs: number; readonly ok: boolean }[],
  capacity = Number.POSITIVE_INFINITY,
  ttlMs = assumedTtlMs,
): CacheSimulation {
  const stored = new Map<string, number>();
  const distinct = new Set<string>();
  const hit: boolean[] = [];
  let hits = 0;
  for (const { key, startMs, ok } of calls) {
    distinct.add(key);
    const at = stored.get(key);
    const found = at !== undefined && startMs - at < ttlMs;
    hit.push(found);
    if (found) hits++;
    if (!found && !ok) continue;
    stored.delete(key);
    stored.set(key, found ? at : startMs);
    if (stored.size > capacity) stored.delete(stored.keys().next().value!);
  }
  return { calls: calls.length, hits, distinct: distinct.size, hit };
}

/** Advises to keep the answers of runnables that are asked the same again, outermost first: what a cached caller saves is not counted twice. */
export function repeatedCalls({ name, episodes, knobs }: WhatIfInput): readonly WeighedSuggestion[] {
  const found: WeighedSuggestion[] = [];
  const covered = new Set<CallNode>();
  for (const group of byDepth(episodes)) {
    const open = group.filter(({ node }) => !isCovered(node, covered));
    const asked = open.map(({ key, node: { call } }) => ({ key, startMs: call.startMs, ok: call.outcome === "ok" }));
    const full = simulateCache(asked);
    if (full.hits < fewestRepeats) continue;
    const hits = new Set(open.filter((_, index) => full.hit[index]).map(({ node }) => node));
    const advice = weigh(name, episodes, open, hits, full, asked, knobs);
    if (advice === undefined) continue;
    found.push(advice);
    for (const node of hits) covered.add(node);
  }
  return found;
}

function weigh(
  owner: string,
  episodes: readonly Episode[],
  open: readonly SeenCall[],
  hits: ReadonlySet<CallNode>,
  full: CacheSimulation,
  asked: Parameters<typeof simulateCache>[0],
  knobs: Knobs | undefined,
): WeighedSuggestion | undefined {
  const { name, kind } = open[0]!.node.call;
  const trees = episodes.flatMap((episode) => episode.root ?? []);
  const saved = trees.map(
    (root) => root.call.durationMs - replayDuration(root, (node) => (hits.has(node) ? 0 : undefined)),
  );
  const savedMs = meanOf(saved);
  const spent = [...hits].map(spentIn);
  const savedTokens = spent.reduce((sum, { tokens }) => sum + tokens, 0);
  const allTokens = episodes.reduce((sum, { tokens }) => sum + tokens, 0);
  const timeShare = savedMs / (meanOf(trees.map((root) => root.call.durationMs)) || 1);
  const value = Math.max(timeShare, allTokens === 0 ? 0 : savedTokens / allTokens);
  const hitRate = full.hits / full.calls;
  const { low, high } = shareInterval(full.hits, full.calls);
  if (value < smallestGain || low < smallestGain) return undefined;
  const sizes = sizesOfInterest.map((size) => [
    `hitRateAt${size}Entries`,
    simulateCache(asked, size).hits / full.calls,
  ]);
  const action = cacheAction(name, knobs);
  const sentence =
    `${full.hits} of ${full.calls} calls to ${name} (${percent(hitRate)}) repeat an earlier input; ` +
    `answering repeats from memory would have saved ${duration(savedMs)} a run of ${owner} (${percent(timeShare)})` +
    `${savedTokens > 0 ? ` and ${savedTokens} tokens` : ""} over ${countOf(trees.length, "run")}. ${wayToKeep(kind, action)}`;
  const savedInterval = meanInterval(saved);
  return {
    value,
    suggestion: {
      id: `repeated-calls:${name}`,
      sentence,
      evidence: {
        ...{ calls: full.calls, repeats: full.hits, distinct: full.distinct, ...Object.fromEntries(sizes) },
        ...{ savedMsPerRun: savedMs, savedMsPerRunLow: savedInterval.low, savedMsPerRunHigh: savedInterval.high },
        savedTokens,
        savedMicroUsd: spent.reduce((sum, { costMicroUsd }) => sum + (costMicroUsd ?? 0), 0),
        samples: [...hits].slice(0, 5).map(sampleOf),
      },
      predicted: { metric: "cacheHitRate", change: hitRate, low, high, unit: `share of calls to ${name}` },
      risk: kind === "tool" ? "medium" : "low",
      ...(action === undefined ? {} : { action }),
    },
  };
}

/** What to do about repeats: the cache's knob where there is one, else the places where a person can keep answers. */
function wayToKeep(kind: string, action: { readonly knob: string } | undefined): string {
  const condition = kind === "tool" ? ", if they stay true for a while" : "";
  if (action !== undefined) return `Turn ${action.knob} on${condition}.`;
  return kind === "tool"
    ? `Keep its answers in the tool or in a wrapper layer${condition}.`
    : "A wrapper layer can keep its answers.";
}

/** All calls that a cache could answer, grouped by name, the names nearest to the root first. */
function byDepth(episodes: readonly Episode[]): readonly (readonly SeenCall[])[] {
  const groups = new Map<string, { depth: number; calls: SeenCall[]; cached: boolean }>();
  for (const episode of episodes) {
    for (const node of episode.root === undefined ? [] : walkTree(episode.root)) {
      const { name, inputHash, cacheState } = node.call;
      if (inputHash === undefined) continue;
      const depth = node.call.path.split("/").length;
      const group = groups.get(name) ?? { depth, calls: [], cached: false };
      group.depth = Math.min(group.depth, depth);
      group.cached ||= cacheState !== undefined && cacheState !== "bypass";
      group.calls.push({ node, episode, key: `${inputHash} ${episode.tenant ?? ""}` });
      groups.set(name, group);
    }
  }
  return [...groups.values()]
    .filter((group) => !group.cached)
    .sort((a, b) => a.depth - b.depth)
    .map(({ calls }) => calls.sort((a, b) => a.node.call.startMs - b.node.call.startMs));
}

function isCovered(node: CallNode, covered: ReadonlySet<CallNode>): boolean {
  for (let above: CallNode | undefined = node; above !== undefined; above = above.parent) {
    if (covered.has(above)) return true;
  }
  return false;
}

/** The cache's knob, turned on in the form it has: a switch, a number of entries, or settings. */
function cacheAction(name: string, knobs: Knobs | undefined): { knob: string; value: Json } | undefined {
  const knob = `cache:${name}`;
  if (!knobs?.has(knob)) return undefined;
  const now = knobs.read(knob);
  if (typeof now === "boolean") return { knob, value: true };
  if (typeof now === "number") return { knob, value: 1_000 };
  if (typeof now === "object" && now !== null && !Array.isArray(now)) return { knob, value: { ...now, enabled: true } };
  return undefined;
}

function sampleOf({ call }: CallNode): { runId: string; path: string; inputHash: string } {
  return { runId: call.runId, path: call.path, inputHash: fingerprintText(call.inputHash ?? 0) };
}
