/** Works out what attempts that were not made would have brought, and what they would have taken. */

import { meanOf } from "../../measure/statistics.ts";
import type { AttemptStory } from "./attempt-stories.ts";
import { type Backoff, newsAfter, newsBetween, waitAfter, waitsForNews } from "./retry-waits.ts";

/** Expected of one call that failed, were it tried so many times more. */
export interface FurtherAttempts {
  /** The chance that one of them answers. */
  readonly heals: number;
  /** How many of them fail. */
  readonly failed: number;
  readonly mean: number;
  readonly variance: number;
}

/** The times of attempts, and what their waits take beyond the backoff. */
export interface AttemptTimes {
  readonly meanMs: number;
  readonly varianceMs: number;
  /** What part of the time for news retries were made to wait; how much it may be off. */
  readonly news: { readonly part: number; readonly doubt: number };
}

/** From so many waits on the part that is spent on news is measured. */
const fewestWaits = 10;

/** Reads the times from recorded stories. */
export function attemptTimes(stories: readonly AttemptStory[], backoff: Backoff): AttemptTimes {
  const times = stories.flatMap(({ own }) => own.map(({ beganMs, endedMs }) => endedMs - beganMs));
  const meanMs = meanOf(times);
  const varianceMs = meanOf(times.map((ms) => (ms - meanMs) ** 2));
  let [beyond, most, waits] = [0, 0, 0];
  for (const { own } of stories) {
    for (let tries = 1; tries < own.length; tries++) {
      const news = newsAfter(backoff, tries);
      if (news === 0 || !waitsForNews(own[tries - 1]!.code)) continue;
      beyond += own[tries]!.beganMs - own[tries - 1]!.endedMs - waitAfter(backoff, tries).mean;
      most += news;
      waits++;
    }
  }
  // Unless other calls succeed meanwhile, each of them waits in full.
  if (waits < fewestWaits) return { meanMs, varianceMs, news: { part: 1, doubt: 0.25 } };
  const part = Math.min(1, Math.max(0, beyond / most));
  return { meanMs, varianceMs, news: { part, doubt: 0.25 / Math.sqrt(waits) } };
}

/**
 * What a call waited for news although few of its own attempts had failed: earlier calls that were given up made it doubtful
 * whether anything answers, and would not have, had they been healed.
 */
export function newsOfEarlierMs({ own }: AttemptStory, backoff: Backoff): number {
  let sum = 0;
  for (let tries = 1; tries < own.length; tries++) {
    sum += newsBetween(backoff, tries, own[tries]!.beganMs - own[tries - 1]!.endedMs);
  }
  return sum;
}

/** `made` attempts failed; each of up to `more` answers with this chance, whatever the others did. */
export function furtherAttempts(
  chance: number,
  { made, more, backoff, times }: { made: number; more: number; backoff: Backoff; times: AttemptTimes },
): FurtherAttempts {
  let [reached, failed, mean, square, timeMs, spread] = [1, 0, 0, 0, 0, 0];
  for (let extra = 1; extra <= more; extra++) {
    const wait = waitAfter(backoff, made + extra - 1);
    timeMs += wait.mean + times.news.part * newsAfter(backoff, made + extra - 1) + times.meanMs;
    spread += wait.variance + times.varianceMs;
    const ends = extra === more ? reached : reached * chance;
    mean += ends * timeMs;
    square += ends * (timeMs ** 2 + spread);
    reached *= 1 - chance;
    failed += reached;
  }
  return { heals: 1 - reached, failed, mean, variance: square - mean ** 2 };
}
