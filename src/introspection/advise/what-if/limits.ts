/** What higher limits would bring: replays the recorded calls through the queue they waited in. */

import type { Json } from "../../../core/json/json.ts";
import type { Knobs } from "../../../core/knob.ts";
import { meanOf } from "../../measure/statistics.ts";
import { type CallNode, walkTree } from "../../record/call-tree.ts";
import {
  defaultNextRuns,
  duration,
  percent,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import { forecastQueue } from "./queue-futures.ts";
import { type Arrival, type QueueLimits, replayQueue } from "./queue-replay.ts";

const fewestCalls = 50;
/** A limit is high enough when this share of the waiting is left. */
const waitingLeft = 0.1;
const factors = [1.25, 1.5, 2, 3, 4, 6, 8] as const;
/** The replay must reproduce what was recorded this well, or something else made the calls wait. */
const fits = 0.2;
const windowMs: Readonly<Record<string, number>> = {
  perSecond: 1_000,
  perMinute: 60_000,
  perHour: 3_600_000,
  perDay: 86_400_000,
};

/**
 * Advises to raise a limit of calls at once, or of calls in a time, that runs wait for. It only speaks where the replay with
 * the limit of now gives the waiting that was recorded; what the other side can take is not recorded.
 */
export function raisedLimits(input: WhatIfInput): readonly WeighedSuggestion[] {
  const { knobs, episodes } = input;
  if (knobs === undefined) return [];
  const nodes = episodes.flatMap(({ root }) => (root === undefined ? [] : [...walkTree(root)]));
  const byName = Map.groupBy(nodes, ({ call }) => call.name);
  return [...byName].flatMap(([name, calls]) => {
    const isLimited = knobs.has(`concurrency:${name}`) || knobs.has(`requests:${name}`);
    if (!isLimited || calls.length < fewestCalls) return [];
    return (
      weigh(
        input,
        name,
        calls.sort((a, b) => a.call.startMs - b.call.startMs),
      ) ?? []
    );
  });
}

interface Raise {
  readonly knob: string;
  readonly from: string;
  readonly to: string;
  readonly value: Json;
  readonly limits: QueueLimits;
  readonly waits: Float64Array;
}

function weigh(
  { name: owner, episodes, knobs, nextRuns = defaultNextRuns }: WhatIfInput,
  name: string,
  nodes: readonly CallNode[],
): WeighedSuggestion | undefined {
  const arrivals = nodes.map(({ call }) => ({ atMs: call.startMs, serviceMs: call.durationMs - call.queueMs }));
  const recorded = meanOf(nodes.map(({ call }) => call.queueMs));
  const now = limitsNow(name, knobs!);
  const replayed = meanOf(Array.from(replayQueue(arrivals, now)));
  if (recorded === 0 || Math.abs(replayed / recorded - 1) > fits) return undefined;
  const raise = [raisedConcurrency(name, arrivals, now, replayed), raisedRate(name, knobs!, arrivals, now, replayed)]
    .flatMap((one) => one ?? [])
    .sort((a, b) => meanOf(Array.from(a.waits)) - meanOf(Array.from(b.waits)))[0];
  if (raise === undefined) return undefined;
  const before = meanOf(episodes.map(({ durationMs }) => durationMs));
  const ofTime = { metric: "avgExecutionTimeMs", unit: "ms", before } as const;
  const forecast = forecastQueue(ofTime, { episodes, nodes }, raise.limits, nextRuns);
  const savedMs = before - forecast.after;
  const share = before === 0 ? 0 : savedMs / before;
  if (share < smallestGain || forecast.high >= before) return undefined;
  const left = meanOf(Array.from(raise.waits));
  const { knob } = raise;
  const sentence =
    `Calls of ${name} wait ${duration(recorded)} for their turn on average. With ${raise.to} in the place of ${raise.from} ` +
    `they would wait ${duration(left)}, and a run of ${owner} take ${duration(savedMs)} less (${percent(share)}). ` +
    `Apply with \`introspection.apply("${knob}")\`.`;
  return {
    value: share,
    suggestion: {
      id: knob,
      sentence,
      evidence: {
        ...{ calls: nodes.length, meanWaitMs: recorded, replayedWaitMs: replayed, waitAfterMs: left },
        samples: [...nodes]
          .sort((a, b) => b.call.queueMs - a.call.queueMs)
          .slice(0, 5)
          .map(({ call }) => ({ runId: call.runId, path: call.path })),
      },
      predicted: {
        ...{ metric: "avgExecutionTimeMs", change: -savedMs, low: forecast.low - before, high: forecast.high - before },
        unit: "ms",
      },
      forecasts: [forecast],
      assumptions: ["runs begin when they began, and calls take as long with more of them at once"],
      sideEffects: [`${name} is called faster; it may refuse what it cannot take`],
      risk: "medium",
      action: { knob, value: raise.value },
    },
  };
}

function limitsNow(name: string, knobs: Knobs): QueueLimits {
  const most = knobs.has(`concurrency:${name}`) ? knobs.read(`concurrency:${name}`) : undefined;
  return {
    ...(typeof most === "number" ? { concurrency: most } : {}),
    windows: Object.entries(ratesOf(name, knobs)).map(([part, rate]) => ({ ms: windowMs[part]!, most: rate })),
  };
}

function ratesOf(name: string, knobs: Knobs): Readonly<Record<string, number>> {
  const rates = knobs.has(`requests:${name}`) ? knobs.read(`requests:${name}`) : undefined;
  return Object.fromEntries(
    Object.entries(Object(rates) as Record<string, unknown>).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number" && Object.hasOwn(windowMs, entry[0]),
    ),
  );
}

/** The first of these limits under which hardly any waiting is left. */
function firstGoodEnough<Limits>(
  candidates: readonly Limits[],
  wait: (limits: Limits) => Float64Array,
  replayed: number,
) {
  for (const limits of candidates) {
    const waits = wait(limits);
    if (meanOf(Array.from(waits)) <= replayed * waitingLeft) return { limits, waits };
  }
  return undefined;
}

function raisedConcurrency(
  name: string,
  calls: readonly Arrival[],
  now: QueueLimits,
  replayed: number,
): Raise | undefined {
  const { concurrency } = now;
  if (concurrency === undefined) return undefined;
  const candidates = [...new Set([concurrency + 1, ...factors.map((factor) => Math.ceil(concurrency * factor))])];
  const found = firstGoodEnough(candidates, (most) => replayQueue(calls, { ...now, concurrency: most }), replayed);
  if (found === undefined) return undefined;
  const { limits: value, waits } = found;
  const limits = { ...now, concurrency: value };
  return { knob: `concurrency:${name}`, from: `${concurrency}`, to: `${value} at once`, value, limits, waits };
}

function raisedRate(
  name: string,
  knobs: Knobs,
  calls: readonly Arrival[],
  now: QueueLimits,
  replayed: number,
): Raise | undefined {
  const rates = ratesOf(name, knobs);
  if (Object.keys(rates).length === 0) return undefined;
  const raised = factors.map((factor) =>
    Object.fromEntries(Object.entries(rates).map(([part, rate]) => [part, Math.ceil(rate * factor)])),
  );
  const limitsOf = (value: Readonly<Record<string, number>>): QueueLimits => {
    return { ...now, windows: Object.entries(value).map(([part, most]) => ({ ms: windowMs[part]!, most })) };
  };
  const found = firstGoodEnough(raised, (value) => replayQueue(calls, limitsOf(value)), replayed);
  if (found === undefined) return undefined;
  const { limits: value, waits } = found;
  const [from, to] = [rates, value].map((one) => JSON.stringify(one));
  return { knob: `requests:${name}`, from: from!, to: to!, value, limits: limitsOf(value), waits };
}
