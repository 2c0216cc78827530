/** The one retry loop: asks, after each failed attempt, what was declared, until something answers or all is used up. */

import { backoffMs } from "../../../core/backoff.ts";
import { matchesAny } from "../../../core/errors/error-matcher.ts";
import { codeOf, type FailedAttempt, FlockError, isFlockError } from "../../../core/errors/errors.ts";
import type { AttemptChanges, LayerCall, LayerHost } from "../../../core/layer.ts";
import { defaultRetry } from "../../../core/recovery-defaults.ts";
import type { AnswerStep, RecoveryStep, RetryStep } from "../../../core/recovery-settings.ts";
import type { AnyRunnable } from "../../../core/runnable.ts";
import { orEnded } from "../../../core/runtime/or-ended.ts";
import { classifyFailure } from "../classify-failure.ts";
import { orderFor, recoverySteps, type StepGroup } from "../declared-steps.ts";
import { type HealthRecord, recordOf } from "../health-record.ts";
import { raceAgain, type StartAttempt } from "../hedge/race.ts";
import { FreeTurns } from "../rate/free-turns.ts";
import { AttemptStory } from "./attempt-story.ts";
import { actedError, createFailure } from "./call-failure.ts";
import { checkedAnswer, promisesTheSame } from "./checked-answer.ts";
import { isGivenUpWithin, noteEnding } from "./given-up.ts";
import { runAttempt } from "./run-attempt.ts";
import { Substitutes } from "./substitutes.ts";
import { timeLeftMs } from "./time-left.ts";
import { isUnexplained } from "./unexplained.ts";

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
  readonly #host: LayerHost;
  readonly #groups: readonly StepGroup[];
  readonly #record: HealthRecord | undefined;
  readonly #story: AttemptStory;
  readonly #substitutes: Substitutes;
  readonly #retry: RetryStep;
  /** Attempts of the runnable itself. */
  #tries: number;
  /** Those of them that do not count: refused for their rate alone, while others came through. */
  readonly #turns = new FreeTurns();
  /** A retry was meant for its failures: no loop further out begins anew. */
  #isRetried = false;
  /** What further attempts of the runnable itself gave. */
  readonly #own = new Set<unknown>();
  /** What others gave that promise the same: it was checked by them. */
  readonly #checked = new Set<unknown>();

  constructor(call: LayerCall, host: LayerHost, before: readonly FailedAttempt[]) {
    this.#call = call;
    this.#host = host;
    this.#tries = Math.max(1, before.length);
    this.#story = new AttemptStory(call, before);
    this.#substitutes = Substitutes.of(call);
    const groups = recoverySteps(call, host);
    this.#groups = groups;
    this.#retry =
      (groups.find((group) => "step" in group && group.step === "retry") as RetryStep | undefined) ?? defaultRetry;
    this.#record = recordOf(call, host);
  }

  async answer(first: unknown): Promise<unknown> {
    const { ended } = this.#call;
    ended.throwIfAborted();
    this.#story.begin(first);
    const asked = new Set<RecoveryStep>(this.#substitutes.asking);
    let error = first;
    /** What the call ends with: a step may put an error of its own around the failure. */
    let ending = first;
    let waiting = this.#order(error);
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      try {
        if (step.step === "retry") {
          if (await this.#mayRetry(step, error)) return await this.#again("retry", error, {}, step.maxAttempts);
        } else if (step.step === "answer" && !asked.has(step)) {
          asked.add(step);
          const value = await this.#ask(step, error);
          if (value !== undefined) return value;
        }
      } catch (failure) {
        if (ended.aborted) throw failure;
        if (step.step === "retry") {
          // A new failure is asked about from the beginning.
          error = failure;
          ending = failure;
          waiting = this.#order(error);
        } else if (isAround(failure, error)) ending = failure;
        else this.#stepFailed(step, error, failure);
      }
    }
    noteEnding(this.#call, ending, this.#isRetried);
    this.#story.tell(ending);
    throw ending;
  }

  #order(error: unknown): RecoveryStep[] {
    const { retryAfterMs = 0 } = classifyFailure(error, this.#call.runtime.now());
    return [...orderFor(this.#groups, error, retryAfterMs)];
  }

  /** Waits for the time of a further attempt; false when there is to be none. */
  async #mayRetry(step: RetryStep, error: unknown): Promise<boolean> {
    const call = this.#call;
    const { code, retryable, retryAfterMs = 0 } = classifyFailure(error, call.runtime.now());
    if (!retryable && !matchesAny(step.on, error) && !isUnexplained(call, error, this.#tries)) return false;
    this.#isRetried = true;
    const isPaced = code === "rate_limited" && this.#turns.count(step, this.#record?.rate.through);
    if (this.#tries - this.#turns.free >= step.maxAttempts) return false;
    if (call.hasActed || isGivenUpWithin(call, error)) return false;
    // Whoever was refused by a breaker would be refused again.
    if (isFlockError(error, "circuit_open")) return false;
    // The guard that every caller passes knows when to ask again.
    if (isPaced) return retryAfterMs < timeLeftMs(call);
    const delayMs = backoffMs(step, this.#tries, call.runtime.random());
    if (Math.max(delayMs, retryAfterMs) >= timeLeftMs(call)) return false;
    const began = call.runtime.monotonic();
    // A wait that a vendor asked for is kept by the guard that every caller of a model passes; a tool has none.
    const askedMs = call.runnable.kind === "model" ? 0 : retryAfterMs;
    if (!(await this.#waitForTurn(step, Math.max(delayMs, askedMs)))) return false;
    this.#story.waitedMs = call.runtime.monotonic() - began;
    return true;
  }

  async #waitForTurn(step: RetryStep, delayMs: number): Promise<boolean> {
    const { runtime, ended } = this.#call;
    if (this.#record !== undefined) return this.#record.waitForRetry(step, delayMs, ended);
    if (delayMs > 0) await runtime.sleep(delayMs, ended);
    return true;
  }

  async #again(strategy: string, error: unknown, changes: AttemptChanges, maxAttempts = 0): Promise<unknown> {
    const most = isFlockError(error, "timeout") ? maxAttempts - this.#tries - 1 : 0;
    const start: StartAttempt = (begun) => {
      this.#tries += 1;
      return this.#run({ ...changes, begun });
    };
    // Whoever hung once may hang again, and is waited for longer: a further attempt goes out much sooner.
    const race = () => (most > 0 ? raceAgain(this.#call, this.#host, start, most) : start());
    const value = await this.#attempt(strategy, error, race);
    this.#own.add(value);
    return value;
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
    const story = this.#story;
    return runAttempt(this.#call, changes, (failed, error) => story.add(failed, error), story.takeWait());
  }

  async #ask(step: AnswerStep, error: unknown): Promise<unknown> {
    const call = this.#call;
    const { asking } = this.#substitutes;
    const made = call.attempts;
    const [failure, close] = createFailure(call, error, {
      retry: (changes) => this.#retryFor(step, error, changes),
      callInstead: (instead, changes) => this.#callInstead(step, error, { ...changes, runnable: instead }),
      note: (name, tried, durationMs) => {
        this.#story.note(name, tried, durationMs);
        call.context.recovered(step.name, codeOf(error), false);
      },
      attempts: this.#story.attempts,
    });
    asking.add(step);
    try {
      const value = await orEnded(step.answer(failure as never), call.ended);
      if (value === undefined || this.#own.has(value)) return value;
      const checked = this.#checked.has(value) ? value : await checkedAnswer(call.runnable, value);
      // Whatever is made of it further out is not what its maker would have given.
      for (let around: LayerCall | undefined = call; around !== undefined; around = around.caller) {
        around.isSubstitute = true;
        around.whole.isSubstitute = true;
      }
      // What called something said so itself.
      if (call.attempts === made) call.context.recovered(step.name, codeOf(error), true);
      return checked;
    } finally {
      close();
      asking.delete(step);
    }
  }

  async #retryFor(step: AnswerStep, error: unknown, changes: AttemptChanges): Promise<unknown> {
    const call = this.#call;
    if (call.hasActed) throw actedError(call);
    if (!(await this.#waitForTurn(this.#retry, 0))) throw error;
    return this.#again(step.name, error, changes);
  }

  async #callInstead(
    step: AnswerStep,
    error: unknown,
    changes: AttemptChanges & { readonly runnable: AnyRunnable },
  ): Promise<unknown> {
    const { path, runnable } = this.#call;
    const instead = changes.runnable;
    const claim = instead === runnable ? undefined : this.#substitutes.claim(instead, this, step);
    if (claim === undefined) {
      const message = `${instead.name} was called for this already; a fallback must lead to something else`;
      const refusal = new FlockError("option_invalid", message, {
        details: { option: "recovery", expected: "something not called yet", received: instead.name },
        path,
      });
      this.#story.leaveOut(refusal);
      throw refusal;
    }
    try {
      const value = await this.#attempt(step.name, error, () => this.#run(changes));
      if (promisesTheSame(instead, runnable)) this.#checked.add(value);
      return value;
    } finally {
      claim.done();
    }
  }

  /** The first error goes on; that of whoever wanted to answer for it is told beside it. */
  #stepFailed(step: RecoveryStep, error: unknown, failure: unknown): void {
    const { name } = step as AnswerStep;
    if (failure === error || this.#story.has(failure)) return;
    const { context, path } = this.#call;
    this.#story.note(name, failure);
    context.recovered(name, codeOf(error), false);
    const why = failure instanceof Error ? failure.message : String(failure);
    context.warn("recovery_failed", `${name} could not answer for the failure of ${path}: ${why}`);
  }
}

/** Tells whether an error was put around another one, to end the call in its place. */
function isAround(outer: unknown, inner: unknown): boolean {
  return outer instanceof Error && outer !== inner && outer.cause === inner && inner !== undefined;
}
