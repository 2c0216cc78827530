/** What shorter prompts would bring: finds the largest part of what an agent sends, and halves it. */

import { costOfTokens } from "../../../core/cost-of-tokens.ts";
import type { Usage } from "../../../core/events/event.ts";
import type { ModelPrice } from "../../../core/model-price.ts";
import { medianSlope, type Slope, slopeBeside } from "../../measure/regression.ts";
import { meanOf } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";
import {
  countOf,
  dollars,
  duration,
  listOf,
  percent,
  type WeighedSuggestion,
  type WhatIfInput,
} from "../suggestion.ts";
import { type AgentTalks, type PromptPart, partsOf, type Talk, type Turn, talksOf } from "./prompt-parts.ts";
import { replayDuration } from "./replay.ts";
import { changeOf, isGain, type RunChange } from "./run-change.ts";

const fewestTalks = 30;
/** Prompts of fewer tokens on average are not worth a person's time. */
const longPrompt = 2_000;
/** Half of the largest part must save this share of a run's cost or time. */
const leastGain = 0.1;

/**
 * Advises to shorten the part of an agent's prompts that takes most: its constant part, its inputs, or what a tool answers,
 * which each later turn of the loop sends again. Cost is reckoned from recorded tokens at the model's price. Time is the
 * part of it that grows with the prompt: the time to the first token where answers were streamed, by the median slope
 * (H. Theil 1950, P. K. Sen 1968), else the whole time with the tokens of the answer taken out, by least squares with
 * B. Efron's bootstrap. Silent for prompts below 2,000 tokens, gains below a tenth, and from fewer than 30 calls.
 */
export function shorterPrompts(input: WhatIfInput): readonly WeighedSuggestion[] {
  return talksOf(input.episodes).flatMap((asked) => {
    const { talks } = asked;
    const turns = talks.flatMap((talk) => talk.turns);
    const meanTokens = meanOf(turns.map(({ usage }) => usage.inputTokens));
    if (talks.length < fewestTalks || meanTokens < longPrompt) return [];
    const parts = partsOf(talks);
    const [part] = parts;
    if (part === undefined) return [];
    const price = input.priceOf?.(asked.model) ?? priceFrom(turns);
    const money = price === undefined ? undefined : costChange(input, talks, part, price);
    const slope = timeOfTokens(turns);
    const speed = slope === undefined ? undefined : timeChange(input, talks, part, slope);
    const cheaper = isGain(money, leastGain) ? money : undefined;
    const faster = isGain(speed, leastGain) ? speed : undefined;
    const promised = cheaper ?? faster;
    if (promised === undefined) return [];
    const share = price === undefined ? undefined : promptShare(turns, price);
    return [advice(input, { asked, part, parts, meanTokens, share, slope, cheaper, faster, promised })];
  });
}

interface Findings {
  readonly asked: AgentTalks;
  readonly part: PromptPart;
  readonly parts: readonly PromptPart[];
  readonly meanTokens: number;
  readonly share: number | undefined;
  readonly slope: Slope | undefined;
  readonly cheaper: RunChange | undefined;
  readonly faster: RunChange | undefined;
  readonly promised: RunChange;
}

/** Gives milliseconds for each token of a prompt; undefined unless it surely is above 0. */
function timeOfTokens(turns: readonly Turn[]): Slope | undefined {
  const once = turns.filter(({ node }) => node.call.attempts === 1);
  const streamed = once.flatMap(({ node, usage }) => {
    const { stream } = node.call;
    return stream === undefined ? [] : { x: freshTokens(usage), y: stream.firstTokenMs };
  });
  const whole = once.map(({ node, usage }) => {
    return { x: freshTokens(usage), y: node.call.durationMs - node.call.queueMs, beside: usage.outputTokens };
  });
  const slope =
    streamed.length >= fewestTalks
      ? medianSlope(streamed)
      : whole.length >= fewestTalks
        ? slopeBeside(whole)
        : undefined;
  return slope === undefined || slope.low <= 0 ? undefined : slope;
}

function freshTokens({ inputTokens, cacheReadTokens }: Usage): number {
  return Math.max(0, inputTokens - cacheReadTokens);
}

function costChange(input: WhatIfInput, talks: readonly Talk[], part: PromptPart, price: ModelPrice): RunChange {
  const saved = new Map<number, number>();
  for (const { run, turns } of talks) {
    const ofTalk = turns.reduce((sum, turn) => sum + costLess(turn, (part.tokens.get(turn.node) ?? 0) / 2, price), 0);
    saved.set(run, (saved.get(run) ?? 0) + ofTalk);
  }
  const before = [...saved.keys()].map((run) => input.episodes[run]!.costMicroUsd ?? 0);
  const after = [...saved.values()].map((one, index) => before[index]! - one);
  return changeOf({ metric: "costMicroUsd", before, after, doubt: 0 }, input);
}

/** Gives the price that recorded costs follow, where nothing came from a vendor's cache; undefined where they follow none. */
function priceFrom(turns: readonly Turn[]): ModelPrice | undefined {
  const known = turns.flatMap(({ node: { call }, usage: { inputTokens, outputTokens, cacheReadTokens } }) => {
    if (call.costMicroUsd === undefined || cacheReadTokens > 0) return [];
    return { x: inputTokens, beside: outputTokens, y: call.costMicroUsd };
  });
  if (known.length < turns.length) return undefined;
  const ofInput = slopeBeside(known);
  const ofOutput = slopeBeside(known.map(({ x, beside, y }) => ({ x: beside, beside: x, y })));
  if (ofInput === undefined || ofInput.low <= 0) return undefined;
  const input = Math.round(ofInput.slope * 1_000_000);
  const output = Math.max(0, Math.round((ofOutput?.slope ?? 0) * 1_000_000));
  return { microUsdPerMillion: { input, output, cacheRead: input, cacheWrite: input }, source: "recorded costs" };
}

/** What came from the vendor's cache stays the same share of the prompt. */
function costLess({ usage }: Turn, tokens: number, price: ModelPrice): number {
  const left = usage.inputTokens === 0 ? 1 : 1 - Math.min(1, tokens / usage.inputTokens);
  const shorter = {
    ...usage,
    inputTokens: Math.round(usage.inputTokens * left),
    cacheReadTokens: Math.round(usage.cacheReadTokens * left),
    cacheWriteTokens: Math.round(usage.cacheWriteTokens * left),
  };
  return costOfTokens(price, usage) - costOfTokens(price, shorter);
}

function timeChange(input: WhatIfInput, talks: readonly Talk[], part: PromptPart, slope: Slope): RunChange {
  const runs = [...new Set(talks.map(({ run }) => run))];
  const fresh = new Map<CallNode, number>();
  for (const { node, usage } of talks.flatMap(({ turns }) => turns)) {
    const share = usage.inputTokens === 0 ? 0 : freshTokens(usage) / usage.inputTokens;
    fresh.set(node, ((part.tokens.get(node) ?? 0) / 2) * share);
  }
  const roots = runs.map((run) => input.episodes[run]!.root!);
  const shorter = (node: CallNode): number | undefined => {
    const tokens = fresh.get(node);
    return tokens === undefined ? undefined : Math.max(0, node.call.durationMs - slope.slope * tokens);
  };
  const before = roots.map(({ call }) => call.durationMs);
  const after = roots.map((root) => replayDuration(root, shorter));
  const tokensPerRun = [...fresh.values()].reduce((sum, tokens) => sum + tokens, 0) / runs.length;
  const doubt = (tokensPerRun * (slope.high - slope.low)) / (2 * 1.96);
  return changeOf({ metric: "avgExecutionTimeMs", before, after, doubt }, input);
}

/** The share of the cost of these turns that is their prompts. */
function promptShare(turns: readonly Turn[], price: ModelPrice): number {
  let [prompts, all] = [0, 0];
  for (const { usage } of turns) {
    prompts += costOfTokens(price, { ...usage, outputTokens: 0 });
    all += costOfTokens(price, usage);
  }
  return all === 0 ? 0 : prompts / all;
}

function advice({ name: owner }: WhatIfInput, found: Findings): WeighedSuggestion {
  const { asked, part, parts, meanTokens, share, slope, cheaper, faster, promised } = found;
  const { agent, model, talks } = asked;
  const turns = talks.reduce((sum, talk) => sum + talk.turns.length, 0);
  const { metric, unit } = promised.forecast;
  const changes = [promised, ...[faster].filter((one) => one !== undefined && one !== promised)] as RunChange[];
  const saves = [
    ...(cheaper === undefined ? [] : [`cost ${dollars(cheaper.saved / 1e6)} less (${percent(cheaper.share)})`]),
    ...(faster === undefined ? [] : [`take ${duration(faster.saved)} less (${percent(faster.share)})`]),
  ];
  const total = parts.reduce((sum, one) => sum + one.sum, 0);
  const made = parts.slice(0, 3).map((one) => `${wordsOf(one)} (${percent(one.sum / total)})`);
  const sentence =
    `${agent} sends ${model} ${Math.round(meanTokens)} tokens a time (mean of ${countOf(turns, "answer")}` +
    `${share === undefined ? "" : `; ${percent(share)} of their cost`}): ${listOf(made)}. ` +
    `With half of ${wordsOf(part)} a run of ${owner} would ${saves.join(" and ")}. ${whatHelps(found)}`;
  return {
    value: Math.max(cheaper?.share ?? 0, faster?.share ?? 0) / 2,
    suggestion: {
      ...{ id: part.kind === "tool" ? `tool-output:${part.tool}` : `prompt:${agent}`, sentence },
      evidence: {
        ...{ calls: talks.length, answers: turns, meanInputTokens: meanTokens, promptShareOfCost: share },
        ...{ part: wordsOf(part), partTokens: part.sum / turns, msPerToken: slope?.slope },
        ...{ msPerTokenLow: slope?.low, msPerTokenHigh: slope?.high },
        samples: longest(talks).map(({ node }) => ({ runId: node.call.runId, path: node.call.path })),
      },
      predicted: { metric, change: -promised.saved, low: -promised.high, high: -promised.low, unit },
      forecasts: changes.map(({ forecast }) => forecast),
      risk: "medium",
      assumptions: [
        "answers are as good and as long without the half that is left out",
        "a tool's answer is all that a prompt grows by between two turns, beside the model's own",
      ],
      sideEffects: ["what is left out cannot be used in an answer"],
    },
  };
}

function wordsOf({ kind, tool }: PromptPart): string {
  if (kind === "tool") return `what ${tool} answered before`;
  return kind === "constant" ? "what is always the same" : "its inputs";
}

function whatHelps({ asked: { talks }, part: { kind, tool } }: Findings): string {
  const tooLong = talks.some(({ node }) => {
    return node.children.some(({ call }) => (call.code ?? call.failure?.code) === "context_too_long");
  });
  const shrink = tooLong ? " For requests that are too long altogether say `recovery: shrinkContext()`." : "";
  if (kind === "tool") {
    const turns = meanOf(talks.map((talk) => talk.turns.length));
    const again = `Each answer is sent again with every further turn, of which there are ${Number(turns.toPrecision(2))}`;
    return `${again}: have ${tool} answer with fewer results, only the fields that are needed, or a summary.${shrink}`;
  }
  const fields = talks[0]!.node.call.reads;
  return kind === "constant"
    ? `What helps: fewer examples, shorter instructions and descriptions of fields, fewer tools.${shrink}`
    : `What helps: pass less in ${fields.length === 0 ? "its input" : listOf(fields)}, cut or summarised before.${shrink}`;
}

function longest(talks: readonly Talk[]): readonly Talk[] {
  const tokens = ({ turns }: Talk): number => turns.reduce((sum, { usage }) => sum + usage.inputTokens, 0);
  return [...talks].sort((a, b) => tokens(b) - tokens(a)).slice(0, 5);
}
