/** What it costs that further attempts heal: a run that failed for nothing goes on for money. */

import { meanOf } from "../../measure/statistics.ts";
import type { Episode } from "../../record/episodes.ts";
import type { Forecast } from "../suggestion.ts";
import type { AttemptStory } from "./attempt-stories.ts";
import { forecastRuns } from "./forecast.ts";
import type { FurtherAttempts } from "./further-attempts.ts";

/** What a run whose call was given up is to expect of further attempts. */
export interface HealedRun {
  readonly story: AttemptStory;
  readonly further: FurtherAttempts;
}

/** Tells of all runs what is to be expected. */
export interface HealingCostOptions {
  readonly stories: readonly AttemptStory[];
  /** Those that change. */
  readonly healed: ReadonlyMap<Episode, HealedRun>;
  readonly nextRuns: number;
  /** The relative standard error of the chance to heal. */
  readonly chanceError: number;
}

/**
 * Forecasts the cost of a run: what is healed costs as much as a good run and its failed attempts; undefined where no cost is
 * known.
 */
export function healingCosts(
  episodes: readonly Episode[],
  { stories, healed, nextRuns, chanceError }: HealingCostOptions,
): Forecast | undefined {
  const costs = episodes.map(({ costMicroUsd = 0 }) => costMicroUsd);
  const before = meanOf(costs);
  if (before === 0) return undefined;
  const goodCost = meanOf(
    episodes.flatMap(({ outcome, costMicroUsd = 0 }) => (outcome === "ok" ? [costMicroUsd] : [])),
  );
  const answerCost = meanOf(
    stories.flatMap(({ node: { call } }) => (call.outcome === "ok" ? [call.costMicroUsd ?? 0] : [])),
  );
  const failedCost = meanOf(stories.flatMap(failedCosts));
  let [variance, byChance] = [0, 0];
  const after = episodes.map((episode, index) => {
    const own = costs[index]!;
    const change = healed.get(episode);
    if (change === undefined) return own;
    const { further, story } = change;
    const spent = failedCosts(story).reduce((sum, cost) => sum + cost, 0);
    const more = episode.outcome === "error" ? Math.max(0, goodCost + spent - own) : answerCost;
    variance += further.heals * (1 - further.heals) * more ** 2;
    byChance += chanceError * further.heals * more;
    return own + further.heals * more + further.failed * failedCost;
  });
  const of = { metric: "costMicroUsd", unit: "micro-dollars", before } as const;
  const doubt = { perRun: variance / episodes.length, assumed: byChance / episodes.length };
  return forecastRuns(of, after, nextRuns, doubt);
}

function failedCosts({ own }: AttemptStory): readonly number[] {
  return own.flatMap(({ outcome, costMicroUsd = 0 }) => (outcome === "error" ? [costMicroUsd] : []));
}
