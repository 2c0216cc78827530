/** Says which runs belong to a period that is compared, and refuses periods that cannot be. */

import { checkOptions, type OptionCheck, optionError, wholeNumber } from "../../../core/errors/options.ts";
import type { Episode } from "../../record/episodes.ts";

/** A part of what is recorded, by when runs ended. At least one of the three is needed; together they narrow each other. */
export interface ComparedPeriod {
  /** Runs that ended then or later; a number is milliseconds since 1970. @default the oldest recorded */
  readonly from?: Date | number | undefined;
  /** Runs that ended before; a number is milliseconds since 1970. @default no end */
  readonly to?: Date | number | undefined;
  /** Of these, so many that ended last. @default all */
  readonly lastRuns?: number | undefined;
}

/** Both periods, with the runs of each in the order of their end. */
export interface ComparedRuns {
  readonly a: readonly Episode[];
  readonly b: readonly Episode[];
}

const owner = "AgentIntrospection.compare";
const time: OptionCheck = (value) =>
  Number.isFinite(value instanceof Date ? value.getTime() : value) ? undefined : "a Date or milliseconds since 1970";

/** Finds the runs of two periods. @throws option_invalid for a period without meaning, or two that share a run. */
export function runsOfPeriods(
  episodes: readonly Episode[],
  periodA: ComparedPeriod,
  periodB: ComparedPeriod,
): ComparedRuns {
  const ordered = [...episodes].sort((one, other) => endOf(one) - endOf(other));
  const select = [checkPeriod("periodA", periodA), checkPeriod("periodB", periodB)];
  const [a, b] = select.map((selectFrom) => selectFrom(ordered)) as [readonly Episode[], readonly Episode[]];
  const inA = new Set(a);
  const shared = b.filter((episode) => inA.has(episode)).length;
  if (shared > 0) {
    const expected = `a period that shares no run with periodA; they share ${shared}, so move "from", "to" or "lastRuns"`;
    throw optionError(owner, "periodB", expected, periodB);
  }
  return { a, b };
}

function checkPeriod(name: string, period: ComparedPeriod): (ordered: readonly Episode[]) => readonly Episode[] {
  checkOptions(`${owner} ${name}`, period, { from: time, to: time, lastRuns: wholeNumber(1) });
  if (period.from === undefined && period.to === undefined && period.lastRuns === undefined) {
    throw optionError(owner, name, 'a period with "from", "to" or "lastRuns"', period);
  }
  const from = Number(period.from ?? Number.NEGATIVE_INFINITY);
  const to = Number(period.to ?? Number.POSITIVE_INFINITY);
  if (from >= to) throw optionError(`${owner} ${name}`, "from", `before "to", which is ${to}`, from);
  const last = period.lastRuns ?? Number.POSITIVE_INFINITY;
  return (ordered) => {
    const meant = ordered.filter((episode) => endOf(episode) >= from && endOf(episode) < to);
    return meant.slice(Math.max(0, meant.length - last));
  };
}

function endOf({ startMs, durationMs }: Episode): number {
  return startMs + durationMs;
}
