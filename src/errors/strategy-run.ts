/** One go of a recovery strategy: attempts of all its actions, until one succeeds or a limit is reached. */

import { backoffMs } from "../core/backoff.ts";
import { FlockError, isFlockError } from "../core/errors/errors.ts";
import { tellAttempts } from "../core/errors/tell-attempts.ts";
import type { Failure } from "../core/failure.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { bounded, patient, withChanges } from "./bounded.ts";

/**
 * Tries to answer for a failure: gives a value when it succeeded, `undefined` when there was nothing to do, throws when it
 * tried in vain. `failure.attempt` counts the strategy's own attempts from 1. Outside a run's recovery `failure.retry` and
 * `failure.callInstead` reject.
 */
export type RecoveryAction = (failure: Failure) => unknown;

/** What a strategy does, with its defaults. */
export interface StrategyPlan {
  readonly name: string;
  readonly actions: readonly RecoveryAction[];
  readonly maxAttempts: number;
  readonly backoff: { readonly baseMs: number; readonly maxDelayMs: number } | undefined;
  readonly deadlineMs: number | undefined;
  readonly maxCostUsd: number | undefined;
  readonly timeoutMs: number;
}

/** Why a go ended before all attempts were made. */
class LimitReached {
  readonly error: FlockError;

  constructor(error: FlockError) {
    this.error = error;
  }
}

/**
 * Gives the value of the first action that succeeds; undefined when none tried. Rejects with the error when all is used
 * up, its attempts listed, or with `recovery_failed` around it when it is no FlockError; with the signal's own reason when
 * the call ends.
 */
export async function runStrategy(plan: StrategyPlan, failure: Failure): Promise<unknown> {
  const { runtime } = failure;
  const [signal, close] = signalFor(plan, failure, runtime);
  const spentBefore = failure.spentMicroUsd ?? 0;
  let hasFailed = false;
  try {
    for (let attempt = 1; attempt <= plan.maxAttempts; attempt++) {
      if (attempt > 1 && plan.backoff !== undefined) {
        await runtime.sleep(backoffMs(plan.backoff, attempt - 1, runtime.random()), signal);
      }
      for (const [index, action] of plan.actions.entries()) {
        const made = failure.attempt;
        const began = runtime.monotonic();
        const name = `${plan.name}: ${action.name || `action ${index + 1}`}`;
        try {
          const value = await act(plan, action, withChanges(failure, { attempt, signal }), name);
          if (value !== undefined) return value;
        } catch (failed) {
          failure.signal.throwIfAborted();
          hasFailed = true;
          // What called something is noted already.
          if (failure.attempt === made) failure.note(name, failed, runtime.monotonic() - began);
          signal.throwIfAborted();
        }
        refuseDear(plan, failure, spentBefore);
      }
    }
  } catch (reason) {
    failure.signal.throwIfAborted();
    const limit = reason instanceof LimitReached ? reason : signal.reason;
    if (!(limit instanceof LimitReached)) throw reason;
    hasFailed = true;
    failure.note(plan.name, limit.error);
  } finally {
    close();
  }
  if (!hasFailed) return undefined;
  throw endingOf(plan, failure);
}

function act({ timeoutMs }: StrategyPlan, action: RecoveryAction, failure: Failure, name: string): Promise<unknown> {
  const { runtime, signal } = failure;
  return bounded({ name, timeoutMs, runtime, signal }, (during) => action(patient(failure, during)));
}

/** A signal that also aborts at the strategy's own deadline, and the way to let go of it. */
function signalFor(plan: StrategyPlan, { signal }: Failure, runtime: Runtime): [AbortSignal, () => void] {
  const { deadlineMs, name } = plan;
  const controller = new AbortController();
  const end = (): void => controller.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", end, { once: true });
  const timer =
    deadlineMs === undefined
      ? undefined
      : runtime.setTimer(() => {
          const details = { limit: "handler", timeoutMs: deadlineMs, name } as const;
          const message = `${name} took longer than its deadlineMs of ${deadlineMs} ms`;
          controller.abort(new LimitReached(new FlockError("timeout", message, { details })));
        }, deadlineMs);
  return [
    controller.signal,
    () => {
      timer?.cancel();
      signal.removeEventListener("abort", end);
    },
  ];
}

/** What the run spent since the failure is charged to the strategy, whoever in it spent it. */
function refuseDear(plan: StrategyPlan, failure: Failure, spentBefore: number): void {
  if (plan.maxCostUsd === undefined) return;
  const spentMicroUsd = (failure.spentMicroUsd ?? 0) - spentBefore;
  const limitMicroUsd = Math.round(plan.maxCostUsd * 1e6);
  if (spentMicroUsd < limitMicroUsd) return;
  const message = `${plan.name} has spent ${spentMicroUsd} micro-dollars, its maxCostUsd allows ${limitMicroUsd}`;
  const rest = { reservedMicroUsd: 0, askedMicroUsd: 0, owner: failure.runnable.name };
  const details = { budget: "maxCostUsd", manager: plan.name, limitMicroUsd, spentMicroUsd, ...rest };
  throw new LimitReached(new FlockError("budget_exceeded", message, { details }));
}

function endingOf({ name, maxAttempts }: StrategyPlan, { error, attempts, path }: Failure): unknown {
  if (isFlockError(error)) {
    tellAttempts(error, attempts);
    return error;
  }
  const why = error instanceof Error ? error.message : String(error);
  const message = `${name} could not recover in ${maxAttempts} ${maxAttempts === 1 ? "attempt" : "attempts"} from: ${why}`;
  const failed = new FlockError("recovery_failed", message, {
    details: { strategy: name },
    cause: error,
    ...(path === "" ? {} : { path }),
  });
  tellAttempts(failed, attempts);
  return failed;
}
