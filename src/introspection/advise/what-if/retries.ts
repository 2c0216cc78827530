/** What more or fewer attempts would bring: counts which attempts heal, by what failed, and what those that never do cost. */

import type { Knobs } from "../../../core/knob.ts";
import { meanInterval, meanOf, shareInterval } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";
import {
  defaultNextRuns,
  duration,
  type Forecast,
  percent,
  smallestGain,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import { type AttemptStory, type RetriedCalls, storiesOf } from "./attempt-stories.ts";
import { forecastRuns, successForecast } from "./forecast.ts";
import { healedCodes, healedEvidence, isHopeless, lastCode, sayHealed } from "./healed-codes.ts";
import { moreAttempts } from "./more-attempts.ts";
import { callsByName, samplesOf } from "./recorded-calls.ts";
import { replayDuration } from "./replay.ts";
import { backoffOf } from "./retry-waits.ts";

const fewestTries = 20;
/** Attempts that surely heal less than this are not worth their time. */
const hopeless = 0.1;

/**
 * Advises another number of attempts where a `retry` knob is: fewer where the later ones never heal a call, more where the last
 * one still does and calls fail for want of another. Chances are those of the recorded attempts by their number and by what
 * failed; fewer attempts end each call where that attempt of it ended, further ones wait as the `backoff` knob reads. Where
 * trying again heals some failures and others never, it names those.
 */
export function retries(input: WhatIfInput): readonly WeighedSuggestion[] {
  return [...callsByName(input.episodes)].flatMap(([name, nodes]) => {
    const most = attemptsOf(name, input.knobs);
    if (most === undefined) return [];
    const backoff = backoffOf(name, input.knobs);
    const calls = { name, most, stories: storiesOf(nodes, backoff), backoff };
    const fewer = fewerAttempts(input, calls);
    if (fewer !== undefined) return [fewer];
    return [moreAttempts(input, calls), hopelessCodes(input, calls)].flatMap((found) => found ?? []);
  });
}

function attemptsOf(name: string, knobs: Knobs | undefined): number | undefined {
  const most = knobs?.has(`retry:${name}`) ? knobs.read(`retry:${name}`) : undefined;
  return typeof most === "number" ? most : undefined;
}

function fewerAttempts(input: WhatIfInput, { name, most, stories }: RetriedCalls): WeighedSuggestion | undefined {
  for (let attempts = 1; attempts < most; attempts++) {
    const beyond = stories.filter(({ tries }) => tries > attempts);
    const healed = beyond.filter(({ isHealed }) => isHealed).length;
    if (beyond.length < fewestTries) return undefined;
    if (healed > 0 || shareInterval(healed, beyond.length).high > hopeless) continue;
    const saving = savingOf(
      input,
      beyond.map((story) => [story, attempts]),
    );
    if (saving === undefined) return undefined;
    const codes = healedCodes(stories);
    const sentence =
      `Attempts of ${name} after ${attempts === 1 ? "the first" : `the ${attempts} first`} healed none of ${beyond.length} calls. ` +
      `${sayHealed(codes)}With ${attempts} at most a run of ${input.name} would take ${duration(saving.savedMs)} less ` +
      `(${percent(saving.share)}). Apply with \`introspection.apply("retry:${name}")\`.`;
    return {
      value: saving.share,
      suggestion: {
        ...{ id: `retry:${name}`, sentence, risk: "medium", action: { knob: `retry:${name}`, value: attempts } },
        evidence: {
          ...{ calls: stories.length, retried: beyond.length, healed, maxAttempts: most },
          ...{ healedByCode: healedEvidence(codes), samples: samplesOf(beyond.map(({ node }) => node)) },
        },
        predicted: saving.predicted,
        forecasts: [saving.forecast, successForecast(input.episodes, 0, input.nextRuns)],
        assumptions: ["attempts to come heal as often as those that were recorded, whatever the others were"],
        sideEffects: [`a call of ${name} that another attempt would heal fails`],
      },
    };
  }
  return undefined;
}

/** Codes that retries never heal while they do heal others: no number of attempts serves both, so a person must tell them apart. */
function hopelessCodes(input: WhatIfInput, { name, stories }: RetriedCalls): WeighedSuggestion | undefined {
  const codes = healedCodes(stories);
  const lost = codes.find((one) => one.calls >= fewestTries && isHopeless(one, hopeless));
  if (lost === undefined || codes.every(({ healed }) => healed === 0)) return undefined;
  const { code, calls } = lost;
  const beyond = stories.filter((story) => story.tries > 1 && lastCode(story) === code);
  const saving = savingOf(
    input,
    beyond.map((story) => [story, 1 + story.own.findIndex((attempt) => attempt.code === code)]),
  );
  if (saving === undefined) return undefined;
  const sentence =
    `${sayHealed(codes)}Trying ${name} again healed none of ${calls} calls that failed with ${code}; without it a run of ` +
    `${input.name} would take ${duration(saving.savedMs)} less (${percent(saving.share)}). Leave ${code} out of what ` +
    `\`retry({ on })\` names, or answer for it first: \`recovery: [fallback(…, { on: "${code}" }), retry()]\`.`;
  return {
    value: saving.share,
    suggestion: {
      ...{ id: `retry-codes:${name}`, sentence, risk: "medium", predicted: saving.predicted },
      evidence: {
        ...{ calls: stories.length, retried: calls, code, healedByCode: healedEvidence(codes) },
        samples: samplesOf(beyond.map(({ node }) => node)),
      },
      forecasts: [saving.forecast],
      assumptions: [`calls that fail with ${code} are healed as seldom as those that were recorded`],
    },
  };
}

interface Saving {
  readonly savedMs: number;
  readonly share: number;
  readonly predicted: NonNullable<WeighedSuggestion["suggestion"]["predicted"]>;
  readonly forecast: Forecast;
}

/** What runs would take had these calls ended, or turned to what was called instead, after so many of their attempts. */
function savingOf(input: WhatIfInput, cut: readonly (readonly [AttemptStory, number])[]): Saving | undefined {
  const { episodes, nextRuns = defaultNextRuns } = input;
  const timeOf = new Map<CallNode, number>();
  for (const [{ node, own, endedMs }, attempts] of cut) {
    timeOf.set(node, node.call.durationMs - Math.max(0, endedMs - (own[attempts - 1]?.endedMs ?? endedMs)));
  }
  const after = episodes.map(({ root, durationMs }) =>
    root === undefined ? durationMs : replayDuration(root, (node) => timeOf.get(node)),
  );
  const before = meanOf(episodes.map(({ durationMs }) => durationMs));
  const interval = meanInterval(episodes.map(({ durationMs }, index) => durationMs - after[index]!));
  const savedMs = before - meanOf(after);
  const share = before === 0 ? 0 : savedMs / before;
  if (share < smallestGain || interval.low <= 0) return undefined;
  const metric = "avgExecutionTimeMs";
  return {
    ...{ savedMs, share },
    predicted: { metric, change: -savedMs, low: -interval.high, high: -interval.low, unit: "ms" },
    forecast: forecastRuns({ metric, unit: "ms", before }, after, nextRuns),
  };
}
