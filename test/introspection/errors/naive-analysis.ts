/** Counts failures the plain way, from the described runs themselves and without bounds: what the fold must agree with. */

import { codeOf } from "../../../src/core/errors/errors.ts";
import { describeFailure } from "../../../src/core/events/describe-failure.ts";
import type { DescribedCall } from "../run-events.ts";

export interface NaiveGroup {
  code: string;
  count: number;
  calls: number;
  runs: Set<number>;
  failedRuns: number;
  survivedRuns: number;
  retries: number;
  tried: number;
  healed: number;
  wastedMs: number;
  wastedTokens: number;
  lostTokens: number;
  inputs: Set<string>;
  runnables: Map<string, number>;
}

export interface NaiveAnalysis {
  readonly groups: Map<string, NaiveGroup>;
  runs: number;
  failedRuns: number;
  failures: number;
}

export function analyzeNaively(runs: readonly DescribedCall[]): NaiveAnalysis {
  const analysis: NaiveAnalysis = { groups: new Map(), runs: 0, failedRuns: 0, failures: 0 };
  for (const [index, run] of runs.entries()) countRun(analysis, run, index);
  return analysis;
}

function countRun(analysis: NaiveAnalysis, run: DescribedCall, index: number): void {
  const met = new Set<NaiveGroup>();
  const groupOf = (error: unknown): NaiveGroup => {
    const { fingerprint } = describeFailure(error);
    const group = analysis.groups.get(fingerprint) ?? emptyGroup(codeOf(error));
    analysis.groups.set(fingerprint, group);
    met.add(group);
    return group;
  };
  const visit = (call: DescribedCall, callerInput: string | undefined): { lost?: NaiveGroup; tokens: number } => {
    const kind = call.kind ?? (call.calls === undefined ? "model" : "agent");
    const input = kind === "model" && callerInput !== undefined ? callerInput : JSON.stringify(call.input ?? {});
    const inside = new Set<NaiveGroup>();
    let tokens = 0;
    for (const inner of call.calls ?? []) {
      const { lost, tokens: spent } = visit(inner, input);
      if (lost !== undefined) inside.add(lost);
      tokens += spent;
    }
    let charged = 0;
    const begun = new Set<NaiveGroup>();
    const begin = (group: NaiveGroup, ms: number): void => {
      analysis.failures++;
      group.count++;
      group.wastedMs += ms;
      group.wastedTokens += tokens - charged;
      charged = tokens;
      group.runnables.set(call.name, (group.runnables.get(call.name) ?? 0) + 1);
      begun.add(group);
    };
    const attempts = (call.failedAttempts ?? []).map(({ error, ms }) => {
      const group = groupOf(error);
      begin(group, ms);
      return group;
    });
    const failed = call.outcome === "error";
    let lost: NaiveGroup | undefined;
    tokens += call.tokens === undefined ? 0 : call.tokens;
    if (failed) {
      lost = attempts.at(-1) ?? groupOf(call.error);
      if (attempts.length === 0 && !inside.has(lost)) begin(lost, call.ms ?? 0);
    }
    for (const group of begun) {
      group.calls++;
      group.inputs.add(input);
    }
    const further = Math.max(1, attempts.length + (failed ? 0 : 1)) - 1;
    for (const group of attempts.slice(0, further)) group.retries++;
    for (const group of new Set(attempts)) {
      if (further > 0) group.tried++;
      if (!failed) group.healed++;
    }
    return { ...(lost === undefined ? {} : { lost }), tokens };
  };
  const { lost, tokens } = visit(run, undefined);
  analysis.runs++;
  for (const group of met) group.runs.add(index);
  if (run.outcome !== "error") for (const group of met) group.survivedRuns++;
  else {
    analysis.failedRuns++;
    lost!.failedRuns++;
    lost!.lostTokens += tokens;
  }
}

function emptyGroup(code: string): NaiveGroup {
  return {
    ...{ code, count: 0, calls: 0, runs: new Set(), failedRuns: 0, survivedRuns: 0, retries: 0, tried: 0, healed: 0 },
    ...{ wastedMs: 0, wastedTokens: 0, lostTokens: 0, inputs: new Set(), runnables: new Map() },
  };
}
