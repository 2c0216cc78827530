/** The one retry loop: asks, after each failed attempt, what was declared, until something answers or all is used up. */

import { matchesAny } from "../../core/errors/error-matcher.ts";
import { codeOf, type FailedAttempt, FlockError, isFlockError } from "../../core/errors/errors.ts";
import { tellAttempts } from "../../core/errors/tell-attempts.ts";
import type { Failure } from "../../core/failure.ts";
import type { LayerCall, LayerHost } from "../../core/layer.ts";
import type { AnswerStep, RecoveryStep, RetryStep } from "../../core/recovery-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import { backoffMs } from "./backoff.ts";
import { classifyFailure } from "./classify-failure.ts";
import { recoverySteps } from "./declared-steps.ts";
import { defaultRetry } from "./defaults.ts";
import { type HealthRecord, recordOf } from "./health-record.ts";
import { timeLeftMs } from "./time-left.ts";

/** Errors that a retry loop gave up on: no loop further out begins with them again, so that attempts never multiply. */
const givenUp = new WeakSet<object>();
/** What was called for a call so far, over all loops in it, so that fallbacks never go in a circle. */
const calledFor = new WeakMap<LayerCall, Set<AnyRunnable>>();

/** Answers for a call whose first attempt failed: gives its value, or rejects with the error it ends with. */
export function recover(call: LayerCall, error: unknown, host: LayerHost): Promise<unknown> {
  return new Recovery(call, host).answer(error);
}

/** One call on its way back from a failure. */
class Recovery {
  readonly #call: LayerCall;
  readonly #steps: readonly RecoveryStep[];
  readonly #record: HealthRecord | undefined;
  readonly #attempts: FailedAttempt[] = [];
  /** Attempts of the runnable itself. */
  #tries = 1;
  #waitedMs = 0;
  /** What a further attempt of the runnable itself gave. */
  #own: unknown = undefined;

  constructor(call: LayerCall, host: LayerHost) {
    this.#call = call;
    this.#steps = recoverySteps(call, host);
    this.#record = recordOf(call, host);
  }

  async answer(first: unknown): Promise<unknown> {
    const { ended } = this.#call;
    ended.throwIfAborted();
    this.#note(first, this.#call.runnable, this.#call.startedAt);
    const declined = new Set<RecoveryStep>();
    let error = first;
    for (let index = 0; index < this.#steps.length; index++) {
      const step = this.#steps[index]!;
      try {
        if (step.step === "retry") {
          if (await this.#mayRetry(step, error)) return await this.#again("retry", error);
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
    const { retryable, retryAfterMs = 0 } = classifyFailure(error, call.runtime.now());
    if (this.#tries >= step.maxAttempts || call.hasActed || isGivenUp(error)) return false;
    // Whoever was refused by a breaker would be refused again.
    if (isFlockError(error, "circuit_open")) return false;
    if (!retryable && !matchesAny(step.on, error)) return false;
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

  async #again(strategy: string, error: unknown, changes: { readonly input?: unknown } = {}): Promise<unknown> {
    this.#tries += 1;
    this.#own = await this.#attempt(strategy, error, changes);
    return this.#own;
  }

  async #attempt(
    strategy: string,
    error: unknown,
    changes: { readonly runnable?: AnyRunnable; readonly input?: unknown },
  ): Promise<unknown> {
    const call = this.#call;
    const began = call.runtime.monotonic();
    try {
      const value = await call.again(changes);
      call.context.recovered(strategy, codeOf(error), true);
      return value;
    } catch (failure) {
      if (!call.ended.aborted) {
        this.#note(failure, changes.runnable ?? call.runnable, began);
        call.context.recovered(strategy, codeOf(error), false);
      }
      throw failure;
    }
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
        return this.#attempt(step.name, error, {
          runnable: instead,
          ...(changed.length === 0 ? {} : { input: changed[0] }),
        });
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

  #note(error: unknown, { name }: AnyRunnable, began: number): void {
    const { whole, runtime, attempts } = this.#call;
    const attempt = Math.max(1, attempts);
    this.#attempts.push({
      attempt,
      path: attempt === 1 ? whole.path : `${whole.path}@${attempt}`,
      name,
      code: codeOf(error),
      message: error instanceof Error ? error.message : String(error),
      durationMs: runtime.monotonic() - began,
      waitedMs: this.#waitedMs,
    });
    this.#waitedMs = 0;
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
