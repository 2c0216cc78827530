/** A named way to recover: when it applies, what it tries, and how long. */

import { type ErrorMatcher, isErrorClass, matches } from "../core/errors/error-matcher.ts";
import {
  checkOptions,
  functionOption,
  listOption,
  nonEmptyString,
  numberBetween,
  objectOption,
  optionError,
  positiveNumber,
  wholeNumber,
} from "../core/errors/options.ts";
import type { Failure } from "../core/failure.ts";
import { defaultRetry } from "../core/recovery-defaults.ts";
import type { AnswerStep, RecoverySource } from "../core/recovery-settings.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { boundsItself, defaultHandlerMs } from "./bounded.ts";
import { type ErrorContext, failureOf, runtimeOf } from "./failure-outside.ts";
import { readMatcher } from "./known-codes.ts";
import { type RecoveryAction, runStrategy, type StrategyPlan } from "./strategy-run.ts";

/** Says whether a strategy is for an error: a function, a code or a class. A function that throws says no. */
export type RecoveryCondition = ErrorMatcher | ((error: unknown) => boolean | Promise<boolean>);

/** How a strategy is made. */
export interface RecoveryStrategyOptions {
  /** What attempts and events call it. */
  readonly name: string;
  /** It applies when all of these hold; with none it applies always. */
  readonly conditions: readonly RecoveryCondition[];
  /** What it tries on each attempt, in this order, until one succeeds. */
  readonly actions: readonly RecoveryAction[];
  /** @default 3 */
  readonly maxAttempts?: number | undefined;
  /** Waits before each attempt but the first: random, up to a bound that doubles from `baseMs` to `maxDelayMs`. @default no wait */
  readonly backoff?: { readonly baseMs?: number | undefined; readonly maxDelayMs?: number | undefined } | undefined;
  /** Most milliseconds all of it may take. @default as long as the call may take */
  readonly deadlineMs?: number | undefined;
  /** Once the run has spent so many dollars since the failure, nothing more is tried. @default no limit */
  readonly maxCostUsd?: number | undefined;
  /** Most milliseconds one action may take, beside the calls it makes. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** Its clock where no run has one. @default the system's */
  readonly runtime?: Runtime | undefined;
}

const delay = numberBetween(0, 86_400_000);

/**
 * Recovers by attempts of its actions. Usable in `recovery:` of anything, registered with an `ErrorManager`, as a handler,
 * or by itself.
 *
 * @throws option_invalid for unknown options, wrong values, and no actions.
 */
export class RecoveryStrategy implements RecoverySource {
  readonly name: string;
  readonly conditions: readonly RecoveryCondition[];
  readonly maxAttempts: number;
  readonly recoveryStep: AnswerStep;
  /**
   * Answers for an error: gives the value of the first action that succeeds, or undefined when a condition does not hold or
   * no action had anything to do. Bound, so it may be passed as a handler.
   *
   * Rejects when all attempts are used up: with the error itself when it is a FlockError, else with `recovery_failed` whose
   * `cause` it is; either lists every attempt and action in `attempts`.
   */
  readonly attemptRecovery: (error: unknown, context?: ErrorContext) => Promise<unknown>;
  readonly #plan: StrategyPlan;
  readonly #runtime: Runtime | undefined;

  constructor(options: RecoveryStrategyOptions) {
    checkOptions("RecoveryStrategy", options, optionChecks);
    const { name, conditions, actions, maxAttempts = 3, backoff, runtime } = options;
    const { deadlineMs, maxCostUsd, timeoutMs = defaultHandlerMs } = options;
    const owner = `RecoveryStrategy ${name ?? "(unnamed)"}`;
    if (name === undefined) throw optionError(owner, "name", "a non-empty string", name);
    if (conditions === undefined) throw optionError(owner, "conditions", "a list of functions of an error", conditions);
    this.name = name;
    this.conditions = conditions.map((condition) => readMatcher(owner, condition, "conditions"));
    this.maxAttempts = maxAttempts;
    this.#runtime = runtime;
    const waits = backoff === undefined ? undefined : readBackoff(owner, backoff);
    const limits = { maxAttempts, backoff: waits, deadlineMs, maxCostUsd, timeoutMs };
    this.#plan = { name, actions: readActions(owner, actions), ...limits };
    this.attemptRecovery = (error, context) => this.#attempt(error, context);
    boundsItself.add(this.attemptRecovery);
    this.recoveryStep = Object.freeze({
      step: "answer",
      name,
      at: "here",
      answer: (failure: Failure) => this.attemptRecovery(failure.error, failure),
    } satisfies AnswerStep);
  }

  async #attempt(error: unknown, context: ErrorContext): Promise<unknown> {
    for (const condition of this.conditions) if (!(await holds(condition, error))) return undefined;
    return runStrategy(this.#plan, failureOf(error, context, runtimeOf(context, this.#runtime)));
  }
}

const optionChecks = {
  name: nonEmptyString,
  conditions: listOption,
  actions: listOption,
  maxAttempts: wholeNumber(1),
  backoff: objectOption,
  deadlineMs: positiveNumber,
  maxCostUsd: positiveNumber,
  timeoutMs: positiveNumber,
  runtime: objectOption,
};

function readActions(owner: string, actions: readonly unknown[] | undefined): readonly RecoveryAction[] {
  const isGood =
    actions !== undefined && actions.length > 0 && actions.every((one) => functionOption(one) === undefined);
  if (!isGood) throw optionError(owner, "actions", "a list of at least one function", actions);
  return [...(actions as readonly RecoveryAction[])];
}

function readBackoff(owner: string, backoff: NonNullable<RecoveryStrategyOptions["backoff"]>): StrategyPlan["backoff"] {
  checkOptions(`${owner} backoff`, backoff, { baseMs: delay, maxDelayMs: delay });
  const { baseMs = defaultRetry.baseMs, maxDelayMs = defaultRetry.maxDelayMs } = backoff;
  return { baseMs, maxDelayMs };
}

async function holds(condition: RecoveryCondition, error: unknown): Promise<boolean> {
  if (typeof condition === "string" || isErrorClass(condition)) return matches(condition, error);
  try {
    return Boolean(await (condition as (error: unknown) => unknown)(error));
  } catch {
    return false;
  }
}
