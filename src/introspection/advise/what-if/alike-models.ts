/** What a cheaper model would bring where it answered as the present one does: compares both on the inputs both were asked. */

import { binomialTail } from "../../errors/exact-tests.ts";
import { type Pair, ratioOfMeans } from "../../measure/bootstrap.ts";
import { shareInterval } from "../../measure/statistics.ts";
import { type CallNode, walkTree } from "../../record/call-tree.ts";
import { spentIn } from "../../record/episodes.ts";
import { countOf, listOf, percent, type Suggestion, type WeighedSuggestion, type WhatIfInput } from "../suggestion.ts";
import { gainOf, type ModelGain, type ModelRatios } from "./model-gain.ts";
import {
  type AnsweredCall,
  answeredCalls,
  type Comparison,
  comparePairs,
  lastAnswers,
  type ModelPair,
  pairsOf,
} from "./paired-models.ts";

/** Another model is advised when it surely answers so large a share of the inputs alike. */
const leastAlike = 0.9;
/** Inputs below which not even more of them are asked for. */
const fewestInputs = 10;
/** Inputs beyond which nobody is asked to compare. */
const mostInputs = 500;
/** So many new inputs that only the other model was asked say that it is the present one already. */
const movedOn = 10;
/** A model that was asked less than this share of what the other one was is not the present one. */
const triedLess = 0.8;
/** A difference in failures that is likelier than this may be chance. */
const chance = 0.05;

/**
 * Advises another model for an agent where both were asked the same inputs. It must answer alike in at least 90 % of them, by
 * the lower end of a 95 % interval (E. B. Wilson 1927), an input that it alone fails on counted as unlike, and in more of
 * them than one usual answer to everything would; it must not fail more often (Q. McNemar's test, 1947, exact and
 * one-sided); and it must surely be cheaper, or where no price is known faster, by the ratio of means over the same inputs.
 * What could not be compared is said. Where only more inputs are missing, their number is said.
 */
export function alikeModels(input: WhatIfInput): readonly WeighedSuggestion[] {
  return [...answeredCalls(input.episodes)].flatMap(([agent, calls]) => {
    // A model that was asked fewer inputs has no pair of use, and of such there may be very many.
    const asked = [...lastAnswers(calls)].filter(([, answers]) => answers.size >= fewestInputs);
    const found = asked.flatMap(([now, answers]) =>
      asked.flatMap(([other, others]) => {
        return now === other ? [] : (adviceOn(input, agent, calls, pairsOf(answers, others), now, other) ?? []);
      }),
    );
    return found.sort((a, b) => b.value - a.value).slice(0, 1);
  });
}

function adviceOn(
  input: WhatIfInput,
  agent: string,
  calls: readonly AnsweredCall[],
  pairs: readonly ModelPair[],
  now: string,
  other: string,
): WeighedSuggestion | undefined {
  if (pairs.length < fewestInputs || isTrial(calls, now, other) || hasMovedOn(calls, now, other)) return undefined;
  const comparison = comparePairs(pairs);
  const { inputs, alike, lost, won, usual } = comparison;
  const { low, high } = shareInterval(alike, inputs);
  const failsMore = lost > won && binomialTail(lost, lost + won, 0.5) < chance;
  if (inputs < fewestInputs || failsMore || high < leastAlike || alike / inputs < Math.max(leastAlike, usual))
    return undefined;
  const ratios = ratiosOf(pairs);
  const gain = ratios === undefined ? undefined : gainOf(input, calls, now, ratios);
  if (gain === undefined) return undefined;
  const found = { agent, now, other, comparison, low, high, owner: input.name };
  if (low >= leastAlike && low > usual) return weighed(found, gain);
  const needed = inputsNeeded(alike / inputs, usual);
  return needed === undefined || needed <= inputs ? undefined : moreInputs(found, gain, needed);
}

interface Found {
  readonly owner: string;
  readonly agent: string;
  readonly now: string;
  readonly other: string;
  readonly comparison: Comparison;
  readonly low: number;
  readonly high: number;
}

/** The model was only tried: the other one is the present one. */
function isTrial(calls: readonly AnsweredCall[], model: string, present: string): boolean {
  const callsOf = (name: string): number => calls.filter((call) => call.model === name).length;
  return callsOf(model) < triedLess * callsOf(present);
}

/** New inputs are answered by the other model alone. */
function hasMovedOn(calls: readonly AnsweredCall[], now: string, other: string): boolean {
  const asked = new Set(calls.filter(({ model }) => model === now).map(({ key }) => key));
  const last = calls.findLastIndex(({ model }) => model === now);
  return calls.slice(last + 1).filter(({ model, key }) => model === other && !asked.has(key)).length >= movedOn;
}

/** What the other model costs and takes as a share of the present one, over inputs that both answered. */
function ratiosOf(pairs: readonly ModelPair[]): ModelRatios | undefined {
  const both = pairs.filter(({ now, other }) => now.node.call.outcome === "ok" && other.node.call.outcome === "ok");
  const costs = both.map(({ now, other }) => [costIn(now.node), costIn(other.node)] as const);
  const known = costs.filter((pair): pair is [number, number] => pair.every((cost) => cost !== undefined));
  // A price that is known of one model alone says nothing about the other.
  const isPriced = known.length === costs.length;
  if (!isPriced && costs.some((pair) => pair.some((cost) => cost !== undefined))) return undefined;
  const cost = isPriced ? ratioOfMeans(known.map(([before, after]): Pair => ({ before, after }))) : undefined;
  // What costs nothing, such as a model of one's own, is not given up for one that does.
  if (cost === undefined && known.some(([, after]) => after > 0)) return undefined;
  const time = ratioOfMeans(
    both.map(({ now, other }): Pair => ({ before: now.node.call.durationMs, after: other.node.call.durationMs })),
  );
  return { cost, time };
}

function costIn(node: CallNode): number | undefined {
  for (const { call } of walkTree(node)) {
    if (call.kind === "model" && call.outcome === "ok" && call.costMicroUsd === undefined) return undefined;
  }
  return spentIn(node).costMicroUsd;
}

/** How many inputs would do if answers went on being alike as often. */
function inputsNeeded(share: number, usual: number): number | undefined {
  for (let inputs = 1; inputs <= mostInputs; inputs++) {
    const { low } = shareInterval(Math.floor(share * inputs + 1e-9), inputs);
    if (low >= leastAlike && low > usual) return inputs;
  }
  return undefined;
}

function weighed(found: Found, gain: ModelGain): WeighedSuggestion {
  const { agent, now, other, comparison, low, owner } = found;
  const { inputs, alike } = comparison;
  const sentence =
    `${other} answers ${agent} as ${now} does: alike in ${alike} of ${countOf(inputs, "input")} that both were asked ` +
    `(surely in ${percent(Math.floor(low * 100) / 100)}), ${fieldsIn(comparison)}. With it a run of ${owner} would ${gain.words}. ` +
    `Say \`model: "${other}"\` in ${agent}${unread(comparison).length === 0 ? "" : ", once you have read some answers of both"}.`;
  return {
    value: gain.value,
    suggestion: {
      ...{ id: `model:${agent}`, sentence, evidence: evidenceOf(found, gain) },
      ...{ predicted: gain.predicted, forecasts: gain.forecasts },
      risk: unread(comparison).length === 0 ? "medium" : "high",
      assumptions: [
        "inputs to come are like those that both were asked",
        "nothing but the model differed between the two: instructions, tools and settings",
        "an answer is as good when its fields say the same, whatever its words",
      ],
      sideEffects: sideEffectsOf(found, gain),
    },
  };
}

/** It says what is missing, not what will be, so it comes after other advice. */
function moreInputs(found: Found, gain: ModelGain, needed: number): WeighedSuggestion {
  const { agent, now, other, comparison, owner } = found;
  const { inputs, alike } = comparison;
  const suggestion: Suggestion = {
    id: `compare-models:${agent}`,
    sentence:
      `${other} answers ${agent} as ${now} does so far: alike in ${alike} of ${countOf(inputs, "input")} that both were asked. ` +
      `That is too few to be sure; with about ${needed}, alike as often, it would be. With it a run of ${owner} would ${gain.words}. ` +
      `Run ${countOf(needed - inputs, "more input")} through both.`,
    evidence: evidenceOf(found, gain),
    predicted: undefined,
    risk: "low",
  };
  return { value: gain.value / 4, suggestion };
}

function evidenceOf({ now, other, comparison, low, high }: Found, gain: ModelGain): Suggestion["evidence"] {
  const { inputs, alike, lost, won, usual, unlike } = comparison;
  return {
    ...{ now, other, inputs, alike, alikeLow: low, alikeHigh: high, usualAnswer: usual },
    ...{ failedAlone: lost, succeededAlone: won, ...gain.evidence },
    fields: comparison.fields.map(({ name, compared, alike }) => `${name}: ${alike} of ${compared}`),
    samples: unlike.slice(-5).map(({ other: { node } }) => ({ runId: node.call.runId, path: node.call.path })),
  };
}

function sideEffectsOf({ comparison, agent, other }: Found, { drawbacks }: ModelGain): readonly string[] {
  const { inputs, alike, lost, won } = comparison;
  return [
    ...(alike === inputs ? [] : [`about ${percent(1 - alike / inputs)} of the answers of ${agent} differ`]),
    ...(lost === won ? [] : [`${other} failed on ${lost} of the inputs by itself, the present model on ${won}`]),
    ...unread(comparison).map((name) => `${name} is free text that was not compared`),
    ...drawbacks,
  ];
}

function fieldsIn(comparison: Comparison): string {
  const read = comparison.fields.filter(({ compared }) => compared > 0).map(({ name }) => name);
  const free = unread(comparison);
  if (free.length === 0) return `in ${listOf(read)}`;
  return `in ${listOf(read)}; ${listOf(free)} ${free.length === 1 ? "is" : "are"} free text and was not compared`;
}

/** Fields that were not compared in every answer. */
function unread({ fields, inputs, lost }: Comparison): readonly string[] {
  return fields.filter(({ compared }) => compared < inputs - lost).map(({ name }) => name);
}
