/** Records described runs, a minute apart, and gives the episodes of their root: what a simulator works on. */

import { type Episode, episodesOf } from "../../../src/introspection/record/episodes.ts";
import { RunRecorder } from "../../../src/introspection/record/run-recorder.ts";
import { type DescribedCall, eventsOf, outputOf, startOfTime } from "../run-events.ts";

export function episodesFrom(
  runs: readonly DescribedCall[],
  tenantOf: (index: number) => string | undefined = () => undefined,
): readonly Episode[] {
  const recorder = new RunRecorder({ maxRuns: Math.max(1, runs.length) });
  for (const [index, run] of runs.entries()) {
    const tenant = tenantOf(index);
    const place = {
      runId: `r${index}`,
      time: startOfTime + index * 60_000,
      ...(tenant === undefined ? {} : { tenant }),
    };
    for (const event of eventsOf(run, place)) recorder.notify(event, outputOf(event));
  }
  return episodesOf(recorder.runs(), runs[0]?.name ?? "");
}

export function repeat<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
