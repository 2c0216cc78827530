/** Measures the same change over many independent futures, to tell what of a wrong forecast is chance and what is our fault. */

import { canonicalText } from "../src/core/json/canonical-key.ts";
import { measureFigure } from "../src/introspection/advise/apply/verdict.ts";
import type { Forecast, SuggestedAction, Suggestion } from "../src/introspection/advise/suggestion.ts";
import { type AdviceOutcome, recordedRuns, watchedRuns } from "./advice-evaluation.ts";
import { AdviceHouse } from "./advice-house.ts";
import type { AdviceWorkload } from "./advice-workloads.ts";

/** What a change came to in each of many futures, by metric. */
export type Futures = ReadonlyMap<Forecast["metric"], readonly number[]>;

/** Runs before the change in each future: enough for the setting to be there and for recovery to have learnt. */
const settlingRuns = 40;
const firstFuture = 1_000_000;
const allMetrics = ["avgExecutionTimeMs", "costMicroUsd", "successRate", "cacheHitRate"] as const;

/** Knows what follows of a change, by having tried it; each change is tried once. */
export class Oracle {
  readonly #futures: number;
  readonly #known = new Map<string, Promise<Futures>>();

  constructor(futures: number) {
    this.#futures = futures;
  }

  /** Gives what the advice that was followed comes to. */
  after({ workload, suggestion }: AdviceOutcome): Promise<Futures> {
    const { action } = suggestion!;
    const { changed } = workload;
    if (action !== undefined) return this.#futuresOf(workload, canonicalText(action as never), action, suggestion);
    // What a person writes into a program follows the evidence.
    const written = canonicalText({ ...suggestion!.evidence, samples: [] } as never);
    return changed === undefined
      ? Promise.resolve(new Map())
      : this.#futuresOf(workload, changed.length < 3 ? "changed" : written, undefined, suggestion);
  }

  #futuresOf(
    workload: AdviceWorkload,
    change: string,
    action: SuggestedAction | undefined,
    suggestion: Suggestion | undefined,
  ): Promise<Futures> {
    const key = `${workload.name} ${change}`;
    const known = this.#known.get(key) ?? this.#try(workload, action, suggestion);
    this.#known.set(key, known);
    return known;
  }

  async #try({ make, changed }: AdviceWorkload, action?: SuggestedAction, suggestion?: Suggestion): Promise<Futures> {
    const came = new Map<Forecast["metric"], number[]>(allMetrics.map((metric) => [metric, []]));
    const isRewritten = action === undefined && suggestion !== undefined;
    // A program that was written anew begins anew, with nothing learnt and its caches empty.
    const settling = isRewritten ? 0 : settlingRuns;
    for (let future = 0; future < this.#futures; future++) {
      const seed = firstFuture + future;
      await using house = AdviceHouse.open(
        isRewritten ? (runtime, random) => changed!(runtime, random, suggestion) : make,
        seed,
        recordedRuns - settling,
      );
      await house.run(settling);
      if (action !== undefined) house.change(action.knob, action.value);
      await house.run(watchedRuns);
      const watched = house.measure(watchedRuns, action?.knob ?? "");
      for (const metric of allMetrics) came.get(metric)!.push(measureFigure(metric, watched));
    }
    return came;
  }
}
