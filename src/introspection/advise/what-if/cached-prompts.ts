/** What the vendor's own cache of prompts would bring: replays the recorded prompts against one that keeps them for a while. */

import type { ModelPrice, TokenRates } from "../../../core/model-price.ts";
import { endOf } from "../../record/call-tree.ts";
import { dollars, duration, percent, type WeighedSuggestion, type WhatIfInput } from "../suggestion.ts";
import { type AgentTalks, constantTokens, type Talk, talksOf } from "./prompt-parts.ts";
import { changeOf, isGain } from "./run-change.ts";

const fewestTalks = 30;
/** Vendors keep no shorter beginnings of prompts. */
const shortestPrefix = 1_024;
/** The shortest time that vendors keep them, from their last use on. */
const keptMs = 300_000;
/** A prompt of which more came from the cache already is cached. */
const hardlyCached = 0.1;

/**
 * Advises to have the vendor keep the beginning of an agent's prompts where hardly any of them came from its cache and the
 * price says that what does is cheaper. Replayed over the recorded calls: the constant part of a prompt
 * ({@link constantTokens}), and within a loop the whole prompt before, cost the cached rate when a prompt that ended at
 * most five minutes before had them; everything else costs what writing it to the cache does. Beginnings below 1,024 tokens
 * are not kept.
 */
export function cachedPrompts(input: WhatIfInput): readonly WeighedSuggestion[] {
  return talksOf(input.episodes).flatMap((asked) => {
    const { agent, model, talks } = asked;
    const price = input.priceOf?.(model);
    const constant = talks.length < fewestTalks ? 0 : constantTokens(talks);
    if (price === undefined || price.microUsdPerMillion.cacheRead >= price.microUsdPerMillion.input) return [];
    const sent = sumOf(talks, ({ inputTokens }) => inputTokens);
    const read = sumOf(talks, ({ cacheReadTokens }) => cacheReadTokens);
    if (constant < shortestPrefix || read > hardlyCached * sent) return [];
    const { savedOf, cachedTokens } = replayPrompts(asked, constant, price);
    const runs = [...new Set(talks.map(({ run }) => run))];
    const before = runs.map((run) => input.episodes[run]!.costMicroUsd ?? 0);
    const after = runs.map((run, index) => before[index]! - (savedOf.get(run) ?? 0));
    const change = changeOf({ metric: "costMicroUsd", before, after, doubt: 0 }, input);
    if (!isGain(change)) return [];
    const { saved, low, high, share, forecast } = change;
    const sentence =
      `${percent(read / sent)} of what ${agent} sends ${model} came from the vendor's cache, though ${Math.round(constant)} ` +
      `tokens of each prompt are the same. Kept for ${duration(keptMs)} they would make ${percent(cachedTokens / sent)} of all ` +
      `input cheaper, and a run of ${input.name} would cost ${dollars(saved / 1e6)} less (${percent(share)}). ${wayToCache(model)}`;
    return [
      {
        value: share,
        suggestion: {
          ...{ id: `prompt-cache:${agent}`, sentence },
          evidence: {
            ...{ calls: talks.length, constantTokens: constant, inputTokens: sent, cachedNow: read / sent },
            ...{ cachedThen: cachedTokens / sent, priceSource: price.source },
            samples: talks.slice(-5).map(({ node: { call } }) => ({ runId: call.runId, path: call.path })),
          },
          predicted: { metric: "costMicroUsd", change: -saved, low: -high, high: -low, unit: "micro-dollars" },
          forecasts: [forecast],
          risk: "low" as const,
          assumptions: [
            `the vendor keeps what prompts begin with for ${duration(keptMs)} after its last use`,
            "what is the same each time stands before what differs, as in the prompts of an agent",
            "calls come as close together as they did",
          ],
        },
      },
    ];
  });
}

function sumOf(talks: readonly Talk[], read: (usage: Talk["turns"][number]["usage"]) => number): number {
  return talks.reduce((sum, { turns }) => turns.reduce((inner, { usage }) => inner + read(usage), sum), 0);
}

/** Gives what each run would save in micro-dollars, and how many tokens would come from the cache. */
function replayPrompts({ talks }: AgentTalks, constant: number, price: ModelPrice) {
  const asked = talks.flatMap(({ run, turns }) =>
    turns.map((turn, index) => ({ run, turn, before: turns[index - 1] })),
  );
  asked.sort((a, b) => a.turn.node.call.startMs - b.turn.node.call.startMs);
  const ends = asked.map(({ turn }) => endOf(turn.node)).sort((a, b) => a - b);
  const savedOf = new Map<number, number>();
  let [ended, lastEnd, cachedTokens] = [0, Number.NEGATIVE_INFINITY, 0];
  for (const { run, turn, before } of asked) {
    const { startMs } = turn.node.call;
    while (ended < ends.length && ends[ended]! <= startMs) lastEnd = ends[ended++]!;
    const isKept = (endMs: number): boolean => startMs - endMs <= keptMs;
    const known = before !== undefined && isKept(endOf(before.node)) ? before.usage.inputTokens : 0;
    const prefix = Math.max(known, isKept(lastEnd) ? constant : 0);
    const { inputTokens, cacheReadTokens } = turn.usage;
    const cached = Math.min(inputTokens, prefix);
    cachedTokens += cached;
    const saved = savedBy(cached, inputTokens, cacheReadTokens, ratesFor(price, inputTokens));
    savedOf.set(run, (savedOf.get(run) ?? 0) + saved);
  }
  return { savedOf, cachedTokens };
}

function savedBy(cached: number, input: number, cachedNow: number, rates: TokenRates): number {
  const now = (input - cachedNow) * rates.input + cachedNow * rates.cacheRead;
  const then = (input - cached) * rates.cacheWrite + cached * rates.cacheRead;
  return (now - then) / 1_000_000;
}

function ratesFor({ microUsdPerMillion, longContext }: ModelPrice, inputTokens: number): TokenRates {
  const isLong = longContext !== undefined && inputTokens > longContext.aboveInputTokens;
  return isLong ? longContext.microUsdPerMillion : microUsdPerMillion;
}

function wayToCache(model: string): string {
  return model.startsWith("anthropic")
    ? 'Say `settings: { providerOptions: { anthropic: { cacheControl: { type: "ephemeral" } } } }` in the agent.'
    : "Have calls come close together and keep the beginning as it is, and see the vendor's page for how its cache is asked for.";
}
