/** Tells what the prompts of an agent are made of: what is always the same, its inputs, and what tools answered before. */

import type { Usage } from "../../../core/events/event.ts";
import { medianSlope } from "../../measure/regression.ts";
import { type CallNode, endOf, walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import { listOf } from "../suggestion.ts";
import { modelOf } from "./paired-models.ts";

/** One answer an agent asked its model for. */
export interface Turn {
  readonly node: CallNode;
  readonly usage: Usage;
}

/** One call of an agent with all it asked its model, in order. */
export interface Talk {
  readonly node: CallNode;
  /** Position of its run. */
  readonly run: number;
  readonly turns: readonly Turn[];
}

/** The calls of one agent that one model answered. */
export interface AgentTalks {
  readonly agent: string;
  readonly model: string;
  readonly talks: readonly Talk[];
}

/** A part of the prompts: what it is, and how many tokens of each turn it takes. */
export interface PromptPart {
  readonly kind: "constant" | "input" | "tool";
  /** The tool, or several that were called together. */
  readonly tool: string | undefined;
  readonly tokens: ReadonlyMap<CallNode, number>;
  readonly sum: number;
}

const known = new WeakMap<readonly Episode[], readonly AgentTalks[]>();

/** Gives the talks of each agent with the model it used most, where all tokens were reported; looked for once. */
export function talksOf(episodes: readonly Episode[]): readonly AgentTalks[] {
  const before = known.get(episodes);
  if (before !== undefined) return before;
  const found = new Map<string, Map<string, Talk[]>>();
  for (const [run, { root }] of episodes.entries()) {
    for (const node of root === undefined ? [] : walkTree(root)) {
      const model = node.call.kind === "agent" ? modelOf(node) : undefined;
      const turns = model === undefined ? undefined : turnsOf(node);
      if (turns === undefined) continue;
      const byModel = found.get(node.call.name) ?? new Map<string, Talk[]>();
      found.set(node.call.name, byModel);
      const talks = byModel.get(model!) ?? [];
      byModel.set(model!, talks);
      talks.push({ node, run, turns });
    }
  }
  const talks = [...found].map(([agent, byModel]) => {
    const [model, most] = [...byModel].sort((a, b) => b[1].length - a[1].length)[0]!;
    return { agent, model, talks: most };
  });
  known.set(episodes, talks);
  return talks;
}

/** The answers an agent got; undefined where there is none, or one without its tokens. */
function turnsOf({ children }: CallNode): readonly Turn[] | undefined {
  const turns: Turn[] = [];
  for (const node of children) {
    const { kind, outcome, usage } = node.call;
    if (kind !== "model" || outcome !== "ok") continue;
    if (usage === undefined) return undefined;
    turns.push({ node, usage });
  }
  return turns.length === 0 ? undefined : turns;
}

/**
 * Gives the tokens of each prompt that are the same every time: what first prompts have left where the input has no
 * characters, by the median slope of tokens on characters ({@link medianSlope}), and at most the smallest first prompt;
 * just that where inputs are all as long.
 */
export function constantTokens(talks: readonly Talk[]): number {
  const firsts = talks.map(({ node, turns }) => ({ x: node.call.inputSize, y: turns[0]!.usage.inputTokens }));
  const smallest = firsts.reduce((least, { y }) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const line = medianSlope(firsts);
  return line === undefined || line.slope <= 0 ? smallest : Math.max(0, Math.min(smallest, Math.round(line.intercept)));
}

/**
 * Takes prompts apart. What a prompt has more than the one before it, less the answer in between, is what the tools in
 * between gave; each later turn carries it again. Largest part first; the model's own answers are no part.
 */
export function partsOf(talks: readonly Talk[]): readonly PromptPart[] {
  const constant = constantTokens(talks);
  const parts = new Map<
    string,
    { kind: PromptPart["kind"]; tool: string | undefined; tokens: Map<CallNode, number> }
  >();
  const add = (kind: PromptPart["kind"], tool: string | undefined, turns: readonly Turn[], tokens: number): void => {
    if (tokens <= 0) return;
    const key = `${kind} ${tool ?? ""}`;
    const part = parts.get(key) ?? { kind, tool, tokens: new Map<CallNode, number>() };
    parts.set(key, part);
    for (const { node } of turns) part.tokens.set(node, (part.tokens.get(node) ?? 0) + tokens);
  };
  for (const { node, turns } of talks) {
    add("constant", undefined, turns, constant);
    add("input", undefined, turns, turns[0]!.usage.inputTokens - constant);
    for (let index = 1; index < turns.length; index++) {
      const [before, turn] = [turns[index - 1]!, turns[index]!];
      const tools = toolsBetween(node, before, turn);
      const grown = turn.usage.inputTokens - before.usage.inputTokens - before.usage.outputTokens;
      if (tools !== "") add("tool", tools, turns.slice(index), grown);
    }
  }
  return [...parts.values()]
    .map((part) => ({ ...part, sum: [...part.tokens.values()].reduce((sum, tokens) => sum + tokens, 0) }))
    .sort((a, b) => b.sum - a.sum);
}

function toolsBetween(node: CallNode, before: Turn, after: Turn): string {
  const [from, until] = [endOf(before.node), after.node.call.startMs];
  const called = node.children.filter(({ call }) => {
    return call.kind === "tool" && call.startMs >= from - 1 && call.startMs <= until;
  });
  return listOf([...new Set(called.map(({ call }) => call.name))].sort());
}
