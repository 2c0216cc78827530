/** Answers "how does it do?" from recorded episodes, in exact figures. */

import type { OutputUse } from "../../core/events/event.ts";
import { meanOf, quantileOf } from "../measure/statistics.ts";
import { type CallNode, criticalTimes, stepsOf, walkTree } from "../record/call-tree.ts";
import type { Episode } from "../record/episodes.ts";
import { type CostBreakdown, costOf, stepAbove } from "./cost-breakdown.ts";
import { type FigureTrend, trendsOf } from "./trend.ts";

/** How one tool serves a runnable. */
export interface ToolEfficiency {
  readonly calls: number;
  /** Succeeded of those that were not cancelled; 0 when there is none. */
  readonly successRate: number;
  readonly meanMs: number;
  /** Share of all time that was spent waiting for it, from 0 to 1. */
  readonly shareOfTime: number;
  /** Calls with an input it had answered before, within what is recorded. */
  readonly repeatedCalls: number;
  /** How many of its outputs the answers took up, of those that were looked at; a sign, not a proof. */
  readonly usedOutputs: { readonly used: number; readonly of: number };
}

/** The part one step has in the time of a run. */
export interface StepShare {
  readonly name: string;
  readonly calls: number;
  /** Milliseconds on the critical path, a run on average. */
  readonly meanMs: number;
  /** Share of all time, from 0 to 1. */
  readonly share: number;
}

/** A code that runs ended with. */
export interface CommonError {
  readonly code: string;
  readonly count: number;
  /** Share of all runs, from 0 to 1. */
  readonly share: number;
  /** The kinds of failure behind it, most frequent first, at most three; runs from before failures were told apart are in none. */
  readonly kinds: readonly { readonly fingerprint: string; readonly title: string; readonly count: number }[];
}

/** How a runnable does. With no runs all figures are 0, lists are empty and `bottleneck` is undefined; nothing is NaN. */
export interface PerformanceAnalysis {
  readonly runs: number;
  readonly avgExecutionTimeMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Succeeded of those that were not cancelled; 0 when there is none. */
  readonly successRate: number;
  /** Most frequent first. */
  readonly commonErrors: readonly CommonError[];
  readonly toolEfficiency: Readonly<Record<string, ToolEfficiency>>;
  /** The step that takes the largest share of the time; undefined when nothing took any. */
  readonly bottleneck: StepShare | undefined;
  readonly cost: CostBreakdown;
  /** Largest share first; what the runnable did itself has its own name. */
  readonly steps: readonly StepShare[];
  /** How figures changed over the recorded runs; none below 20 runs. */
  readonly trends: readonly FigureTrend[];
}

/** Works out all figures of some episodes. */
export function analyzeEpisodes(episodes: readonly Episode[]): PerformanceAnalysis {
  const times = episodes.map((episode) => episode.durationMs);
  const failed = episodes.filter((episode) => episode.outcome === "error");
  const succeeded = episodes.filter((episode) => episode.outcome === "ok").length;
  const { steps, tools } = sharesOf(episodes);
  return {
    runs: episodes.length,
    avgExecutionTimeMs: meanOf(times),
    p50Ms: quantileOf(times, 0.5),
    p95Ms: quantileOf(times, 0.95),
    p99Ms: quantileOf(times, 0.99),
    successRate: rate(succeeded, failed.length),
    commonErrors: commonErrors(failed, episodes.length),
    toolEfficiency: tools,
    bottleneck: (steps[0]?.meanMs ?? 0) > 0 ? steps[0] : undefined,
    cost: costOf(episodes),
    steps,
    trends: trendsOf(episodes),
  };
}

function rate(succeeded: number, failed: number): number {
  return succeeded + failed === 0 ? 0 : succeeded / (succeeded + failed);
}

const mostKinds = 3;

function commonErrors(failed: readonly Episode[], runs: number): readonly CommonError[] {
  const codes = new Map<string, { count: number; kinds: Map<string, { title: string; count: number }> }>();
  for (const { code = "unknown", root } of failed) {
    const seen = at(codes, code, () => ({ count: 0, kinds: new Map() }));
    seen.count++;
    const failure = root?.call.failure;
    if (failure !== undefined) at(seen.kinds, failure.fingerprint, () => ({ title: failure.title, count: 0 })).count++;
  }
  return [...codes]
    .map(([code, { count, kinds }]) => {
      const byCount = [...kinds].map(([fingerprint, kind]) => ({ fingerprint, ...kind }));
      byCount.sort((a, b) => b.count - a.count || (a.fingerprint < b.fingerprint ? -1 : 1));
      return { code, count, share: count / runs, kinds: byCount.slice(0, mostKinds) };
    })
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}

/** One walk over all trees gives both the shares of steps and those of tools. */
function sharesOf(episodes: readonly Episode[]): Pick<PerformanceAnalysis, "steps"> & {
  tools: PerformanceAnalysis["toolEfficiency"];
} {
  const stepTimes = new Map<string, { calls: number; ms: number }>();
  const tools = new Map<string, ToolSum>();
  let total = 0;
  let trees = 0;
  for (const { root, tenant } of episodes) {
    if (root === undefined) continue;
    trees++;
    total += root.call.durationMs;
    const steps = stepsOf(root);
    const critical = criticalTimes(root);
    for (const node of walkTree(root)) {
      for (const use of node.call.outputUse ?? []) at(tools, use.tool, () => new ToolSum()).noteUse(use);
      const ms = critical.get(node) ?? 0;
      const step = stepAbove(node, steps);
      const sum = at(stepTimes, step?.call.name ?? root.call.name, () => ({ calls: 0, ms: 0 }));
      sum.ms += ms;
      if (node === (step ?? root)) sum.calls++;
      const tool = toolAbove(node, root);
      if (tool === undefined) continue;
      const toolSum = at(tools, tool.call.name, () => new ToolSum());
      toolSum.criticalMs += ms;
      if (node === tool) toolSum.add(node, tenant);
    }
  }
  const share = (ms: number): number => (total === 0 ? 0 : ms / total);
  const steps = [...stepTimes].map(([name, { calls, ms }]) => ({ name, calls, meanMs: ms / trees, share: share(ms) }));
  return {
    steps: steps.sort((a, b) => b.meanMs - a.meanMs || (a.name < b.name ? -1 : 1)),
    tools: Object.fromEntries([...tools].map(([name, sum]) => [name, sum.result(share)])),
  };
}

class ToolSum {
  calls = 0;
  succeeded = 0;
  failed = 0;
  ms = 0;
  criticalMs = 0;
  repeated = 0;
  used = 0;
  usedOf = 0;
  readonly #seen = new Set<string>();

  noteUse({ used, of }: OutputUse): void {
    this.used += used;
    this.usedOf += of;
  }

  add({ call }: CallNode, tenant: string | undefined): void {
    this.calls++;
    this.ms += call.durationMs;
    if (call.outcome === "ok") this.succeeded++;
    else if (call.outcome === "error") this.failed++;
    if (call.inputHash === undefined) return;
    const key = `${call.inputHash} ${tenant ?? ""}`;
    if (this.#seen.has(key)) this.repeated++;
    else if (call.outcome === "ok") this.#seen.add(key);
  }

  result(share: (ms: number) => number): ToolEfficiency {
    return {
      calls: this.calls,
      successRate: rate(this.succeeded, this.failed),
      meanMs: this.calls === 0 ? 0 : this.ms / this.calls,
      shareOfTime: share(this.criticalMs),
      repeatedCalls: this.repeated,
      usedOutputs: { used: this.used, of: this.usedOf },
    };
  }
}

/** The tool a call is, or is part of, inside an episode. */
function toolAbove(node: CallNode, root: CallNode): CallNode | undefined {
  for (let above: CallNode | undefined = node; above !== undefined && above !== root; above = above.parent) {
    if (above.call.kind === "tool") return above;
  }
  return undefined;
}

function at<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
