/** What a user declares about failures: plain steps and ports, which only the layer of recovery acts on. */

import type { ErrorMatcher } from "./errors/error-matcher.ts";
import type { OptionCheck } from "./errors/options.ts";
import type { Provider } from "./events/provider.ts";

/** Where steps are declared, for those that cannot work everywhere. */
export interface RecoveryPlace {
  /** What declares them: a runnable, or a Flock. */
  readonly owner: unknown;
  /** The model that it names, if it does. */
  readonly model?: unknown;
}

interface StepHead {
  /**
   * Refuses a place where it could do nothing but harm. Called once, when what declares it is built.
   *
   * @throws option_invalid
   */
  checkPlace?(place: RecoveryPlace): void;
}

/** How often and how fast a failed call is tried again. */
export interface RetryStep extends StepHead {
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
export interface TimeoutStep extends StepHead {
  readonly step: "timeout";
  readonly attemptMs: number | undefined;
  readonly firstTokenMs: number | undefined;
  readonly betweenTokensMs: number | undefined;
}

/** Sends a second request when the first is slow. */
export interface HedgeStep extends StepHead {
  readonly step: "hedge";
  /** After so many milliseconds; undefined learns it. */
  readonly afterMs: number | undefined;
  /** Which part of the answers that came is faster, in percent, while `afterMs` is learnt. */
  readonly percentile: number;
  /** Most further requests of one call. */
  readonly maxExtra: number;
}

/** When calls to something that keeps failing are refused at once. */
export interface BreakerStep extends StepHead {
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
export interface AnswerStep extends StepHead {
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
  /**
   * Which failures it is for. Steps of one list that say so are asked at the place of the first of them: those for a
   * function that says yes, then those for the code, then those for the nearest class; equal ones in the order written.
   */
  readonly handles?: ErrorMatcher;
}

/** One thing to do about failures. */
export type RecoveryStep = RetryStep | TimeoutStep | HedgeStep | BreakerStep | AnswerStep;

/** Something that is a step and more, such as an `ErrorManager` or a `RecoveryStrategy`. */
export interface RecoverySource {
  readonly recoveryStep: RecoveryStep;
  /** Listens to the runs of what declares it. @default nothing does */
  readonly provider?: Provider | undefined;
}

/** What to do about failures: steps in the order in which they are asked; `false` for nothing at all. */
export type RecoveryChoice = false | RecoveryStep | RecoverySource | readonly (RecoveryStep | RecoverySource)[];

/** Accepts what may be done about failures. */
export const recoveryOption: OptionCheck = (value) =>
  value === false || (Array.isArray(value) ? value : [value]).every(isStep)
    ? undefined
    : "false, or steps such as retry(…) and fallback(…)";

/** Gives a choice as a list. */
export function stepsOf(choice: RecoveryChoice | undefined): readonly RecoveryStep[] {
  return partsOf(choice).map((one) => ("recoveryStep" in one ? one.recoveryStep : one));
}

/**
 * Lets each step refuse the place it is declared in; gives the listeners that come with them.
 *
 * @throws option_invalid
 */
export function placeRecovery(choice: RecoveryChoice | undefined, place: RecoveryPlace): readonly Provider[] {
  for (const step of stepsOf(choice)) step.checkPlace?.(place);
  return partsOf(choice).flatMap((one) => ("recoveryStep" in one ? (one.provider ?? []) : []));
}

function partsOf(choice: RecoveryChoice | undefined): readonly (RecoveryStep | RecoverySource)[] {
  return choice ? ([choice].flat() as readonly (RecoveryStep | RecoverySource)[]) : [];
}

function isStep(value: unknown): boolean {
  const step = (value as RecoverySource | undefined)?.recoveryStep ?? value;
  return typeof (step as RecoveryStep | undefined)?.step === "string";
}
