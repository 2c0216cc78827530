/** What advice on caches says of times to keep, in words and in figures. */

import { duration } from "../suggestion.ts";
import { type AskedCall, replayCache } from "./cache-replay.ts";
import type { ChosenCache } from "./cached-runs.ts";

/** Times to keep that people choose from, by how figures name them. */
export const usualTtls: Readonly<Record<string, number>> = {
  "1m": 60_000,
  "10m": 600_000,
  "1h": 3_600_000,
  "1d": 86_400_000,
};

const words: Readonly<Record<number, string>> = {
  60000: "a minute",
  600000: "10 minutes",
  3600000: "an hour",
  86400000: "a day",
};

/** Writes for how long answers are kept, for people. */
export function lastingText(ttlMs: number): string {
  return Number.isFinite(ttlMs) ? (words[ttlMs] ?? duration(ttlMs)) : "ever";
}

/** Calls that are replayed for other times to keep, the last ones; more would say the same. */
const mostCalls = 16_384;

/** Gives the share of calls that a cache answers, empty at first, for each usual time to keep that the record is longer than. */
export function hitRatesByTtl(asked: readonly AskedCall[], cache: ChosenCache): Readonly<Record<string, number>> {
  const calls = asked.slice(-mostCalls);
  const spanMs = calls.at(-1)!.startMs - calls[0]!.startMs;
  const shorter = Object.entries(usualTtls).filter(([, ttlMs]) => ttlMs < spanMs);
  return Object.fromEntries(
    shorter.map(([name, ttlMs]) => [
      `hitRateAtTtl${name}`,
      replayCache(calls, { ...cache, ttlMs }).hits / calls.length,
    ]),
  );
}
