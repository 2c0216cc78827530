/** Tests that are looked at once, at the end of a trial: they see less harm than those that may be asked after every run. */

import { fisherTail } from "../../errors/exact-tests.ts";
import { fewestBefore, type Moments, standardError } from "./sequential-test.ts";

/** Harmless changes of which one figure seems harm by chance. */
const falseAlarms = 0.01;
/** The 99 % quantile of the normal distribution. */
const z99 = 2.326348;

/** Tells whether a mean is above what it was before, over ten runs or more, and above what was allowed. */
export function isAboveAtEnd(after: Moments, before: Moments, allowed = before.mean): boolean {
  if (before.count < fewestBefore) return false;
  const error = Math.hypot(standardError(after), standardError(before));
  return after.mean > allowed && after.mean - before.mean > z99 * error;
}

/** Runs, and those of them that failed. */
export interface FailureCount {
  readonly runs: number;
  readonly failed: number;
}

/** Tells whether a greater share fails than before, and than was allowed: R. A. Fisher's exact test. */
export function failsMoreAtEnd(after: FailureCount, before: FailureCount, allowed: number): boolean {
  if (after.runs === 0 || before.runs === 0 || after.failed / after.runs <= allowed) return false;
  const [failed, runs] = [after.failed + before.failed, after.runs + before.runs];
  return fisherTail(after.failed, after.runs, failed, runs) < falseAlarms;
}
