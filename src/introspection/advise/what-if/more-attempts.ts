/** What further attempts would bring, where the last one still heals and calls fail for want of another. */

import { hardlyEver } from "../../errors/error-advice.ts";
import { meanOf, shareInterval } from "../../measure/statistics.ts";
import { type CallNode, endOf, walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import {
  defaultNextRuns,
  duration,
  percent,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import type { AttemptStory, RetriedCalls } from "./attempt-stories.ts";
import { forecastRuns, successForecast } from "./forecast.ts";
import { attemptTimes, type FurtherAttempts, furtherAttempts, newsOfEarlierMs } from "./further-attempts.ts";
import { type HealedCode, healedCodes, healedEvidence, lastCode, sayHealed } from "./healed-codes.ts";
import { type HealedRun, healingCosts } from "./healing-costs.ts";
import { samplesOf } from "./recorded-calls.ts";
import { waitsForNews } from "./retry-waits.ts";

const fewestTries = 20;
const mostAttempts = 10;
/** A code that came seldom counts as if so many calls more of it had been healed as seldom as all are. */
const pooledCalls = 5;
/** So much of what could be healed may be left to fail. */
const leftToFail = 0.1;

/** The calls that came to the last attempt: how many it healed, by what had failed before it, and those that it did not. */
interface LastAttempt {
  readonly tried: number;
  readonly healed: number;
  readonly codes: ReadonlyMap<string, HealedCode>;
  readonly spent: ReadonlyMap<CallNode, AttemptStory>;
}

/** Advises more attempts; undefined where they would not bring enough. */
export function moreAttempts(input: WhatIfInput, calls: RetriedCalls): WeighedSuggestion | undefined {
  const { name, most, stories } = calls;
  const { episodes, nextRuns = defaultNextRuns } = input;
  const last = lastAttempt(stories, most);
  const { tried, healed, spent } = last;
  if (most < 2 || tried < fewestTries || shareInterval(healed, tried).low <= hardlyEver || spent.size === 0) return;
  const attempts = attemptsFor(last, most);
  if (attempts <= most) return undefined;
  const { after, failedRuns, gains, perRun, assumed, healedRuns } = runsWith(episodes, calls, last, attempts);
  const gained = gains / episodes.length;
  const interval = shareInterval(failedRuns, episodes.length);
  const heals = failedRuns === 0 ? 0 : gains / failedRuns;
  if (gained < smallestGain || interval.low * heals < smallestGain / 4) return undefined;
  const before = meanOf(episodes.map(({ durationMs }) => durationMs));
  const time = forecastRuns({ metric: "avgExecutionTimeMs", unit: "ms", before }, after, nextRuns, { perRun, assumed });
  const error = chanceError(last);
  const cost = healingCosts(episodes, { stories, healed: healedRuns, nextRuns, chanceError: error });
  const codes = healedCodes(stories);
  const sentence =
    `${spent.size} calls of ${name} failed after ${most} attempts, of which the last healed ${percent(healed / tried)}. ` +
    `${sayHealed(codes)}With ${attempts} at most ${percent(gained)} more of the runs of ${input.name} would succeed, ` +
    `taking ${duration(Math.max(0, time.after - before))} more on average. Apply with \`introspection.apply("retry:${name}")\`.`;
  return {
    value: gained,
    suggestion: {
      ...{ id: `retry:${name}`, sentence, risk: "medium", action: { knob: `retry:${name}`, value: attempts } },
      evidence: {
        ...{ calls: stories.length, retried: tried, healed, failed: spent.size, maxAttempts: most },
        ...{ healedByCode: healedEvidence(codes), samples: samplesOf([...spent.keys()]) },
      },
      predicted: {
        ...{ metric: "successRate", change: gained, low: interval.low * heals, high: interval.high * heals },
        unit: "share of runs",
      },
      forecasts: [
        ...[successForecast(episodes, gained, nextRuns, error * gained), time],
        ...(cost === undefined ? [] : [cost]),
      ],
      assumptions: ["attempts to come heal as often as those that were recorded, whatever the others were"],
      sideEffects: ["runs that fail take longer to, and what is tried more often is called more often"],
    },
  };
}

function lastAttempt(stories: readonly AttemptStory[], most: number): LastAttempt {
  const came = stories.filter(({ tries }) => tries >= Math.max(2, most));
  const byCode = Map.groupBy(came, lastCode);
  return {
    tried: came.length,
    healed: came.filter(({ isHealed }) => isHealed).length,
    codes: new Map(
      [...byCode].map(([code, all]) => {
        return [code, { code, calls: all.length, healed: all.filter(({ isHealed }) => isHealed).length }];
      }),
    ),
    spent: new Map(came.flatMap((story) => (isSpent(story) ? [[story.node, story] as const] : []))),
  };
}

function isSpent({ isHealed, node }: AttemptStory): boolean {
  return !isHealed && node.call.outcome === "error";
}

function chanceOf({ codes, healed, tried }: LastAttempt, story: AttemptStory): number {
  const own = codes.get(lastCode(story))!;
  if (own.calls >= fewestTries) return own.healed / own.calls;
  return (own.healed + (pooledCalls * healed) / tried) / (own.calls + pooledCalls);
}

/** The relative standard error of the chance of all. */
function chanceError({ healed, tried }: LastAttempt): number {
  const chance = healed / tried;
  return Math.sqrt((1 - chance) / Math.max(1, healed));
}

/** The fewest attempts that leave a tenth of what can be healed. */
function attemptsFor(last: LastAttempt, most: number): number {
  const chances = [...last.spent.values()].map((story) => Math.min(chanceOf(last, story), 1 - 1e-9));
  const left = (more: number): number => meanOf(chances.map((chance) => (chance === 0 ? 0 : (1 - chance) ** more)));
  const allowed = leftToFail * meanOf(chances.map((chance) => (chance === 0 ? 0 : 1)));
  let attempts = most + 1;
  while (attempts < mostAttempts && left(attempts - most) > allowed) attempts++;
  return Math.min(attempts, mostAttempts);
}

interface RunsWith {
  readonly after: readonly number[];
  readonly failedRuns: number;
  /** How many of those would succeed. */
  readonly gains: number;
  readonly perRun: number;
  readonly assumed: number;
  readonly healedRuns: ReadonlyMap<Episode, HealedRun>;
}

/** A run that failed goes on, once it is healed, as long as good ones do after such a call. */
function runsWith(episodes: readonly Episode[], calls: RetriedCalls, last: LastAttempt, attempts: number): RunsWith {
  const { most, backoff, stories } = calls;
  const times = attemptTimes(stories, backoff);
  const error = chanceError(last);
  const onwardMs = timeAfter(episodes, calls.name);
  const further = (story: AttemptStory, factor = 1, part = times.news.part): FurtherAttempts =>
    furtherAttempts(Math.min(1, chanceOf(last, story) * factor), {
      ...{ made: story.tries, more: attempts - most, backoff },
      times: { ...times, news: { ...times.news, part: waitsForNews(lastCode(story)) ? part : 0 } },
    });
  let [failedRuns, gains, variance, byChance, byNews] = [0, 0, 0, 0, 0];
  const healed = meanOf([...last.spent.values()].map((story) => further(story).heals));
  const earlier = new Map(stories.map((story) => [story.node, healed * newsOfEarlierMs(story, backoff)]));
  const healedRuns = new Map<Episode, HealedRun>();
  const after = episodes.map((episode) => {
    const { root, outcome, durationMs: recordedMs } = episode;
    const durationMs = recordedMs - (root === undefined ? 0 : sumOf(root, earlier));
    const node = root === undefined ? undefined : [...walkTree(root)].find((one) => last.spent.has(one));
    if (node === undefined) return durationMs;
    const story = last.spent.get(node)!;
    const expected = further(story);
    healedRuns.set(episode, { story, further: expected });
    variance += expected.variance;
    byChance += Math.abs(further(story, Math.max(0, 1 - error)).mean - expected.mean);
    byNews += Math.abs(further(story, 1, times.news.part + times.news.doubt).mean - expected.mean);
    if (outcome !== "error") return durationMs + expected.mean;
    failedRuns++;
    gains += expected.heals;
    return durationMs + expected.mean + expected.heals * onwardMs;
  });
  const assumed = Math.hypot(byChance, byNews) / episodes.length;
  return { after, failedRuns, gains, perRun: variance / episodes.length, assumed, healedRuns };
}

function sumOf(root: CallNode, values: ReadonlyMap<CallNode, number>): number {
  let sum = 0;
  for (const node of walkTree(root)) sum += values.get(node) ?? 0;
  return sum;
}

/** How long good runs go on after the last call of a name. */
function timeAfter(episodes: readonly Episode[], name: string): number {
  return meanOf(
    episodes.flatMap(({ root, outcome }) => {
      if (root === undefined || outcome !== "ok") return [];
      const ends = [...walkTree(root)].filter(({ call }) => call.name === name).map(endOf);
      return ends.length === 0 ? [] : [Math.max(0, endOf(root) - Math.max(...ends))];
    }),
  );
}
