/** Lets the introspection advise a workload, follows the advice, and holds what came against what was predicted. */

import { Flock } from "../src/flock.ts";
import { AgentIntrospection } from "../src/introspection/advise/agent-introspection.ts";
import type { Suggestion } from "../src/introspection/advise/suggestion.ts";
import { replayCache } from "../src/introspection/advise/what-if/cache-replay.ts";
import { createTestRuntime, type TestRuntime } from "../src/testing/test-runtime.ts";
import type { AdviceProgram, AdviceWorkload } from "./advice-workloads.ts";

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
  readonly workload: string;
  readonly advised: readonly string[];
  readonly followed: string | undefined;
  readonly missed: boolean;
  readonly falseAdvice: readonly string[];
  readonly figures: readonly ComparedFigure[];
  readonly verdict: string;
  /** Mean times of the last 100 runs, after the verdict, and of those before the change. */
  readonly endMs: number;
  /** What the real cache answered on trial, and what the replay of just those calls says it does; 0 without a cache. */
  readonly realHits: number;
  readonly replayedHits: number;
  /** More time was part of the promise. */
  readonly promisedMore: boolean;
  readonly beforeMs: number;
}

const recordedRuns = 400;
const watchedRuns = 200;
const laterRuns = 100;

/** Advises a workload and follows the first advice that a setting can follow, or the changed program. */
export async function evaluate(workload: AdviceWorkload, seed: number): Promise<AdviceOutcome> {
  await using house = await House.open(workload.make, seed);
  await house.run(recordedRuns);
  const suggestions = house.introspection.suggestImprovements().filter(isToDo);
  const { expects, alsoTrue = [] } = workload;
  const expected = suggestions.find(({ id }) => expects !== undefined && id.startsWith(expects));
  const beforeMs = house.introspection.analyzePerformance().avgExecutionTimeMs;
  const head = {
    workload: workload.name,
    advised: suggestions.map(({ id }) => id),
    missed: expects !== undefined && expected === undefined,
    promisedMore: expected?.forecasts?.[0]?.metric === "successRate",
    falseAdvice: suggestions.filter((one) => one !== expected && !alsoTrue.includes(one.id)).map(({ id }) => id),
  };
  if (expected?.action !== undefined) {
    const applied = house.introspection.apply(expected, { watchRuns: watchedRuns });
    await house.run(watchedRuns);
    const { figures = [], report = "no verdict", to } = applied.record;
    const hits = house.hitsOf(applied.knob, Object(to).maxEntries);
    const endMs = await house.run(laterRuns);
    return { ...head, followed: expected.id, figures, verdict: report, endMs, beforeMs, ...hits };
  }
  const figures = expected === undefined ? [] : await measureChanged(workload, expected, seed);
  const verdict = expected === undefined ? "nothing to do" : "takes a person";
  return { ...head, followed: undefined, figures, verdict, endMs: beforeMs, beforeMs, realHits: 0, replayedHits: 0 };
}

/** Where to look and what fails are findings, not things to do. */
function isToDo({ id }: Suggestion): boolean {
  return !/^(dominating-step|failures|failing-tool|errors):/.test(id);
}

async function measureChanged(
  { changed }: AdviceWorkload,
  { forecasts: [forecast] = [] }: Suggestion,
  seed: number,
): Promise<readonly ComparedFigure[]> {
  if (changed === undefined || forecast === undefined) return [];
  await using house = await House.open(changed, seed + 1_000);
  const { metric, before, after: predicted, low, high } = forecast;
  return [{ metric, before, predicted, low, high, measured: await house.run(watchedRuns) }];
}

/** A Flock in virtual time with one program. */
class House implements AsyncDisposable {
  readonly introspection: AgentIntrospection;
  readonly #flock: Flock;
  readonly #runtime: TestRuntime;
  readonly #program: AdviceProgram;
  #runs = 0;

  private constructor(runtime: TestRuntime, program: AdviceProgram) {
    this.#runtime = runtime;
    this.#program = program;
    this.#flock = new Flock({ runtime, ...(program.resources === undefined ? {} : { resources: program.resources }) });
    this.introspection = new AgentIntrospection(program.subject, { flock: this.#flock });
  }

  static async open(make: AdviceWorkload["make"], seed: number): Promise<House> {
    const runtime = createTestRuntime({ seed });
    return new House(runtime, make(runtime, createTestRuntime({ seed: seed + 77 }).random));
  }

  /** Runs so many more, and gives their mean time; the next ones may begin before these have ended. */
  async run(count: number): Promise<number> {
    const { subject, inputOf, gapMs } = this.#program;
    const running: Promise<number>[] = [];
    for (let run = 0; run < count; run++) {
      const began = this.#runtime.monotonic();
      const ended = (): number => this.#runtime.monotonic() - began;
      running.push(this.#flock.run(subject, inputOf(this.#runs) as never).then(ended, ended));
      await this.#runtime.clock.advance(gapMs(this.#runs++));
    }
    while (this.#runtime.clock.pendingTimers > 0) await this.#runtime.clock.advance(1_000);
    const times = await Promise.all(running);
    return times.reduce((sum, ms) => sum + ms, 0) / times.length;
  }

  /** Counts the hits of a cache in the watched runs, and those of its replay. */
  hitsOf(knob: string, maxEntries: number): { realHits: number; replayedHits: number } {
    if (!knob.startsWith("cache:")) return { realHits: 0, replayedHits: 0 };
    const calls =
      this.#flock.history
        ?.runs()
        .slice(-watchedRuns)
        .flatMap((run) => run.calls) ?? [];
    const asked = calls.filter(({ name }) => name === knob.slice("cache:".length));
    const { hits } = replayCache(
      asked.map(({ inputHash, startMs, durationMs, outcome }) => ({
        key: inputHash!,
        startMs,
        durationMs,
        ok: outcome === "ok",
      })),
      { maxEntries },
    );
    return {
      realHits: asked.filter(({ cacheState }) => cacheState === "hit" || cacheState === "joined").length,
      replayedHits: hits,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.introspection[Symbol.dispose]();
    await this.#flock[Symbol.asyncDispose]();
  }
}
