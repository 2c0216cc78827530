/** Holds handlers and strategies for errors, and finds the one that answers. */

import { type ErrorMatcher, matchOf, mostSpecificFirst } from "../core/errors/error-matcher.ts";
import { checkOptions, listOption, objectOption, optionError, positiveNumber } from "../core/errors/options.ts";
import type { Failure } from "../core/failure.ts";
import type { AnswerStep, RecoverySource } from "../core/recovery-settings.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { ErrorAnalysis } from "../introspection/errors/error-analysis.ts";
import type { ErrorAnalysisReport } from "../introspection/errors/error-report.ts";
import { bounded, boundsItself, defaultHandlerMs, patient } from "./bounded.ts";
import { type ErrorContext, isFailure, runtimeOf, tellFault } from "./failure-outside.ts";
import { matcherName, readMatcher } from "./known-codes.ts";
import { RecoveryStrategy } from "./recovery-strategy.ts";
import type { ErrorHandler } from "./steps/handler.ts";

/** How a manager begins. */
export interface ErrorManagerOptions {
  /** What {@link ErrorManager.registerHandler} would be called with. @default none */
  readonly handlers?: readonly (readonly [matcher: ErrorMatcher, handle: ErrorHandler<never>])[] | undefined;
  /** What {@link ErrorManager.registerStrategy} would be called with. @default none */
  readonly strategies?: readonly RecoveryStrategy[] | undefined;
  /** Most milliseconds a handler may take, beside the calls it makes. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** Its clock where no run has one. @default the system's */
  readonly runtime?: Runtime | undefined;
}

interface Registered {
  readonly matcher: ErrorMatcher;
  readonly handle: ErrorHandler<never>;
}

/** Something that may answer for one error. */
interface Candidate {
  readonly name: string;
  answer(): unknown;
}

/** What came of asking: a value, or undefined and the error that is to go on. */
interface Finding {
  readonly value: unknown;
  readonly error: unknown;
}

/**
 * Answers for errors by what was registered: in `recovery:` of an agent, tool, pattern or Flock, or by itself with
 * {@link handleError}. Asked in this order until one gives a value: handlers for functions that say yes, handlers for the
 * error's code, handlers for its class from the nearest ancestor up, equal ones as registered; then strategies, those with
 * the most conditions first.
 *
 * @example
 * ```ts
 * import { ErrorManager } from "flock-ts/errors";
 *
 * const errors = new ErrorManager();
 * errors.registerHandler(RangeError, (error) => ({ text: `out of range: ${error.message}` }));
 * console.log(await errors.handleError(new RangeError("7")));
 * ```
 * @throws option_invalid for unknown options and wrong values.
 */
export class ErrorManager implements RecoverySource {
  readonly recoveryStep: AnswerStep;
  /** Hears the runs of what it is declared on, for {@link analyze}. */
  readonly provider: ErrorAnalysis = new ErrorAnalysis();
  readonly #handlers = new Set<Registered>();
  readonly #strategies = new Set<{ readonly strategy: RecoveryStrategy }>();
  readonly #timeoutMs: number;
  readonly #runtime: Runtime | undefined;

  constructor(options: ErrorManagerOptions = {}) {
    checkOptions("ErrorManager", options, {
      handlers: listOption,
      strategies: listOption,
      timeoutMs: positiveNumber,
      runtime: objectOption,
    });
    const { handlers = [], strategies = [], timeoutMs = defaultHandlerMs, runtime } = options;
    this.#timeoutMs = timeoutMs;
    this.#runtime = runtime;
    for (const pair of handlers as readonly unknown[]) {
      if (!Array.isArray(pair)) throw optionError("ErrorManager", "handlers", "a list of [matcher, function]", pair);
      const [matcher, handle] = pair as [ErrorMatcher, ErrorHandler<ErrorMatcher>];
      this.registerHandler(matcher, handle);
    }
    for (const strategy of strategies) this.registerStrategy(strategy);
    this.recoveryStep = Object.freeze({
      step: "answer",
      name: "error-manager",
      at: "here",
      answer: (failure: Failure) => this.#answerIn(failure),
    } satisfies AnswerStep);
  }

  /**
   * Adds a handler for a class of errors, a code, or what a function says yes to; gives the way to remove it. It gets the
   * error and what {@link handleError} was given beside it; in a run that is the {@link Failure}.
   *
   * @throws option_invalid for a matcher or handler of the wrong shape, and a code that is nearly a known one.
   */
  registerHandler<const Matcher extends ErrorMatcher>(matcher: Matcher, handle: ErrorHandler<Matcher>): () => void {
    const read = readMatcher("registerHandler", matcher, "matcher");
    if (typeof handle !== "function") throw optionError("registerHandler", "handler", "a function", handle);
    const registered: Registered = { matcher: read, handle: handle as ErrorHandler<never> };
    this.#handlers.add(registered);
    return () => void this.#handlers.delete(registered);
  }

  /**
   * Adds a strategy, asked after all handlers; gives the way to remove it.
   *
   * @throws option_invalid for anything but a RecoveryStrategy.
   */
  registerStrategy(strategy: RecoveryStrategy): () => void {
    if (!(strategy instanceof RecoveryStrategy)) {
      throw optionError("registerStrategy", "strategy", "a RecoveryStrategy", strategy);
    }
    const registered = { strategy };
    this.#strategies.add(registered);
    return () => void this.#strategies.delete(registered);
  }

  /**
   * Gives the first value that a handler or strategy gives for an error. Rejects with the very same error when none does,
   * or with one that a handler threw around it. What a handler does wrong is a warning of the context's run, else of the
   * process, and never takes the place of the error.
   */
  async handleError(error: unknown, context?: ErrorContext): Promise<unknown> {
    const { value, error: ending } = await this.#find(error, context);
    if (value === undefined) throw ending;
    return value;
  }

  /**
   * Says what keeps failing in the runs of the agents, patterns and Flocks it is declared on, since when, how much it hurts,
   * and what would heal it. Errors that were given to {@link handleError} by hand are in no run.
   */
  analyze(): ErrorAnalysisReport {
    return this.provider.snapshot();
  }

  async #answerIn(failure: Failure): Promise<unknown> {
    const { value, error } = await this.#find(failure.error, failure);
    if (value === undefined && error !== failure.error) throw error;
    return value;
  }

  async #find(error: unknown, context: ErrorContext): Promise<Finding> {
    let ending = error;
    for (const { name, answer } of this.#candidates(error, context)) {
      const made = isFailure(context) ? context.attempt : 0;
      try {
        const value = await answer();
        if (value !== undefined) return { value, error };
      } catch (fault) {
        if (isFailure(context)) context.signal.throwIfAborted();
        if (fault === error) continue;
        if (fault instanceof Error && fault.cause === error) ending = fault;
        else if (!isFailure(context) || context.attempt === made) this.#tell(name, fault, context);
      }
    }
    return { value: undefined, error: ending };
  }

  #candidates(error: unknown, context: ErrorContext): readonly Candidate[] {
    const runtime = runtimeOf(context, this.#runtime);
    const handlers = mostSpecificFirst([...this.#handlers], ({ matcher }) => matcher, error).map(
      ({ matcher, handle }): Candidate => {
        const name = `handler for ${matcherName(matcher)}`;
        const match = matchOf(matcher, error);
        const told = (match === undefined ? error : match.error) as never;
        if (boundsItself.has(handle)) return { name, answer: () => handle(told, context as Failure) };
        const bound = { name, timeoutMs: this.#timeoutMs, runtime, signal: context?.signal };
        return {
          name,
          answer: () =>
            bounded(bound, (during) =>
              handle(told, isFailure(context) ? patient(context, during) : (context as never)),
            ),
        };
      },
    );
    const strategies = [...this.#strategies]
      .sort((a, b) => b.strategy.conditions.length - a.strategy.conditions.length)
      .map(
        ({ strategy }): Candidate => ({
          name: strategy.name,
          answer: () => strategy.attemptRecovery(error, context),
        }),
      );
    return [...handlers, ...strategies];
  }

  #tell(name: string, fault: unknown, context: ErrorContext): void {
    if (isFailure(context)) context.note(name, fault);
    const why = fault instanceof Error ? fault.message : String(fault);
    tellFault(context, runtimeOf(context, this.#runtime), `${name} could not answer for an error: ${why}`);
  }
}
