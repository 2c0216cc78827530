/** Knows how long retries wait: as they are declared, and longer where they wait for news of others. */

import type { Knobs } from "../../../core/knob.ts";
import { defaultRetry } from "../../../core/recovery-defaults.ts";
import type { RetryStep } from "../../../core/recovery-settings.ts";

/** Bounds of the waits. */
export type Backoff = Pick<RetryStep, "baseMs" | "maxDelayMs">;

/** After so many failures in a row a retry also waits, so long at most, for news of other calls. */
const [failuresBeforeNews, newsMs] = [3, 500];

/** Failures after which nobody doubts that what was called answers: it did, or was not asked. */
const answers: ReadonlySet<string> = new Set([
  ...["rate_limited", "quota_exhausted", "model_unauthorized", "model_request_invalid", "context_too_long"],
  ...["content_blocked", "input_invalid", "output_invalid", "output_unreadable", "no_evidence"],
]);

/** Tells whether calls that fail with a code wait for news of others. */
export function waitsForNews(code: string | undefined): boolean {
  return code === undefined || !answers.has(code);
}

/** Gives the backoff that holds for a runnable, as its knob reads. */
export function backoffOf(name: string, knobs: Knobs | undefined): Backoff {
  const id = `backoff:${name}`;
  const { baseMs, maxDelayMs } = Object(knobs?.has(id) ? knobs.read(id) : undefined) as Partial<Backoff>;
  return typeof baseMs === "number" && typeof maxDelayMs === "number" ? { baseMs, maxDelayMs } : defaultRetry;
}

/** A wait before an attempt: drawn evenly up to a bound. */
export interface Wait {
  readonly mean: number;
  readonly variance: number;
}

/** The wait after so many attempts, as it is drawn. */
export function waitAfter(backoff: Backoff, tries: number): Wait {
  const bound = boundOf(backoff, tries);
  return { mean: bound / 2, variance: bound ** 2 / 12 };
}

/** What is waited for news on top, where no other call brings them: the whole time after a wait that was shorter. */
export function newsAfter(backoff: Backoff, tries: number): number {
  return tries < failuresBeforeNews ? 0 : newsMs * Math.min(1, newsMs / Math.max(1, boundOf(backoff, tries)));
}

/** What of a recorded wait was for news though fewer than three attempts of the call had failed; 0 where it cannot be told. */
export function newsBetween(backoff: Backoff, tries: number, waitedMs: number): number {
  const bound = boundOf(backoff, tries);
  return tries < failuresBeforeNews && bound < newsMs && waitedMs > bound ? Math.min(newsMs, waitedMs) : 0;
}

function boundOf({ baseMs, maxDelayMs }: Backoff, tries: number): number {
  return Math.min(maxDelayMs, baseMs * 2 ** Math.min(tries - 1, 30));
}

/** The waits between so many attempts together, as expected. */
export function waitsMs(backoff: Backoff, attempts: number): number {
  let sum = 0;
  for (let tries = 1; tries < attempts; tries++) sum += waitAfter(backoff, tries).mean;
  return sum;
}
