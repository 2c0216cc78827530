/** What a user declares about failures: plain steps and ports, which only the layer of recovery acts on. */

import type { ErrorMatcher } from "./errors/error-matcher.ts";
import type { OptionCheck } from "./errors/options.ts";

/** How often and how fast a failed call is tried again. */
export interface RetryStep {
  readonly step: "retry";
  /** The first one counts. */
  readonly maxAttempts: number;
  /** Upper bound of the first wait, in milliseconds; it doubles with each attempt. */
  readonly baseMs: number;
  /** Upper bound of all waits but those that a vendor asked for. */
  readonly maxDelayMs: number;
  /** What is tried again besides what heals by itself; undefined for nothing. */
  readonly on: readonly ErrorMatcher[] | undefined;
  /** Retries that each success earns. */
  readonly budgetPerSuccess: number;
  /** Retries that are there without any. */
  readonly budgetReserve: number;
}

/** Cuts attempts that hang. Milliseconds; undefined leaves the limit as it is. */
export interface TimeoutStep {
  readonly step: "timeout";
  readonly attemptMs: number | undefined;
  readonly firstTokenMs: number | undefined;
  readonly betweenTokensMs: number | undefined;
}

/** Sends a second request when the first is slow. */
export interface HedgeStep {
  readonly step: "hedge";
  /** After so many milliseconds; undefined learns it. */
  readonly afterMs: number | undefined;
  /** Which part of the answers that came is faster, in percent, while `afterMs` is learnt. */
  readonly percentile: number;
  /** Most further requests of one call. */
  readonly maxExtra: number;
}

/** When calls to something that keeps failing are refused at once. */
export interface BreakerStep {
  readonly step: "breaker";
  readonly consecutiveFailures: number;
  /** Share of failed calls in the window, from 0 to 1. */
  readonly failureRate: number;
  readonly windowMs: number;
  /** Below so many calls in the window the rate says nothing. */
  readonly minimumCalls: number;
  readonly openMs: number;
  readonly halfOpenProbes: number;
}

/** Answers for a failed call. */
export interface AnswerStep {
  readonly step: "answer";
  readonly name: string;
  /** Whether it stands in for a failed model, or for what declares it. */
  readonly at: "models" | "here";
  /**
   * Gives the value; undefined declines; throws when it tried and failed. What it gets is a `Failure`, named `never` here
   * because that names runnables, whose policies name this.
   */
  answer(failure: never): unknown;
  /** Runnables, and models by their strings, that it may call instead, so that circles are found when they are built. */
  readonly targets?: readonly unknown[];
}

/** One thing to do about failures. */
export type RecoveryStep = RetryStep | TimeoutStep | HedgeStep | BreakerStep | AnswerStep;

/** Something that is a step and more, such as an `ErrorManager` or a `RecoveryStrategy`. */
export interface RecoverySource {
  readonly recoveryStep: RecoveryStep;
}

/** What to do about failures: steps in the order in which they are asked; `false` for nothing at all. */
export type RecoveryChoice = false | RecoveryStep | RecoverySource | readonly (RecoveryStep | RecoverySource)[];

/** Accepts what may be done about failures. */
export const recoveryOption: OptionCheck = (value) =>
  value === false || (Array.isArray(value) ? value : [value]).every(isStep)
    ? undefined
    : "false, or steps such as retry(…) and fallback(…)";

function isStep(value: unknown): boolean {
  const step = (value as RecoverySource | undefined)?.recoveryStep ?? value;
  return typeof (step as RecoveryStep | undefined)?.step === "string";
}
