/** Finds inputs of an agent that two models answered, and tells on how many of them the answers are alike. */

import { type CallNode, walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";

/** One call of an agent in which one model gave the answer, or failed to. */
export interface AnsweredCall {
  readonly node: CallNode;
  /** Position of its run. */
  readonly run: number;
  readonly model: string;
  /** The same for the same input of the same tenant. */
  readonly key: string;
}

/** One input with a call of each model. */
export interface ModelPair {
  readonly now: AnsweredCall;
  readonly other: AnsweredCall;
}

/** How the answers of two models compare, the present one's and the other's. */
export interface Comparison {
  /** Inputs with answers that could be compared, and those that only the present model answered: they count as unlike. */
  readonly inputs: number;
  readonly alike: number;
  /** Inputs that only the present model answered, and that only the other one did. */
  readonly lost: number;
  readonly won: number;
  /** How often the present model gave the answer it gives most, as a share: so much would be alike without reading. */
  readonly usual: number;
  readonly fields: readonly FieldComparison[];
  readonly unlike: readonly ModelPair[];
}

/** How one field of the answers compares. */
export interface FieldComparison {
  readonly name: string;
  readonly compared: number;
  readonly alike: number;
}

/** Gives the calls of agents by name, oldest first, where it can be told which model answered and to what. */
export function answeredCalls(episodes: readonly Episode[]): ReadonlyMap<string, readonly AnsweredCall[]> {
  const byAgent = new Map<string, AnsweredCall[]>();
  for (const [run, { root, tenant = "" }] of episodes.entries()) {
    for (const node of root === undefined ? [] : walkTree(root)) {
      const { name, kind, inputHash, outcome, answeredBy } = node.call;
      if (kind !== "agent" || inputHash === undefined || outcome === "cancelled" || answeredBy !== undefined) continue;
      const model = modelOf(node);
      if (model === undefined) continue;
      const calls = byAgent.get(name) ?? [];
      calls.push({ node, run, model, key: `${inputHash} ${tenant}` });
      byAgent.set(name, calls);
    }
  }
  for (const calls of byAgent.values()) calls.sort((a, b) => a.node.call.startMs - b.node.call.startMs);
  return byAgent;
}

/** Gives the one model that gave all answers in a call of an agent, or of a call that failed, that was asked. */
export function modelOf({ call, children }: CallNode): string | undefined {
  let model: string | undefined;
  for (const { call: asked } of children) {
    if (asked.kind !== "model" || (call.outcome === "ok" && asked.outcome !== "ok")) continue;
    const name = asked.answeredBy ?? asked.name;
    if (model !== undefined && model !== name) return undefined;
    model = name;
  }
  return model;
}

/** Gives of each model the last call for each input. */
export function lastAnswers(calls: readonly AnsweredCall[]): ReadonlyMap<string, ReadonlyMap<string, AnsweredCall>> {
  const byModel = Map.groupBy(calls, ({ model }) => model);
  return new Map([...byModel].map(([model, own]) => [model, new Map(own.map((call) => [call.key, call]))]));
}

/** Gives the inputs that both models were asked, each with the last call of either, so that each input counts once. */
export function pairsOf(
  now: ReadonlyMap<string, AnsweredCall>,
  other: ReadonlyMap<string, AnsweredCall>,
): readonly ModelPair[] {
  return [...now].flatMap(([key, call]) => {
    const pair = other.get(key);
    return pair === undefined ? [] : [{ now: call, other: pair }];
  });
}

/**
 * Compares answers field by field. Two are alike when no field differs and at least one could be compared; a field that could
 * be compared in one answer alone differs.
 */
export function comparePairs(pairs: readonly ModelPair[]): Comparison {
  const fields = new Map<string, { compared: number; alike: number }>();
  const answers = new Map<string, number>();
  const unlike: ModelPair[] = [];
  let [compared, alike, lost, won] = [0, 0, 0, 0];
  for (const pair of pairs) {
    const [now, other] = [pair.now.node.call, pair.other.node.call];
    if (now.outcome !== other.outcome) {
      if (now.outcome === "ok") {
        lost++;
        unlike.push(pair);
      } else won++;
      continue;
    }
    const [hashes, others] = [now.outputHashes, other.outputHashes];
    if (now.outcome !== "ok" || hashes === undefined || others === undefined) continue;
    let [seen, same] = [0, 0];
    for (const [index, name] of now.writes.entries()) {
      const [hash = null, otherHash = null] = [hashes[index], others[index]];
      const field = fields.get(name) ?? { compared: 0, alike: 0 };
      fields.set(name, field);
      if (hash === null && otherHash === null) continue;
      const isSame = hash === otherHash;
      field.compared++;
      seen++;
      if (isSame) {
        field.alike++;
        same++;
      }
    }
    if (seen === 0) continue;
    compared++;
    const answer = hashes.join(" ");
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    if (same === seen) alike++;
    else unlike.push(pair);
  }
  return {
    ...{ inputs: compared + lost, alike, lost, won, unlike },
    usual: compared === 0 ? 1 : [...answers.values()].reduce((most, count) => Math.max(most, count), 0) / compared,
    fields: [...fields].map(([name, field]) => ({ name, ...field })),
  };
}
