/**
 * The door: every call enters here, meets its layers in order, and ends exactly once, through `settle`.
 *
 * In: wrappers, guards of the call, cache, then the attempt: its guards, `perform`. Out: the same backwards. A failed
 * attempt asks recovery, the one retry loop; a further attempt is a `Call` of its own at `…@2`.
 */

import { callEndEvent, callStartEvent } from "./call-events.ts";
import { copyJson } from "./copy-json.ts";
import { codeOf, type FlockError, isFlockError } from "./errors.ts";
import { eventBits, type Outcome } from "./event.ts";
import { Call } from "./execution-context.ts";
import type { CacheAnswer, RecoveryDecision } from "./layer.ts";
import type { LayerPlan } from "./layer-plan.ts";
import type { Door } from "./run-scope.ts";
import { runWrapped } from "./wrapped-call.ts";

/** Runs calls; there is one door. */
export const door: Door = {
  enter: (call) => enter(call as Call),
  end: (call, error) => settle(call as Call, false, error),
  endAttempt: (call, error) => attemptFailed(call as Call, error),
};

function enter(call: Call): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  call.promise = promise;
  call.resolve = resolve;
  call.reject = reject;
  call.attach();
  call.startedAt = call.run.runtime.monotonic();
  const { providers } = call.runnable;
  if (providers !== undefined && !call.within && call.parent !== undefined) call.run.watch(providers, call.path, false);
  const { events } = call.run;
  if (!call.within && (events.mask & eventBits["call-start"]) !== 0) {
    events.emit(callStartEvent(call, call.run.wallTime(call.startedAt)));
  }
  if (call.plan.wrappers.length > 0) wrap(call);
  else enterGuards(call);
  return promise;
}

function wrap(call: Call): void {
  const attempt = (seen: { readonly runnable: Call["runnable"]; readonly input: unknown }, count: number) => {
    const plan = call.run.environment.planFor(seen.runnable).withoutWrappers;
    return tryAgain(call, seen.runnable, seen.input, count, plan);
  };
  call.phase = "attempt";
  runWrapped(call.plan.wrappers, call, attempt).then(
    (value) => settle(call, true, value),
    (error) => settle(call, false, error),
  );
}

/** Runs one more attempt of a call, as a call of its own below it. */
function tryAgain(
  call: Call,
  runnable: Call["runnable"],
  input: unknown,
  count: number,
  plan: LayerPlan,
): Promise<unknown> {
  call.attempts = count;
  const path = count === 1 ? call.path : `${call.path}@${count}`;
  return enter(new Call(call.run, call, runnable, input, path, plan, count, true));
}

/** Enters guards until one waits, or until those of this phase are in; then goes on to the cache or to `perform`. */
function enterGuards(call: Call): void {
  const { guards, callGuardCount } = call.plan;
  const until = call.phase === "attempt" ? guards.length : callGuardCount;
  while (call.entered < until) {
    const slot = call.entered;
    let waiting: void | Promise<void>;
    try {
      waiting = guards[slot]!.enter(call, slot);
    } catch (error) {
      guardFailed(call, slot, error);
      return;
    }
    if (waiting !== undefined) {
      waiting.then(
        () => guardEntered(call, slot) && enterGuards(call),
        (error) => guardFailed(call, slot, error),
      );
      return;
    }
    if (!guardEntered(call, slot)) return;
  }
  if (call.phase === "attempt") perform(call);
  else lookUp(call);
}

/** Counts a guard in; one that got in after its phase was over leaves at once. */
function guardEntered(call: Call, slot: number): boolean {
  if (call.phase === (slot < call.plan.callGuardCount ? "entering" : "attempt")) {
    call.entered += 1;
    return true;
  }
  call.plan.guards[slot]!.leave(call, slot, call.closedReason);
  return false;
}

function guardFailed(call: Call, slot: number, error: unknown): void {
  if (slot < call.plan.callGuardCount) settle(call, false, error);
  else attemptFailed(call, error);
}

function lookUp(call: Call): void {
  const { cache } = call.plan;
  if (cache === undefined) return beginAttempt(call);
  let answer: CacheAnswer | undefined | Promise<CacheAnswer | undefined>;
  try {
    answer = cache.lookup(call);
  } catch (error) {
    settle(call, false, error);
    return;
  }
  if (!(answer instanceof Promise)) return lookedUp(call, answer);
  answer.then(
    (found) => lookedUp(call, found),
    (error) => settle(call, false, error),
  );
}

function lookedUp(call: Call, answer: CacheAnswer | undefined): void {
  if (call.phase === "over") {
    if (answer === undefined) call.plan.cache?.abandon(call, call.closedReason);
  } else if (answer === undefined) {
    call.owesCache = true;
    call.cacheState = "miss";
    beginAttempt(call);
  } else {
    call.cacheState = answer.state;
    settle(call, true, answer.value);
  }
}

function beginAttempt(call: Call): void {
  call.phase = "attempt";
  if (call.attempts === 0) call.attempts = 1;
  if (call.wants("attempt-start") || call.wants("attempt-end")) {
    const head = call.head();
    call.attemptStartedAt = head.time;
    const { name, kind } = call.runnable;
    call.run.events.emit({ ...head, type: "attempt-start", name, kind, attempt: call.attempt });
  }
  enterGuards(call);
}

function perform(call: Call): void {
  let result: Promise<unknown>;
  try {
    result = call.runnable.perform(call.input, call);
    if (!(result instanceof Promise)) result = Promise.resolve(result);
  } catch (error) {
    performFailed(call, error);
    return;
  }
  result.then(
    (value) => attemptDone(call, value),
    (error) => performFailed(call, error),
  );
}

function attemptDone(call: Call, value: unknown): void {
  if (call.phase === "attempt") settle(call, true, value);
}

function performFailed(call: Call, error: unknown): void {
  if (call.phase !== "attempt") return;
  const { runnable } = call;
  const explained = runnable.explain === undefined ? error : runnable.explain(error, call);
  if (!(explained instanceof Promise)) return attemptFailed(call, explained);
  const failed = (told: unknown) => attemptFailed(call, told);
  explained.then(failed, failed);
}

function attemptFailed(call: Call, error: unknown): void {
  if (call.phase !== "attempt") return;
  closeAttempt(call, false, error);
  askRecovery(call, error);
}

/** Takes an attempt's guards out, ends what it left running, and tells. */
function closeAttempt(call: Call, ok: boolean, error: unknown): void {
  const { guards, callGuardCount } = call.plan;
  call.close(error);
  call.phase = "between";
  while (call.entered > callGuardCount) {
    call.entered -= 1;
    guards[call.entered]!.leave(call, call.entered, error);
  }
  if (!call.wants("attempt-end")) return;
  const head = call.head();
  const { name, kind } = call.runnable;
  const durationMs = head.time - call.attemptStartedAt;
  const ending = {
    attempt: call.attempt,
    outcome: outcomeOf(call, ok),
    durationMs,
    code: ok ? undefined : codeOf(error),
  };
  call.run.events.emit({ ...head, type: "attempt-end", name, kind, ...ending });
}

function askRecovery(call: Call, error: unknown): void {
  if (call.phase === "over") return;
  const { recovery } = call.plan;
  if (recovery === undefined) return settle(call, false, error);
  let decision: RecoveryDecision | undefined | Promise<RecoveryDecision | undefined>;
  try {
    decision = recovery.decide(call, error);
  } catch {
    decision = undefined;
  }
  if (!(decision instanceof Promise)) return recover(call, decision, error);
  decision.then(
    (decided) => recover(call, decided, error),
    () => settle(call, false, error),
  );
}

function recover(call: Call, decision: RecoveryDecision | undefined, error: unknown): void {
  if (call.phase === "over") return;
  if (decision === undefined) return settle(call, false, error);
  if (decision.action === "value") return settle(call, true, decision.value);
  call.retryTimer = call.run.runtime.setTimer(() => {
    call.retryTimer = undefined;
    tryAgain(call, call.runnable, call.input, call.attempts + 1, call.plan.attemptOnly).then(
      (value) => settle(call, true, value),
      (again) => askRecovery(call, again),
    );
  }, decision.afterMs);
}

/** The one way out. Whatever ends a call first ends it; everything later finds it over. */
function settle(call: Call, ok: boolean, value: unknown): void {
  if (call.phase === "over") return;
  const { plan } = call;
  if (!ok && isFlockError(value)) tellStory(call, value);
  if (call.phase === "attempt" && plan.wrappers.length === 0) closeAttempt(call, ok, ok ? undefined : value);
  call.close(ok ? undefined : value);
  call.retryTimer?.cancel();
  if (call.owesCache) {
    if (ok) plan.cache?.store(call, value);
    else plan.cache?.abandon(call, value);
  }
  while (call.entered > 0) {
    call.entered -= 1;
    plan.guards[call.entered]!.leave(call, call.entered, ok ? undefined : value);
  }
  call.detach();
  if (!call.within) tellEnd(call, ok, value);
  if (ok) call.resolve?.(value);
  else call.reject?.(value);
}

/** An error learns where it happened and what was remarked on the way, at the first call it leaves. */
function tellStory(call: Call, error: FlockError): void {
  error.path ??= call.path;
  if (error.breadcrumbs.length === 0) error.breadcrumbs = call.breadcrumbs;
}

function tellEnd(call: Call, ok: boolean, value: unknown): void {
  const { run, runnable, cacheState } = call;
  const endedAt = run.runtime.monotonic();
  const durationMs = endedAt - call.startedAt;
  const outcome = outcomeOf(call, ok);
  const code = ok ? undefined : codeOf(value);
  const answered = ok && (cacheState === undefined || call.owesCache);
  const cost = answered ? runnable.costOf?.(value) : undefined;
  if (cost !== undefined) run.addCost(cost);
  const { mask } = run.events;
  if (ok && (mask & eventBits.output) !== 0 && (runnable.kind === "agent" || runnable.kind === "pattern")) {
    const time = run.wallTime(endedAt);
    run.events.emit({
      v: 1,
      type: "output",
      runId: run.id,
      path: call.path,
      time,
      name: runnable.name,
      value: copyJson(value),
    });
  }
  if ((mask & eventBits["call-end"]) !== 0) {
    const { queueMs } = call;
    const attempts = Math.max(call.attempts, answered || !ok ? 1 : 0);
    const time = run.wallTime(endedAt);
    run.events.emit(callEndEvent(call, { outcome, time, durationMs, queueMs, attempts, cost, cacheState, code }));
  }
  if (call.parent === undefined) run.finish(runnable.name, outcome, code, endedAt, durationMs);
}

function outcomeOf(call: Call, ok: boolean): Outcome {
  return ok ? "ok" : call.wasCancelled ? "cancelled" : "error";
}
