/** Plants changes that make runs better or worse, with promises that lie, to see which are taken back, and how soon. */

import type { Json } from "../src/core/json/json.ts";
import type { Knob } from "../src/core/knob.ts";
import type { Suggestion } from "../src/introspection/advise/suggestion.ts";
import { AdviceHouse } from "./advice-house.ts";
import { type AdviceProgram, latency, runnable, usageOf } from "./advice-workloads.ts";

/** What a change does to the runs that come after it. */
export interface PlantedEffect {
  readonly timeTimes: number;
  readonly costTimes: number;
  readonly failing: number;
}

/** A change with the share of the time that it promises to leave. */
export interface PlantedChange {
  readonly name: string;
  readonly effect: PlantedEffect;
  readonly promised: number;
  /** What should come of it; undefined where it makes no difference. */
  readonly isGood: boolean | undefined;
}

/** How the times of runs are spread. */
export interface PlantedNoise {
  readonly name: string;
  readonly timeMs: (random: () => number) => number;
}

/** What came of one change over many seeds. */
export interface PlantedOutcome {
  readonly change: PlantedChange;
  readonly noise: string;
  readonly trials: number;
  readonly kept: number;
  /** Runs until it was taken back, each time it was. */
  readonly runsUntilBack: readonly number[];
}

const [recordedRuns, watchedRuns] = [400, 200];
const nothing: PlantedEffect = { timeTimes: 1, costTimes: 1, failing: 0.02 };

export const plantedNoises: readonly PlantedNoise[] = [
  { name: "usual", timeMs: (random) => latency(random, 500, 0.4) },
  { name: "heavy tail", timeMs: (random) => latency(random, 500, 1) },
  { name: "hangs", timeMs: (random) => (random() < 0.03 ? 10_000 : latency(random, 500, 0.4)) },
];

/** Bad ones promise a tenth less time. Those that cost or fail more do bring it, so that the promise does not give them away. */
export const plantedChanges: readonly PlantedChange[] = [
  ...[1.2, 1.5, 3].map((timeTimes) => bad(`time × ${timeTimes}`, { timeTimes })),
  ...[1.2, 1.5, 3].map((costTimes) => bad(`cost × ${costTimes}`, { timeTimes: 0.9, costTimes })),
  ...[0.1, 0.2, 0.5].map((failing) => bad(`failing 2 % → ${100 * failing} %`, { timeTimes: 0.9, failing })),
  { name: "no difference", effect: nothing, promised: 0.9, isGood: undefined },
  ...[0.9, 0.8, 0.5].map((timeTimes) => {
    return { name: `time × ${timeTimes}`, effect: { ...nothing, timeTimes }, promised: timeTimes, isGood: true };
  }),
];

function bad(name: string, effect: Partial<PlantedEffect>): PlantedChange {
  return { name, effect: { ...nothing, ...effect }, promised: 0.9, isGood: false };
}

/** Applies one change after 400 runs, with so many seeds, and lets 200 more decide. */
export async function plant(change: PlantedChange, noise: PlantedNoise, seeds: number): Promise<PlantedOutcome> {
  let kept = 0;
  const runsUntilBack: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const setting = new PlantedSetting(change.effect);
    await using house = AdviceHouse.open((_, random) => programOf(noise, setting, random), seed);
    house.flock.knobs.register(setting);
    await house.run(recordedRuns);
    const before = house.introspection.analyzePerformance().avgExecutionTimeMs;
    const applied = house.introspection.apply(promiseOf(change, before), { watchRuns: watchedRuns });
    await house.run(watchedRuns);
    if (applied.record.status === "kept") kept++;
    else runsUntilBack.push(applied.record.watched.runs);
  }
  return { change, noise: noise.name, trials: seeds, kept, runsUntilBack };
}

/** A switch that turns the effect on. */
class PlantedSetting implements Knob<boolean> {
  readonly id = "planted:setting";
  readonly #effect: PlantedEffect;
  #isOn = false;

  constructor(effect: PlantedEffect) {
    this.#effect = effect;
  }

  get effect(): PlantedEffect {
    return this.#isOn ? this.#effect : nothing;
  }

  read(): boolean {
    return this.#isOn;
  }

  check(value: Json): string | undefined {
    return typeof value === "boolean" ? undefined : "expected true or false";
  }

  change(value: boolean): () => void {
    this.#isOn = value;
    return () => {
      this.#isOn = !value;
    };
  }
}

function programOf(noise: PlantedNoise, setting: PlantedSetting, random: () => number): AdviceProgram {
  const model = runnable(
    "model",
    async (_, context) => {
      const { timeTimes, costTimes } = setting.effect;
      await context.runtime.sleep(timeTimes * noise.timeMs(random));
      return { tokens: Math.ceil(costTimes * latency(random, 400)) };
    },
    {
      ...{ kind: "model", policy: { recovery: false } },
      costOf: (output) => usageOf((output as { readonly tokens: number }).tokens),
    },
  );
  const subject = runnable("agent", async (_, context) => {
    const { failing } = setting.effect;
    const answer = await context.call(model, {} as never);
    if (random() < failing) throw new Error("broken");
    return answer;
  });
  return { subject, inputOf: (run) => ({ run }), gapMs: () => 20_000 };
}

function promiseOf({ promised }: PlantedChange, before: number): Suggestion {
  const after = promised * before;
  return {
    ...{ id: "planted:setting", sentence: "Turn it on.", evidence: {}, predicted: undefined, risk: "low" },
    forecasts: [
      {
        ...{ metric: "avgExecutionTimeMs", unit: "ms", runs: watchedRuns, before, after },
        ...{ low: after - 0.1 * before, high: after + 0.1 * before },
      },
    ],
    action: { knob: "planted:setting", value: true },
  };
}
