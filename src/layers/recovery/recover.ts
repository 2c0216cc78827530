/** The one retry loop: asks, after each failed attempt, what was declared, until something answers or all is used up. */

import { matchesAny } from "../../core/errors/error-matcher.ts";
import { codeOf, type FailedAttempt, FlockError, isFlockError } from "../../core/errors/errors.ts";
import { tellAttempts } from "../../core/errors/tell-attempts.ts";
import type { Failure } from "../../core/failure.ts";
import type { AttemptChanges, LayerCall, LayerHost } from "../../core/layer.ts";
import type { AnswerStep, RecoveryStep, RetryStep } from "../../core/recovery-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import { backoffMs } from "./backoff.ts";
import { classifyFailure } from "./classify-failure.ts";
import { recoverySteps } from "./declared-steps.ts";
import { defaultRetry } from "./defaults.ts";
import { type HealthRecord, recordOf } from "./health-record.ts";
import { raceAgain, type StartAttempt } from "./hedge/race.ts";
import { FreeTurns } from "./rate/free-turns.ts";
import { describeAttempt, runAttempt } from "./run-attempt.ts";
import { timeLeftMs } from "./time-left.ts";

/** Errors that a retry loop gave up on: no loop further out begins with them again, so that attempts never multiply. */
const givenUp = new WeakSet<object>();
/** What was called for a call so far, over all loops in it, so that fallbacks never go in a circle. */
const calledFor = new WeakMap<LayerCall, Set<AnyRunnable>>();

/**
 * Answers for a call whose first attempt failed, or all `before`: gives its value, or rejects with the error it ends with.
 */
export function recover(
  call: LayerCall,
  error: unknown,
  host: LayerHost,
  before: readonly FailedAttempt[] = [],
): Promise<unknown> {
  return new Recovery(call, host, before).answer(error);
}

/** One call on its way back from a failure. */
class Recovery {
  readonly #call: LayerCall;
  readonly #steps: readonly RecoveryStep[];
  readonly #record: HealthRecord | undefined;
  readonly #host: LayerHost;
  readonly #attempts: FailedAttempt[];
  /** Attempts of the runnable itself. */
  #tries: number;
  /** Those of them that do not count: refused for their rate alone, while others came through. */
  readonly #turns = new FreeTurns();
  #waitedMs = 0;
  /** What a further attempt of the runnable itself gave. */
  #own: unknown = undefined;

  constructor(call: LayerCall, host: LayerHost, before: readonly FailedAttempt[]) {
    this.#call = call;
    this.#host = host;
    this.#attempts = [...before];
    this.#tries = Math.max(1, before.length);
    this.#steps = recoverySteps(call, host);
    this.#record = recordOf(call, host);
  }

  async answer(first: unknown): Promise<unknown> {
    const { ended } = this.#call;
    ended.throwIfAborted();
    if (this.#attempts.length === 0) {
      const { startedAt: began, attempts, runnable } = this.#call;
      const attempt = Math.max(1, attempts);
      this.#attempts.push(
        describeAttempt(this.#call, { error: first, attempt, name: runnable.name, began, waitedMs: 0 }),
      );
    }
    const declined = new Set<RecoveryStep>();
    let error = first;
    for (let index = 0; index < this.#steps.length; index++) {
      const step = this.#steps[index]!;
      try {
        if (step.step === "retry") {
          if (await this.#mayRetry(step, error)) return await this.#again("retry", error, {}, step.maxAttempts);
        } else if (step.step === "answer" && !declined.has(step)) {
          declined.add(step);
          const value = await this.#ask(step, error);
          if (value !== undefined) return value;
        }
      } catch (failure) {
        if (ended.aborted) throw failure;
        if (step.step !== "retry") continue;
        // A new failure is asked about from the beginning.
        error = failure;
        index = -1;
      }
    }
    throw this.#giveUp(error);
  }

  /** Waits for the time of a further attempt; false when there is to be none. */
  async #mayRetry(step: RetryStep, error: unknown): Promise<boolean> {
    const call = this.#call;
    const { code, retryable, retryAfterMs = 0 } = classifyFailure(error, call.runtime.now());
    const isPaced = code === "rate_limited" && this.#turns.count(step, this.#record?.rate.through);
    if (this.#tries - this.#turns.free >= step.maxAttempts || call.hasActed || isGivenUp(error)) return false;
    // Whoever was refused by a breaker would be refused again.
    if (isFlockError(error, "circuit_open")) return false;
    if (!retryable && !matchesAny(step.on, error)) return false;
    // The guard that every caller passes knows when to ask again.
    if (isPaced) return retryAfterMs < timeLeftMs(call);
    const delayMs = backoffMs(step, this.#tries, call.runtime.random());
    if (Math.max(delayMs, retryAfterMs) >= timeLeftMs(call)) return false;
    const began = call.runtime.monotonic();
    // A wait that a vendor asked for is kept by the guard that every caller of it passes.
    if (!(await this.#waitForTurn(step, delayMs))) return false;
    this.#waitedMs = call.runtime.monotonic() - began;
    return true;
  }

  async #waitForTurn(step: RetryStep, delayMs: number): Promise<boolean> {
    if (this.#record !== undefined) return this.#record.waitForRetry(step, delayMs, this.#call.ended);
    await this.#call.runtime.sleep(delayMs, this.#call.ended);
    return true;
  }

  async #again(
    strategy: string,
    error: unknown,
    changes: { readonly input?: unknown } = {},
    maxAttempts = 0,
  ): Promise<unknown> {
    const most = isFlockError(error, "timeout") ? maxAttempts - this.#tries - 1 : 0;
    const start: StartAttempt = (begun) => {
      this.#tries += 1;
      return this.#run({ ...changes, begun });
    };
    // Whoever hung once may hang again, and is waited for longer: a further attempt goes out much sooner.
    const race = () => (most > 0 ? raceAgain(this.#call, this.#host, start, most) : start());
    this.#own = await this.#attempt(strategy, error, race);
    return this.#own;
  }

  async #attempt(strategy: string, error: unknown, run: () => Promise<unknown>): Promise<unknown> {
    const { context, ended } = this.#call;
    try {
      const value = await run();
      context.recovered(strategy, codeOf(error), true);
      return value;
    } catch (failure) {
      if (!ended.aborted) context.recovered(strategy, codeOf(error), false);
      throw failure;
    }
  }

  /** Runs one attempt, and notes how it failed. */
  #run(changes: AttemptChanges): Promise<unknown> {
    const waitedMs = this.#waitedMs;
    this.#waitedMs = 0;
    return runAttempt(this.#call, changes, (failed) => this.#attempts.push(failed), waitedMs);
  }

  async #ask(step: AnswerStep, error: unknown): Promise<unknown> {
    const call = this.#call;
    this.#own = undefined;
    const made = this.#attempts.length;
    const value = await step.answer(this.#failure(step, error) as never);
    if (value === undefined) return undefined;
    const checked = value === this.#own ? value : (call.runnable.checkOutput?.(value) ?? value);
    call.isSubstitute = value !== this.#own;
    // What called something said so itself.
    if (this.#attempts.length === made) call.context.recovered(step.name, codeOf(error), true);
    return checked;
  }

  #failure(step: AnswerStep, error: unknown): Failure {
    const call = this.#call;
    const { runnable, input, path, context, hasActed, ended: signal, runtime } = call;
    return {
      error,
      attempt: call.attempts,
      attempts: [...this.#attempts],
      runnable,
      input,
      path,
      context,
      hasActed,
      signal,
      runtime,
      retry: async (...changed) => {
        if (call.hasActed) throw actedError(call);
        if (!(await this.#waitForTurn(defaultRetry, 0))) throw error;
        return this.#again(step.name, error, changed.length === 0 ? {} : { input: changed[0] });
      },
      callInstead: async (target, ...changed) => {
        const instead = typeof target === "string" ? context.resolveModel(target, call.runnable.name) : target;
        this.#claim(instead);
        const changes = { runnable: instead, ...(changed.length === 0 ? {} : { input: changed[0] }) };
        return this.#attempt(step.name, error, () => this.#run(changes));
      },
    };
  }

  #claim(instead: AnyRunnable): void {
    const { whole, runnable, path } = this.#call;
    const called = calledFor.get(whole) ?? new Set([whole.runnable, runnable]);
    calledFor.set(whole, called);
    if (called.has(instead)) {
      const message = `${instead.name} was called for this already; a fallback must lead to something else`;
      throw new FlockError("option_invalid", message, {
        details: { option: "recovery", expected: "something not called yet", received: instead.name },
        path,
      });
    }
    called.add(instead);
  }

  #giveUp(error: unknown): unknown {
    if (typeof error === "object" && error !== null) givenUp.add(error);
    if (isFlockError(error) && this.#attempts.length > 1) tellAttempts(error, this.#attempts);
    return error;
  }
}

function isGivenUp(error: unknown): boolean {
  return typeof error === "object" && error !== null && givenUp.has(error);
}

function actedError({ runnable, path }: LayerCall): FlockError<"option_invalid"> {
  const message = `${runnable.name} may not be tried again: a tool that is not idempotent was called in it`;
  return new FlockError("option_invalid", message, {
    details: { option: "recovery", expected: "a call without effects", received: runnable.name },
    path,
  });
}
