/** Finds which call inside explains a change of time: whose part in the critical path changed most. */

import type { RunnableKind } from "../../../core/events/event.ts";
import type { Interval } from "../../measure/statistics.ts";
import { compareRatios } from "../../measure/two-samples.ts";
import { criticalTimes } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import { duration } from "../suggestion.ts";
import { isSane } from "./compared-measures.ts";
import type { ComparedRuns } from "./compared-period.ts";

/** A call inside, by its part in the time of a run. */
export interface MovedCall {
  readonly name: string;
  readonly kind: RunnableKind;
  /** Milliseconds on the critical path that were its own, a run on average; 0 when it was not called. */
  readonly a: number;
  readonly b: number;
  /** `b` less `a`: so much of the difference of the whole is its. */
  readonly difference: number;
  /** The 95 % interval of the difference. */
  readonly interval: Interval;
  /** Chance of a difference as large when nothing changed, with regard to how many calls were looked at (Bonferroni). */
  readonly correctedP: number;
  /** Says it in words. */
  readonly sentence: string;
}

interface Share {
  readonly name: string;
  readonly kind: RunnableKind;
  /** By run; runs without it are left out. */
  readonly a: Map<Episode, number>;
  readonly b: Map<Episode, number>;
}

/** Gives the call that moved most; undefined with fewer runs than that whose calls are known, or none inside. */
export function mostMoved({ a, b }: ComparedRuns, fewest: number): MovedCall | undefined {
  const known = { a: a.filter(isKnown), b: b.filter(isKnown) };
  if (Math.min(known.a.length, known.b.length) < fewest) return undefined;
  const shares = new Map<string, Share>();
  for (const side of ["a", "b"] as const) for (const episode of known[side]) addShares(shares, side, episode);
  const change = (share: Share): number => sum(share.b) / known.b.length - sum(share.a) / known.a.length;
  const [first] = [...shares.values()]
    .map((share) => ({ share, moved: Math.abs(change(share)) }))
    .sort((one, other) => other.moved - one.moved);
  return first === undefined ? undefined : described(first.share, known, shares.size);
}

function described({ name, kind, ...times }: Share, known: ComparedRuns, compared: number): MovedCall {
  const parts = (side: "a" | "b") => known[side].map((episode) => ({ above: times[side].get(episode) ?? 0, below: 1 }));
  const { a, b, interval, p } = compareRatios(parts("a"), parts("b"));
  const difference = b - a;
  const correctedP = Math.min(1, p * compared);
  const sign = difference < 0 ? "−" : "+";
  const sentence = `${kind} ${name} moved most: ${sign}${duration(Math.abs(difference))} a run`;
  return { name, kind, a, b, difference, interval, correctedP, sentence };
}

function addShares(shares: Map<string, Share>, side: "a" | "b", episode: Episode): void {
  for (const [node, ms] of criticalTimes(episode.root!)) {
    if (node === episode.root) continue;
    const { call } = node;
    const key = `${call.kind} ${call.name}`;
    let share = shares.get(key);
    if (share === undefined) {
      share = { name: call.name, kind: call.kind, a: new Map(), b: new Map() };
      shares.set(key, share);
    }
    share[side].set(episode, (share[side].get(episode) ?? 0) + ms);
  }
}

/** Only a tree whose calls are all there shows who took the time. */
function isKnown({ root, complete, outcome, durationMs }: Episode): boolean {
  return root !== undefined && complete && outcome !== "cancelled" && isSane(durationMs);
}

function sum(times: Map<Episode, number>): number {
  let total = 0;
  for (const ms of times.values()) total += ms;
  return total;
}
