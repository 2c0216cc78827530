/** Tells which run others owe an answer to: a run that is the first to ask costs more itself, and saves others what they save. */

import type { CacheReplay } from "./cache-replay.ts";
import type { SeenCall } from "./cacheable-calls.ts";

/** A part of what a run saves that it owes to another one, whose answer it was the first to find. */
export interface PassedOn {
  readonly from: number;
  readonly to: number;
  readonly part: number;
}

/** Finds to which run the first to find an answer owes it: without that run it would have had to make its own. */
export function passedOn(
  calls: readonly SeenCall[],
  replay: Pick<CacheReplay, "durationsMs">,
  from: number,
): readonly PassedOn[] {
  const makers = new Map<string | number, number>();
  const answered = new Map<number, number>();
  const found: { from: number; to: number }[] = [];
  calls.forEach(({ key, run }, index) => {
    if (replay.durationsMs[index]! < 0) {
      makers.set(key, run);
      return;
    }
    answered.set(run, (answered.get(run) ?? 0) + 1);
    const maker = makers.get(key);
    if (maker === undefined || maker === run) return;
    makers.delete(key);
    found.push({ from: run, to: maker });
  });
  return found.map((one) => ({ from: one.from - from, to: one.to - from, part: 1 / answered.get(one.from)! }));
}

/** Adds to the figure of each run what others owe to it. */
export function owing(
  figures: Float64Array,
  saved: Float64Array,
  passed: readonly PassedOn[],
  sign: 1 | -1,
): Float64Array {
  const owed = Float64Array.from(figures);
  for (const { from, to, part } of passed) owed[to]! += sign * part * saved[from]!;
  return owed;
}
