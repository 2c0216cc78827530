/** Reads a cache that is on off its live setting and the record, and tells whether a replay of it can be trusted. */

import type { CacheState } from "../../../core/events/event.ts";
import type { Json } from "../../../core/json/json.ts";
import type { Knobs } from "../../../core/knob.ts";
import { meanOf } from "../../measure/statistics.ts";
import { spentIn } from "../../record/episodes.ts";
import { type CacheReplay, defaultTtlMs, replayCache } from "./cache-replay.ts";
import type { CallGroup, MadeCall, SeenCall } from "./cacheable-calls.ts";
import type { ChosenCache } from "./cached-runs.ts";

/** A replay of the cache as it is must tell so many calls rightly, and miss the share of hits by so little. */
const fewestRight = 0.9;
const mostBias = 0.02;
const fewestCalls = 40;

/** A cache that is on, with the calls it met. */
export interface CacheInUse {
  readonly name: string;
  readonly knob: string;
  /** What the live setting is. */
  readonly setting: { readonly [option: string]: Json };
  readonly now: ChosenCache;
  /** A change leaves behind what is kept, since others keep theirs there too. */
  readonly leavesBehind: boolean;
  readonly calls: readonly SeenCall[];
  /** The run from which on the replay has known an entry to leave: what it holds is what the cache in use held. `Infinity` when none ever did. */
  readonly warm: number;
  /** The run from which on the replay was held against what was recorded. */
  readonly since: number;
  readonly replay: CacheReplay;
  /** Share of the calls from then on of which the replay says what was recorded. */
  readonly agreement: number;
  readonly made: { readonly calls: number; readonly meanMs: number };
}

/**
 * Reads the cache of a group of calls. Undefined where there is nothing to stand on: it is off or has no live
 * setting, it answered hardly anything but what it was asked for first, or a replay of just that cache does not give what was recorded, such as where
 * others use it too, where a limit in bytes or a second level has a part, or where answers were deleted.
 */
export function cacheInUse({ name, calls: seen }: CallGroup, knobs: Knobs | undefined): CacheInUse | undefined {
  const knob = `cache:${name}`;
  const setting = knobs?.has(knob) ? knobs.read(knob) : undefined;
  const read = readCache(setting);
  if (read === undefined) return undefined;
  const asked = seen.filter(({ node }) => node.call.cacheState !== undefined && node.call.cacheState !== "bypass");
  const made = asked.filter((call) => !isAnswered(call) && call.ok);
  if (made.length === 0 || asked.length < fewestCalls) return undefined;
  const calls = withTimes(asked, made);
  // What is given past its time is made anew beside the runs, so age costs nobody anything.
  const now = asked.some(({ node }) => node.call.cacheState === "stale")
    ? { ...read, ttlMs: Number.POSITIVE_INFINITY }
    : read;
  const replay = replayCache(calls, now);
  const warm = calls[replay.firstLeft] === undefined ? Number.POSITIVE_INFINITY : calls[replay.firstLeft]!.run + 1;
  const since = Number.isFinite(warm) ? warm : calls[calls.length >> 1]!.run;
  const agreement = agreementOf(calls, replay, since);
  if (agreement === undefined) return undefined;
  const meanMs = meanOf(made.map(({ durationMs }) => durationMs));
  const leavesBehind = knobs!.leavesBehind(knob);
  const facts = { name, knob, setting: setting as CacheInUse["setting"], now, leavesBehind, calls };
  return { ...facts, warm, since, replay, agreement, made: { calls: made.length, meanMs } };
}

/** Reads what a cache's knob holds; undefined for a cache that is off, and for anything else. */
function readCache(setting: Json | undefined): ChosenCache | undefined {
  const { enabled = true, maxEntries, ttlMs = defaultTtlMs, strategy = "lru" } = Object(setting);
  if (enabled !== true || !(maxEntries >= 1)) return undefined;
  if (strategy !== "lru" && strategy !== "lfu" && strategy !== "tinylfu") return undefined;
  return { maxEntries, ttlMs: lasting(ttlMs), strategy };
}

/** Reads a time to keep as settings have it: null is for ever. */
export function lasting(ttlMs: unknown): number {
  if (ttlMs === null) return Number.POSITIVE_INFINITY;
  return typeof ttlMs === "number" && ttlMs > 0 ? ttlMs : defaultTtlMs;
}

const answeredStates: readonly (CacheState | undefined)[] = ["hit", "stale", "joined"];

function isAnswered({ node }: SeenCall): boolean {
  return answeredStates.includes(node.call.cacheState);
}

/** Gives calls that were answered the time and cost they would have had: the mean of that question, else of all. */
function withTimes(asked: readonly SeenCall[], made: readonly SeenCall[]): readonly SeenCall[] {
  const byKey = Map.groupBy(made, ({ key }) => key);
  const known = new Map<string | number, MadeCall>();
  const ofAll = meanCall(made);
  return asked.map((call) => {
    if (!isAnswered(call)) return call;
    const same = byKey.get(call.key);
    const whenMade = known.get(call.key) ?? (same === undefined ? ofAll : meanCall(same));
    known.set(call.key, whenMade);
    return { ...call, durationMs: whenMade.durationMs, whenMade };
  });
}

function meanCall(calls: readonly SeenCall[]): MadeCall {
  const spent = calls.map(({ node }) => spentIn(node));
  return {
    durationMs: meanOf(calls.map(({ durationMs }) => durationMs)),
    tokens: meanOf(spent.map(({ tokens }) => tokens)),
    costMicroUsd: meanOf(spent.map(({ costMicroUsd }) => costMicroUsd ?? 0)),
  };
}

/** Gives the share of calls told rightly since a run; undefined when that is too little, or too few calls. */
function agreementOf(calls: readonly SeenCall[], replay: CacheReplay, since: number): number | undefined {
  let count = 0;
  let right = 0;
  let bias = 0;
  calls.forEach(({ run, whenMade }, index) => {
    if (run < since) return;
    const told = replay.durationsMs[index]! >= 0;
    const was = whenMade !== undefined;
    count++;
    if (told === was) right++;
    else bias += told ? 1 : -1;
  });
  const isTrue = count >= fewestCalls && right >= fewestRight * count && Math.abs(bias) <= mostBias * count;
  return isTrue ? right / count : undefined;
}
