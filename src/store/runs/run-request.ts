/** Checks of what a store of runs is asked, and the defaults of what it keeps, the same for every driver. */

import { checkOptions, nonEmptyString, type OptionCheck, optionError, wholeNumber } from "../../core/errors/options.ts";
import type { RunQuery, RunRetention, StoredRun } from "../../core/run-store.ts";

const anyNumber: OptionCheck = (value) =>
  typeof value === "number" && !Number.isNaN(value) ? undefined : "milliseconds since 1970";
const finiteNumber: OptionCheck = (value) => (Number.isFinite(value) ? undefined : "milliseconds since 1970");
const text: OptionCheck = (value) => (typeof value === "string" ? undefined : "a string");

/** A query with every bound named. */
export interface WholeQuery {
  readonly name: string | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  readonly last: number;
}

/** How the bounds of what is kept are checked. */
export const retentionChecks = {
  maxAgeMs: wholeNumber(1),
  maxRuns: wholeNumber(1),
  maxBytes: wholeNumber(100_000),
} as const;

/** Fills in what an owner left out. */
export function retentionOf({ maxAgeMs, maxRuns, maxBytes }: RunRetention): {
  readonly [Key in keyof RunRetention]-?: number;
} {
  return { maxAgeMs: maxAgeMs ?? 30 * 86_400_000, maxRuns: maxRuns ?? 100_000, maxBytes: maxBytes ?? 2 ** 28 };
}

/** @throws option_invalid for an unknown or wrong part of a query. */
export function wholeQuery(operation: string, query: RunQuery): WholeQuery {
  checkOptions(operation, query, { name: text, fromMs: anyNumber, toMs: anyNumber, last: wholeNumber(0) });
  const { name, fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = query;
  return { name, fromMs, toMs, last: query.last ?? Number.POSITIVE_INFINITY };
}

/** @throws option_invalid for anything but a list of runs, before any of them is kept. */
export function checkRuns(operation: string, runs: readonly StoredRun[]): void {
  if (!Array.isArray(runs)) throw optionError(operation, "runs", "a list of stored runs", runs);
  for (const run of runs) {
    checkOptions(operation, run, {
      ...{ runId: nonEmptyString, name: text, startMs: finiteNumber, endMs: finiteNumber, text },
    });
    for (const key of ["runId", "name", "startMs", "endMs", "text"] as const) {
      if (run[key] === undefined) throw optionError(operation, key, "there", undefined);
    }
  }
}

/** Tells whether a query means a run. */
export function isMeant(query: WholeQuery, { name, endMs }: StoredRun): boolean {
  return (query.name === undefined || name === query.name) && endMs >= query.fromMs && endMs < query.toMs;
}

/** Names a run apart from every other one. */
export function keyOfRun({ runId, startMs }: StoredRun): string {
  return `${startMs} ${runId}`;
}
