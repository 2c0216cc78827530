/** Reads runs in the order of their end from rows that give a few at a time, the same way on disk and on a server. */

import type { StoredRun } from "../../core/run-store.ts";
import { Pacer } from "../../core/runtime/pacer.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { isMeant, type WholeQuery } from "./run-request.ts";

/** Where reading goes on: after the run of this end and this row. */
export interface ReadPlace {
  readonly endMs: number;
  readonly id: number;
}

/** Some runs with their places, and where to go on; damaged ones are left out. */
export interface ReadSlice {
  readonly found: readonly { readonly run: StoredRun; readonly place: ReadPlace }[];
  /** Undefined at the end. */
  readonly next: ReadPlace | undefined;
}

/** Rows of runs, with ids that rise with every run written. */
export interface RunRows {
  /** Gives the id of the run written last. */
  lastId(): Promise<number>;
  /** Gives some runs after a place that ended before a time, in the order of their end. */
  readSome(place: ReadPlace, lastId: number, toMs: number): Promise<ReadSlice>;
  /** Gives some runs before a place that ended at a time or later, the last one first. */
  readBack(place: ReadPlace, lastId: number, fromMs: number): Promise<ReadSlice>;
}

/** What is read, and what is too old to be. */
export interface RunWalk {
  readonly query: WholeQuery;
  /** Runs that ended then or earlier are not read. */
  readonly oldestMs: number;
  readonly runtime: Runtime;
}

/** Gives the runs a query means; other work goes on in between, and what is written meanwhile is not read. */
export async function* walkRuns(rows: RunRows, { query, oldestMs, runtime }: RunWalk): AsyncGenerator<StoredRun> {
  if (query.last === 0) return;
  const lastId = await rows.lastId();
  const pacer = new Pacer(runtime);
  let place: ReadPlace | undefined = await firstPlace(rows, query, oldestMs, lastId, pacer);
  while (place !== undefined) {
    const { found, next }: ReadSlice = await rows.readSome(place, lastId, query.toMs);
    for (const { run } of found) if (isMeant(query, run)) yield run;
    place = next;
    await pacer.pause();
  }
}

/** Finds the place before the first run to read, going back from the last one where only the last ones are meant. */
async function firstPlace(
  rows: RunRows,
  query: WholeQuery,
  oldestMs: number,
  lastId: number,
  pacer: Pacer,
): Promise<ReadPlace> {
  const isKept = query.fromMs > oldestMs;
  const first: ReadPlace = isKept ? { endMs: query.fromMs, id: 0 } : { endMs: oldestMs, id: Number.MAX_SAFE_INTEGER };
  if (!Number.isFinite(query.last)) return first;
  let wanted = query.last;
  let place: ReadPlace | undefined = { endMs: query.toMs, id: 0 };
  while (place !== undefined) {
    const { found, next }: ReadSlice = await rows.readBack(place, lastId, first.endMs);
    for (const each of found) {
      if (!isMeant(query, each.run) || each.run.endMs === oldestMs) continue;
      wanted -= 1;
      if (wanted === 0) return { endMs: each.place.endMs, id: each.place.id - 1 };
    }
    place = next;
    await pacer.pause();
  }
  return first;
}

/** Tells whether a place comes after another in a direction of reading; never for what is no number. */
export function isBeyond(place: ReadPlace, from: ReadPlace, direction: 1 | -1): boolean {
  return (place.endMs - from.endMs || place.id - from.id) * direction > 0;
}
