/** Works out what runs would cost and take with another model, from how the two compared on the same inputs. */

import type { ratioOfMeans } from "../../measure/bootstrap.ts";
import { meanOf } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";
import { spentIn } from "../../record/episodes.ts";
import {
  dollars,
  duration,
  type Forecast,
  type PredictedEffect,
  percent,
  type SuggestionEvidence,
  type WhatIfInput,
} from "../suggestion.ts";
import type { AnsweredCall } from "./paired-models.ts";
import { replayDuration } from "./replay.ts";
import { changeOf, isGain, type RunChange } from "./run-change.ts";

type Ratio = ReturnType<typeof ratioOfMeans>;

/** The other model's means as shares of the present one's. */
export interface ModelRatios {
  /** Undefined where prices are not known, or the present model costs nothing. */
  readonly cost: Ratio;
  readonly time: Ratio;
}

/** What the other model brings. */
export interface ModelGain {
  /** Share of cost or time. */
  readonly value: number;
  /** Completes "a run would …". */
  readonly words: string;
  readonly predicted: PredictedEffect;
  /** The promised one first. */
  readonly forecasts: readonly Forecast[];
  readonly evidence: SuggestionEvidence;
  readonly drawbacks: readonly string[];
}

/**
 * Gives the gain over the runs that the present model answered, or undefined when there surely is none: the other model is
 * not surely cheaper, or where no price is known, not surely faster, or the run hardly notices. Each recorded call is taken
 * to cost and to take the same share of what it did; calls that wait for it move along.
 */
export function gainOf(
  input: WhatIfInput,
  calls: readonly AnsweredCall[],
  now: string,
  { cost, time }: ModelRatios,
): ModelGain | undefined {
  const asked = calls.filter(({ model }) => model === now);
  const money = cost === undefined ? undefined : costChange(input, asked, cost);
  const speed = time === undefined ? undefined : timeChange(input, asked, time);
  const cheaper = isGain(money) ? money : undefined;
  const faster = isGain(speed) ? speed : undefined;
  const isDearer = cost !== undefined && cheaper === undefined && cost.high > 1;
  const promised = cheaper ?? faster;
  if (promised === undefined || isDearer) return undefined;
  const { saved, low, high, forecast } = promised;
  const { metric, unit } = forecast;
  const words = [
    ...(cheaper === undefined ? [] : [`cost ${dollars(cheaper.saved / 1e6)} less (${percent(cheaper.share)})`]),
    ...(faster === undefined ? [] : [`take ${duration(faster.saved)} less (${percent(faster.share)})`]),
  ];
  return {
    value: Math.max(cheaper?.share ?? 0, faster?.share ?? 0),
    words: words.join(" and "),
    predicted: { metric, change: -saved, low: -high, high: -low, unit },
    forecasts: [promised, ...(speed === undefined || speed === promised ? [] : [speed])].map((one) => one.forecast),
    evidence: { costRatio: cost?.ratio, timeRatio: time?.ratio },
    drawbacks: speed !== undefined && speed.high < 0 ? [`a run takes ${duration(-speed.saved)} longer`] : [],
  };
}

function costChange(input: WhatIfInput, asked: readonly AnsweredCall[], ratio: Ratio & {}): RunChange {
  const spent = new Map<number, number>();
  for (const { node, run } of asked) spent.set(run, (spent.get(run) ?? 0) + (spentIn(node).costMicroUsd ?? 0));
  const runs = [...spent].map(([run, own]) => ({ before: input.episodes[run]!.costMicroUsd ?? own, own }));
  const after = runs.map(({ before, own }) => before - own * (1 - ratio.ratio));
  const doubt = ratio.error * meanOf(runs.map(({ own }) => own));
  return changeOf({ metric: "costMicroUsd", before: runs.map(({ before }) => before), after, doubt }, input);
}

function timeChange(input: WhatIfInput, asked: readonly AnsweredCall[], ratio: Ratio & {}): RunChange {
  const nodes = new Set<CallNode>(asked.map(({ node }) => node));
  const roots = [...new Set(asked.map(({ run }) => run))].map((run) => input.episodes[run]!.root!);
  const times = roots.map(({ call }) => call.durationMs);
  const faster = (node: CallNode) => (nodes.has(node) ? node.call.durationMs * ratio.ratio : undefined);
  const after = roots.map((root) => replayDuration(root, faster));
  const own = asked.reduce((sum, { node }) => sum + node.call.durationMs, 0) / Math.max(1, roots.length);
  return changeOf({ metric: "avgExecutionTimeMs", before: times, after, doubt: ratio.error * own }, input);
}
