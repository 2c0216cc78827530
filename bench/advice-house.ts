/** A Flock in virtual time with one program in it: what an evaluation of advice records, changes and measures. */

import type { Json } from "../src/core/json/json.ts";
import { Flock } from "../src/flock.ts";
import { AgentIntrospection } from "../src/introspection/advise/agent-introspection.ts";
import type { WatchedRuns } from "../src/introspection/advise/apply/advice-record.ts";
import { noRuns, withRun } from "../src/introspection/advise/apply/verdict.ts";
import { replayCache } from "../src/introspection/advise/what-if/cache-replay.ts";
import { episodesOf } from "../src/introspection/record/episodes.ts";
import { createTestRuntime, type TestRuntime } from "../src/testing/test-runtime.ts";
import type { AdviceProgram } from "./advice-workloads.ts";

/** Makes the program of a house; the same seed makes the same one. */
export type MakeProgram = (runtime: TestRuntime, random: () => number) => AdviceProgram;

/** What of a cache's work can be told call by call. */
export interface ToldHits {
  readonly realHits: number;
  readonly replayedHits: number;
}

/** One program in a Flock of its own. */
export class AdviceHouse implements AsyncDisposable {
  readonly introspection: AgentIntrospection;
  readonly flock: Flock;
  readonly #runtime: TestRuntime;
  readonly #program: AdviceProgram;
  #runs: number;

  private constructor(runtime: TestRuntime, program: AdviceProgram, firstRun: number) {
    this.#runtime = runtime;
    this.#program = program;
    this.#runs = firstRun;
    this.flock = new Flock({ runtime, ...(program.resources === undefined ? {} : { resources: program.resources }) });
    this.introspection = new AgentIntrospection(program.subject, { flock: this.flock });
  }

  /** Opens a house whose first run has that number, since what is asked may depend on it. */
  static open(make: MakeProgram, seed: number, firstRun = 0): AdviceHouse {
    const runtime = createTestRuntime({ seed });
    return new AdviceHouse(runtime, make(runtime, createTestRuntime({ seed: seed + 77 }).random), firstRun);
  }

  /** Runs so many more, and gives their mean time; the next ones may begin before these have ended. */
  async run(count: number): Promise<number> {
    const { subject, inputOf, gapMs } = this.#program;
    const running: Promise<number>[] = [];
    for (let run = 0; run < count; run++) {
      const began = this.#runtime.monotonic();
      const ended = (): number => this.#runtime.monotonic() - began;
      running.push(this.flock.run(subject, inputOf(this.#runs) as never).then(ended, ended));
      await this.#runtime.clock.advance(gapMs(this.#runs++));
    }
    while (this.#runtime.clock.pendingTimers > 0) await this.#runtime.clock.advance(1_000);
    const times = await Promise.all(running);
    return times.reduce((sum, ms) => sum + ms, 0) / times.length;
  }

  change(knob: string, value: Json): void {
    this.flock.knobs.change(knob, value);
  }

  /** Adds up the last so many runs as a trial does. */
  measure(count: number, knob: string): WatchedRuns {
    const records = this.flock.history?.runs().slice(-count) ?? [];
    return episodesOf(records, this.introspection.name).reduce((sum, episode) => withRun(sum, episode, knob), noRuns);
  }

  /** Counts the hits of a cache in the last so many runs, and those of its replay; 0 for another knob. */
  hitsOf(count: number, knob: string, maxEntries: number): ToldHits {
    if (!knob.startsWith("cache:")) return { realHits: 0, replayedHits: 0 };
    const calls = this.flock.history?.runs().slice(-count) ?? [];
    const name = knob.slice("cache:".length);
    const asked = calls.flatMap((run) => run.calls).filter((call) => call.name === name);
    const { hits } = replayCache(
      asked.map(({ inputHash, startMs, durationMs, outcome }) => {
        return { key: inputHash!, startMs, durationMs, ok: outcome === "ok" };
      }),
      { maxEntries },
    );
    const answered = asked.filter(({ cacheState }) => cacheState === "hit" || cacheState === "joined");
    return { realHits: answered.length, replayedHits: hits };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.introspection[Symbol.dispose]();
    await this.flock[Symbol.asyncDispose]();
  }
}
