/** Lets the introspection advise a workload, follows the advice, and holds what came against what was predicted. */

import type { Suggestion } from "../src/introspection/advise/suggestion.ts";
import { AdviceHouse } from "./advice-house.ts";
import type { AdviceWorkload } from "./advice-workloads.ts";

/** One figure, predicted and measured. */
export interface ComparedFigure {
  readonly metric: string;
  readonly before: number;
  readonly predicted: number;
  readonly low: number;
  readonly high: number;
  readonly measured: number;
}

/** What came of one workload with one seed. */
export interface AdviceOutcome {
  readonly workload: AdviceWorkload;
  readonly seed: number;
  readonly advised: readonly string[];
  /** The advice that was expected, when it was given. */
  readonly suggestion: Suggestion | undefined;
  readonly missed: boolean;
  readonly falseAdvice: readonly string[];
  readonly figures: readonly ComparedFigure[];
  readonly verdict: string;
  /** How its trial ended; undefined where no setting can follow it. */
  readonly status: string | undefined;
  /** Mean times of the last 100 runs, after the verdict, and of those before the change. */
  readonly endMs: number;
  readonly beforeMs: number;
  /** What the real cache answered on trial, and what the replay of just those calls says it does; 0 without a cache. */
  readonly realHits: number;
  readonly replayedHits: number;
  /** More time was part of the promise. */
  readonly promisedMore: boolean;
}

/** Runs that advice is worked out from, and that it is about. */
export const recordedRuns = 400;
export const watchedRuns = 200;
const laterRuns = 100;

/** Advises a workload and follows the advice that was expected: by a setting, or with the changed program. */
export async function evaluate(workload: AdviceWorkload, seed: number): Promise<AdviceOutcome> {
  await using house = AdviceHouse.open(workload.make, seed);
  await house.run(recordedRuns);
  const suggestions = house.introspection.suggestImprovements().filter(isToDo);
  const { expects, alsoTrue = [] } = workload;
  const expected = suggestions.find(({ id }) => expects !== undefined && id.startsWith(expects));
  const beforeMs = house.introspection.analyzePerformance().avgExecutionTimeMs;
  const head = {
    ...{ workload, seed, beforeMs, suggestion: expected, advised: suggestions.map(({ id }) => id) },
    missed: expects !== undefined && expected === undefined,
    promisedMore: expected?.forecasts?.[0]?.metric === "successRate",
    falseAdvice: suggestions.filter((one) => one !== expected && !alsoTrue.includes(one.id)).map(({ id }) => id),
  };
  if (expected?.action !== undefined) {
    const applied = house.introspection.apply(expected, { watchRuns: watchedRuns });
    await house.run(watchedRuns);
    const { figures = [], report = "no verdict", from, to, status } = applied.record;
    // The replay begins empty, as does what is turned on.
    const hits = house.hitsOf(watchedRuns, from === false ? applied.knob : "", Object(to).maxEntries);
    return { ...head, ...hits, figures, verdict: report, status, endMs: await house.run(laterRuns) };
  }
  const figures = expected === undefined ? [] : await measureChanged(workload, expected, seed);
  const verdict = expected === undefined ? "nothing to do" : "takes a person";
  return { ...head, figures, verdict, status: undefined, endMs: beforeMs, realHits: 0, replayedHits: 0 };
}

/** Where to look and what fails are findings, not things to do. */
function isToDo({ id }: Suggestion): boolean {
  return !/^(dominating-step|failures|failing-tool|errors):/.test(id);
}

async function measureChanged(
  { changed }: AdviceWorkload,
  suggestion: Suggestion,
  seed: number,
): Promise<readonly ComparedFigure[]> {
  const [forecast] = suggestion.forecasts ?? [];
  if (changed === undefined || forecast === undefined) return [];
  await using house = AdviceHouse.open((runtime, random) => changed(runtime, random, suggestion), seed + 1_000);
  const { metric, before, after: predicted, low, high } = forecast;
  return [{ metric, before, predicted, low, high, measured: await house.run(watchedRuns) }];
}
